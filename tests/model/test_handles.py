"""The form of handles."""

import pytest

from ant.model import handles


@pytest.mark.parametrize("text", ["@ada", "ada", " ada "])
def test_a_handle_has_its_at(text: str) -> None:
    """With or without it in the text."""
    assert "@ada" == handles.normal(text)


@pytest.mark.parametrize(("text", "fits"), [("@a.b-c_9", True), ("@", False)])
def test_the_form_of_a_handle(text: str, fits: bool) -> None:
    """An `@` and at least one character."""
    assert fits == bool(handles.FORM.fullmatch(text))
