"""Lists of check boxes above a submit row: Enter on a box only ticks or clears it.

Rule 1: the last box is a text field, not a box: there, the space bar types a space.
Rule 2: if that field is ticked, the operator has typed text into it. ANT does not
submit that text: the prompt is a `VIEW`, which only the operator can answer.
"""

from collections.abc import Iterator, Sequence

import attrs

from ant.terminal.agents.driver import Driver
from ant.terminal.detect.composer import first_row
from ant.terminal.detect.menu_rows import FILLED, Item, is_live, items_of
from ant.terminal.detect.menus import DETAILS, menu_of
from ant.terminal.model.prompt import Form, Prompt
from ant.terminal.screen.snapshot import ScreenSnapshot

TAKES = "\r"
"""The key that submits the boxes, pressed on the submit row."""


def find_boxes(snapshot: ScreenSnapshot, driver: Driver) -> Prompt | None:
    """Return the list of boxes above the lowest row that matches `driver.taken`.

    None if there is no such row, or if the list is not live (see `menus.is_live`).
    """
    if snapshot.takes_lines:
        return None
    submit = first_row(snapshot, range(snapshot.last, -1, -1), driver.taken)
    return None if submit is None else _boxes(snapshot, submit[0])


def _boxes(snapshot: ScreenSnapshot, submit_row: int) -> Prompt | None:
    """Return the prompt of the boxes above `submit_row`, or None.

    There are at least two boxes, numbered from 1. The submit row is indented further
    than they are. Below it there may be one more option, with the next number. One of
    all these rows is marked. The submit row is an option whose key is `TAKES`.
    """
    items = items_of(snapshot)
    button = items[submit_row]
    boxes = list(_boxes_above(items, submit_row))[::-1]
    if button is None or len(boxes) < 2 or boxes[0].num != 1:
        return None
    if button.col <= boxes[0].col:
        return None  # The description of the last box.
    rest = [each for each in items[submit_row + 1 :] if each and each.num is not None]
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


def _boxes_above(items: Sequence[Item | None], submit_row: int) -> Iterator[Item]:
    """Yield the numbered boxes above a row, from the lowest up to number 1.

    Up to `DETAILS` rows of description may stand between two boxes. A gap in the
    numbers, or an option without a box, ends the list.
    """
    details, number = 0, 0
    for row in range(submit_row - 1, -1, -1):
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
