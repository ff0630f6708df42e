"""What is said of something that fails over and over."""

import logging

import pytest

from ant.core import clock
from ant.core.log_rate import AGAIN_S, RetryLog


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets."""
    at = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: at[0])
    return at


def test_it_is_told_at_first_once_a_minute_and_at_its_end(
    now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """Ten minutes of four tries a second are ten lines and two."""
    outage = RetryLog(logging.getLogger("ant.test"), "Lines wait")
    outage.worked()
    assert caplog.messages == []
    for _ in range(int(10 * AGAIN_S * 4)):
        outage.failed(OSError("full"))
        now[0] += 0.25
    assert caplog.messages[0] == "Lines wait: full"
    assert len(caplog.messages) == 10
    outage.worked()
    outage.worked()
    assert caplog.messages[10:] == ["Lines wait no more, after 2400 tries in 600 s."]


def test_the_next_one_is_told_at_once(
    now: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """However soon it comes."""
    outage = RetryLog(logging.getLogger("ant.test"), "Lines wait")
    for _ in range(3):
        outage.failed(OSError("full"))
        outage.worked()
    assert caplog.messages.count("Lines wait: full") == 3
