"""Which of several sessions a name means."""

from typing import Any

import pytest

from ant.model.session_lookup import named, with_prefix


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
