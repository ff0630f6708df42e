"""Rows of a screen, parsed as options of a menu."""

import re

import attrs

from ant.terminal.detect.option_meaning import is_answer
from ant.terminal.model.prompt import APPROVES, LASTING
from ant.terminal.screen.snapshot import ScreenSnapshot

_ITEM = re.compile(
    r"(?P<lead>\s*)(?P<marker>[❯❭›>⟩▶▸►▷→➜➤»▌⏵‣]|\*(?=\s)|[●◉](?=\s+\d+[.)]))?(?P<gap>\s*)"
    r"(?:(?P<before>\d{1,2})[.):]?\s+(?=\([ xX*•●○◉◯]\)|[○◯◉●]\s))?"
    r"(?P<box>\[[ xX*✓✔•]\]|\([ xX*•●○◉◯]\)|[○◯◉●☐☑☒◻◼□■✔⬡⬢](?=\s))?(?P<in>\s*)"
    r"(?:(?P<num>\d{1,2})(?:[.)]\s+|\s{2,}(?=\w))|\[(?P<key>\d{1,2})\]\s+)?"
    r"(?P<tick>\[[ xX*✓✔•]\]\s+)?(?P<label>\S.*)"
)
"""An option: a marker, a check box, a number, a second check box, a label."""

FILLED = set("xX*✓✔•◉●☑☒◼■⬢")
"""The content of a box that is ticked."""

_DESCRIPTION = re.compile(r" (?=- |\()")
"""The blank before a description behind a label: ` - …` or ` (…`."""

_SCROLL = re.compile(r"\s{2,}[↑↓▒▮░█▓]$")
"""A scroll bar or arrow at the end of a row."""

_GAP = re.compile(r"\s{2,}")

_CURRENT = re.compile(r"\s+[✔✓]$")
"""The sign behind the label of the option that holds now."""

_SIDES = "┌└├│╭╰┃┏┗╎"
_BESIDE = re.compile(rf"(?<=\S)\s{{2,}}[{_SIDES}].*$")
"""A box right of the options: the preview of the marked one."""


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


def items_of(snapshot: ScreenSnapshot) -> list[Item | None]:
    """Parse every row of the screen as an option; a blank row gives None."""
    found: list[Item | None] = []
    for row, line in enumerate(snapshot.bare):
        item = _ITEM.fullmatch(without_preview(line)) if line else None
        if item is None:
            found.append(None)
            continue
        groups = item.groupdict()
        start = next(
            item.start(g) for g in ("before", "box", "num", "key", "label") if groups[g]
        )
        box = (groups["box"] or groups["tick"] or "").strip()
        box = box.strip("[]()").strip() or ("-" if box else "")
        number = groups["before"] or groups["num"] or groups["key"]
        num = int(number) if number else None
        marked = bool(groups["marker"])
        label = first = _named(snapshot, row, item)
        second = None
        if "  " in label:
            label = _SCROLL.sub("", label)
            if (gap := _GAP.search(label)) is not None:
                first = label[: gap.start()]
                second = item.start("label") + gap.end()
        if first[-1] in "✔✓":
            first = _CURRENT.sub("", first)
            label = _CURRENT.sub("", label)
        # A second column describes the option. It may change what a plain answer means.
        label = first if num and not is_answer(first) else " ".join(label.split())
        at = item.start("label")
        found.append(Item(row, start, label, marked, box, num, at, second, first))
    return found


def without_preview(line: str) -> str:
    """Return a row without the box right of it."""
    return line if line.isascii() else _BESIDE.sub("", line)


def _named(snapshot: ScreenSnapshot, row: int, item: re.Match[str]) -> str:
    """Return the label without the faint description behind it.

    Some programs show that description only while the option is marked, and the label
    must not change with the mark. The description stays if it belongs to what the
    option allows, as in `Yes (always)`.
    """
    label, start = item["label"], item.start("label")
    descriptions = _DESCRIPTION.finditer(label) if item["marker"] or item["box"] else ()
    for found in descriptions:
        gap = start + found.start()
        if snapshot.style_at(row, gap + 1).is_faint:
            all_faint = snapshot.style_at(row, start).is_faint
            apart = not (all_faint and snapshot.style_at(row, gap).is_faint)
            lasts = APPROVES.match(label) and LASTING.search(label[found.start() :])
            return label[: found.start()] if apart and not lasts else label
    return label
