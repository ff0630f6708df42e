"""Menus of any program: rows with one of them marked, and check boxes.

Rule 1: a menu is live only at the end of the screen. Below it there are borders and
hints, the rest of its box, a preview, and a status, never a text field. Below a quoted
menu, there is other text.
Rule 2: exactly one row is marked. The rows in the same column are its siblings, the
other options.
Rule 3: a menu has at least two options, or one and a hint of the keys that take it.
Rule 4: if other text separates a menu from the hints at the end of the screen, it is a
`VIEW`, which only the operator can answer.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

import attrs

from ant.terminal.detect.composer import find_composer
from ant.terminal.detect.menu_rows import (
    FILLED,
    QUOTES,
    SIDES,
    STATUS,
    Item,
    ending,
    has_ground,
    has_preview,
    is_live,
    is_stored,
    items_of,
    takes_at_once,
    unnumbered,
    unwrapped,
    without_ages,
    without_descriptions,
    without_remarks,
)
from ant.terminal.detect.option_meaning import is_answer
from ant.terminal.layout.dialog_text import excerpt, question_above, top_of
from ant.terminal.layout.fields import find_field
from ant.terminal.layout.hints import (
    COUNT,
    has_hint,
    is_dialog_hint,
    is_footer,
    is_key_row,
    is_moving_hint,
)
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import (
    ScreenSnapshot,
    index_at,
    is_border,
    width,
)

_BESIDE = re.compile(r"[^\s│┃][^│┃]*[│┃].*\S")
"""The cursor is right of a vertical line: a pane left of that line has no focus."""

_CANCEL = re.compile(
    r"\besc(ape)?\b[^·•|]*?\b(cancel|exit|reject|abort|quit|no|back)|"
    r"\b(cancel|exit|reject|abort|quit|back)[^·•|]*?\besc",
    re.IGNORECASE,
)
"""A hint that Escape cancels. Both words are in the same part of the hints."""

_YES_NO = re.compile(r"(yes|no|y|n|ok|cancel)\b", re.IGNORECASE)
"""The beginning of a label that is yes, no, OK or cancel."""

_NUMBER = re.compile(r"\s*\d{1,2}[.)]\s")
"""The number that begins an option."""

_ROUND = set("○◯◉●☐☑☒◻◼□■⬡⬢")
"""Boxes without brackets."""

_RADIOS = ({"●", "○"}, {"●", "-"})
"""The boxes of radio buttons, a filled one and an empty one."""

_TOGGLES = re.compile(
    r"(?:\benter\b|\breturn\b|[⏎↵])\W{0,3}(?:to )?(?:toggle|tick|check|mark)\b",
    re.IGNORECASE,
)
"""A hint that Enter ticks a box, and so submits nothing."""

SLACK = 6
"""Columns that a program may leave free at the right when it wraps a label."""

DETAILS = 4
"""The most rows of description below an option."""


def find_menu(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the live menu on the screen, or None.

    The lowest marked row with a live block of siblings wins. Without a marked row, see
    `_unmarked`. A program that takes whole lines has no menu.
    """
    if snapshot.takes_lines or (
        snapshot.cursor.visible and _BESIDE.search(snapshot.typed_at)
    ):
        return None
    items = items_of(snapshot)
    for marked in reversed([each for each in items if each and each.marked]):
        block = _siblings(snapshot, items, marked)
        if not _is_list(snapshot, block, marked):
            continue
        if len(block) == 1 and not _is_single(snapshot, block[0]):
            continue
        if is_live(snapshot, block):
            return menu_of(snapshot, block, marked.row)
        if len(block) > 1 and (form := ending(snapshot, items, block)) is not None:
            found = menu_of(snapshot, block, marked.row)
            if form is Form.VIEW:  # The text may be that of another dialog.
                found = attrs.evolve(found, form=form, options=())
            return found
    return _unmarked(snapshot, items)


def _is_single(snapshot: ScreenSnapshot, item: Item) -> bool:
    """Whether a marked row is a menu of one option: hints of its keys follow it.

    A sent message looks like a marked row, too.
    """
    sign = snapshot.bare[item.row].strip()[:1]
    if (sign in QUOTES and item.num is None) or item.label[:1] in "/@":
        return False
    below = snapshot.bare[item.row + 1 : snapshot.last + 1]
    if not any(map(is_dialog_hint, below)):
        return False
    around = snapshot.lines[max(item.row - 1, 0)], *snapshot.lines[item.row + 1 :][:1]
    return not all(map(is_border, around)) and find_field(snapshot) is None


def find_menu_above(snapshot: ScreenSnapshot, composer: int) -> Prompt | None:
    """Return the menu that has the focus although row `composer` shows a composer.

    If the cursor is on one of its rows, it is an ordinary menu. If only details of its
    last option, borders and hints separate the two, a key may reach either of them, so
    the menu is a `VIEW`, which only the operator can answer. A quoted list and a sent
    message look like a menu, too. So in the second case a mark of `QUOTES` does not
    count, and the marked option is numbered or all options are plain answers.
    """
    items, cursor = items_of(snapshot), snapshot.cursor
    for marked in reversed([each for each in items[: composer + 1] if each]):
        block = _siblings(snapshot, items, marked) if marked.marked else []
        if len(block) < 2:
            continue
        has_cursor = cursor.visible and block[0].row <= cursor.row <= block[-1].row
        if block[-1].row >= composer:  # The mark of an option looks like a composer.
            at = index_at(snapshot.lines[cursor.row], cursor.col) if has_cursor else 0
            on_mark = has_cursor and marked.row == cursor.row and at <= marked.at
            if not (on_mark and marked.num is not None):
                continue
        if has_cursor and (marked.num is not None or marked.row == cursor.row):
            return menu_of(snapshot, block, marked.row)
        sign = snapshot.bare[marked.row].strip()[:1]
        plain = all(is_answer(each.label) for each in block)
        if sign in QUOTES or not (marked.num or plain):
            continue
        if _is_right_above(snapshot, block[-1], composer):
            return attrs.evolve(menu_of(snapshot, block, marked.row), form=Form.VIEW)
    return None


def _is_right_above(snapshot: ScreenSnapshot, last: Item, composer: int) -> bool:
    """Whether only details of the option `last`, borders and hints separate the two.

    If keys that move the mark, and Enter or Escape, are among the hints, the rest of
    the menu's frame and up to `STATUS` rows of a status may separate them, too.
    """
    rows = range(last.row + 1, composer)
    has_keys = any(_moves_and_takes(snapshot.bare[row]) for row in rows)
    is_closed, status = False, 0
    for row in rows:
        line = snapshot.bare[row]
        is_detail = len(line) - len(line.lstrip()) > last.col
        if is_border(snapshot.lines[row]):
            is_closed = True
        elif not (is_detail or is_footer(snapshot, row)):
            if not has_keys:
                return False
            status += is_closed
    return status <= STATUS


def _moves_and_takes(line: str) -> bool:
    return is_key_row(line) and is_moving_hint(line) and is_dialog_hint(line)


def _unmarked(snapshot: ScreenSnapshot, items: Sequence[Item | None]) -> Prompt | None:
    """Return the live menu whose rows have a box or a number but no mark, or None.

    The selected row is the filled one of radio buttons, else the only one with a
    background, else the only one in its colour, else the only one that is not dim.
    Numbered rows are a menu only if they start at 1, and hints follow or they are in a
    box; otherwise they are a list in the text. So are all rows
    above a composer: it has the focus, and the transcript is above it.
    """
    found = [each for each in items if each and (each.box in _ROUND or each.num)]
    block = _siblings(snapshot, items, found[-1]) if found else []
    if len(block) < 2:
        return None
    first = block[0].row
    is_radio = {each.box for each in block} in _RADIOS
    backed = [each.row for each in block if has_ground(snapshot, each)]
    may_end = is_radio or (len(backed) == 1 and bool(_side(snapshot, first)))
    ends = may_end and ending(snapshot, items, block) is Form.MENU
    if not (ends or is_live(snapshot, block)):
        return None
    below = range(block[-1].row + 1, snapshot.last + 1)
    hinted = any(has_hint(snapshot.bare[row]) for row in below)
    if block[0].num and (block[0].num != 1 or not (hinted or _side(snapshot, first))):
        return None
    composer = find_composer(snapshot)
    if composer is not None and composer.first > block[-1].row:
        return None
    ticked = [each for each in block if each.box in FILLED]
    if is_radio and len(ticked) == 1:
        unboxed = [attrs.evolve(each, box="") for each in block]
        return menu_of(snapshot, unboxed, ticked[0].row)
    if len(backed) == 1:
        return menu_of(snapshot, block, backed[0])
    inks = [snapshot.style_at(each.row, each.at).fg for each in block]
    odd = [
        each.row for each, ink in zip(block, inks, strict=True) if inks.count(ink) < 2
    ]
    bright = [
        each.row for each in block if not snapshot.style_at(each.row, each.at).dim
    ]
    sided = snapshot.lines[block[0].row] != snapshot.bare[block[0].row]
    lit = odd if len(odd) == 1 or not (hinted or sided) else bright
    return menu_of(snapshot, block, lit[0]) if len(lit) == 1 else None


def _siblings(
    snapshot: ScreenSnapshot, items: Sequence[Item | None], marked: Item
) -> list[Item]:
    """Return the block of options around `marked`, from the highest down (rule 2)."""
    above = _walk(snapshot, items, marked, range(marked.row - 1, -1, -1))
    below = _walk(snapshot, items, marked, range(marked.row + 1, len(items)))
    return [*reversed(list(above)), marked, *below]


def _walk(
    snapshot: ScreenSnapshot, items: Sequence[Item | None], marked: Item, rows: range
) -> Iterator[Item]:
    """Yield the siblings of `marked` in `rows`, which lead away from it.

    They are in its column, have a box if it has one, and continue its numbers if it is
    numbered. Between two of them there may be up to two blank rows, and up to `DETAILS`
    rows of description. Without numbers, a description is indented further and right
    below its option. Any other row ends the block.
    """
    skipped: list[int] = []
    num, details = marked.num, 0
    for row in rows:
        item = items[row]
        is_blank = snapshot.is_blank(row) and not (item and item.num)
        if item and is_blank and has_preview(snapshot.bare[row]):
            is_blank = False  # The border of the preview is in the row of an option.
        if num is None and is_blank and is_border(snapshot.lines[row]):
            return
        if COUNT.fullmatch(snapshot.bare[row]) and row - rows.step != marked.row:
            return
        if item is None or is_blank:
            skipped.append(row)
            if len(skipped) > 2:
                return
            continue
        if num is None and not item.marked and is_key_row(snapshot.bare[row]):
            return
        if skipped and _side(snapshot, row) != _side(snapshot, marked.row):
            return
        numbered = num is not None
        expected = None if num is None else num + rows.step
        if (
            (
                _in_column(item, marked)
                or (numbered and _is_shifted(snapshot, item, marked))
            )
            and not item.marked
            and (numbered or bool(item.box) == bool(marked.box))
            and item.num == expected
        ):
            yield item
            skipped, num, details = [], item.num, 0
        elif numbered and item.num is None and item.col >= marked.col:
            details += 1
            if details > DETAILS:
                return
        elif item.col > marked.col and item.box != marked.box and rows.step > 0:
            skipped = []
        elif _is_detail(item, marked) and not skipped and details < DETAILS:
            details += 1
        else:
            return


def _side(snapshot: ScreenSnapshot, row: int) -> str:
    """Return the side of the frame at the beginning of a row, or ""."""
    lead = snapshot.lines[row].lstrip()[:1]
    return lead if lead in SIDES else ""


def _is_detail(item: Item, marked: Item) -> bool:
    """Whether a row without a number is indented further than the options."""
    is_plain = item.num is None and not item.box and not item.marked
    return is_plain and marked.num is None and item.col > marked.col


def _in_column(item: Item, other: Item) -> bool:
    """Whether two options begin in the same column, or their numbers end in it."""
    if item.num is None or other.num is None or item.box:
        return item.col == other.col
    shift = len(str(item.num)) - len(str(other.num))
    return item.col in (other.col, other.col - shift)


def _is_shifted(snapshot: ScreenSnapshot, item: Item, marked: Item) -> bool:
    """Whether a row that fills the screen's width has lost one column of its indent."""
    is_full = width(snapshot.lines[item.row]) >= snapshot.cols - 1
    return is_full and item.col == marked.col - 1


def _is_list(snapshot: ScreenSnapshot, block: Sequence[Item], marked: Item) -> bool:
    """Whether the mark is that of a menu, not of a quotation or a shell prompt.

    A `>` or `*` alone is not enough. The row has a number, a box or a style of its own,
    or the cursor is hidden or stands before the label.
    """
    line, cursor = snapshot.bare[marked.row], snapshot.cursor
    if marked.num is not None or marked.box or not cursor.visible:
        return True
    if cursor.row == marked.row:
        return index_at(snapshot.lines[cursor.row], cursor.col) < marked.col
    if line.strip()[:1] not in ">*":
        return True
    others = {
        snapshot.style_at(each.row, each.col) for each in block if not each.marked
    }
    return snapshot.style_at(marked.row, marked.col) not in others


def menu_of(
    snapshot: ScreenSnapshot,
    block: Sequence[Item],
    marked: int | None,
    columns: bool = False,
) -> Prompt:
    """Return the prompt of a block of options; Enter selects the row `marked`.

    `columns`: a second column is part of the labels, as in a window's list.
    """
    block = without_ages(without_remarks(snapshot, block, marked), marked)
    if takes_at_once(snapshot, block):
        block = [attrs.evolve(each, box="") for each in block]
    block = without_descriptions(block, marked)
    boxes = any(each.box for each in block)
    named = block if columns else _columns(block)
    wholes = [_whole(snapshot, each) for each in named]
    if (kept := unwrapped(block, wholes)) != [*block]:
        block = kept
        wholes = [_whole(snapshot, each) for each in _columns(kept)]
    labels = unnumbered(wholes)
    ends = [*(each.row for each in block[1:]), None]
    labels = [
        _with_details(snapshot, each, label, end) if is_answer(label) else label
        for each, label, end in zip(block, labels, ends, strict=True)
    ]
    options = tuple(
        Option(
            label,
            selected=each.row == marked,
            checked=each.box in FILLED if each.box else None,
        )
        for each, label in zip(block, labels, strict=True)
    )
    first, last = block[0].row, block[-1].row
    question = question_above(snapshot, first)
    form = Form.BOXES if boxes else Form.MENU
    if boxes and any(map(_TOGGLES.search, snapshot.bare[last : snapshot.last + 1])):
        form = Form.VIEW
    if block[0].num is None and not boxes and is_stored(snapshot, block):
        form, options = Form.VIEW, ()
    return Prompt(
        kind=Kind.DIALOG,
        class_=PromptClass.MULTI_CHOICE if boxes else class_of(labels),
        form=form,
        question=question,
        options=options,
        rule="menu",
        rows=(first, last),
        text=excerpt(snapshot, top_of(snapshot, first), snapshot.last),
        cancel="\x1b" if _cancels(snapshot, last) else "",
    )


def class_of(labels: Iterable[str]) -> PromptClass:
    """Return `CONFIRMATION` if all labels are a yes or a no, else `MULTI_CHOICE`."""
    yes_no = all(_YES_NO.match(label) for label in labels)
    return PromptClass.CONFIRMATION if yes_no else PromptClass.MULTI_CHOICE


def _whole(snapshot: ScreenSnapshot, item: Item) -> str:
    """Return the label with the text that the program wrapped to the rows below.

    A row is wrapped if the first word of the next row did not fit on it. If the word
    did fit, the next row is a detail.
    """
    boxed = len(snapshot.lines[item.row]) > len(snapshot.bare[item.row])
    wide = len(snapshot.lines[item.row]) - 1 if boxed else snapshot.cols
    label, row = item.label, item.row
    start = item.at
    if not snapshot.bare[row].endswith(label):
        return label
    while row + 1 <= snapshot.last:
        line, below = snapshot.bare[row], snapshot.bare[row + 1]
        first = below.split()[:1]
        indent = len(below) - len(below.lstrip())
        if not first or indent < start:
            break
        is_same = snapshot.style_at(row, start) == snapshot.style_at(row + 1, indent)
        room = wide - len(line) - 1 - (SLACK if is_same else 0)
        if len(first[0]) < room:
            break
        if _NUMBER.match(below):
            break
        label, row = f"{label} {' '.join(below.split())}", row + 1
    return label


def _with_details(
    snapshot: ScreenSnapshot, item: Item, label: str, end: int | None
) -> str:
    """Return the label of a plain answer with its details, the text up to row `end`.

    The details may change what the answer means, for example `Yes` over `always`. For
    the last option `end` is None: its details are the indented rows right below it.
    """
    details = list[str]()
    for row in range(item.row + 1, snapshot.last + 1 if end is None else end):
        line = snapshot.bare[row]
        indent = len(line) - len(line.lstrip())
        is_empty = not line.strip() or is_border(snapshot.lines[row])
        if end is None and (is_empty or indent <= item.col):
            break
        if not (is_empty or COUNT.fullmatch(line)):
            details.extend(line.split())
    text = " ".join(details)
    return label if not text or label.endswith(text) else f"{label} {text}"


def _columns(block: Sequence[Item]) -> list[Item]:
    """Return the block without the descriptions in a second column.

    They begin at one index, or only the marked row has one. A plain answer keeps its
    description, which may change what the answer means.
    """
    seconds = [each.second for each in block if each.second is not None]
    return [
        attrs.evolve(each, label=each.first)
        if each.second is not None
        and not is_answer(each.first)
        and (seconds.count(each.second) > 1 or (each.marked and len(seconds) == 1))
        else each
        for each in block
    ]


def _cancels(snapshot: ScreenSnapshot, last: int) -> bool:
    """Whether the last option or a hint below it shows that Escape cancels."""
    rows = snapshot.bare[last : snapshot.last + 1]
    return any(_CANCEL.search(line) for line in rows)
