"""The style of a screen's text: colours, and what is highlighted or faint."""

import functools
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

BRIGHT = 190
"""The least red, green and blue of a grey that is normal text on a dark background."""

_GREYS = {"5;7", "5;8", *(f"5;{n}" for n in (59, 102, 145, *range(232, 251)))}


class Style(NamedTuple):
    """Colours as SGR parameters, empty for the default, and attributes.

    Verdicts depend on the first five fields only. The others are read for viewers.
    """

    fg: str = ""
    bg: str = ""
    bold: bool = False
    dim: bool = False
    inverse: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    hidden: bool = False

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
_ON = {1: ("bold",), 2: ("dim",), 7: ("inverse",)}
_OFF = {22: ("bold", "dim"), 27: ("inverse",)}
_MORE_ON = {3: ("italic",), 4: ("underline",), 21: ("underline",)}
_MORE_ON |= {8: ("hidden",), 9: ("strike",)}
_MORE_OFF = {23: ("italic",), 24: ("underline",), 28: ("hidden",), 29: ("strike",)}
_NUMBERS = {"5": 1, "2": 3}


def rows_of(drawn: str, *, complete: bool = False) -> Rows:
    """Parse a drawing: text, line breaks, and sequences that set the style.

    All other sequences are ignored, and without `complete` also italic, underlined,
    struck and hidden.
    """
    return tuple(_merged(_pieces(drawn, complete)))


def plain_rows(lines: Iterable[str]) -> Rows:
    """Return rows of plain text."""
    return tuple((Run(line, PLAIN),) if line else () for line in lines)


def row_of(cells: Iterable[tuple[str, Style]]) -> tuple[Run, ...]:
    """Return one row from its characters, without trailing plain blanks."""
    pieces = (("\r\n" if char == "\n" else char, style) for char, style in cells)
    return next(_merged(pieces), ())


def _pieces(drawn: str, complete: bool) -> Iterator[tuple[str, Style]]:
    """Yield the text between the style sequences, each with its style."""
    style, parts = PLAIN, iter(_SGR.split(drawn))
    for text in parts:
        if text:
            yield _OTHER.sub("", text) if "\x1b" in text else text, style
        sgr = next(parts, "")
        style = _changed(style, sgr, complete) if sgr not in _RESETS else PLAIN


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
    """Return the row without trailing blanks that show nothing."""
    while row and not _shows_blanks(row[-1].style):
        if text := row[-1].text.rstrip(" "):
            row[-1] = Run(text, row[-1].style)
            break
        row.pop()
    return tuple(row)


def _shows_blanks(style: Style) -> bool:
    return bool(style.bg) or style.inverse or style.underline or style.strike


@functools.lru_cache(COLOURS)
def _changed(style: Style, sgr: str, complete: bool) -> Style:
    """Return the style after the parameters of one SGR sequence."""
    parameters = iter(sgr.split(";"))
    for each in parameters:
        head, *parts = each.split(":")
        code = int(head or 0)
        if code in (38, 48, 58):
            colour = _colour(parts, parameters)
            if code != 58:  # That is the colour of the underline.
                style = (
                    style._replace(fg=colour)
                    if code == 38
                    else style._replace(bg=colour)
                )
        else:
            is_off = code == 4 and parts[:1] == ["0"]
            style = _with(style, 24 if is_off else code, complete)
    return style


def _colour(parts: list[str], parameters: Iterator[str]) -> str:
    """The colour in the parts of a parameter, else in the parameters after it."""
    if parts:
        kind, *numbers = parts
        return ";".join([kind, *numbers[-_NUMBERS.get(kind, 0) :]])
    kind = next(parameters, "")
    count = _NUMBERS.get(kind, 0)
    return ";".join([kind, *(next(parameters, "") for _ in range(count))])


def _with(style: Style, code: int, complete: bool) -> Style:
    """Return the style after a code that stands alone."""
    if code == 0:
        return PLAIN
    if 30 <= code <= 39 or 90 <= code <= 97:
        return style._replace(fg="" if code == 39 else _indexed(code))
    if 40 <= code <= 49 or 100 <= code <= 107:
        return style._replace(bg="" if code == 49 else _indexed(code - 10))
    on = (_ON | _MORE_ON if complete else _ON).get(code, ())
    off = (_OFF | _MORE_OFF if complete else _OFF).get(code, ())
    values: dict[str, Any] = dict.fromkeys(on, True) | dict.fromkeys(off, False)
    return style._replace(**values)


def _indexed(code: int) -> str:
    """Return the parameters of one of the 16 colours with its own SGR code."""
    return f"5;{code - 30 if code < 40 else code - 82}"
