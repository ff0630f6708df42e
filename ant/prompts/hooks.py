"""The state of an agent as its own hooks report it.

`agent_state` decides whether a hook or the screen counts. Hook events with unknown
names report no state; they are recorded as all others.
"""

from typing import Any, Final

import attrs

from ant.api.prompt_requests import ReportHook
from ant.core import clock
from ant.core.visible_text import escaped
from ant.model.prompts import AgentState
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.model.sessions import SessionId
from ant.run_events import log
from ant.store import Unit

TRUST_S: Final = 60.0
"""Seconds after which a newer verdict on the screen outranks the last hook: an agent
that is interrupted sends no hook."""

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
"""Notifications for which the agent does not wait for a person; None: no state."""


_TAKEN: Final = frozenset({"UserPromptSubmit", "BeforeAgent"})
"""Events that report the prompt that the agent has taken."""

_ENDED: Final = frozenset(
    {"PostToolUse", "PostToolUseFailure", "PermissionDenied", "AfterTool"}
)
"""Events that report the end of a tool: nobody waits for its permission any more."""

_WORDS: Final = ("last_assistant_message", "prompt_response")
"""Fields with what the agent said last: of Claude Code and Codex, and of Gemini CLI."""

WORDS_MAX: Final = 2_000
"""Characters of what the agent said last: more than a phone shows."""


@attrs.frozen
class HookFact:
    """The last state that a hook reported, and when (monotonic seconds).

    `words` are what the agent said last, if it is at rest.
    """

    state: AgentState
    event: str
    detail: str | None
    at: float
    words: str | None = None

    def is_trusted(self, looked_at: float, now: float) -> bool:
        """Whether it outranks a verdict on the screen made at `looked_at`."""
        return looked_at <= self.at or now - self.at < TRUST_S

    def trusted_for_s(self, now: float) -> float:
        """Seconds after which a newer verdict on the screen outranks it."""
        return self.at + TRUST_S - now


def event_of(request: ReportHook) -> str:
    """Return the name of a hook event."""
    return request.event or request.hook_event_name or ""


def fact_of(request: ReportHook, now: float) -> HookFact | None:
    """Return the state that a hook reports; None if it reports none."""
    event = event_of(request)
    state = _STATES.get(event)
    if event == "Notification":
        state = _NOTICES.get(request.notification_type or "", state)
    if state is None:
        return None
    detail = request.tool_name or request.notification_type
    detail = escaped(detail) if detail is not None else None
    words = _text(request, _WORDS) if state is AgentState.READY else None
    shown = escaped(words[:WORDS_MAX], "\n\t") if words else None
    return HookFact(state, event, detail, now, shown)


def taken_text(request: ReportHook) -> str | None:
    """Return the prompt that an agent has taken, if a hook reports that."""
    return _text(request, ("prompt",)) if event_of(request) in _TAKEN else None


def ended_tool(request: ReportHook) -> tuple[str, Any] | None:
    """Return the tool that has ended and its input, if a hook reports that."""
    if event_of(request) in _ENDED and request.tool_name is not None:
        return request.tool_name, request.rest.get("tool_input")
    return None


def _text(request: ReportHook, names: tuple[str, ...]) -> str | None:
    texts = (request.rest.get(name) for name in names)
    return next((text for text in texts if isinstance(text, str) and text), None)


BUDGET: Final = 16_000
"""Characters recorded of the fields of one hook: enough for a command, not a file."""

LONGEST: Final = 4_000
"""Characters recorded of one field."""

DEEPEST: Final = 8
"""Levels of lists and objects recorded of them."""

_BEFORE: Final = frozenset({"PreToolUse", "BeforeTool"})
_AFTER: Final = frozenset({"PostToolUse", "AfterTool"})
_WRITERS: Final = frozenset({"Edit", "Write", "MultiEdit", "NotebookEdit"})
_RUNNERS: Final = frozenset({"Bash", "run_shell_command"})
_KINDS: Final = {
    "Notification": "question",
    "PermissionRequest": "permission",
    "TaskCreated": "progress",
    "TaskCompleted": "progress",
    **dict.fromkeys(("SessionStart", "SessionEnd", "Stop", "AfterAgent"), "status"),
    **dict.fromkeys(_BEFORE, "tool_call"),
    **dict.fromkeys(_AFTER, "tool_result"),
}


def record_hook(unit: Unit, session_id: SessionId, request: ReportHook) -> None:
    """Record a hook event as a run event, whether or not it reports a state."""
    event, kind = event_of(request), kind_of(request)
    tool_input = _object(request.rest.get("tool_input"))
    response = _object(request.rest.get("tool_response"))
    payload: dict[str, Any] = {"source_event": event, "agent": request.agent}
    path = tool_input.get("file_path") or tool_input.get("notebook_path")
    if kind == "file_write":
        payload |= {
            "tool": request.tool_name,
            "file_path": path,
            "action": "write" if request.tool_name == "Write" else "edit",
            "success": not response.get("error")
            and response.get("success") is not False,
        }
        if "replace_all" in tool_input:
            payload["replace_all"] = tool_input["replace_all"]
    elif kind == "command_block":
        payload |= {
            "command": tool_input.get("command"),
            "exit_code": response.get("exit_code"),
            "cwd": request.rest.get("cwd"),
            "duration_ms": response.get("duration_ms"),
            "started_at": None,
            "ended_at": clock.stamp(unit.now),
            "tool": request.tool_name,
        }
    else:
        payload |= {
            "tool": request.tool_name,
            "notification_type": request.notification_type,
            "fields": request.rest,
        }
    detail = tool_input.get("command") or path or request.rest.get("message")
    words = [request.tool_name or event, detail if isinstance(detail, str) else ""]
    fact = RunEventDraft(
        source=Source.HOOK,
        trust=Trust.MEDIUM,  # Whoever has the token may report what it likes.
        kind=kind,
        text=": ".join(filter(None, words)),
        payload=_Budget(BUDGET).cut(payload),
    )
    log.record(unit, session_id, fact)


def kind_of(request: ReportHook) -> str:
    """Return the kind of run event for a hook, as in the original."""
    event = event_of(request)
    if request.notification_type == "permission_prompt":
        return "permission"
    if event in _AFTER and request.tool_name in _WRITERS:
        return "file_write"
    if event in _AFTER and request.tool_name in _RUNNERS:
        return "command_block"
    is_fault = "error" in event.lower() or "fail" in event.lower()
    return _KINDS.get(event, "error" if is_fault else "system")


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class _Budget:
    """Truncates JSON data to a number of characters in all."""

    def __init__(self, left: int) -> None:
        self._left = left

    def cut(self, value: Any, depth: int = DEEPEST) -> Any:
        """Truncate `value` to the remaining budget, `LONGEST` and `depth` levels."""
        if isinstance(value, str):
            most = max(min(self._left, LONGEST), 0)
            self._left -= min(len(value), most)
            return value if len(value) <= most else value[:most] + "…"
        self._left -= 8
        if isinstance(value, dict):
            kept = {}
            for key, each in value.items():
                if self._left <= 0 or not depth:
                    break
                self._left -= len(key)
                kept[key[:LONGEST]] = self.cut(each, depth - 1)
            return kept
        if isinstance(value, list):
            return [self.cut(v, depth - 1) for v in value if self._left > 0 and depth]
        return value
