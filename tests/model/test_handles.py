"""The form of handles, and which of several sessions a name means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.model import handles
from ant.model.handles import folded, named, with_prefix


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


def row(id_: str, name: str, handle: str | None = None) -> dict[str, Any]:
    return {"id": id_, "name": name, "handle": handle}


ROWS = [
    row("abcd-1", "web", "@api"),
    row("abcd-2", "api", "@web"),
    row("bcde-1", "Web", None),
    row("api", "other", "@other"),
]


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("web", ["abcd-1"]),
        ("Web", ["bcde-1"]),
        ("WEB", ["abcd-1", "bcde-1"]),
        ("@web", ["abcd-2"]),
        ("@WEB", ["abcd-2"]),
        ("api", ["api"]),
        ("@api", ["abcd-1"]),
        ("OTHER", ["api"]),
        (" other ", ["api"]),
        ("abcd", []),
        ("", []),
    ],
)
def test_a_name_in_full(name: str, ids: list[str]) -> None:
    """An id goes before a name, a name before a handle; `@` is for handles."""
    assert ids == [each["id"] for each in named(ROWS, name)]


@pytest.mark.parametrize(
    ("name", "ids"),
    [("abcd", ["abcd-1", "abcd-2"]), ("abcd-2", ["abcd-2"]), ("bcd", []), ("", [])],
)
def test_the_beginning_of_an_id(name: str, ids: list[str]) -> None:
    """From four characters on, in its own case."""
    assert ids == [each["id"] for each in with_prefix(ROWS, name)]
