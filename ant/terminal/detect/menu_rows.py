"""Rows of a screen, parsed as options of a menu, and the rows below a menu."""

import functools
import re
from collections.abc import Sequence

import attrs

from ant.terminal.detect.option_meaning import is_answer
from ant.terminal.layout.fields import find_field
from ant.terminal.layout.hints import (
    COUNT,
    is_dialog_hint,
    is_footer,
    is_key_row,
    is_moving_hint,
    is_status,
)
from ant.terminal.model.prompt import APPROVES, LASTING, Form
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border

_ITEM = re.compile(
    r"(?P<lead>\s*)(?P<marker>[❯❭›>⟩▶▸►▷→➜➤»▌⏵‣]|\*(?=\s)|[●◉](?=\s+\d+[.)]))?(?P<gap>\s*)"
    r"(?:(?P<before>\d{1,2})[.):]?\s+"
    r"(?=\([ xX*•●○◉◯]\)|\[[ xX*✓✔•]\]\s|[○◯◉●☐☑☒◻◼□■]\s))?"
    r"(?P<box>\[[ xX*✓✔•]\]|\([ xX*•●○◉◯]\)|[○◯◉●☐☑☒◻◼□■✔⬡⬢](?=\s))?(?P<in>\s*)"
    r"(?:(?P<num>\d{1,2})(?:[.)]\s+|\s{2,}(?=\w))|\[(?P<key>\d{1,2})\]\s+)?"
    r"(?P<tick>(?:\[[ xX*✓✔•]\]|[☐☑☒◻◼□])\s+)?(?P<label>\S.*)"
)
"""An option: a marker, a check box, a number, a second check box, a label."""

FILLED = set("xX*✓✔•◉●☑☒◼■⬢")
"""The content of a box that is ticked."""

_DESCRIPTION = re.compile(r" (?=- |\()")
"""The blank before a description behind a label: ` - …` or ` (…`."""

_KEY = re.compile(r" \((?:\w|esc|tab|enter|space|(?:ctrl|alt|shift)\+\w+)\)$", re.I)
"""The key of an option behind its label."""

_SCROLL = re.compile(r"\s{2,}[↑↓▒▮░█▓]$")
"""A scroll bar or arrow at the end of a row."""

_GAP = re.compile(r"\s{2,}")

_CURRENT = re.compile(r"\s+[✔✓]$")
"""The sign behind the label of the option that holds now."""

_AGE = re.compile(
    r"(?:(?:\d+ ?(?:[smhdwy]|(?:sec|min|hour|day|week|month|year)\w*)|an? \w+) ago"
    r"|just now)\b|(?<![\w.:])\d{1,2}:[0-5]\d(?: ?[ap]m)?(?![\w:])",
    re.IGNORECASE,
)
"""An age, or a time of day."""

_CELLS = re.compile(r"\S +│ .*│ +\S")
"""Cells of a table."""

_SIDES = "┌└├│╭╰┃┏┗╎"
_BESIDE = re.compile(rf"(?<=\S)\s{{2,}}[{_SIDES}].*$")
"""A box right of the options: the preview of the marked one."""


_COMPOSER = re.compile(r"\s*[>❯›]($|\s)")
"""A row that begins like a composer."""

PROMPT_SIGN = re.compile(r".*?[$#%❯›»➜λ>](?:\s|$)")
"""A row up to its first prompt sign, which may follow a folder or a name."""

QUOTES = frozenset(">*●◉")
"""Marks that also begin a reply or a quotation."""

FOOTER = 7
"""The most rows of hints below a menu: more than any program draws."""

PREVIEW = 20
"""The most rows of a preview below a menu."""

STATUS = 4
"""The most rows of a status below a menu and its hints."""

MORE = 3
"""The most rows of further choices below the border under a menu."""

PAIRS = 3
"""The least options of which each has a description in its own column: fewer may be
two groups of options."""

WORDS = 4
"""The least words of such a description."""

ROWS = 1024
"""Parsed rows that ANT keeps: those of some screens."""

SIDES = frozenset("│┃║╎╏┆┇┊┋|")
"""The sides of a frame around a menu."""

_SELECTS = re.compile(
    r"(?:\benter\b|\breturn\b|[⏎↵])\W{0,3}(?:to )?(?:select|choose|pick)\b",
    re.IGNORECASE,
)
"""A hint that Enter takes the marked row."""

_TICKS = re.compile(r"\b(?:space|toggle|tick|check|mark|submit)\b", re.IGNORECASE)
"""A word of a hint that other keys tick boxes or submit them."""


_OTHERWISE = re.compile(r"\(or\b.*\)", re.IGNORECASE)
"""A remark below the options that tells what else the operator may do."""


@attrs.frozen
class Item:
    """A row, parsed as an option.

    `col` is the index at which its box, number or label begins, `at` the index of the
    label. `marked`: the row begins with a marker such as `❯`. `box` is the content of
    the check box or the radio button, `-` for an empty one, and empty without a box.
    `num` is the option's number, if it has one. `second` is the index at which a second
    column begins behind the label, or None, and `first` the label without it.
    """

    row: int
    col: int
    label: str
    marked: bool
    box: str
    num: int | None
    at: int
    second: int | None = None
    first: str = ""


@functools.lru_cache(ROWS)
def _parsed(line: str) -> tuple[Item, bool] | None:
    """Return a row as an option in row 0, or None for a row without text.

    Also whether its label may end in a description, which only its style shows. Then
    the label is whole. Most rows of a screen are the same at the next look.
    """
    found = _ITEM.fullmatch(without_preview(line))
    if found is None:
        return None
    groups = found.groupdict()
    leads = ("before", "box", "num", "key", "label")
    start = next(found.start(group) for group in leads if groups[group])
    box = (groups["box"] or groups["tick"] or "").strip()
    box = box.strip("[]()").strip() or ("-" if box else "")
    number = groups["before"] or groups["num"] or groups["key"]
    num = int(number) if number else None
    marked, label, at = bool(groups["marker"]), groups["label"], found.start("label")
    label = _SCROLL.sub("", label)
    if _DESCRIPTION.search(label) and not _KEY.search(label):
        return Item(0, start, label, marked, box, num, at), True
    label, first, second = _columns(label, num, at)
    return Item(0, start, label, marked, box, num, at, second, first), False


def _columns(label: str, num: int | None, at: int) -> tuple[str, str, int | None]:
    """Return the label, its first column, and the index of its second one or None."""
    first, second = label, None
    if "  " in label and (gap := _GAP.search(label)) is not None:
        first, second = label[: gap.start()], at + gap.end()
    if first[-1] in "✔✓":
        first, label = _CURRENT.sub("", first), _CURRENT.sub("", label)
    # A second column describes the option. It may change what a plain answer means.
    label = first if num and not is_answer(first) else " ".join(label.split())
    return label, first, second


def items_of(snapshot: ScreenSnapshot) -> list[Item | None]:
    """Parse every row of the screen as an option; a blank row gives None."""
    found: list[Item | None] = []
    for row, line in enumerate(snapshot.bare):
        parsed = _parsed(line) if line else None
        if parsed is None:
            found.append(None)
            continue
        item, is_described = parsed
        label, first, second = item.label, item.first, item.second
        if is_described:
            label = _named(snapshot, row, label, item.at)
            label, first, second = _columns(label, item.num, item.at)
        found.append(
            Item(
                row,
                item.col,
                label,
                item.marked,
                item.box,
                item.num,
                item.at,
                second,
                first,
            )
        )
    return found


def has_preview(line: str) -> bool:
    """Whether a box is right of the text of a row."""
    return without_preview(line) != line


def without_preview(line: str) -> str:
    """Return a row without the box right of it."""
    return line if line.isascii() else _BESIDE.sub("", line)


def _named(snapshot: ScreenSnapshot, row: int, label: str, start: int) -> str:
    """Return the label without the faint description behind it.

    Some programs show that description only while the option is marked, and the label
    must not change with the mark. The description stays if it belongs to what the
    option allows, as in `Yes (always)`. `start` is the index of the label.
    """
    for found in _DESCRIPTION.finditer(label):
        gap = start + found.start()
        if snapshot.style_at(row, gap + 1).is_faint:
            all_faint = snapshot.style_at(row, start).is_faint
            apart = not (all_faint and snapshot.style_at(row, gap).is_faint)
            lasts = APPROVES.match(label) and LASTING.search(label[found.start() :])
            return label[: found.start()] if apart and not lasts else label
    return label


def is_stored(snapshot: ScreenSnapshot, block: Sequence[Item]) -> bool:
    """Whether the rows list stored things, such as sessions, with headings or details.

    Nothing tells these from the options, so ANT answers none of them.
    """
    rows = [snapshot.bare[each.row] for each in block]
    return any(_AGE.search(row) or _CELLS.search(row) for row in rows)


def takes_at_once(snapshot: ScreenSnapshot, block: Sequence[Item]) -> bool:
    """Whether Enter takes the marked row although each row has a radio button.

    None of the buttons is filled, a hint below says `Enter select`, and no hint names
    another key that ticks.
    """
    if {each.box for each in block} != {"○"}:
        return False
    hints = " ".join(snapshot.bare[block[-1].row + 1 : snapshot.last + 1])
    return bool(_SELECTS.search(hints)) and not _TICKS.search(hints)


def without_ages(block: Sequence[Item], marked: int | None) -> Sequence[Item]:
    """Return the block without the ages of its options, if each has one right below."""
    names, ages = block[::2], block[1::2]
    if len(names) != len(ages) or marked not in [each.row for each in names]:
        return block
    is_paired = all(
        age.row == name.row + 1 and _AGE.match(age.label)
        for name, age in zip(names, ages, strict=True)
    )
    return names if is_paired else block


def without_descriptions(block: Sequence[Item], marked: int | None) -> Sequence[Item]:
    """Return the block without the descriptions in the column of its options.

    A blank row is before each option, and one description right below each. It is
    longer than the option, and a text of some words.
    """
    names, texts = block[::2], block[1::2]
    if len(names) != len(texts) or len(names) < PAIRS:
        return block
    is_paired = marked in [each.row for each in names] and all(
        text.row == name.row + 1
        and len(text.label) > len(name.label)
        and len(text.label.split()) >= WORDS
        and not (name.num or text.num or name.box or text.box)
        for name, text in zip(names, texts, strict=True)
    )
    is_apart = all(b.row > a.row + 1 for a, b in zip(texts, names[1:], strict=False))
    return names if is_paired and is_apart else block


def without_remarks(
    snapshot: ScreenSnapshot, block: Sequence[Item], marked: int | None
) -> Sequence[Item]:
    """Return the block without a remark at its end and without a heading.

    A heading is a first row in a colour of its own.
    """
    last = block[-1]
    if len(block) > 1 and last.row != marked and _OTHERWISE.fullmatch(last.label):
        block = block[:-1]
    if block[0].row == marked or block[0].num is not None or len(block) < 3:
        return block
    inks = [
        snapshot.style_at(each.row, each.col).fg for each in block if each.row != marked
    ]
    return block[1:] if inks.count(inks[0]) == 1 and len(inks) > 2 else block


def unwrapped(block: Sequence[Item], wholes: Sequence[str]) -> list[Item]:
    """Return the block without rows that are the wrapped end of the label above.

    They stand in the column of the options if these have no numbers, and begin with a
    small letter.
    """
    kept = [block[0]]
    for above, whole, each in zip(block, wholes, block[1:], strict=False):
        is_end = each.row == above.row + 1 and whole.endswith(each.label)
        is_small = each.label[0].islower() and not each.marked and each.num is None
        if not (is_end and is_small and whole != above.label):
            kept.append(each)
    return kept


def unnumbered(labels: list[str]) -> list[str]:
    """Remove the numbers 1, 2, 3 … from the labels if all of them begin with one."""
    found = [re.fullmatch(r"(\d+) (.+)", label) for label in labels]
    numbers = [each[1] for each in found if each]
    if numbers == [str(n) for n in range(1, len(labels) + 1)]:
        return [each[2] for each in found if each]
    return labels


def has_ground(snapshot: ScreenSnapshot, item: Item) -> bool:
    """Whether a row has a background unlike that of the row above it."""
    style = snapshot.style_at(item.row, item.at)
    around = snapshot.style_at(item.row, max(item.col - 4, 0))
    return style.inverse or (bool(style.bg) and style.bg != around.bg)


def is_live(snapshot: ScreenSnapshot, block: Sequence[Item]) -> bool:
    """Whether only details of the last option, borders and hints follow (rule 1).

    At most `FOOTER` rows of hints may follow, and no row with the visible cursor behind
    a prompt sign.
    """
    end, indent = block[-1].row, block[-1].col
    below = range(end + 1, snapshot.last + 1)
    hints, apart = 0, False
    for row in below:
        line = snapshot.bare[row]
        apart = apart or snapshot.is_blank(row)
        if COUNT.match(snapshot.bare[row - 1]) and _COMPOSER.match(line):
            continue  # The input line that filters the list.
        if (
            row == snapshot.cursor.row
            and snapshot.cursor.visible
            and PROMPT_SIGN.match(line)
        ):
            return False  # The operator types there.
        detail = len(line) - len(line.lstrip()) > indent and not hints and not apart
        if detail or snapshot.is_blank(row):
            continue
        hints += 1
        if hints > FOOTER or not is_footer(snapshot, row):
            return False
    return True


def ending(
    snapshot: ScreenSnapshot, items: Sequence[Item | None], block: Sequence[Item]
) -> Form | None:
    """Return how a menu with more than hints below it is answered.

    `MENU` if below it there are the rest of its box, a preview between two borders or
    beside it, further choices, hints and a status. `VIEW` if there is other text before
    hints at the end of the screen. None for a menu that is not live.
    """
    end, cursor = block[-1].row, snapshot.cursor
    marked = next((each for each in block if each.marked), block[0])
    sign = snapshot.bare[marked.row].strip()[:1]
    lead = snapshot.lines[marked.row].lstrip()[:1]
    others = {snapshot.style_at(each.row, each.at) for each in block if each != marked}
    is_lit = snapshot.style_at(marked.row, marked.at) not in others
    in_box = sign == ">" and lead in SIDES
    if in_box and not is_lit:
        rows = range(end + 1, snapshot.last + 1)
        inside = (r for r in rows if snapshot.lines[r].lstrip()[:1] == lead)
        in_box = any(is_dialog_hint(snapshot.bare[r]) for r in inside)
    if sign in QUOTES and marked.num is None and not (marked.box or in_box):
        return None
    field = find_field(snapshot)
    if (field and field.row > end) or (cursor.visible and cursor.row > end):
        return None
    side = snapshot.lines[end].lstrip()[:1]
    side = side if side in SIDES else ""
    hinted, closed, loose = False, False, 0
    hints, status, more = 0, 0, 0
    row = end
    while row < snapshot.last:
        row += 1
        line, drawn = snapshot.bare[row], snapshot.lines[row]
        item = items[row]
        if snapshot.is_blank(row) or not line.strip():
            if is_border(drawn):
                closed = True
                side = side if side and drawn.lstrip()[:1] == side else ""
                row = _end_of_preview(snapshot, items, row) or row
            continue
        if item and item.marked and not is_key_row(line):
            return None
        if is_footer(snapshot, row):
            is_keys = is_dialog_hint(line) or is_moving_hint(line)
            loose += is_keys and status > 0 and not hinted
            hinted = hinted or is_keys
            hints += 1
            if hints > FOOTER:
                return None
        elif (side and drawn.lstrip()[:1] == side) or (
            not hinted and not without_preview("x" + line)[1:].strip()
        ):
            continue
        elif (hinted or closed) and status < STATUS and is_status(snapshot, row):
            status += 1
        elif closed and not hinted and more < MORE and len(line.split()) <= 6:
            more += 1
        else:
            loose += 1
    if not (hinted or closed) or loose > PREVIEW:
        return None
    if not loose and (hinted or not more):
        return Form.MENU
    lowest = [r for r in range(end + 1, snapshot.last + 1) if not snapshot.is_blank(r)]
    at_end = any(is_dialog_hint(snapshot.bare[r]) for r in lowest[-STATUS:])
    return Form.VIEW if at_end else None


def _end_of_preview(
    snapshot: ScreenSnapshot, items: Sequence[Item | None], border: int
) -> int | None:
    """Return the row of the border below the preview that begins at a border, or None.

    Hints of a dialog follow it. A marked row in it may be a field or another menu.
    """
    for row in range(border + 2, min(border + PREVIEW, snapshot.last) + 1):
        item = items[row - 1]
        if item and item.marked:
            return None
        if is_border(snapshot.lines[row]):
            below = snapshot.bare[row + 1 : snapshot.last + 1]
            return row if any(map(is_dialog_hint, below)) else None
    return None
