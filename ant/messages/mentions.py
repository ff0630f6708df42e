"""Mentions in a text: `@handle`, `@everyone`, and `[@handle]`, which excludes one."""

import re
from collections.abc import Iterator

import attrs

from ant.model.handles import EVERYONE, folded

_BRACKETS = re.compile(r"\[\s*@([\w.-]+)\s*\]")
_MENTION = re.compile(r"(?<![\w@/])@([\w.-]+)")
"""An `@` at the beginning of a word. The one in an e-mail or web address is no
mention."""


_CODE = re.compile(r"```.*?(?:```|\Z)|`+[^`\n]*`+", re.DOTALL)
"""Code in a text: a block in fences, or a span in backquotes."""

_ADDRESSED = re.compile(
    r"(?<![^\s(\[{<\"'“‘«*_,;:>—–])@([A-Za-z0-9_.-]{1,64})(?![A-Za-z0-9_.-])"
    r"(?=[\s)\]}>\"'”’»*,;:!?…]|\Z)"
)
"""A mention that is a word by itself, in the form of a handle. So `@types/node` and
`@app.route(…)` are none."""

_LETTER = re.compile(r"[A-Za-z]")

TRIMMED = 3
"""Characters that are taken off the end of a mention one by one, for a handle that ends
in a dot or a dash itself. Beyond them all such characters are taken off at once."""


@attrs.frozen
class Mentions:
    """The mentions of a text. `names` are in the order and the spelling of the text."""

    names: tuple[str, ...] = ()
    bracketed: tuple[str, ...] = ()
    everyone: bool = False

    def known(self, names: frozenset[str]) -> frozenset[str]:
        """Return which of these folded names the text mentions."""
        found = (_meant(each, names) for each in self.names)
        return frozenset(name for name in found if name is not None)

    def excluded(self, names: frozenset[str]) -> frozenset[str]:
        """Return which of these folded names stand in brackets."""
        found = (_meant(each, names) for each in self.bracketed)
        return frozenset(name for name in found if name is not None)

    def has_unknown(self, names: frozenset[str]) -> bool:
        """Whether the text mentions a name that is not among these."""
        return any(_meant(each, names) is None for each in self.names)


def find(text: str) -> Mentions:
    """Return the mentions in a text."""
    bracketed = tuple(match[1] for match in _BRACKETS.finditer(text))
    rest = _BRACKETS.sub(" ", text)
    names = [match[1] for match in _MENTION.finditer(rest)]
    everyone = frozenset([EVERYONE])
    return Mentions(
        tuple(name for name in names if _meant(name, everyone) is None),
        bracketed,
        any(_meant(name, everyone) for name in names),
    )


def addressed(text: str) -> Iterator[str]:
    """Yield the handles that a text seems to address, as written, without their `@`.

    That leaves out what is in brackets or in code, and what is part of a longer word.
    """
    rest = _BRACKETS.sub(" ", _CODE.sub(" ", text))
    for match in _ADDRESSED.finditer(rest):
        if _LETTER.search(match[1]):
            yield match[1]


def is_known(name: str, names: frozenset[str]) -> bool:
    """Whether a mention is one of these folded names, perhaps at a sentence's end."""
    return _meant(name, names) is not None


def _meant(name: str, names: frozenset[str]) -> str | None:
    """Return the name as written, else without the punctuation that ends a sentence."""
    name = folded(name)
    shortest = len(name.rstrip(".-"))
    for end in range(len(name), max(shortest, len(name) - TRIMMED) - 1, -1):
        if name[:end] in names:
            return name[:end]
    return name[:shortest] if name[:shortest] in names else None
