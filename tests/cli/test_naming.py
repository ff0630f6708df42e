"""Sessions and variables as words of a command line."""

import click
import pytest

from ant.cli.naming import session_name, variable


def test_a_session() -> None:
    """With its handle, or a dash."""
    row = {"name": "web", "handle": "@web", "id": "x"}
    assert "web (@web, x)" == session_name(row)
    assert "web (-, x)" == session_name({**row, "handle": None})


def test_a_variable() -> None:
    """The value may have an equals sign, or be empty; a name there must be."""
    assert ("A", "b=c") == variable("A=b=c")
    assert ("A", "") == variable("A=")
    for text in ("A", "=b", ""):
        with pytest.raises(click.UsageError):
            variable(text)
