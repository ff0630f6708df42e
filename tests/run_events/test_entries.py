"""The drafts of prompts, answers, states, messages and hosts, field by field."""

from typing import Any

import attrs
import pytest

from ant.api import codec
from ant.model.deliveries import DeliveryState, Reason, Transition
from ant.model.prompts import LEFT, PUT_AWAY, AgentState, AgentStatus, PromptStatus
from ant.model.run_events import HostEvent, RunEventDraft, Source, Trust
from ant.model.sessions import SessionId
from ant.run_events import entries
from ant.store import Store
from ant.terminal.input.typed_lines import TypedSeen
from ant.terminal.model.prompt import Form, Kind, PromptClass
from tests.asked import decision, prompt, record, secret
from tests.messages.test_deliveries import TYPED, of, take
from tests.rules import AT, create, join, post, room

SECRET = "Tr0ub4dor"


def status(state: AgentState, **fields: Any) -> AgentStatus:
    """The state of a program, detected on its screen."""
    seen = {"kind": Kind.BUSY, "rule": "r", "source": "screen", "prompt_id": None}
    return AgentStatus(
        **{"state": state, "detected_at": 5, "waiting_for": None, "activity": None}
        | seen
        | fields
    )


@pytest.mark.parametrize(
    ("class_", "kind"),
    [
        (PromptClass.PERMISSION_REQUEST, "permission"),
        (PromptClass.TOOL_AUTH, "permission"),
        (PromptClass.ERROR_RETRY, "error"),
        (PromptClass.MULTI_CHOICE, "question"),
        (PromptClass.PASSWORD, "question"),
    ],
)
def test_a_prompt_is_an_event_of_its_class(class_: PromptClass, kind: str) -> None:
    """It points at the bytes that drew it, and at its row."""
    one = record(asked=prompt("Run it?", class_=class_), start=3, end=9)
    draft = entries.prompt_opened(one)
    assert (kind, Source.TERMINAL, Trust.MEDIUM) == (
        draft.kind,
        draft.source,
        draft.trust,
    )
    assert (3, 9, {"prompt_id": one.id}) == (draft.start, draft.end, draft.raw_ref)
    assert "Run it?" == draft.text
    assert True is draft.payload["prompt_bridge"]
    assert ["Yes", "Yes, always", "No"] == draft.payload["options"]


def test_an_answer_has_responder_choice_and_reason() -> None:
    """An approval where the prompt is a permission request, else a response."""
    one = record(answer=decision(justification="safe"))
    draft = entries.prompt_answered(one)
    assert "@ada chose Yes for Run it? — safe" == draft.text
    assert (Source.JSON, Trust.HIGH, "approval_decision") == (
        draft.source,
        draft.trust,
        draft.kind,
    )
    assert ("Yes", "@ada", True, AT) == tuple(
        draft.payload[key] for key in ("chosen", "by", "resolved", "decided_at")
    )
    draft = entries.prompt_answered(record(asked=secret(), answer=decision(by=None)))
    assert ("prompt_response", True) == (draft.kind, draft.text.startswith("somebody"))


def test_a_prompt_that_closed_without_an_answer() -> None:
    """It left the screen, or the operator dismissed its card."""
    one = record(status=PromptStatus.RESOLVED, reason=LEFT)
    draft = entries.prompt_closed(one)
    assert ("prompt_closed", Trust.MEDIUM, "resolved: Run it?") == (
        draft.kind,
        draft.trust,
        draft.text,
    )
    away = attrs.evolve(one, status=PromptStatus.DISCARDED, reason=PUT_AWAY)
    draft = entries.prompt_closed(away)
    assert (Source.JSON, Trust.HIGH, PUT_AWAY) == (
        draft.source,
        draft.trust,
        draft.payload["reason"],
    )


def test_a_state_names_the_one_before() -> None:
    """Whatever reported it: a program may report what it likes."""
    now = status(AgentState.WAITING)
    draft = entries.state_change(AgentState.BUSY, now, 7, 3)
    assert ("busy → waiting", Trust.MEDIUM, 7) == (draft.text, draft.trust, draft.end)
    assert codec.plain(now).items() <= draft.payload.items()
    assert 3 == draft.payload["passed_over"]
    event = entries.state_change(None, status(AgentState.READY, source="hook"), 7, 0)
    assert ("ready", Trust.MEDIUM) == (event.text, event.trust)


def test_a_delivery_step_has_no_content_of_the_message(store: Store) -> None:
    """Only its sender, its state and the reason."""
    here, ada = room(store), create(store, "ada")
    codex = create(store, "codex")
    join(store, here, session_id=codex.id)
    posted = post(store, here, f"@codex {SECRET}", sender_id=ada.id)
    (one,) = of(store, here.id, posted.id)
    one = take(store, one, TYPED)
    draft = entries.delivery_step(one, "@ada", one.transitions[-1])
    assert ("typed: message from @ada", 5) == (draft.text, draft.end)
    assert {"delivery_id": one.id, "message_id": posted.id} == draft.raw_ref
    dead = Transition(DeliveryState.DEAD, Reason.TOO_LATE, one.created_at)
    draft = entries.delivery_step(one, "@ada", dead)
    assert "dead: message from @ada (It waited too long in the queue)" == draft.text
    assert SECRET not in str(draft)


def test_typed_input() -> None:
    """The text where it may be kept, else only its size."""
    draft = entries.typed_input(
        TypedSeen(8, 0, ("ls", "pwd"), False, 3), "terminal_input", "@ada", 9
    )
    assert ("ls\npwd", "ls\npwd", "@ada", "ws", 3, 9) == (
        draft.text,
        draft.payload["prompt"],
        draft.payload["by"],
        draft.payload["transport"],
        draft.start,
        draft.end,
    )
    draft = entries.typed_input(
        TypedSeen(8, 8, (), False, 3), "api_terminal_input", None, 9
    )
    assert ("8 bytes typed, not kept", None, 8, "rest") == (
        draft.text,
        draft.payload["prompt"],
        draft.payload["hidden"],
        draft.payload["transport"],
    )


def test_a_stop_has_the_fields_of_the_original() -> None:
    """Who requested it, and the reason if there is one."""
    draft = entries.stop_requested("ada", "too slow", 4)
    assert "Stop requested by ada: too slow" == draft.text
    assert {
        "action": "interrupt",
        "key": "ctrl-c",
        "requested_by": "ada",
        "reason": "too slow",
    } == draft.payload
    assert "Stop requested by web" == entries.stop_requested("web", None, 0).text


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("start", {"pid": 7}, "start: pid 7"),
        ("exit", {"code": 0, "signal": None, "reason": None}, "exit: code 0"),
        ("exit", {"code": None, "signal": 9, "reason": "x"}, "exit: signal 9"),
        ("exit", {"reason": "detached"}, "exit: detached"),
        ("resize", {"cols": 80, "rows": 24}, "resize: 80×24"),
        ("title", {"title": "vim"}, "title: vim"),
        ("lost", {"reason": "r"}, "lost: r"),
        ("window-renamed", {"raw": "@1 vim", "name": "vim"}, "window-renamed: @1 vim"),
        ("pause", {}, "pause"),
    ],
)
def test_a_host_event_is_passed_on(kind: str, data: dict[str, Any], text: str) -> None:
    """Unchanged, with the name of its kind that clients know."""
    event = HostEvent(kind, data, 5)
    pty, tmux = entries.host_event(event, "pty"), entries.host_event(event, "tmux")
    assert (text, text) == (pty.text, tmux.text)
    assert {**data, "kind": kind} == pty.payload
    assert {**data, "tmux_kind": kind} == tmux.payload
    assert (Source.TERMINAL, Source.TMUX, Trust.RAW) == (
        pty.source,
        tmux.source,
        tmux.trust,
    )


def test_offsets_are_limited_to_stored_bytes() -> None:
    """Neither a draft nor a host's event."""
    draft = RunEventDraft(Source.STATUS, Trust.HIGH, "k", "t", start=3, end=9)
    cut = entries.limited(draft, 5)
    assert isinstance(cut, RunEventDraft)
    assert (3, 5) == (cut.start, cut.end)
    none = entries.limited(attrs.evolve(draft, start=None, end=None), 5)
    assert isinstance(none, RunEventDraft)
    assert none.end is None
    assert HostEvent("exit", {}, 5) == entries.limited(HostEvent("exit", {}, 9), 5)


def test_a_secret_is_in_no_answer() -> None:
    """The form and class of the prompt mark it as a secret."""
    one = record(SessionId("x"), asked=secret(), answer=decision(text=None))
    assert Form.SECRET is one.form
    assert entries.prompt_answered(one).payload["text"] is None
