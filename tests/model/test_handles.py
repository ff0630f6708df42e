"""How a handle is written."""

import pytest

from ant.model import handles


@pytest.mark.parametrize("text", ["@ada", "ada", " ada "])
def test_a_handle_has_its_at(text: str) -> None:
    """However it was typed."""
    assert "@ada" == handles.normal(text)


@pytest.mark.parametrize(("text", "fits"), [("@a.b-c_9", True), ("@", False)])
def test_what_a_handle_may_look_like(text: str, fits: bool) -> None:
    """An at and something behind it."""
    assert fits == bool(handles.FORM.fullmatch(text))
