"""Prompts in the database."""

from collections.abc import Callable
from typing import TypeVar

import attrs
import pytest

from ant.core import clock
from ant.model.messages import MessageId
from ant.model.prompts import (
    LINKED_CHAT,
    PromptDetails,
    PromptId,
    PromptStatus,
    Target,
    TargetKind,
)
from ant.model.sessions import Session, SessionId
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.prompts import PromptStore
from ant.terminal.model.prompt import Option
from tests.asked import decision, prompt, record, stored
from tests.rules import AT, create

T = TypeVar("T")


@pytest.fixture
def here(store: Store) -> Session:
    """A terminal without prompts."""
    return create(store)


def on(store: Store, work: Callable[[PromptStore], T]) -> T:
    def run(unit: Unit) -> T:
        return work(unit.prompts)

    return store.transact(run)


def test_a_prompt_is_read_as_stored(store: Store, here: Session) -> None:
    """Every field, also of one that was answered and delivered."""
    options = (Option("漢", True, False, "1"), Option("b"))
    one = record(
        here.id,
        prompt(options=options),
        answer=decision(text="x"),
        status=PromptStatus.ANSWERED,
        closed_at=clock.parse_stamp(AT),
        targets=(LINKED_CHAT, Target(TargetKind.WEBHOOK, url="https://a.b")),
        delivered_to=(SessionId("c"),),
        chat_id=SessionId("c"),
        message_id=MessageId("m"),
    )
    two = record(here.id, prompt(options=()))
    for each in (one, two):
        on(store, lambda prompts, each=each: prompts.add(each))  # type: ignore[misc]
        assert each == stored(store, each.id)
    assert (one, two) == on(store, lambda prompts: prompts.of_session(here.id, 9))
    assert (two,) == on(store, lambda prompts: prompts.of_session(here.id, 1))
    assert one == on(store, lambda prompts: prompts.of_card("m"))
    assert on(store, lambda prompts: prompts.of_card("n")) is None
    assert stored(store, "nobody") is None


def test_change_stores_what_may_change(store: Store, here: Session) -> None:
    """Its state, and what a hook knows of it: not its text, and no other prompt."""
    one, two = record(here.id), record(here.id)
    for each in (one, two):
        on(store, lambda prompts, each=each: prompts.add(each))  # type: ignore[misc]
    changed = attrs.evolve(
        one,
        status=PromptStatus.RESOLVED,
        reason="r",
        closed_at=clock.parse_stamp(AT),
        answer=decision(),
        selected=1,
        options=(Option("x", lasting=True),),
        question="Bash: ls",
        summary="Bash: ls",
        details=PromptDetails("codex", "Bash", {"command": "ls"}, True, "/", None),
    )
    on(store, lambda prompts: prompts.change(attrs.evolve(changed, raw_text="?")))
    assert changed == stored(store, one.id)
    assert two == stored(store, two.id)


def test_pending_prompts(store: Store, here: Session) -> None:
    """Of one terminal the newest, of all the oldest first."""
    other = create(store, "two")
    asked = [record(here.id), record(other.id), record(here.id)]
    asked += [record(here.id, status=PromptStatus.DISCARDED)]
    for each in asked:
        on(store, lambda prompts, each=each: prompts.add(each))  # type: ignore[misc]
    assert asked[2] == on(store, lambda prompts: prompts.pending(here.id))
    assert asked[:3] == on(store, lambda prompts: prompts.all_pending())
    assert [asked[1]] == on(store, lambda prompts: prompts.all_pending(other.id))
    assert on(store, lambda prompts: prompts.pending("nobody")) is None


def test_a_removed_session_takes_its_prompts(store: Store, here: Session) -> None:
    """All rows are deleted."""
    one = attrs.evolve(record(here.id), id=PromptId("p"))
    on(store, lambda prompts: prompts.add(one))
    store.transact(sessions.remove_sessions, [here.id])
    assert stored(store, "p") is None
