"""A choice carries a meaning; what it means on a screen is decided there."""

from ant.terminal.model.choice import Choice


def test_a_choice_names_nothing_that_was_not_given() -> None:
    """Absent is None, never a first option by default."""
    choice = Choice("select")
    given = (choice.index, choice.label, choice.indexes, choice.text, choice.yes)
    assert (None,) * 5 == given
