"""The one table from domain errors to HTTP."""

import inspect
import json
import logging

import pytest

from ant.core import errors
from ant.core.errors import AntError, Invalid, NotFound, NotRunning
from ant.http.contract.problems import STATUS, error_frame, problem_of, status_of

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, AntError) and each is not AntError
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda each: each.__name__)
def test_every_error_has_a_status(error: type[AntError]) -> None:
    """Its own, or that of what it is a kind of; none of ours is a 500."""
    assert any(cls in STATUS for cls in error.__mro__)
    made = error("a", "b") if error is NotFound else error("No at $")
    shape = problem_of(made)
    assert 400 <= status_of(made) < 600
    assert 500 != status_of(made)
    assert (status_of(made), str(made), str(made), str(made)) == (
        shape["status"],
        shape["detail"],
        shape["error"],
        shape["message"],
    )


def test_the_table_names_only_ours() -> None:
    """And nothing that is gone."""
    assert set(STATUS) <= set(ERRORS)


def test_a_kind_has_the_status_of_its_base() -> None:
    """`NotRunning` is a conflict."""
    assert 409 == status_of(NotRunning("No."))


def test_issues_come_along() -> None:
    """Each by itself."""
    assert ["a at $", "b at $"] == problem_of(Invalid("a at $", "b at $"))["issues"]
    assert "issues" not in problem_of(NotRunning("No."))


def test_a_bug_has_no_details(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the traceback, the client a sentence."""
    with caplog.at_level(logging.ERROR, "ant"):
        shape = problem_of(ZeroDivisionError("secret"))
    assert 500 == shape["status"]
    assert "secret" not in json.dumps(shape)
    assert "secret" in caplog.text


def test_an_error_frame_is_a_problem() -> None:
    """Its `type` is `error`, the URN is in `problem`, `ref` is where there was one."""
    frame = json.loads(error_frame(NotRunning("No."), "r"))
    assert ("error", "urn:ant:problem:not-running", 409, "No.", "r") == (
        frame["type"],
        frame["problem"],
        frame["status"],
        frame["detail"],
        frame["ref"],
    )
    assert "ref" not in json.loads(error_frame(NotRunning("No."), None))
