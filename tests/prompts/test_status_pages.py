"""Who belongs together, and what is waited for."""

from datetime import UTC, datetime

import pytest

from ant.core.errors import Gone, NotFound, NotRunning
from ant.messages import messages
from ant.model.sessions import Session, SessionId, Status
from ant.prompts import prompts, status_pages
from ant.sessions import linked
from ant.store import Store, Unit
from tests.asked import record
from tests.rules import NOBODY, create, look, patch, room


def owner(store: Store, session: Session) -> Session | None:
    return store.read(linked.terminal_of, look(store, session.id))


def test_the_page_of_a_terminal_that_waits(store: Store) -> None:
    """The page of its chat is the same except for the route."""
    one = create(store)
    asked = store.transact(prompts.raise_prompt, record(one.id))
    assert asked is not None
    page = store.read(status_pages.status_page, one.id)
    chat_id = SessionId(one.linked_chat_id or "")
    other = store.read(status_pages.status_page, chat_id)
    assert page.prompt == other.prompt == asked
    assert (True, asked.message_id, chat_id, "permission_request", "Run it?") == (
        page.needs_input,
        page.event_id,
        page.event_chat_id,
        page.event_class,
        page.summary,
    )
    assert page.event is not None
    assert asked.id == page.event["payload"]["prompt_id"]
    assert page.prompt_bridge is not None
    assert (asked.id, "Run it?") == (
        page.prompt_bridge.prompt_id,
        page.prompt_bridge.summary,
    )
    assert "agent_event_bus" == page.capture.interactive_source
    assert ("terminal", one.id, chat_id, True) == (
        page.route.mode,
        page.route.terminal_id,
        page.route.linked_chat_id,
        page.route.executes_in_terminal,
    )
    assert "private_terminal_input" == other.route.mode
    patch(store, one.id, auto_forward_chat=False)
    other = store.read(status_pages.status_page, chat_id)
    assert ("chatroom", False) == (other.route.mode, other.route.executes_in_terminal)


def test_without_a_card_the_prompt_is_the_bridges(store: Store) -> None:
    """After its card was deleted, too."""
    one = create(store)
    asked = store.transact(prompts.raise_prompt, record(one.id))
    assert asked is not None
    store.transact(messages.delete_message, asked.chat_id, asked.message_id)
    page = store.read(status_pages.status_page, one.id)
    assert (True, None, None, "prompt_bridge") == (
        page.needs_input,
        page.event,
        page.event_id,
        page.capture.interactive_source,
    )


def test_the_page_of_a_session_without_a_prompt(store: Store) -> None:
    """A terminal, and a room that has none."""
    one, here = create(store), room(store)
    for session, terminal in ((one, True), (here, False)):
        page = store.read(status_pages.status_page, session.id)
        assert (False, None, None, None, "none", terminal) == (
            page.needs_input,
            page.prompt,
            page.prompt_bridge,
            page.event_class,
            page.capture.interactive_source,
            page.terminal is not None,
        )
    assert "chatroom" == page.route.mode


def test_what_is_refused(store: Store) -> None:
    """Unknown sessions, and rooms without a terminal; an archived one is only read."""
    one, here = create(store), room(store)
    patch(store, one.id, archived=True)
    for work in (status_pages.status_page, linked.need_terminal_of):
        with pytest.raises(NotFound):
            store.read(work, NOBODY)
    page = store.read(status_pages.status_page, one.id)
    assert (one.id, False) == (page.route.terminal_id, page.needs_input)
    with pytest.raises(Gone):
        store.read(linked.need_terminal_of, one.id)
    with pytest.raises(NotRunning):
        store.read(linked.need_terminal_of, here.id)


def test_the_longest_pending_prompt_comes_first(store: Store) -> None:
    """Then the newest change; terminals that do not run are left out."""
    names = ("first", "calm", "second", "ended", "gone")
    rows = [create(store, name, program=["x"]) for name in names]
    create(store, "never", program=None)
    room(store)

    def begin(unit: Unit, status: Status, *sessions: Session) -> None:
        for session in sessions:
            unit.sessions.change_terminal(session.id, status=status)

    store.transact(begin, Status.RUNNING, *rows)
    store.transact(begin, Status.EXITED, rows[3])
    patch(store, rows[4].id, archived=True)
    for session, minute in ((rows[2], 2), (rows[0], 1)):
        at = datetime(2026, 5, 17, 12, minute, tzinfo=UTC)
        asked = record(session.id, detected_at=at)
        assert store.transact(prompts.raise_prompt, asked) is not None
    page = store.read(status_pages.overview)
    told = [(each.session.name, each.needs_input) for each in page.terminals]
    assert [("first", True), ("second", True), ("calm", False)] == told
    assert 2 == page.waiting
    first, _, calm = page.terminals
    assert first.prompt is not None
    assert first.since == first.prompt.detected_at
    assert (None, None, None) == (
        calm.since,
        calm.prompt,
        calm.agent_status,
    )
