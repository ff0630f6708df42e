"""Rules of a run, on a database and without an event loop."""

import attrs
import pytest

from ant.core.errors import Gone, NotFound, NotRunning
from ant.model.events import RunEventCreated, SessionExited, SessionsChanged
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.runtime import run_records
from ant.runtime.run_records import POWER_LOSS_SKIP
from ant.sessions import sessions
from ant.store import Program, Store, Unit
from ant.terminal.buffer.tail import CAPACITY
from ant.terminal.host.host_terminal import ExitStatus, Identity
from tests.rules import AT, create, events_of, look

BOOT = "b1"
IDENTITY = Identity(4242, 99, BOOT)


def program(store: Store, session: Session) -> Program:
    """The run of a terminal in the store."""

    def read(unit: Unit) -> Program | None:
        return unit.sessions.program(session.id)

    found = store.read(read)
    assert found is not None
    return found


def begin(store: Store, session: Session, run: str = "r1") -> Program:
    return store.transact(run_records.begin_run, session.id, run, None, None)


def finish(store: Store, session: Session, end: int, complete: bool = True) -> None:
    store.transact(
        run_records.finish_run, session.id, ExitStatus(code=0), end, complete, None
    )


def test_a_run_from_begin_to_finish(store: Store) -> None:
    """Starting, running, exited with its code; each step is emitted."""
    session = create(store)
    begun = store.transact(run_records.begin_run, session.id, "r1", 50, None)
    assert (50, 30) == (begun.cols, begun.rows)
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.STARTING, 50, 30) == (row.status, row.terminal.cols, 30)
    assert row.terminal.started_at is None

    events = events_of(store, run_records.record_run, session.id, IDENTITY)
    started, *others = events
    assert [SessionsChanged(session.id)] == others
    assert isinstance(started, RunEventCreated)
    assert ("terminal", "raw", "system", "start: pid 4242", 0) == (
        started.event.source,
        started.event.trust,
        started.event.kind,
        started.event.text,
        started.event.end,
    )
    kept = program(store, session)
    assert (Status.RUNNING, 4242, 99, BOOT, "r1") == (
        kept.status,
        kept.pid,
        kept.start_ticks,
        kept.boot_id,
        kept.run,
    )

    events = events_of(
        store,
        run_records.finish_run,
        session.id,
        ExitStatus(signal=9),
        77,
        True,
        "stopped",
    )
    exited = SessionExited(session.id, Status.EXITED, None, 9, "stopped", 77)
    ended, *others = events
    assert [exited, SessionsChanged(session.id)] == others
    assert isinstance(ended, RunEventCreated)
    assert ("exit: signal 9", 77) == (ended.event.text, ended.event.end)
    assert ended.event.payload == {
        "kind": "exit",
        "code": None,
        "signal": 9,
        "reason": "stopped",
    }
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
    assert (9, Status.STARTING) == (row.terminal.exit_signal, row.status)
    store.transact(run_records.record_run, session.id, IDENTITY)
    row = look(store, session.id)
    assert row.terminal is not None
    assert row.terminal.started_at is not None
    assert (None, None) == (row.terminal.exit_signal, row.terminal.exited_at)


def test_no_offset_is_used_twice(store: Store) -> None:
    """The next run continues at the end, or skips all reserved offsets."""
    session = create(store)
    assert 0 == begin(store, session).reserved
    assert CAPACITY == program(store, session).reserved
    finish(store, session, end=10)
    assert 10 == begin(store, session).reserved
    finish(store, session, end=30, complete=False)
    assert 10 + CAPACITY == begin(store, session).reserved


def test_nothing_points_past_the_end_of_a_transcript(store: Store) -> None:
    """Also after a crash before the first byte of a run."""
    session = create(store)
    begin(store, session)
    store.transact(run_records.record_run, session.id, IDENTITY)
    store.transact(run_records.recover, BOOT)
    begin(store, session, "r2")
    store.transact(run_records.record_run, session.id, IDENTITY)
    events = store.read(lambda unit: unit.run_events.page(session.id, 10))
    terminal = look(store, session.id).terminal
    assert terminal is not None
    assert (CAPACITY, CAPACITY) == (terminal.end, events[-1].end)
    store.transact(run_records.recover, BOOT, [session.id])
    store.transact(run_records.resume_run, session.id, lambda stored: stored + 7)
    terminal = look(store, session.id).terminal
    assert terminal is not None
    assert CAPACITY + 7 == terminal.end
    finish(store, session, end=CAPACITY + 7)
    events = store.read(lambda unit: unit.run_events.page(session.id, 10))
    assert CAPACITY + 7 == events[-1].end


def test_an_abandoned_run_gives_its_offsets_back(store: Store) -> None:
    """Only its own: the end of an older run does not change a later one."""
    session = create(store)
    begin(store, session)
    finish(store, session, end=10)
    begin(store, session, "r2")
    events = events_of(store, run_records.abandon_run, session.id, "r2", "no program")
    assert [SessionsChanged(session.id)] == events
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.EXITED, "no program") == (row.status, row.terminal.status_reason)
    assert 10 == begin(store, session, "r3").reserved
    assert [] == events_of(store, run_records.abandon_run, session.id, "r2", None)
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
    store.transact(run_records.abandon_run, session.id, "r1", None)
    with pytest.raises(NotFound):
        begin(store, session)


def test_a_size_is_stored_for_the_next_start(store: Store) -> None:
    """It is in the row, and the next run begins with it."""
    session = create(store)
    row = store.transact(run_records.resize, session.id, 7, 8)
    assert row.terminal is not None
    assert (7, 8) == (row.terminal.cols, row.terminal.rows)
    assert (7, 8) == (begin(store, session).cols, begin(store, session).rows)


def test_a_read_returns_the_reserved_offset(store: Store) -> None:
    """It returns the first offset never used; a chat has none."""
    session = create(store)
    chat = create(store, "room", type=SessionType.CHAT)
    begin(store, session)
    assert CAPACITY == store.read(run_records.session_and_reserved, session.id)[1]
    assert 0 == store.read(run_records.session_and_reserved, chat.id)[1]
    with pytest.raises(NotFound):
        store.read(run_records.session_and_reserved, SessionId("nobody"))


@pytest.mark.parametrize("status", [Status.STARTING, Status.RUNNING])
def test_runs_of_a_dead_server_are_lost(store: Store, status: Status) -> None:
    """Emitted as an exit without a code; a run that had ended is unchanged."""
    session, ended = create(store), create(store, "ended")
    store.transact(run_records.recover, BOOT)
    begin(store, session)
    if status is Status.RUNNING:
        store.transact(run_records.record_run, session.id, IDENTITY)
    begin(store, ended)
    finish(store, ended, end=5)

    def fill(unit: Unit) -> None:
        unit.transcripts.append(session.id, AT, [(0, b"abc")], reserved=0)

    store.transact(fill)
    noted, first, second = events_of(store, run_records.recover, BOOT)
    assert isinstance(noted, RunEventCreated)
    assert ("lost: the server ended before it", 3) == (
        noted.event.text,
        noted.event.end,
    )
    assert isinstance(first, SessionExited)
    lost = attrs.evolve(first, reason=None)
    assert SessionExited(session.id, Status.LOST, None, None, None, 3) == lost
    assert SessionsChanged(session.id) == second
    row = look(store, session.id)
    assert row.terminal is not None
    assert (Status.LOST, True) == (row.status, row.terminal.exited_at is not None)
    assert Status.EXITED == look(store, ended.id).status
    assert [] == store.transact(run_records.recover, BOOT)
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
def test_offsets_skip_after_a_power_loss(
    store: Store, clean: bool, boot: str, skip: int
) -> None:
    """Another boot without a clean stop: the last commits may be lost."""
    session = create(store)
    store.transact(run_records.recover, BOOT)
    begin(store, session)
    finish(store, session, end=10)
    if clean:
        store.transact(run_records.leave_cleanly)
    store.transact(run_records.recover, boot)
    assert 10 + skip == begin(store, session).reserved


def test_the_first_start_skips_nothing(store: Store) -> None:
    """No run came before it."""
    session = create(store)
    store.transact(run_records.recover, BOOT)
    assert 0 == begin(store, session).reserved
