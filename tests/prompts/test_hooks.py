"""What hooks say of an agent's state."""

from typing import Any

import pytest

from ant.api import codec
from ant.api.prompt_requests import ReportHook
from ant.api.run_event_requests import ListRunEvents
from ant.model.prompts import AgentState
from ant.model.run_events import RunEvent
from ant.prompts import hooks
from ant.prompts.hooks import BUDGET, TRUST_S, HookFact
from ant.run_events import log
from ant.store import Store
from tests.rules import create


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
    """By the name of the event, in either field; unknown events report no state."""
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


@pytest.mark.parametrize(
    ("event", "field", "words"),
    [
        ("Stop", "last_assistant_message", "Done."),
        ("AfterAgent", "prompt_response", "Done."),
        ("PreToolUse", "last_assistant_message", None),
        ("Stop", "message", None),
    ],
)
def test_the_last_words_of_an_agent(event: str, field: str, words: str | None) -> None:
    """While it is at rest; they are bounded, and nothing in them is hidden."""
    fact = hooks.fact_of(ReportHook(event=event, rest={field: "Done."}), 1.0)
    assert fact is not None
    assert words == fact.words
    hostile = ReportHook(
        event="Stop", rest={"last_assistant_message": "\u202ex" * 9999}
    )
    fact = hooks.fact_of(hostile, 1.0)
    assert fact is not None
    assert fact.words is not None
    assert "\u202e" not in fact.words
    assert len(fact.words) <= 7 * hooks.WORDS_MAX
    odd = hooks.fact_of(ReportHook(event="Stop", rest={field: 5}), 1.0)
    assert odd is not None
    assert odd.words is None


def test_the_prompt_that_an_agent_took() -> None:
    """Of Claude Code and Codex, and of Gemini CLI."""
    for event, text in (
        ("UserPromptSubmit", "hello"),
        ("BeforeAgent", "hello"),
        ("PreToolUse", None),
    ):
        report = ReportHook(event=event, rest={"prompt": "hello"})
        assert text == hooks.taken_text(report)
    assert hooks.taken_text(ReportHook(event="BeforeAgent", rest={"prompt": 1})) is None


def test_an_old_hook_does_not_outrank_a_newer_verdict() -> None:
    """A hook that is recent, or newer than the verdict, does."""
    fact = HookFact(AgentState.BUSY, "PreToolUse", None, at=100.0)
    later = 100.0 + TRUST_S
    assert fact.is_trusted(looked_at=50.0, now=later + 1000)
    assert fact.is_trusted(looked_at=101.0, now=later - 1)
    assert not fact.is_trusted(looked_at=101.0, now=later)


def heard(store: Store, **body: Any) -> RunEvent:
    """What is recorded of a hook's body."""
    session = create(store, f"one {len(body)} {id(body)}")
    ask = codec.read_body(codec.render(body), ReportHook)
    store.transact(hooks.record_hook, session.id, ask)
    page = store.read(log.list_run_events, session.id, ListRunEvents())
    (event,) = page.events
    return event


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"event": "Notification", "notification_type": "idle_prompt"}, "question"),
        (
            {"event": "Notification", "notification_type": "permission_prompt"},
            "permission",
        ),
        ({"event": "PermissionRequest", "tool_name": "Bash"}, "permission"),
        ({"event": "PreToolUse", "tool_name": "Bash"}, "tool_call"),
        ({"event": "BeforeTool"}, "tool_call"),
        ({"event": "PostToolUse", "tool_name": "Bash"}, "command_block"),
        ({"event": "PostToolUse", "tool_name": "Edit"}, "file_write"),
        ({"event": "PostToolUse", "tool_name": "Read"}, "tool_result"),
        ({"event": "AfterTool"}, "tool_result"),
        ({"event": "PostToolUseFailure", "tool_name": "Bash"}, "error"),
        ({"event": "TaskCreated"}, "progress"),
        ({"event": "Stop"}, "status"),
        ({"event": "SessionEnd"}, "status"),
        ({"event": "StopFailure"}, "error"),
        ({"event": "UserPromptSubmit"}, "system"),
        ({"event": "NobodyKnowsThis"}, "system"),
    ],
)
def test_every_hook_is_recorded(store: Store, body: Any, kind: str) -> None:
    """With the kinds of the original; unknown events are of kind system. A program with
    the token reports what it likes, so none has high trust.
    """
    event = heard(store, **body)
    assert (kind, "hook", "medium") == (event.kind, event.source, event.trust)
    assert (body["event"], "claude-code") == (
        event.payload["source_event"],
        event.payload["agent"],
    )


def test_a_command_and_a_file_have_their_own_words(store: Store) -> None:
    """As the original's clients read them; a file's content is not kept."""
    event = heard(
        store,
        hook_event_name="PostToolUse",
        tool_name="Bash",
        cwd="/src",
        tool_input={"command": "make test"},
        tool_response={"stdout": "ok", "exit_code": 2},
    )
    assert "Bash: make test" == event.text
    assert ("make test", 2, "/src", None) == tuple(
        event.payload[key] for key in ("command", "exit_code", "cwd", "duration_ms")
    )
    event = heard(
        store,
        hook_event_name="PostToolUse",
        tool_name="Edit",
        tool_input={"file_path": "/a.py", "new_string": "x", "replace_all": True},
        tool_response="done",
    )
    assert "Edit: /a.py" == event.text
    assert {
        "source_event": "PostToolUse",
        "agent": "claude-code",
        "tool": "Edit",
        "file_path": "/a.py",
        "action": "edit",
        "success": True,
        "replace_all": True,
    } == event.payload


def test_other_fields_are_kept_as_far_as_they_are_short(store: Store) -> None:
    """Whatever they are and however deep; the agent's own session id is one of them."""
    event = heard(
        store,
        event="PreToolUse",
        tool_name="Grep",
        session_id="its own",
        rest="a field of that name",
        tool_input={"pattern": "x", "n": 5, "deep": [[[[[[[[[[["no"]]]]]]]]]]]},
    )
    fields = event.payload["fields"]
    assert ("its own", "a field of that name") == (fields["session_id"], fields["rest"])
    assert ("x", 5) == (fields["tool_input"]["pattern"], fields["tool_input"]["n"])
    assert "no" not in codec.dumps(fields).decode()
    event = heard(
        store,
        event="PostToolUse",
        tool_name="Read",
        tool_response={str(n): "x" * 3000 for n in range(1000)},
    )
    assert len(codec.dumps(event.payload)) < 2 * BUDGET
