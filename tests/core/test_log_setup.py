"""Log lines without secrets."""

import logging
import sys

import pytest

from ant.core.log_setup import Redact, set_up


def line(message: str, secret: str | None = None, exc: bool = False) -> str:
    """How a record is written."""
    info = sys.exc_info() if exc else None
    record = logging.LogRecord("ant", logging.INFO, __file__, 1, message, (), info)
    return Redact(secret).format(record)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("GET /ws?apiKey=hunter2 HTTP/1.1", "GET /ws?apiKey=*** HTTP/1.1"),
        ("'/x?apikey=hunter2&a=1'", "'/x?apikey=***&a=1'"),
        ("no key here", "no key here"),
        ("from \u202eevil\x9b\x1b", "from \\u202eevil\\u009b\\u001b"),
        (f"'ant.S-1_a.{'x' * 43}'", "'ant.S-1_a.***'"),
    ],
)
def test_a_key_in_a_query_is_not_written(message: str, shown: str) -> None:
    """A key in a query string is redacted, also a wrong one."""
    assert line(message).endswith(f"INFO ant: {shown}")


def test_the_operator_key_is_redacted() -> None:
    """Not in a message, and not in a traceback."""
    try:
        raise RuntimeError("Bearer hunter2")
    except RuntimeError:
        assert "hunter2" not in line("it said hunter2", "hunter2", exc=True)


def test_debug_logs_no_statements() -> None:
    """At debug level peewee would log every value, transcripts too."""
    root, peewee = logging.getLogger(), logging.getLogger("peewee")
    before = root.level, list(root.handlers), peewee.level
    try:
        set_up("debug", None)
        assert logging.DEBUG == root.level
        assert not peewee.isEnabledFor(logging.DEBUG)
    finally:
        root.handlers[:] = before[1]
        root.setLevel(before[0])
        peewee.setLevel(before[2])
