"""The form of handles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.model import handles
from ant.model.handles import folded


@pytest.mark.parametrize("text", ["@ada", "ada", " ada "])
def test_a_handle_has_its_at(text: str) -> None:
    """With or without it in the text."""
    assert "@ada" == handles.with_at(text)


@pytest.mark.parametrize(("text", "fits"), [("@a.b-c_9", True), ("@", False)])
def test_the_form_of_a_handle(text: str, fits: bool) -> None:
    """An `@` and at least one character."""
    assert fits == bool(handles.FORM.fullmatch(text))


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("@ada", "ADA", True),
        ("@ada", " @Ada\n", True),
        ("@straße", "STRASSE", True),
        ("@ΟΔΟΣ", "οδος", True),
        ("@ada", "@@ada", False),
        ("@ada", "@ ada", False),
        ("@ada", "@ａｄａ", False),
        ("@é", "@e\u0301", False),
        ("@ada", "", False),
    ],
)
def test_handles_are_compared_folded(one: str, two: str, same: bool) -> None:
    """Without regard to case, `@` and blanks around; width and accents count."""
    assert same == (folded(one) == folded(two))


@given(st.text())
def test_a_folded_handle_stays_as_it_is(text: str) -> None:
    """So it may be stored, and compared with one that is folded again."""
    assert folded(text) == folded(folded(text)) == folded(handles.with_at(text))
