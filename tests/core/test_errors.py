"""The errors that ANT reports."""

import inspect

from ant.core import errors
from ant.core.errors import AntError, Conflict, Invalid, NotFound, NotRunning


def test_all_have_one_base() -> None:
    """Every error is an `AntError` with a name of its own on the wire."""
    classes = [each for _, each in inspect.getmembers(errors, inspect.isclass)]
    assert [] == [each for each in classes if not issubclass(each, AntError)]


def test_invalid_keeps_its_issues() -> None:
    """Each issue is kept, and the text joins them."""
    error = Invalid("expected a string at $.name", "required field missing at $.type")
    assert 2 == len(error.issues)
    assert "expected a string at $.name; required field missing at $.type" == str(error)


def test_not_found_says_what() -> None:
    """The noun and the id are in the sentence."""
    assert "There is no session 'x'." == str(NotFound("session", "x"))


def test_not_running_is_a_conflict() -> None:
    """A handler of `Conflict` catches it, too."""
    assert issubclass(NotRunning, Conflict)
