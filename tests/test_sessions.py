"""Rules of sessions, on a database and without an event loop."""

from typing import Any

import pytest

from ant import sessions
from ant.commands import CreateSession
from ant.errors import Conflict, Gone, NotFound, NotRunning
from ant.events import SessionsChanged
from ant.model import CliFlag, SessionId, SessionType, Status
from ant.store import Store, Unit
from tests.rules import AT, create, events_of, look


def test_a_terminal_gets_its_chat(store: Store) -> None:
    """Both have handles, and each knows the other."""
    session = create(store, "My Work", cols=99, rows=33, command=("sh", "-c", "true"))
    assert session == look(store, session.id)
    chat = look(store, session.linked_chat_id or "")
    assert ("My Work", "@my-work", "my-work") == (
        session.name,
        session.handle,
        session.alias,
    )
    assert ("My Work-Chat", "@my-work-chat", SessionType.CHAT) == (
        chat.name,
        chat.handle,
        chat.type,
    )
    assert session.id == chat.meta["auto_linked_terminal_id"]
    assert session.terminal is not None
    assert (99, 33, ("sh", "-c", "true")) == (
        session.terminal.cols,
        session.terminal.rows,
        session.terminal.command,
    )
    assert chat.terminal is None
    assert Status.NONE == session.status


def test_a_chat_is_alone(store: Store) -> None:
    """No terminal, no partner, no handle of its own making."""
    chat = create(store, "Room", type=SessionType.CHAT)
    assert (None, None, None) == (chat.terminal, chat.linked_chat_id, chat.handle)


def test_creation_is_told_once(store: Store) -> None:
    """One event for the pair."""
    ask = CreateSession(name="one", type=SessionType.TERMINAL)
    (event,) = events_of(store, sessions.create_session, ask, None)
    assert isinstance(event, SessionsChanged)
    assert "one" == look(store, event.session_id or "").name


@pytest.mark.parametrize("name", ["one", "ONE", "  one ", "one-chat"])
def test_a_name_is_taken_once(store: Store, name: str) -> None:
    """Whatever its case and the blanks around it, and the chat's name too."""
    create(store, "one")
    with pytest.raises(Conflict, match="already exists"):
        create(store, name, type=SessionType.CHAT)


def test_a_terminal_whose_chat_has_no_name_is_refused(store: Store) -> None:
    """Nothing is created of it."""
    create(store, "one-Chat", type=SessionType.CHAT)
    with pytest.raises(Conflict, match="one-Chat"):
        create(store, "one")
    assert 1 == len(store.read(sessions.list_sessions).sessions)


def test_a_deleted_name_is_free(store: Store) -> None:
    """Only active sessions hold theirs."""
    first = create(store, "one")
    store.transact(sessions.delete_session, first.id, False)
    assert "@one" == create(store, "one").handle


def test_handles_count_up_to_ten(store: Store) -> None:
    """`slug`, then `slug-2` to `slug-10`, and then none at all."""
    handles = [create(store, f"Work{'!' * n}").handle for n in range(11)]
    expected = ["@work", *(f"@work-{n}" for n in range(2, 11)), None]
    assert expected == handles


def test_a_name_without_letters_has_no_handle(store: Store) -> None:
    """There is nothing to make one of; a long one is cut."""
    assert create(store, "漢字").handle is None
    assert "@" + "a" * 32 == create(store, "a" * 100).handle


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"program": "claude"}, None),
        ({"program": "claude", "type": SessionType.AGENT}, CliFlag.CLAUDE_CODE),
        ({"program": "bash", "type": SessionType.AGENT}, None),
        (
            {
                "program": "claude",
                "type": SessionType.AGENT,
                "cli_flag": CliFlag.AIDER,
            },
            CliFlag.AIDER,
        ),
    ],
)
def test_an_agent_has_the_driver_of_its_program(
    store: Store, fields: dict[str, Any], expected: CliFlag | None
) -> None:
    """Unless the caller says otherwise; a plain terminal has none."""
    assert expected == create(store, **fields).cli_flag


def test_the_list_is_newest_first_and_knows_the_gone(store: Store) -> None:
    """Active ones, and beside them those that can be brought back."""
    one = create(store, "one", type=SessionType.CHAT)
    two = create(store, "two", type=SessionType.CHAT)
    three = create(store, "three", type=SessionType.CHAT)
    store.transact(sessions.delete_session, two.id, False)
    listed = store.read(sessions.list_sessions)
    assert [three.id, one.id] == [each.id for each in listed.sessions]
    assert [two.id] == [each.id for each in listed.recoverable]


@pytest.mark.parametrize("half", ["terminal", "chat"])
def test_a_pair_is_deleted_as_one(store: Store, half: str) -> None:
    """From either end; a second time it is `Gone`."""
    session = create(store)
    chat_id = session.linked_chat_id or SessionId("")
    asked = session.id if half == "terminal" else chat_id
    (event,) = events_of(store, sessions.delete_session, asked, False)
    assert {session.id, chat_id} == set(event.removed_ids)  # type: ignore[union-attr]
    assert look(store, session.id).deleted_at is not None
    assert look(store, chat_id).deleted_at is not None
    with pytest.raises(Gone, match="deleted"):
        store.transact(sessions.delete_session, asked, False)


def test_a_chat_that_claims_a_terminal_is_no_pair(store: Store) -> None:
    """Anybody can write a `meta`; only a link from both ends counts."""
    session = create(store)
    meta = {"auto_linked_terminal_id": session.id}
    liar = create(store, "liar", type=SessionType.CHAT, meta=meta)
    assert [liar.id] == store.transact(sessions.delete_session, liar.id, True)
    assert look(store, session.id).active


def test_a_hard_delete_takes_all_that_hangs_on_it(store: Store) -> None:
    """Rows, terminals and transcripts; a soft-deleted session may go as well."""
    session = create(store)
    other = create(store, "other")

    def fill(unit: Unit) -> None:
        for each in (session, other):
            unit.transcripts.append(each.id, AT, [(0, b"abc")], reserved=3)

    store.transact(fill)
    store.transact(sessions.delete_session, session.id, False)
    ids = store.transact(sessions.delete_session, session.id, True)
    (event,) = events_of(store, sessions.remove_sessions, ids)
    assert set(ids) == set(event.removed_ids)  # type: ignore[union-attr]
    for each in ids:
        with pytest.raises(NotFound):
            look(store, each)

    def counts(unit: Unit) -> list[int]:
        return [
            sum(1 for _ in unit.transcripts.backwards(each.id))
            for each in (session, other)
        ]

    assert [0, 1] == store.read(counts)
    assert look(store, other.id).active


def test_only_what_is_there_and_active_is_acted_on(store: Store) -> None:
    """Unknown, archived, deleted and chat each have a sentence of their own."""
    session, chat = create(store), create(store, "room", type=SessionType.CHAT)

    def archive(unit: Unit) -> None:
        unit.sessions.change(session.id, archived=True)

    with pytest.raises(NotFound):
        store.read(sessions.need_active, SessionId("nobody"))
    with pytest.raises(NotRunning, match="chat"):
        store.read(sessions.need_terminal, chat.id)
    assert session.id == store.read(sessions.need_terminal, session.id).id
    store.transact(archive)
    with pytest.raises(Gone, match="archived"):
        store.read(sessions.need_terminal, session.id)
