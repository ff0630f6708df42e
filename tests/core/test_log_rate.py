"""A failure that repeats fills no log."""

import logging

import pytest

from ant.core import clock
from ant.core.log_rate import EVERY_S, FailureLog


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    at = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: at[0])
    return at


@pytest.fixture
def failures() -> FailureLog:
    """The log of one kind of failure."""
    return FailureLog(logging.getLogger("ant.test"), "Lines wait")


def test_the_first_failure_one_a_minute_and_the_recovery_are_logged(
    now: list[float], failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten minutes of four failures a second are ten lines, and one for the recovery."""
    failures.worked()
    assert caplog.messages == []
    for _ in range(int(10 * EVERY_S * 4)):
        failures.failed(OSError("full"))
        now[0] += 0.25
    again = "Lines wait: full (239 more in 60 s.)"
    assert ["Lines wait: full", *[again] * 9] == caplog.messages
    failures.worked()
    failures.worked()
    assert caplog.messages[10:] == ["Lines wait no more, after 2400 failures in 600 s."]


def test_a_failure_after_a_recovery_is_logged_at_once(
    now: list[float], failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    """However soon it comes."""
    for _ in range(3):
        failures.failed(OSError("full"))
        failures.worked()
    assert caplog.messages.count("Lines wait: full") == 3


def test_independent_failures_need_no_recovery(
    now: list[float], failures: FailureLog, caplog: pytest.LogCaptureFixture
) -> None:
    """One after a quiet while is logged at once, with the count of those before it."""
    failures.failed("one")
    failures.failed("two")
    now[0] += 3600
    failures.failed("three")
    now[0] += 3600
    failures.failed("four")
    assert [
        "Lines wait: one",
        "Lines wait: three (1 more in 3600 s.)",
        "Lines wait: four",
    ] == caplog.messages
