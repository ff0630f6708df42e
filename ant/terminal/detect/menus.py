"""Menus of any program: rows of which one is marked, and boxes to tick.

Rule 1: a menu is live only at the end of the screen: below it there are borders and
hints, never text or a place to type. A menu that is quoted has something after it.
Rule 2: exactly one row is marked; what stands in one column with it are its siblings.
Rule 3: nothing is a menu of one option.
"""

import re
from collections.abc import Iterator, Sequence

import attrs

from ant.terminal.detect.option_meaning import is_answer
from ant.terminal.model.prompt import (
    APPROVES,
    LASTING,
    Form,
    Kind,
    Option,
    Prompt,
    PromptClass,
)
from ant.terminal.screen.snapshot import (
    ScreenSnapshot,
    index_at,
    is_border,
    paragraph_above,
)

_ITEM = re.compile(
    r"(?P<lead>\s*)(?P<marker>[❯›>▶▸►→➜➤»▌⏵]|\*(?=\s)|[●◉](?=\s+\d+[.)]))?(?P<gap>\s*)"
    r"(?P<box>\[[ xX*✓✔•]\]|\([ xX*•]\)|[○◯◉●☐☑☒◻◼□■✔⬡⬢](?=\s))?(?P<in>\s*)"
    r"(?:(?P<num>\d{1,2})(?:[.)]\s+|\s{2,}(?=\w)))?"
    r"(?P<tick>\[[ xX*✓✔•]\]\s+)?(?P<label>\S.*)"
)
FILLED = set("xX*✓✔•◉●☑☒◼■⬢")
_HINT = re.compile(
    r"\b(esc|escape|enter|return|tab|space|arrows?|arrow keys|ctrl|press|cancel|select|"
    r"navigate|confirm|confirmation|waiting|submit|toggle|move|amend|go back|quit|"
    r"filter|help|more|scroll|undo|exit|explain|edit)\b|[↑↓←→⏎↵]|\^[A-Z]",
    re.IGNORECASE,
)
_COMPOSER = re.compile(r"\s*[>❯›]($|\s)")
_PROMPT = re.compile(r".*?[$#%❯›»➜λ>](?:\s|$)")
_BESIDE = re.compile(r"[^\s│┃][^│┃]*[│┃].*\S")
"""Somebody types right of a line, and what is left of it has no keyboard."""

_CANCEL = re.compile(
    r"\besc(ape)?\b[^·•|]*?\b(cancel|exit|reject|abort|quit|no|back)|"
    r"\b(cancel|exit|reject|abort|quit|back)[^·•|]*?\besc",
    re.IGNORECASE,
)
_HINTED = re.compile(
    r"\s*›.*$|\s*[(\[‹](?=[^)\]›]*(arrow|space|enter|press|use|type|↑|↓|move))"
    r"[^)\]›]*[)\]›]\s*$",
    re.IGNORECASE,
)
_SIGN = re.compile(r"^\s*[?❔✔◆◇▲■›⏺•✦●!]\s+|^\s*\[\?\]\s+")
YES_NO = re.compile(r"(yes|no|y|n|ok|cancel)\b", re.IGNORECASE)

_TOLD = re.compile(r" (?=- |\()")
_NUMBER = re.compile(r"\s*\d{1,2}[.)]\s")
_QUOTES = frozenset(">*●◉")
"""Marks that also begin an answer or a quotation."""

_ROUND = set("○◯◉●☐☑☒◻◼□■⬡⬢")
_RADIO = set("●○")
_SCROLL = re.compile(r"\s{2,}[↑↓▒▮░█▓]$")
_COUNT = re.compile(r"\s*\d+/\d+\b")

FOOTER = 7
"""Rows of hints below a menu: more than any program draws."""

DETAILS = 4
"""Rows that tell more of an option."""

BODY = 16
"""Rows above a menu that are looked through for what it is about."""


@attrs.frozen
class Item:
    """A row that may be an option.

    `col` is where its box, number or label begins, `at` where the label does.
    """

    row: int
    col: int
    label: str
    marked: bool
    box: str
    num: int | None
    at: int


def find_menu(snapshot: ScreenSnapshot) -> Prompt | None:
    """The live menu on the screen, if there is one."""
    if snapshot.takes_lines or (
        snapshot.cursor.visible and _BESIDE.search(snapshot.typed_at)
    ):
        return None
    items = items_of(snapshot)
    for marked in reversed([each for each in items if each and each.marked]):
        block = _siblings(snapshot, items, marked)
        if (
            len(block) > 1
            and is_live(snapshot, block)
            and _is_list(snapshot, block, marked)
        ):
            return menu_of(snapshot, block, marked.row)
    return _unmarked(snapshot, items)


def find_menu_above(snapshot: ScreenSnapshot, composer: int) -> Prompt | None:
    """The menu that has the keyboard though a composer is drawn at that row.

    The cursor is on one of its rows, or nothing but borders and hints stands between
    the two. Then nobody knows whom a key reaches, so a person answers it. A quoted
    list and a message that was sent may look like one: a sign of either is no mark.
    """
    items, cursor = items_of(snapshot), snapshot.cursor
    for marked in reversed([each for each in items[: composer + 1] if each]):
        block = _siblings(snapshot, items, marked) if marked.marked else []
        if len(block) < 2:
            continue
        has_cursor = cursor.visible and block[0].row <= cursor.row <= block[-1].row
        if block[-1].row >= composer:  # Its mark looks like the composer's.
            at = index_at(snapshot.lines[cursor.row], cursor.col) if has_cursor else 0
            on_mark = has_cursor and marked.row == cursor.row and at <= marked.at
            if not (on_mark and marked.num is not None):
                continue
        if has_cursor and (marked.num is not None or marked.row == cursor.row):
            return menu_of(snapshot, block, marked.row)
        sign = snapshot.bare[marked.row].strip()[:1]
        plain = all(is_answer(each.label) for each in block)
        if sign in _QUOTES or not (marked.num or plain):
            continue
        if _is_right_above(snapshot, block[-1], composer):
            return attrs.evolve(menu_of(snapshot, block, marked.row), form=Form.VIEW)
    return None


def _is_right_above(snapshot: ScreenSnapshot, last: Item, composer: int) -> bool:
    """Whether only details of the last option, borders and hints are in between."""
    for row in range(last.row + 1, composer):
        line = snapshot.bare[row]
        is_detail = len(line) - len(line.lstrip()) > last.col
        if not (
            is_detail or is_border(snapshot.lines[row]) or is_footer(snapshot, row)
        ):
            return False
    return True


def _unmarked(snapshot: ScreenSnapshot, items: Sequence[Item | None]) -> Prompt | None:
    """Rows without a mark: the filled one of radio buttons, the coloured one, or the
    one that is not dim.

    Numbered rows are a menu only with hints below them; else they are a list.
    """
    found = [each for each in items if each and (each.box in _ROUND or each.num)]
    block = _siblings(snapshot, items, found[-1]) if found else []
    if len(block) < 2 or not is_live(snapshot, block):
        return None
    below = range(block[-1].row + 1, snapshot.last + 1)
    hinted = any(_HINT.search(snapshot.bare[row]) for row in below)
    if block[0].num and (block[0].num != 1 or not hinted):
        return None
    ticked = [each for each in block if each.box in FILLED]
    if {each.box for each in block} == _RADIO and len(ticked) == 1:
        unboxed = [attrs.evolve(each, box="") for each in block]
        return menu_of(snapshot, unboxed, ticked[0].row)
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


def is_footer(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a row may stand below a live menu: a border, a hint, nothing."""
    line = snapshot.bare[row]
    if snapshot.is_blank(row) or not line.strip() or _COUNT.match(line):
        return True
    return bool(_HINT.search(line)) and not _COMPOSER.match(line)


def question_above(snapshot: ScreenSnapshot, row: int) -> str:
    """The sentence nearest above `row` that asks, else the text that is there."""
    rows = list(paragraph_above(snapshot, row))
    text = _sentence(snapshot, rows)
    if not text.endswith(("?", ":")):
        for each in range((rows or [row])[-1] - 1, top_of(snapshot, row) - 1, -1):
            if not any(line.strip() for line in snapshot.bare[each : each + 3]):
                break
            if "?" in snapshot.bare[each]:
                return _sentence(snapshot, list(paragraph_above(snapshot, each + 1)))
    return text


def _sentence(snapshot: ScreenSnapshot, rows: Sequence[int]) -> str:
    """The last sentence of some rows that asks, else all of their text."""
    text = " ".join(snapshot.bare[each].strip() for each in reversed(rows))
    text = _SIGN.sub("", _HINTED.sub("", text))
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z\"'])", text)
    asking = [each for each in sentences if each.rstrip(" …›»").endswith("?")]
    return _SIGN.sub("", (asking or [text])[-1]).strip(" …›»")


def excerpt(snapshot: ScreenSnapshot, first: int, last: int) -> str:
    """Those rows as text, without borders."""
    rows = (snapshot.bare[row].rstrip() for row in range(first, last + 1))
    return "\n".join(rows).strip("\n")


def items_of(snapshot: ScreenSnapshot) -> list[Item | None]:
    """Every row as an option, None where there is nothing on it."""
    found: list[Item | None] = []
    for row, line in enumerate(snapshot.bare):
        item = _ITEM.fullmatch(line)
        if item is None:
            found.append(None)
            continue
        start = next(item.start(g) for g in ("box", "num", "label") if item[g])
        box = (item["box"] or item["tick"] or "").strip()
        box = box.strip("[]()") or ("-" if box else "")
        num = int(item["num"]) if item["num"] else None
        marked = bool(item["marker"])
        label = _SCROLL.sub("", _named(snapshot, row, item))
        first = re.split(r"\s{2,}", label)[0]
        # A second column tells of an option, but it may be what a plain answer means.
        label = first if num and not is_answer(first) else " ".join(label.split())
        at = item.start("label")
        found.append(Item(row, start, label, marked, box, num, at))
    return found


def _named(snapshot: ScreenSnapshot, row: int, item: re.Match[str]) -> str:
    """The label without what faint text behind it tells of it while it is marked.

    That is left where it belongs to what is allowed, as in `Yes (always)`.
    """
    label, start = item["label"], item.start("label")
    told = _TOLD.finditer(label) if item["marker"] or item["box"] else ()
    for found in told:
        gap = start + found.start()
        if snapshot.style_at(row, gap + 1).is_faint:
            all_faint = snapshot.style_at(row, start).is_faint
            apart = not (all_faint and snapshot.style_at(row, gap).is_faint)
            lasts = APPROVES.match(label) and LASTING.search(label[found.start() :])
            return label[: found.start()] if apart and not lasts else label
    return label


def _siblings(
    snapshot: ScreenSnapshot, items: Sequence[Item | None], marked: Item
) -> list[Item]:
    above = _walk(snapshot, items, marked, range(marked.row - 1, -1, -1))
    below = _walk(snapshot, items, marked, range(marked.row + 1, len(items)))
    return [*reversed(list(above)), marked, *below]


def _walk(
    snapshot: ScreenSnapshot, items: Sequence[Item | None], marked: Item, rows: range
) -> Iterator[Item]:
    """Rows of the same column; between two there may be a blank row, or details."""
    skipped: list[int] = []
    num, details = marked.num, 0
    for row in rows:
        item = items[row]
        if num is None and is_border(snapshot.lines[row]):
            return
        if (
            item is None
            or snapshot.is_blank(row)
            or _COUNT.fullmatch(snapshot.bare[row])
        ):
            skipped.append(row)
            if len(skipped) > 2:
                return
            continue
        numbered = num is not None
        expected = None if num is None else num + rows.step
        if (
            _in_column(item, marked)
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
        else:
            return


def _in_column(item: Item, other: Item) -> bool:
    """Whether they begin in one column, or their numbers end in one."""
    if item.num is None or other.num is None or item.box:
        return item.col == other.col
    shift = len(str(item.num)) - len(str(other.num))
    return item.col in (other.col, other.col - shift)


def is_live(snapshot: ScreenSnapshot, block: Sequence[Item]) -> bool:
    """Whether nothing but details of the last option, borders and hints follow."""
    end, indent = block[-1].row, block[-1].col
    below = range(end + 1, snapshot.last + 1)
    hints, apart = 0, False
    for row in below:
        line = snapshot.bare[row]
        apart = apart or not line.strip()
        if _COUNT.match(snapshot.bare[row - 1]) and _COMPOSER.match(line):
            continue  # Where a list is filtered.
        if (
            row == snapshot.cursor.row
            and snapshot.cursor.visible
            and _PROMPT.match(line)
        ):
            return False  # Somebody types there.
        detail = len(line) - len(line.lstrip()) > indent and not hints and not apart
        if detail or snapshot.is_blank(row):
            continue
        hints += 1
        if hints > FOOTER or not is_footer(snapshot, row):
            return False
    return True


def _is_list(snapshot: ScreenSnapshot, block: Sequence[Item], marked: Item) -> bool:
    """Whether the mark is one of a menu, and no quotation or shell prompt.

    A `>` alone is not enough: the row is numbered, boxed or lit, or the cursor is not
    where somebody types.
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
    snapshot: ScreenSnapshot, block: Sequence[Item], marked: int | None
) -> Prompt:
    """The menu of these rows, of which `marked` is the one that Enter would take."""
    block = _alike(snapshot, block, marked)
    boxes = any(each.box for each in block)
    labels = _unnumbered([_whole(snapshot, each) for each in block])
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
    yes_no = not boxes and all(YES_NO.match(option.label) for option in options)
    return Prompt(
        kind=Kind.DIALOG,
        class_=PromptClass.CONFIRMATION if yes_no else PromptClass.MULTI_CHOICE,
        form=Form.BOXES if boxes else Form.MENU,
        question=question,
        options=options,
        rule="menu",
        rows=(first, last),
        text=excerpt(snapshot, top_of(snapshot, first), snapshot.last),
        cancel="\x1b" if _cancels(snapshot, last) else "",
    )


def _whole(snapshot: ScreenSnapshot, item: Item) -> str:
    """The label with what was wrapped to the rows below it.

    A row goes on below when the next word found no room; what had room is a detail.
    """
    boxed = len(snapshot.lines[item.row]) > len(snapshot.bare[item.row])
    width = len(snapshot.lines[item.row]) - 1 if boxed else snapshot.cols
    label, row = item.label, item.row
    start = item.at
    if not snapshot.bare[row].endswith(label):
        return label
    while row + 1 <= snapshot.last:
        line, below = snapshot.bare[row], snapshot.bare[row + 1]
        first = below.split()[:1]
        indent = len(below) - len(below.lstrip())
        if not first or indent < start or len(line) + 1 + len(first[0]) < width:
            break
        if _NUMBER.match(below):
            break
        label, row = f"{label} {' '.join(below.split())}", row + 1
    return label


def _with_details(
    snapshot: ScreenSnapshot, item: Item, label: str, end: int | None
) -> str:
    """The label of a plain answer with all that is told of it up to row `end`.

    Below the last option that is what stands right there, further in.
    """
    details = list[str]()
    for row in range(item.row + 1, snapshot.last + 1 if end is None else end):
        line = snapshot.bare[row]
        indent = len(line) - len(line.lstrip())
        is_empty = not line.strip() or is_border(snapshot.lines[row])
        if end is None and (is_empty or indent <= item.col):
            break
        if not (is_empty or _COUNT.fullmatch(line)):
            details.extend(line.split())
    told = " ".join(details)
    return label if not told or label.endswith(told) else f"{label} {told}"


def _alike(
    snapshot: ScreenSnapshot, block: Sequence[Item], marked: int | None
) -> Sequence[Item]:
    """The block without a heading, which stands in its column in another colour."""
    if block[0].row == marked or block[0].num is not None or len(block) < 3:
        return block
    inks = [
        snapshot.style_at(each.row, each.col).fg for each in block if each.row != marked
    ]
    return block[1:] if inks.count(inks[0]) == 1 and len(inks) > 2 else block


def _unnumbered(labels: list[str]) -> list[str]:
    """Labels without the numbers that all of them begin with, counted from 1."""
    found = [re.fullmatch(r"(\d+) (.+)", label) for label in labels]
    numbers = [each[1] for each in found if each]
    if numbers == [str(n) for n in range(1, len(labels) + 1)]:
        return [each[2] for each in found if each]
    return labels


def top_of(snapshot: ScreenSnapshot, first: int) -> int:
    """Where what belongs to a menu begins: below a border, or some rows above."""
    for row in range(first - 1, max(first - BODY, -1), -1):
        if is_border(snapshot.lines[row]):
            return row + 1
    return max(first - BODY, 0)


def _cancels(snapshot: ScreenSnapshot, last: int) -> bool:
    rows = snapshot.bare[last : snapshot.last + 1]
    return any(_CANCEL.search(line) for line in rows)
