"""The one error shape."""

import pytest

from ant.problem import problem


@pytest.mark.parametrize(
    ("status", "title", "urn"),
    [
        (400, "Bad Request", "urn:ant:problem:bad-request"),
        (404, "Not Found", "urn:ant:problem:not-found"),
        (429, "Too Many Requests", "urn:ant:problem:too-many-requests"),
    ],
)
def test_the_shape(status: int, title: str, urn: str) -> None:
    """`error` and `message` repeat the detail for the original's clients."""
    assert {
        "type": urn,
        "title": title,
        "status": status,
        "detail": "No.",
        "error": "No.",
        "message": "No.",
    } == problem(status, "No.")


def test_issues_are_there_when_there_are_any() -> None:
    """An empty list is none."""
    assert ["x at $"] == problem(400, "No.", ["x at $"])["issues"]
    assert "issues" not in problem(400, "No.", [])
