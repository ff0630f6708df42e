"""What hooks say of an agent's state."""

import pytest

from ant import hooks
from ant.answering import ReportHook
from ant.asking import AgentState
from ant.hooks import TRUST_S, HookFact


@pytest.mark.parametrize(
    ("event", "notice", "state"),
    [
        ("UserPromptSubmit", None, AgentState.BUSY),
        ("PreToolUse", None, AgentState.BUSY),
        ("BeforeTool", None, AgentState.BUSY),
        ("PermissionRequest", None, AgentState.WAITING),
        ("Notification", "permission_prompt", AgentState.WAITING),
        ("Notification", None, AgentState.WAITING),
        ("Notification", "idle_prompt", AgentState.READY),
        ("Stop", None, AgentState.READY),
        ("AfterAgent", None, AgentState.READY),
        ("SessionEnd", None, AgentState.UNKNOWN),
        ("Notification", "auth_success", None),
        ("SomethingNew", None, None),
    ],
)
def test_states(event: str, notice: str | None, state: AgentState | None) -> None:
    """By the name of the event, whichever field has it; others say nothing."""
    for ask in (
        ReportHook(event=event, notification_type=notice),
        ReportHook(hook_event_name=event, notification_type=notice),
    ):
        fact = hooks.fact_of(ask, 5.0)
        assert event == hooks.event_of(ask)
        assert state == (fact.state if fact else None)


def test_a_tool_is_the_detail() -> None:
    """Else the kind of notification."""
    fact = hooks.fact_of(ReportHook(event="PreToolUse", tool_name="Bash"), 1.0)
    assert HookFact(AgentState.BUSY, "PreToolUse", "Bash", 1.0) == fact


def test_trust_ends() -> None:
    """Where the screen was judged later, and the hook is old."""
    fact = HookFact(AgentState.BUSY, "PreToolUse", None, at=100.0)
    later = 100.0 + TRUST_S
    assert fact.is_trusted(looked_at=50.0, now=later + 1000)
    assert fact.is_trusted(looked_at=101.0, now=later - 1)
    assert not fact.is_trusted(looked_at=101.0, now=later)
