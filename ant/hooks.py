"""What an agent CLI's own hooks say of its state: trusted above the screen for a while.

An event of a name that is not here says nothing.
"""

from typing import Final

import attrs

from ant.answering import ReportHook
from ant.asking import AgentState

TRUST_S: Final = 60.0
"""After so long without another hook, a newer look at the screen counts for more: an
agent that is interrupted sends no hook."""

_STATES: Final = {
    "SessionStart": AgentState.READY,
    "SessionEnd": AgentState.UNKNOWN,
    "UserPromptSubmit": AgentState.BUSY,
    "PreToolUse": AgentState.BUSY,
    "PostToolUse": AgentState.BUSY,
    "PostToolUseFailure": AgentState.BUSY,
    "PermissionRequest": AgentState.WAITING,
    "PermissionDenied": AgentState.BUSY,
    "Notification": AgentState.WAITING,
    "SubagentStart": AgentState.BUSY,
    "SubagentStop": AgentState.BUSY,
    "TaskCreated": AgentState.BUSY,
    "TaskCompleted": AgentState.BUSY,
    "PreCompact": AgentState.BUSY,
    "PostCompact": AgentState.BUSY,
    "Stop": AgentState.READY,
    "StopFailure": AgentState.ERROR,
    "BeforeAgent": AgentState.BUSY,
    "AfterAgent": AgentState.READY,
    "BeforeModel": AgentState.BUSY,
    "AfterModel": AgentState.BUSY,
    "BeforeTool": AgentState.BUSY,
    "AfterTool": AgentState.BUSY,
}

_NOTICES: Final = {
    "idle_prompt": AgentState.READY,
    "auth_success": None,
    "elicitation_complete": AgentState.BUSY,
    "elicitation_response": AgentState.BUSY,
}
"""Notifications that are no wait for a person."""


@attrs.frozen
class HookFact:
    """The last thing that a hook told of a session, and when (monotonic seconds)."""

    state: AgentState
    event: str
    detail: str | None
    at: float

    def is_trusted(self, looked_at: float, now: float) -> bool:
        """Whether it counts for more than a screen that was judged at `looked_at`."""
        return looked_at <= self.at or now - self.at < TRUST_S


def event_of(ask: ReportHook) -> str:
    """The name of the event."""
    return ask.event or ask.hook_event_name or ""


def fact_of(ask: ReportHook, now: float) -> HookFact | None:
    """What a hook tells of the state; None where it tells nothing."""
    event = event_of(ask)
    state = _STATES.get(event)
    if event == "Notification":
        state = _NOTICES.get(ask.notification_type or "", state)
    if state is None:
        return None
    return HookFact(state, event, ask.tool_name or ask.notification_type, now)
