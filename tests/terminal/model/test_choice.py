"""Choices: an answer to a prompt, by its meaning."""

from ant.terminal.model.choice import Choice


def test_an_absent_field_is_none() -> None:
    """An absent field is None, never a default such as the first option."""
    choice = Choice("select")
    fields = (choice.index, choice.label, choice.indexes, choice.text, choice.yes)
    assert (None,) * 5 == fields
