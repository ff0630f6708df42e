"""Boxes to tick above a row that takes them: where Enter on a box only ticks it.

Rule 1: the last box is a field, not a box: a blank pressed there would be typed.
Rule 2: what somebody has written into that field is his, and nobody else takes it.
"""

from collections.abc import Iterator, Sequence

import attrs

from ant.terminal.agents.driver import Driver
from ant.terminal.detect.menus import DETAILS, FILLED, Item, is_live, items_of, menu_of
from ant.terminal.model.prompt import Form, Prompt
from ant.terminal.screen.snapshot import ScreenSnapshot

TAKES = "\r"
"""The key of the row that takes the boxes."""


def find_boxes(snapshot: ScreenSnapshot, driver: Driver) -> Prompt | None:
    """The live boxes above a row that the driver knows to take them."""
    if snapshot.takes_lines or not driver.taken:
        return None
    for row in range(snapshot.last, -1, -1):
        if any(rule.pattern.search(snapshot.bare[row]) for rule in driver.taken):
            return _boxes(snapshot, row)
    return None


def _boxes(snapshot: ScreenSnapshot, taking: int) -> Prompt | None:
    items = items_of(snapshot)
    button = items[taking]
    boxes = list(_numbered_over(items, taking))[::-1]
    if button is None or len(boxes) < 2 or boxes[0].num != 1:
        return None
    if button.col <= boxes[0].col:
        return None  # What is told of the last box.
    rest = [each for each in items[taking + 1 :] if each and each.num is not None]
    rows = [*boxes, button, *rest]
    marked = [i for i, each in enumerate(rows) if each.marked]
    is_next = not rest or (len(rest) == 1 and rest[0].num == len(boxes) + 1)
    if not (is_next and is_live(snapshot, rows) and marked):
        return None
    menu = menu_of(snapshot, rows, rows[marked[-1]].row)
    options, field = list(menu.options), len(boxes) - 1
    for i, each in enumerate(options):
        checked = boxes[i].box in FILLED if i < field else None
        options[i] = attrs.evolve(each, checked=checked)
    options[len(boxes)] = attrs.evolve(options[len(boxes)], keys=TAKES)
    form = Form.VIEW if boxes[field].box in FILLED else Form.BOXES
    return attrs.evolve(menu, form=form, options=tuple(options), rule="boxes")


def _numbered_over(items: Sequence[Item | None], taking: int) -> Iterator[Item]:
    """Boxes above that row, from the lowest up to the one with number 1."""
    details, number = 0, 0
    for row in range(taking - 1, -1, -1):
        item = items[row]
        if item is None or item.num is None:
            details += 1
            if details > DETAILS:
                return
        elif not item.box or (number and item.num != number - 1):
            return
        else:
            details, number = 0, item.num
            yield item
            if number == 1:
                return
