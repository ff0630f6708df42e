"""What is recorded of prompts, answers, states, messages and hosts, word by word."""

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
    """What a program does, seen on its screen."""
    given = {"kind": Kind.BUSY, "rule": "r", "source": "screen", "prompt_id": None}
    return AgentStatus(
        **{"state": state, "detected_at": 5, "waiting_for": None, "activity": None}
        | given
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
    fact = entries.asked(one)
    assert (kind, Source.TERMINAL, Trust.MEDIUM) == (fact.kind, fact.source, fact.trust)
    assert (3, 9, {"prompt_id": one.id}) == (fact.start, fact.end, fact.raw_ref)
    assert "Run it?" == fact.text
    assert True is fact.payload["prompt_bridge"]
    assert ["Yes", "Yes, always", "No"] == fact.payload["options"]


def test_an_answer_says_who_what_and_why() -> None:
    """As an approval of what needs one, else as a response."""
    one = record(answer=decision(justification="safe"))
    fact = entries.answered(one)
    assert "@ada chose Yes for Run it? — safe" == fact.text
    assert (Source.JSON, Trust.HIGH, "approval_decision") == (
        fact.source,
        fact.trust,
        fact.kind,
    )
    assert ("Yes", "@ada", True, AT) == tuple(
        fact.payload[key] for key in ("chosen", "by", "resolved", "decided_at")
    )
    fact = entries.answered(record(asked=secret(), answer=decision(by=None)))
    assert ("prompt_response", True) == (fact.kind, fact.text.startswith("somebody"))


def test_how_else_a_prompt_ends() -> None:
    """It left the screen, or a person put its card away."""
    one = record(status=PromptStatus.RESOLVED, reason=LEFT)
    fact = entries.closed(one)
    assert ("prompt_closed", Trust.MEDIUM, "resolved: Run it?") == (
        fact.kind,
        fact.trust,
        fact.text,
    )
    away = attrs.evolve(one, status=PromptStatus.DISCARDED, reason=PUT_AWAY)
    fact = entries.closed(away)
    assert (Source.JSON, Trust.HIGH, PUT_AWAY) == (
        fact.source,
        fact.trust,
        fact.payload["reason"],
    )


def test_a_state_comes_from_the_one_before() -> None:
    """A hook's word is trusted more than what is seen."""
    now = status(AgentState.WAITING)
    fact = entries.status(AgentState.BUSY, now, 7, 3)
    assert ("busy → waiting", Trust.MEDIUM, 7) == (fact.text, fact.trust, fact.end)
    assert codec.plain(now).items() <= fact.payload.items()
    assert 3 == fact.payload["passed_over"]
    told = entries.status(None, status(AgentState.READY, source="hook"), 7, 0)
    assert ("ready", Trust.HIGH) == (told.text, told.trust)


def test_a_step_of_a_message_has_nothing_of_it(store: Store) -> None:
    """But who sent it, and how far it came."""
    here, ada = room(store), create(store, "ada")
    codex = create(store, "codex")
    join(store, here, session_id=codex.id)
    posted = post(store, here, f"@codex {SECRET}", sender_id=ada.id)
    (one,) = of(store, here.id, posted.id)
    one = take(store, one, TYPED)
    fact = entries.delivered(one, "@ada", one.transitions[-1])
    assert ("typed: message from @ada", 5) == (fact.text, fact.end)
    assert {"delivery_id": one.id, "message_id": posted.id} == fact.raw_ref
    dead = Transition(DeliveryState.DEAD, Reason.TOO_LATE, one.created_at)
    fact = entries.delivered(one, "@ada", dead)
    assert "dead: message from @ada (It waited too long in the queue)" == fact.text
    assert SECRET not in str(fact)


def test_what_was_typed() -> None:
    """Text where there is some, else only how much it was."""
    fact = entries.typed(
        TypedSeen(8, 0, ("ls", "pwd"), False, 3), "terminal_input", "@ada", 9
    )
    assert ("ls\npwd", "ls\npwd", "@ada", "ws", 3, 9) == (
        fact.text,
        fact.payload["prompt"],
        fact.payload["by"],
        fact.payload["transport"],
        fact.start,
        fact.end,
    )
    fact = entries.typed(TypedSeen(8, 8, (), False, 3), "api_terminal_input", None, 9)
    assert ("8 bytes typed, not kept", None, 8, "rest") == (
        fact.text,
        fact.payload["prompt"],
        fact.payload["hidden"],
        fact.payload["transport"],
    )


def test_a_stop_is_told_as_the_original_tells_it() -> None:
    """Who asked for it, and why if that was said."""
    fact = entries.stopped("ada", "too slow", 4)
    assert "Stop requested by ada: too slow" == fact.text
    assert {
        "action": "interrupt",
        "key": "ctrl-c",
        "requested_by": "ada",
        "reason": "too slow",
    } == fact.payload
    assert "Stop requested by web" == entries.stopped("web", None, 0).text


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
def test_what_a_host_tells(kind: str, data: dict[str, Any], text: str) -> None:
    """Passed on as it came, under the name that clients know."""
    told = HostEvent(kind, data, 5)
    pty, tmux = entries.host_told(told, "pty"), entries.host_told(told, "tmux")
    assert (text, text) == (pty.text, tmux.text)
    assert {**data, "kind": kind} == pty.payload
    assert {**data, "tmux_kind": kind} == tmux.payload
    assert (Source.TERMINAL, Source.TMUX, Trust.RAW) == (
        pty.source,
        tmux.source,
        tmux.trust,
    )


def test_nothing_points_beyond_what_is_stored() -> None:
    """Whatever it is."""
    fact = RunEventDraft(Source.STATUS, Trust.HIGH, "k", "t", start=3, end=9)
    cut = entries.at_most(fact, 5)
    assert isinstance(cut, RunEventDraft)
    assert (3, 5) == (cut.start, cut.end)
    none = entries.at_most(attrs.evolve(fact, start=None, end=None), 5)
    assert isinstance(none, RunEventDraft)
    assert none.end is None
    assert HostEvent("exit", {}, 5) == entries.at_most(HostEvent("exit", {}, 9), 5)


def test_a_secret_is_in_no_answer() -> None:
    """Its form and its class say that it is one."""
    one = record(SessionId("x"), asked=secret(), answer=decision(text=None))
    assert Form.SECRET is one.form
    assert entries.answered(one).payload["text"] is None
