"""What was answered in the last seconds, by the screen or by a hook."""

import pytest

from ant.core import clock
from ant.prompts.recent_dialogs import ECHO_S, ECHOES, LATE_S, RecentDialogs
from tests.hooking import asked, dialog


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list that the test may change."""
    now = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def test_the_dialog_of_an_answered_request(now: list[float]) -> None:
    """Counts as answered for a while, until it has gone once."""
    recent = RecentDialogs()
    recent.answered(asked("make"))
    assert recent.echo_until(dialog("ls")) is None
    assert 100.0 + ECHO_S == recent.echo_until(dialog("make"))
    assert 100.0 + ECHO_S == recent.echo_until(dialog("make"))
    assert recent.echo_until(None) is None
    assert recent.echo_until(dialog("make")) is None
    recent.answered(asked("make"))
    now[0] += ECHO_S
    assert recent.echo_until(dialog("make")) is None


def test_few_answered_requests_are_remembered(now: list[float]) -> None:
    """The newest."""
    recent = RecentDialogs()
    for n in range(ECHOES + 1):
        recent.answered(asked(f"make {n}"))
    assert recent.echo_until(dialog("make 0")) is None
    assert recent.echo_until(dialog(f"make {ECHOES}")) is not None


def test_a_request_that_is_late(now: list[float]) -> None:
    """Its dialog went a moment ago."""
    recent = RecentDialogs()
    assert not recent.is_late(asked("make"))
    recent.left(dialog("make"))
    assert recent.is_late(asked("make"))
    assert not recent.is_late(asked("ls"))
    now[0] += LATE_S
    assert not recent.is_late(asked("make"))
