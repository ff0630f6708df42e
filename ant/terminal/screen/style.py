"""The style of a screen's text: colours, and what is highlighted or faint."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

BRIGHT = 190
"""The least red, green and blue of a grey that is normal text on a dark background."""

_GREYS = {"5;7", "5;8", *(f"5;{n}" for n in range(232, 251))}


class Style(NamedTuple):
    """Colours as SGR parameters, empty for the default, and three attributes."""

    fg: str = ""
    bg: str = ""
    bold: bool = False
    dim: bool = False
    inverse: bool = False

    @property
    def is_faint(self) -> bool:
        """Whether the text is dim or of a grey below `BRIGHT`."""
        if self.dim or self.fg in _GREYS:
            return True
        kind, *parts = self.fg.split(";")
        return kind == "2" and len(set(parts)) == 1 and int(parts[0] or 0) < BRIGHT


PLAIN = Style()


class Run(NamedTuple):
    """Text of one style within a row."""

    text: str
    style: Style


Rows = tuple[tuple[Run, ...], ...]

COLOURS = 2048
"""Changes of style that the cache holds: a screen repeats a few of them."""

_SGR = re.compile(r"\x1b\[([\d;:]*)m")
_OTHER = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]"
)
_RESETS = ("", "0")
_FLAGS = (1, 2, 7)
_WIDE_COLOUR = {"5": 1, "2": 3}


def rows_of(drawn: str) -> Rows:
    """Parse a drawing: text, line breaks, and sequences that set the style.

    All other sequences are ignored.
    """
    return tuple(_merged(_pieces(drawn)))


def plain_rows(lines: Iterable[str]) -> Rows:
    """Return rows of plain text."""
    return tuple((Run(line, PLAIN),) if line else () for line in lines)


def row_of(cells: Iterable[tuple[str, Style]]) -> tuple[Run, ...]:
    """Return one row from its characters, without trailing plain blanks."""
    pieces = (("\r\n" if char == "\n" else char, style) for char, style in cells)
    return next(_merged(pieces), ())


def _pieces(drawn: str) -> Iterator[tuple[str, Style]]:
    """Yield the text between the style sequences, each with its style."""
    style, parts = PLAIN, iter(_SGR.split(drawn))
    for text in parts:
        if text:
            yield _OTHER.sub("", text) if "\x1b" in text else text, style
        sgr = next(parts, "")
        style = _changed(style, sgr) if sgr not in _RESETS else PLAIN


def _merged(pieces: Iterable[tuple[str, Style]]) -> Iterator[tuple[Run, ...]]:
    """Yield the rows: split the pieces at line breaks and join equal styles."""
    row: list[Run] = []
    for text, style in pieces:
        first, *others = text.split("\r\n")
        _add(row, first, style)
        for other in others:
            yield _trimmed(row)
            row = []
            _add(row, other, style)
    yield _trimmed(row)


def _add(row: list[Run], text: str, style: Style) -> None:
    """Append text to a row."""
    if row and row[-1].style == style:
        row[-1] = Run(row[-1].text + text, style)
    elif text:
        row.append(Run(text, style))


def _trimmed(row: list[Run]) -> tuple[Run, ...]:
    """Return the row without trailing blanks that have no background."""
    while row and not row[-1].style.bg and not row[-1].style.inverse:
        if text := row[-1].text.rstrip(" "):
            row[-1] = Run(text, row[-1].style)
            break
        row.pop()
    return tuple(row)


@functools.lru_cache(COLOURS)
def _changed(style: Style, sgr: str) -> Style:
    """Return the style after the parameters of one SGR sequence."""
    numbers = iter(sgr.replace(":", ";").split(";"))
    for each in numbers:
        code = int(each or 0)
        if code == 0:
            style = PLAIN
        elif code in _FLAGS:
            style = _flagged(style, code)
        elif code == 22:
            style = style._replace(bold=False, dim=False)
        elif code == 27:
            style = style._replace(inverse=False)
        elif code in (38, 48):
            kind = next(numbers, "")
            count = _WIDE_COLOUR.get(kind, 0)
            colour = ";".join([kind, *(next(numbers, "") for _ in range(count))])
            ink = code == 38
            style = style._replace(fg=colour) if ink else style._replace(bg=colour)
        elif 30 <= code <= 39 or 90 <= code <= 97:
            style = style._replace(fg="" if code == 39 else _indexed(code))
        elif 40 <= code <= 49 or 100 <= code <= 107:
            style = style._replace(bg="" if code == 49 else _indexed(code - 10))
    return style


def _flagged(style: Style, code: int) -> Style:
    """Return the style with bold, dim or inverse switched on."""
    return style._replace(
        bold=style.bold or code == 1,
        dim=style.dim or code == 2,
        inverse=style.inverse or code == 7,
    )


def _indexed(code: int) -> str:
    """Return the parameters of one of the 16 colours with its own SGR code."""
    return f"5;{code - 30 if code < 40 else code - 82}"
