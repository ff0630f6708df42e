"""The text above a menu: its question, and where it begins."""

import pytest

from ant.terminal.layout.dialog_text import BODY, excerpt, question_above, top_of
from tests.terminal.drawn import look_at


@pytest.mark.parametrize(
    ("above", "question"),
    [
        (["Which?"], "Which?"),
        (["? Which one? (Use arrow keys)"], "Which one?"),
        (["? Pick a colour › - Use arrow-keys."], "Pick a colour"),
        (["Bash command", "", "Run it? It is safe."], "Run it?"),
        (["This is about", "two rows?"], "This is about two rows?"),
        (["Choose:"], "Choose:"),
        (["Far away?", "", "", "", ""], ""),
        (["Far away.", "", "", "", ""], ""),
        ([], ""),
    ],
)
def test_the_question_is_above(above: list[str], question: str) -> None:
    """The nearest question, else the nearest text, without signs and hints."""
    assert question == question_above(look_at(*above, "menu"), len(above))


@pytest.mark.parametrize(
    ("above", "top"),
    [
        ([], 0),
        (["Text", "──────", "Which?"], 2),
        (["text"] * (BODY + 4), 4),
    ],
)
def test_the_text_begins_below_a_border_or_some_rows_up(
    above: list[str], top: int
) -> None:
    """The nearest border counts, and no row far above the menu."""
    assert top == top_of(look_at(*above, "menu"), len(above))


def test_an_excerpt_has_no_sides() -> None:
    """It is the text of the rows, without blank rows around it."""
    assert "  one\n  two" == excerpt(look_at("", "│ one │", "│ two │", ""), 0, 3)
