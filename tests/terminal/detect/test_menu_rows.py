"""Rows parsed as options, and what may be below a menu."""

import pytest

from ant.terminal.detect.menu_rows import ending, is_live, items_of, without_preview
from ant.terminal.model.prompt import Form
from tests.terminal.drawn import look_at


@pytest.mark.parametrize(
    ("row", "label", "marked", "box", "num"),
    [
        ("❯ Yes", "Yes", True, "", None),
        ("❭ 1. Yes", "Yes", True, "", 1),
        ("  [2] No", "No", False, "", 2),
        ("2 (●) Yes", "Yes", False, "●", 2),
        ("3 ( ) No", "No", False, "-", 3),
        ("> [x] a", "a", True, "x", None),
        ("  1. [ ] a", "a", False, "-", 1),
        ("  2. Dark ✔", "Dark", False, "", 2),
        ("  1. Dark        │ preview", "Dark", False, "", 1),
        ("→ opus      the large one", "opus the large one", True, "", None),
    ],
)
def test_a_row_as_an_option(
    row: str, label: str, marked: bool, box: str, num: int | None
) -> None:
    """Its mark, its box and its number are no part of its label."""
    item = items_of(look_at(row))[0]
    assert item is not None
    found = item.label, item.marked, item.box, item.num
    assert (label, marked, box, num) == found


def test_a_box_beside_a_row_is_cut_off() -> None:
    """But not one around it."""
    assert "  1. Dark" == without_preview("  1. Dark     ┌──────┐")
    assert "│ 1. Dark" == without_preview("│ 1. Dark")


MENU = ["Which?", "❯ One", "  Two"]
RULE = "─" * 40


@pytest.mark.parametrize(
    ("below", "form"),
    [
        (["", "enter select · esc cancel", "~/demo    1%"], Form.MENU),
        ([RULE, "~/demo (main)", "1%/200k   model"], Form.MENU),
        ([RULE, "  text", "  text", RULE, "Esc to cancel"], Form.MENU),
        (["", "Some text.", "", "Enter to select · Esc to cancel"], Form.VIEW),
        (["", "Some text.", "", "More text."], None),
        ([RULE, "Some text.", RULE], None),
        (["", "❯ Another", "", "Esc to cancel"], None),
        ([RULE, "❯ \x1b[7m \x1b[27m", RULE, "  ? for shortcuts"], None),
    ],
)
def test_what_may_be_below_a_menu(below: list[str], form: Form | None) -> None:
    """Hints, a status, a preview; below other text it is a view, or quoted."""
    snapshot = look_at(*MENU, *below, hidden=True)
    items = items_of(snapshot)
    block = [each for each in items[1:3] if each is not None]
    assert form is ending(snapshot, items, block)
    assert not is_live(snapshot, block)
    assert is_live(look_at(*MENU, "", "Esc to cancel", hidden=True), block)
