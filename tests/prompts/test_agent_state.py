"""The state of an agent, from its screen and its hooks."""

import pytest

from ant.core import clock
from ant.messages.routing import RestState
from ant.model.prompts import AgentState
from ant.prompts import agent_state
from ant.prompts.agent_state import SILENT_S, counts, derive, report_of
from ant.prompts.hooks import TRUST_S, HookFact
from ant.terminal.model.prompt import Kind, Verdict
from tests.asked import prompt, record, verdict

BUSY = HookFact(AgentState.BUSY, "PreToolUse", "Bash", 100.0)
BY_OUTPUT = Verdict(Kind.BUSY, "claude-code/output", (), 10)


@pytest.mark.parametrize(
    ("seen", "judged_at", "now", "expected"),
    [
        (None, 0.0, 9999.0, True),
        (verdict(kind=Kind.AT_REST), 99.0, 9999.0, True),
        (verdict(kind=Kind.AT_REST), 101.0, 102.0, False),
        (verdict(kind=Kind.BUSY), 101.0, 102.0, False),
        (verdict(kind=Kind.QUIET_UNKNOWN), 101.0, 102.0, True),
        (verdict(kind=Kind.QUIET_UNKNOWN), 101.0, 100.0 + TRUST_S, False),
        (BY_OUTPUT, 101.0, 102.0, True),
        (BY_OUTPUT, 101.0, 100.0 + TRUST_S, False),
        (verdict(prompt()), 99.0, 102.0, False),
    ],
)
def test_the_newer_fact_counts(
    seen: Verdict | None, judged_at: float, now: float, expected: bool
) -> None:
    """A guess of the screen does not for a minute; a prompt on it does always."""
    assert expected is counts(BUSY, seen, judged_at, now)
    assert not counts(None, seen, judged_at, now)


def test_what_the_agent_said_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is ready, whether the hook or the screen says so."""
    monkeypatch.setattr(clock, "monotonic", lambda: 102.0)
    said = HookFact(AgentState.READY, "Stop", None, 100.0, "Done.")
    for seen, judged_at in ((None, 0.0), (verdict(kind=Kind.AT_REST), 101.0)):
        status = derive(seen, judged_at, said, None, is_shown=False)
        assert status is not None
        assert (AgentState.READY, "Done.") == (status.state, status.last_message)
    status = derive(verdict(kind=Kind.BUSY), 101.0, said, None, is_shown=False)
    assert status is not None
    assert status.last_message is None


def test_a_request_without_a_dialog_is_waited_for() -> None:
    """Unless the screen asks something else."""
    one = record("one")
    status = derive(verdict(kind=Kind.BUSY), 0.0, None, one, is_shown=False)
    assert status is not None
    assert (AgentState.WAITING, "hook", one.id, one.summary) == (
        status.state,
        status.source,
        status.prompt_id,
        status.waiting_for,
    )
    assert derive(None, 0.0, None, None, is_shown=False) is None


def test_a_report_says_whether_it_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """And when it came."""
    monkeypatch.setattr(clock, "monotonic", lambda: 102.0)
    told = report_of(BUSY, verdict(kind=Kind.AT_REST), 101.0)
    assert told is not None
    assert ("PreToolUse", AgentState.BUSY, "Bash", False) == (
        told.event,
        told.state,
        told.activity,
        told.counts,
    )
    assert 1.9 < (clock.now() - told.reported_at).total_seconds() < 60
    assert report_of(None, None, 0.0) is None


def test_rest() -> None:
    """An unknown state counts as idle after a while; none is busy."""
    assert RestState.BUSY is agent_state.rest_of(None, SILENT_S)
    for kind, silent_s, expected in (
        (Kind.QUIET_UNKNOWN, SILENT_S, RestState.IDLE),
        (Kind.QUIET_UNKNOWN, 1.0, RestState.BUSY),
        (Kind.AT_REST, 0.0, RestState.IDLE),
        (Kind.BUSY, SILENT_S, RestState.BUSY),
        (Kind.DIALOG, SILENT_S, RestState.WAITING),
    ):
        status = derive(verdict(kind=kind), 0.0, None, None, is_shown=False)
        assert expected is agent_state.rest_of(status, silent_s)
