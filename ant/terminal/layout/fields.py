"""Text fields that a program draws: where the operator writes, and what stands there.

Rule 1: a field has the cursor in it, which may be hidden, or drawn by the program as
one inverse cell. A field between two borders may show its placeholder alone.
Rule 2: a field is between two borders, beside a bar, or behind a prompt sign. Without a
sign, its text ends at the cursor.
Rule 3: a field within a box of its own that other text shares belongs to a dialog.
"""

import re
from collections.abc import Iterator, Sequence

import attrs

from ant.terminal.screen.snapshot import (
    ScreenSnapshot,
    index_at,
    is_border,
    is_rule,
    width,
)
from ant.terminal.screen.style import Run

ROWS = 12
"""The most rows of a field, with its borders: an agent's composer grows with its text
and scrolls at about ten rows."""

DEPTH = 24
"""Rows, from the last one up, in which ANT looks for a field."""

RULED = 20
"""The least columns of a border of a field: a shorter one is part of a text."""

_SIGN = re.compile(r"(?P<lead>\s{0,8})(?P<sign>[>❯›»→➜❭⟩λ✨💫]|[╰└]─)(?:[\s\xa0]+|$)")
"""A prompt sign at the beginning of a row."""

HOOKS = frozenset(["╰─", "└─"])
"""Signs that continue a border above them."""

_BAR_ENDS = ("─╯", "─┘")
"""The other end of a border that a hook continues, in the row of the text."""

COMMANDS = ("/", "@")
"""The beginnings of a text that a list completes: a command, a file."""

_SHELL = re.compile(r"\s{0,4}[!#$&%](?:\s|$)")
"""The sign of a composer that has become the command line of a shell."""

_BLOCKS = re.compile(r"[▀▄▁▔]{10}")
"""Half blocks of a border that a program draws in the colour of its background."""

_BLOCK = re.compile(r"(?<![▀-▟])[█▉▊▋](?![▀-▟])")
"""A block that a program draws as its cursor."""

_BLOCKED = frozenset("█▉▊▋")

SMALL = 3
"""The most characters of a cursor that a program draws: one, and some without width."""

_DOT = re.compile(r"(?P<lead>\s{0,8})(?P<sign>●)\s+")
"""A dot that is the prompt sign of a box."""

_SIDES = frozenset("│┃║╎╏┆┇┊┋|▌▏")
_BARS = frozenset("┃│▌▏")


@attrs.frozen
class Field:
    """A text field on the rows `first` to `last`, without its borders.

    `row` has the sign, or else the beginning of the text; the text begins there at the
    index `at`. `top` and `bottom` are the outermost rows, which may be borders. `sign`
    is empty without one. `has_cursor`: the cursor is in it.
    """

    first: int
    last: int
    row: int
    at: int
    top: int
    bottom: int
    sign: str
    has_cursor: bool


def find_field(snapshot: ScreenSnapshot) -> Field | None:
    """Return the lowest text field on the screen, or None.

    A program that takes whole lines has none: the terminal itself is its field.
    """
    if snapshot.takes_lines or snapshot.last < 0:
        return None
    for row, index, is_sure in _carets(snapshot):
        if (found := _field_at(snapshot, row, index, is_sure)) is not None:
            return found
    return _placeholder(snapshot)


def text_in(snapshot: ScreenSnapshot, field: Field) -> str:
    """Return the text that the operator has typed into the field, joined by blanks.

    Faint characters are a placeholder or a suggestion, and no text.
    """
    rows = (
        _inked(snapshot, row, field.at if row == field.row else 0)
        for row in range(field.row, field.last + 1)
    )
    return " ".join(filter(None, rows))


def _carets(snapshot: ScreenSnapshot) -> Iterator[tuple[int, int, bool]]:
    """Yield places where the cursor may be: row, index, and whether it is shown."""
    cursor, last = snapshot.cursor, snapshot.last
    top = max(last - DEPTH, 0)
    on_screen = cursor.row < len(snapshot.lines)
    at = index_at(snapshot.lines[cursor.row], cursor.col) if on_screen else 0
    if cursor.visible and on_screen:
        yield cursor.row, at, True
    elif on_screen and top <= cursor.row <= last:
        yield cursor.row, at, False
    for row in range(last, top - 1, -1):
        runs, index = snapshot.rows[row], 0
        for number, run in enumerate(runs):
            count = len(run.text)
            if count <= SMALL and _is_cursor(runs, number):
                yield row, index, True
            index += count
        line = snapshot.lines[row]
        block = None if _BLOCKED.isdisjoint(line) else _BLOCK.search(line)
        if block is not None:
            yield row, block.start(), True


def _is_cursor(runs: Sequence[Run], number: int) -> bool:
    """Whether a short run is a cursor of one column that the program has drawn.

    It is inverse, or of a background unlike that of the text before it.
    """
    text, style = runs[number]
    if style.inverse:
        return width(text) == 1
    before = runs[number - 1].style.bg if number else ""
    return bool(style.bg) and text == " " and style.bg != before


def _field_at(
    snapshot: ScreenSnapshot, row: int, index: int, is_sure: bool
) -> Field | None:
    """Return the field with the cursor at that place, or None."""
    frame = _frame(snapshot, row)
    if frame is not None:
        return _framed(snapshot, row, index, is_sure, frame)
    return _open_field(snapshot, row, index) if is_sure else None


def _framed(
    snapshot: ScreenSnapshot,
    row: int,
    index: int,
    is_sure: bool,
    frame: tuple[int, int],
) -> Field | None:
    """Return the field in that frame with the cursor at that place, or None."""
    top, bottom = frame
    rows = [each for each in range(top + 1, bottom) if snapshot.bare[each].strip()]
    if not rows:
        return Field(row, row, row, 0, top, bottom, "", True) if is_sure else None
    first = min(rows[0], row)
    if _SHELL.match(snapshot.bare[first]):
        return None
    inset = _indent(snapshot, top) if top >= 0 else 0
    sign = _SIGN.match(snapshot.bare[first], inset)
    if sign is None and snapshot.lines[first].lstrip()[:1] in _SIDES:
        sign = _DOT.match(snapshot.bare[first])
    if sign is None and not is_sure:
        return None
    at = sign.end() if sign else _indent(snapshot, first)
    last = max(
        (each for each in rows if not _is_apart(snapshot, row, each)), default=row
    )
    is_empty = row == first and index <= at + 1
    if not _ends_at(
        snapshot, row, index, max(last, row), is_empty and sign is not None
    ):
        return None
    if row == first and sign is not None and index < sign.end("sign"):
        return None
    if sign is None and not _is_one_text(snapshot, first, row):
        if not snapshot.is_blank(row - 1) and snapshot.bare[row - 1].strip():
            return None
        if snapshot.bare[row].strip()[:1] not in COMMANDS:
            return None
        first, at = row, _indent(snapshot, row)  # Above it is what completes it.
    name = sign["sign"] if sign else ""
    return Field(first, max(last, row), first, at, top, bottom, name, True)


def _frame(snapshot: ScreenSnapshot, row: int) -> tuple[int, int] | None:
    """Return the rows of the borders above and below `row`, or None.

    Beside a bar without borders, they are the rows before and after the bar.
    """
    if _is_edge(snapshot.lines[row]):
        return None
    side = snapshot.lines[row].lstrip()[:1]
    sided = side in _SIDES and side != ""
    top = _edge(snapshot, row, -1, side if sided else "")
    bottom = _edge(snapshot, row, 1, side if sided else "")
    if top is None or bottom is None:
        return None
    has_top = top >= 0 and _is_wide(snapshot.lines[top])
    has_bottom = bottom < len(snapshot.lines) and _is_wide(snapshot.lines[bottom])
    if has_top and has_bottom:
        return None if _is_nested(snapshot, top) else (top, bottom)
    if not (sided and side in _BARS) or has_top:
        return None
    # A bar: nothing is right above or below it, except a border below.
    above = top < 0 or not snapshot.lines[top].strip()
    below = has_bottom or bottom > snapshot.last or not snapshot.lines[bottom].strip()
    return (top, bottom) if above and below and bottom - top > 2 else None


def _edge(snapshot: ScreenSnapshot, row: int, step: int, side: str) -> int | None:
    """Return the row at which the frame around `row` ends in that direction, or None.

    With a side, it is the first row without that side; else the nearest border. Blank
    rows below do not count: a composer may fill the rest of a large window.
    """
    each, left = row + step, ROWS
    while left:
        if not 0 <= each < len(snapshot.lines):
            return each if side else None
        left -= step < 0 or bool(snapshot.bare[each].strip())
        line = snapshot.lines[each]
        if _is_edge(line) or (side and line.lstrip()[:1] != side):
            return each
        each += step
    return None


def _is_edge(line: str) -> bool:
    """Whether a row is a border, perhaps of half blocks."""
    return is_border(line) or (is_rule(line) and bool(_BLOCKS.search(line)))


def _is_wide(line: str) -> bool:
    return _is_edge(line) and width(line.strip()) >= RULED


def _is_sided(line: str) -> bool:
    """Whether a row begins with a side and has text."""
    line = line.lstrip()
    return line[:1] in _SIDES and any(map(str.isalnum, line))


def _is_nested(snapshot: ScreenSnapshot, top: int) -> bool:
    """Whether a border is itself inside a box (rule 3)."""
    return snapshot.lines[top].lstrip()[:1] in _SIDES


def _open_field(snapshot: ScreenSnapshot, row: int, index: int) -> Field | None:
    """Return the field behind a prompt sign without a frame, or None.

    The sign begins the paragraph of the cursor. Nothing but a blank row or a border is
    right above it.
    """
    if snapshot.bare[row].lstrip()[:2] in HOOKS:
        return _hooked(snapshot, row, index)
    first = row
    while first > 0 and row - first < ROWS and not snapshot.is_blank(first - 1):
        if _SIGN.match(snapshot.bare[first]) or not snapshot.bare[first - 1].strip():
            break
        first -= 1
    sign = _SIGN.match(snapshot.bare[first])
    if sign is None or (row == first and index < sign.end("sign")):
        return None
    if sign["sign"] in HOOKS and not (first and is_border(snapshot.lines[first - 1])):
        return None
    if first > 0 and not (
        snapshot.is_blank(first - 1) or not snapshot.bare[first - 1].strip()
    ):
        return None
    if row > first and not snapshot.bare[row].strip():
        return None
    below = row + 1
    has_text = below <= snapshot.last and bool(snapshot.bare[below].strip())
    is_command = snapshot.bare[first][sign.end() :][:1] in COMMANDS
    if has_text and not (is_command or snapshot.is_blank(below)):
        return None  # A menu with the cursor in it.
    if not _ends_at(
        snapshot, row, index, row, row == first and index <= sign.end() + 1
    ):
        return None
    return Field(first, row, first, sign.end(), first, row, sign["sign"], True)


def _hooked(snapshot: ScreenSnapshot, row: int, index: int) -> Field | None:
    """Return the field whose last row begins with a hook, or None.

    Above it are a border and perhaps further rows of the text, each behind a side. The
    hook may end in a bar at the other end of the row.
    """
    sign = _SIGN.match(snapshot.bare[row])
    if sign is None or index < sign.end("sign"):
        return None
    first = row
    while first and row - first < ROWS and _is_sided(snapshot.lines[first - 1]):
        first -= 1
    if not (first and is_border(snapshot.lines[first - 1])):
        return None
    below, at = row + 1, sign.end()
    has_text = below <= snapshot.last and not snapshot.is_blank(below)
    if has_text and snapshot.bare[row][at : at + 1] not in COMMANDS:
        return None  # A menu with the cursor in it.
    if not _ends_at(snapshot, row, index, row, first == row and index <= at + 1):
        return None
    at = at if first == row else _indent(snapshot, first)
    return Field(first, row, first, at, first - 1, row, sign["sign"], True)


def _placeholder(snapshot: ScreenSnapshot) -> Field | None:
    """Return a field between two borders with a sign and only faint text, or None."""
    if snapshot.cursor.visible:
        return None
    for row in range(snapshot.last, max(snapshot.last - DEPTH, -1), -1):
        sign = _SIGN.match(snapshot.bare[row])
        if sign is None or (frame := _frame(snapshot, row)) is None:
            continue
        top, bottom = frame
        others = [r for r in range(top + 1, bottom) if snapshot.bare[r].strip()]
        if others != [row] or _inked(snapshot, row, sign.end()):
            return None
        return Field(row, row, row, sign.end(), top, bottom, sign["sign"], False)
    return None


def _ends_at(
    snapshot: ScreenSnapshot, row: int, index: int, last: int, is_empty: bool
) -> bool:
    """Whether no typed text is behind that place, up to the end of row `last`.

    In an empty field, text in one colour behind the cursor is a placeholder, too.
    """
    if any(_inked(snapshot, each, 0) for each in range(row + 1, last + 1)):
        return False
    if not _inked(snapshot, row, index + 1):
        return True
    line = snapshot.bare[row]
    inks = {
        snapshot.style_at(row, at).fg
        for at in range(index + 1, len(line))
        if not line[at].isspace()
    }
    return is_empty and len(inks) == 1 and inks != {""}


def _is_apart(snapshot: ScreenSnapshot, row: int, each: int) -> bool:
    """Whether a blank row separates a row of the frame from the cursor's row above."""
    between = range(row + 1, each)
    return each > row and any(not snapshot.bare[r].strip() for r in between)


def _is_one_text(snapshot: ScreenSnapshot, first: int, row: int) -> bool:
    """Whether rows `first` to `row` are one text of the operator, and no label above.

    All have one style, and no row above the last ends like a label.
    """
    if first == row:
        return True
    styles = {snapshot.style_at(r, _indent(snapshot, r)) for r in range(first, row + 1)}
    above = [snapshot.bare[each].rstrip() for each in range(first, row)]
    has_text = bool(snapshot.bare[row].strip())
    return (
        len(styles) == 1
        and has_text
        and not any(not line or line.endswith((":", "?")) for line in above)
    )


def _inked(snapshot: ScreenSnapshot, row: int, start: int) -> str:
    """Return the text of a row from an index on, without faint text and sides.

    A cursor that the program draws on the first character of faint text is no text.
    """
    line, index, kept = snapshot.bare[row], 0, list[str]()
    runs = snapshot.rows[row]
    if line.endswith(_BAR_ENDS) and line.lstrip()[:2] in HOOKS:
        hook = line.index("─") + 1
        start, line = max(start, hook), line[:-2].rstrip()
    for number, run in enumerate(runs):
        end = index + len(run.text)
        is_cursor = run.style.inverse and len(run.text) == 1
        before_faint = number + 1 < len(runs) and runs[number + 1].style.is_faint
        if end > start and not run.style.is_faint and not (is_cursor and before_faint):
            kept.append(line[max(index, start) : end])
        index = end
    return _BLOCK.sub("", "".join(kept)).strip(" \u200b\xa0")


def _indent(snapshot: ScreenSnapshot, row: int) -> int:
    line = snapshot.bare[row]
    return len(line) - len(line.lstrip())
