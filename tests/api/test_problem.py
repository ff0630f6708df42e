"""The form of error responses."""

import pytest

from ant.api.problem import MEDIA_TYPE, problem


def test_the_form() -> None:
    """Three fields repeat the detail, for three kinds of clients."""
    shape = problem(404, "There is no session 'x'.")
    assert {
        "type": "urn:ant:problem:not-found",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no session 'x'.",
        "error": "There is no session 'x'.",
        "message": "There is no session 'x'.",
    } == shape
    assert "application/problem+json" == MEDIA_TYPE


def test_issues_are_optional() -> None:
    """An empty list is left out."""
    assert ["a at $.b"] == problem(400, "a at $.b", ["a at $.b"])["issues"]
    assert "issues" not in problem(400, "x", [])


@pytest.mark.parametrize(
    ("status", "urn"),
    [
        (429, "urn:ant:problem:too-many-requests"),
        (500, "urn:ant:problem:internal-server-error"),
    ],
)
def test_every_status_has_a_type_of_its_own(status: int, urn: str) -> None:
    """In words, without blanks."""
    shape = problem(status, "x")
    assert (urn, status) == (shape["type"], shape["status"])
