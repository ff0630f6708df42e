"""Rules of sessions, on a database and without an event loop."""

from typing import Any

import attrs
import pytest

from ant import sessions
from ant.commands import CreateSession
from ant.errors import Conflict, Gone, NotFound, NotRunning
from ant.events import Event, SessionExited, SessionsChanged
from ant.model import CliFlag, Session, SessionId, SessionType, Status
from ant.sessions import POWER_LOSS_SKIP
from ant.store import Job, Program, Store, Unit
from ant.terminal.host import Exit, Identity
from ant.terminal.transcript import CAPACITY

AT = "2026-05-17T12:00:00.000000Z"
BOOT = "b1"
IDENTITY = Identity(4242, 99, BOOT)


def create(store: Store, name: str = "one", **fields: Any) -> Session:
    """A session by the rule."""
    program = fields.pop("program", None)
    ask = CreateSession(**{"name": name, "type": SessionType.TERMINAL, **fields})
    return store.transact(sessions.create_session, ask, program)


def look(store: Store, session_id: str) -> Session:
    return store.read(sessions.get_session, SessionId(session_id))


def program(store: Store, session: Session) -> Program:
    """What the store knows of a terminal's run."""

    def read(unit: Unit) -> Program | None:
        return unit.sessions.program(session.id)

    found = store.read(read)
    assert found is not None
    return found


def events_of(store: Store, work: Any, *args: Any) -> list[Event]:
    """What a rule told, in order."""
    job = Job(work, args)
    store.transact_group([job])
    job.outcome()
    return [envelope.event for envelope in job.envelopes]


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


def begin(store: Store, session: Session, run: str = "r1") -> Program:
    return store.transact(sessions.begin_run, session.id, run, None, None)


def finish(store: Store, session: Session, end: int, complete: bool = True) -> None:
    store.transact(sessions.finish_run, session.id, Exit(code=0), end, complete, None)


def test_a_run_from_begin_to_finish(store: Store) -> None:
    """Starting, running with its process, exited with its code; each step is told."""
    session = create(store)
    begun = store.transact(sessions.begin_run, session.id, "r1", 50, None)
    assert (50, 30) == (begun.cols, begun.rows)
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.STARTING, 50, 30) == (row.status, row.terminal.cols, 30)
    assert row.terminal.started_at is not None

    told = events_of(store, sessions.record_run, session.id, IDENTITY)
    assert [SessionsChanged(session.id)] == told
    kept = program(store, session)
    assert (Status.RUNNING, 4242, 99, BOOT, "r1") == (
        kept.status,
        kept.pid,
        kept.start_ticks,
        kept.boot_id,
        kept.run,
    )

    told = events_of(
        store, sessions.finish_run, session.id, Exit(signal=9), 77, True, "stopped"
    )
    exited = SessionExited(session.id, Status.EXITED, None, 9, "stopped", 77)
    assert [exited, SessionsChanged(session.id)] == told
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.EXITED, None, 9, "stopped") == (
        row.status,
        row.terminal.exit_code,
        row.terminal.exit_signal,
        row.terminal.status_reason,
    )
    assert row.terminal.exited_at is not None
    again = begin(store, session)
    assert 77 == again.reserved
    row = look(store, session.id)
    assert row.terminal is not None
    assert (None, None) == (row.terminal.exit_signal, row.terminal.exited_at)


def test_offsets_are_never_given_twice(store: Store) -> None:
    """The next run goes on right there, or skips all that was reserved."""
    session = create(store)
    assert 0 == begin(store, session).reserved
    assert CAPACITY == program(store, session).reserved
    finish(store, session, end=10)
    assert 10 == begin(store, session).reserved
    finish(store, session, end=30, complete=False)
    assert 10 + CAPACITY == begin(store, session).reserved


def test_an_abandoned_run_gives_its_offsets_back(store: Store) -> None:
    """Only its own: a later run is not touched by an older one's end."""
    session = create(store)
    begin(store, session)
    finish(store, session, end=10)
    begin(store, session, "r2")
    told = events_of(store, sessions.abandon_run, session.id, "r2", "no program")
    assert [SessionsChanged(session.id)] == told
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.NONE, "no program") == (row.status, row.terminal.status_reason)
    assert 10 == begin(store, session, "r3").reserved
    assert [] == events_of(store, sessions.abandon_run, session.id, "r2", None)
    assert Status.STARTING == look(store, session.id).status


def test_a_run_needs_an_active_terminal(store: Store) -> None:
    """A chat is `NotRunning`, a deleted session `Gone`; a removed one ends silently."""
    chat = create(store, "room", type=SessionType.CHAT)
    with pytest.raises(NotRunning):
        begin(store, chat)
    session = create(store)
    store.transact(sessions.delete_session, session.id, False)
    with pytest.raises(Gone):
        begin(store, session)
    store.transact(sessions.remove_sessions, [session.id])
    finish(store, session, end=1)
    store.transact(sessions.abandon_run, session.id, "r1", None)
    with pytest.raises(NotFound):
        begin(store, session)


def test_a_size_is_for_the_next_start_too(store: Store) -> None:
    """It is in the row, and the next run begins with it."""
    session = create(store)
    row = store.transact(sessions.resize, session.id, 7, 8)
    assert row.terminal is not None
    assert (7, 8) == (row.terminal.cols, row.terminal.rows)
    assert (7, 8) == (begin(store, session).cols, begin(store, session).rows)


def test_a_read_looks_at_what_was_reserved(store: Store) -> None:
    """`look` tells the first offset nobody was given; a chat has none."""
    session = create(store)
    chat = create(store, "room", type=SessionType.CHAT)
    begin(store, session)
    assert CAPACITY == store.read(sessions.look, session.id)[1]
    assert 0 == store.read(sessions.look, chat.id)[1]
    with pytest.raises(NotFound):
        store.read(sessions.look, SessionId("nobody"))


@pytest.mark.parametrize("status", [Status.STARTING, Status.RUNNING])
def test_what_ran_when_the_server_died_is_lost(store: Store, status: Status) -> None:
    """Told as an exit without a code; what had ended stays as it was."""
    session, ended = create(store), create(store, "ended")
    store.transact(sessions.recover, BOOT)
    begin(store, session)
    if status is Status.RUNNING:
        store.transact(sessions.record_run, session.id, IDENTITY)
    begin(store, ended)
    finish(store, ended, end=5)

    def fill(unit: Unit) -> None:
        unit.transcripts.append(session.id, AT, [(0, b"abc")], reserved=0)

    store.transact(fill)
    first, second = events_of(store, sessions.recover, BOOT)
    assert isinstance(first, SessionExited)
    lost = attrs.evolve(first, reason=None)
    assert SessionExited(session.id, Status.LOST, None, None, None, 3) == lost
    assert SessionsChanged(session.id) == second
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.LOST, True) == (row.status, row.terminal.exited_at is not None)
    assert Status.EXITED == look(store, ended.id).status
    assert [] == store.transact(sessions.recover, BOOT)
    assert CAPACITY == begin(store, session).reserved


@pytest.mark.parametrize(
    ("clean", "boot", "skip"),
    [
        (True, BOOT, 0),
        (True, "b2", 0),
        (False, BOOT, 0),
        (False, "b2", POWER_LOSS_SKIP),
    ],
)
def test_after_a_power_loss_every_numbering_skips(
    store: Store, clean: bool, boot: str, skip: int
) -> None:
    """Another boot without a clean end: the last commits may be gone."""
    session = create(store)
    store.transact(sessions.recover, BOOT)
    begin(store, session)
    finish(store, session, end=10)
    if clean:
        store.transact(sessions.leave_cleanly)
    store.transact(sessions.recover, boot)
    assert 10 + skip == begin(store, session).reserved


def test_the_first_start_skips_nothing(store: Store) -> None:
    """There was no run before it."""
    session = create(store)
    store.transact(sessions.recover, BOOT)
    assert 0 == begin(store, session).reserved


def test_events_are_read_after_a_seq(store: Store) -> None:
    """The oldest first, and no more than asked for."""
    for name in ("a", "b", "c"):
        create(store, name)
    seqs = [e.seq for e in store.read(sessions.events_since, 0, 10)]
    assert [1, 2, 3] == seqs
    assert [2] == [e.seq for e in store.read(sessions.events_since, 1, 1)]
