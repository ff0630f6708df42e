r"""Characters that a terminal or a browser does not show, or obeys: made visible.

They are those of the Unicode categories Cc, Cf, Zl and Zp: controls, marks of the
direction of text, separators of lines, zero-width characters and tags. With them a text
can move a cursor, read in another order than it is stored, or look like another text.
Letters and marks that Unicode defines as blank, such as U+3164, belong to them, too.

Rule: the joiners U+200C and U+200D are allowed right after a visible character that is
not ASCII. Words of Persian and of Indian scripts, and many emoji, need them there.
"""

import re
from collections.abc import Iterator
from typing import Final

_RANGES: Final = (
    *((0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C)),
    *((0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2)),
    *((0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x3164, 0x3164)),
    *((0xFFA0, 0xFFA0), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F)),
    *((0xFEFF, 0xFEFF), (0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD)),
    *((0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),
    *((0xE0001, 0xE0001), (0xE0020, 0xE007F)),
)
"""The first and the last character of each range. They are spelled out, since each
release of Python has the tables of another release of Unicode."""


def _class(ranges: Iterator[tuple[int, int]]) -> str:
    r"""Ranges as the inside of a character class, for Python and for ECMA-262.

    Both read `\uXXXX`; they spell characters beyond it differently, so these stand
    there themselves.
    """
    return "".join(
        f"{_spelled(first)}-{_spelled(last)}" if first < last else _spelled(first)
        for first, last in ranges
    )


def _spelled(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else chr(code)


HIDDEN: Final = _class(iter(_RANGES))
"""The characters, as the inside of a character class of a regular expression."""

_JOINERS: Final = "\\u200c\\u200d"

VISIBLE: Final = f"(?:[\\u0020-\\u007e]|[^\\u0000-\\u007f{HIDDEN}][{_JOINERS}]?)"
"""One visible character, and a joiner that is allowed after it."""

_FINDER: Final = re.compile(
    f"(?<=[^\\u0000-\\u007f{HIDDEN}])(?P<joiner>[{_JOINERS}])|[{HIDDEN}]"
)


def escaped(text: str, kept: str = "") -> str:
    r"""The text with its hidden characters as `\uXXXX`, or as two of them.

    That is how JSON spells them, so the result of rendered JSON is the same JSON. The
    characters in `kept` stay, and so do joiners that are allowed.
    """

    def spelled(found: re.Match[str]) -> str:
        char = found[0]
        if char in kept or found.start("joiner") >= 0:
            return char
        units = char.encode("utf-16-be")
        return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))

    return _FINDER.sub(spelled, text)
