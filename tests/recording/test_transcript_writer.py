"""The transcript writer; real threads, so real time."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio

from ant.core.counters import Limit
from ant.core.errors import StorageFailed
from ant.journal.writer import Journal
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.model.sessions import Session, SessionId
from ant.recording import transcript_writer as module
from ant.recording.transcript_writer import URGENT, TranscriptWriter
from ant.store import Keyframe, Store, Unit
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import CAPACITY, CHUNK, Tail
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind, Verdict
from tests.history.test_history import create
from tests.journal.test_writer import RecordingBus, bus, journal
from tests.live.waiting import eventually
from tests.store.chunks import chunks_of
from tests.systems import PATIENCE_S

__all__ = ["RecordingBus", "bus", "journal"]


@pytest.fixture
def session(store: Store) -> Session:
    return create(store)


@pytest.fixture
async def transcript_writer(
    journal: Journal, nursery: trio.Nursery
) -> AsyncIterator[TranscriptWriter]:
    running = TranscriptWriter(journal, keep=1 << 30)
    nursery.start_soon(running.run)
    yield running
    nursery.cancel_scope.cancel()


def stored(store: Store, session: Session) -> tuple[bytes, int, Any]:
    """The bytes, the reserve and the time of the last of them."""

    def read(unit: Unit) -> tuple[bytes, int, Any]:
        chunks = [chunk.data for chunk in chunks_of(unit, session.id)]
        program = unit.sessions.program(session.id)
        assert program is not None
        return b"".join(chunks), program.reserved, program.session.last_activity

    return store.read(read)


async def test_new_bytes_are_stored_soon(
    transcript_writer: TranscriptWriter, store: Store, session: Session
) -> None:
    """And the tail is freed."""
    flow = OutputFlow(Tail(0))
    flow.append(b"hello")
    transcript_writer.mark(session.id, flow)
    with trio.fail_after(PATIENCE_S):
        await flow.wait_stored(5)
    data, reserved, last_activity = stored(store, session)
    assert (b"hello", 5 + CAPACITY) == (data, reserved)
    assert last_activity is not None


async def test_a_flood_is_stored_whole_and_shared(
    transcript_writer: TranscriptWriter, store: Store, session: Session
) -> None:
    """Output larger than the share of one commit follows in chunks, without a hole."""
    flow = OutputFlow(Tail(0))
    data = bytes(range(256)) * (3 * module.SHARE // 256)
    flow.append(data)
    with trio.fail_after(PATIENCE_S):
        await transcript_writer.flush(session.id, flow)
    assert data == stored(store, session)[0]
    assert flow.tail.stored == len(data)


async def test_a_commit_of_many_floods_is_bounded(
    journal: Journal,
    store: Store,
    session: Session,
    nursery: trio.Nursery,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Other writers get a turn; sessions without room come first in the next."""
    monkeypatch.setattr(module, "LINGER_S", 3600)
    transcript_writer, write = TranscriptWriter(journal, keep=1 << 30), journal.write
    commits: list[dict[SessionId, int]] = []

    async def count(work: Any, batch: Any, *args: Any) -> Any:
        commits.append({one: sum(len(b) for _, b in chunks) for one, chunks in batch})
        return await write(work, batch, *args)

    monkeypatch.setattr(journal, "write", count)
    flows = {SessionId(f"gone {number}"): OutputFlow(Tail(0)) for number in range(20)}
    flows[session.id] = OutputFlow(Tail(0))
    for session_id, flow in flows.items():
        flow.append(bytes(URGENT) + b"\n")
        transcript_writer.mark(session_id, flow)
    nursery.start_soon(transcript_writer.run)
    with trio.fail_after(PATIENCE_S):
        for flow in flows.values():
            await flow.wait_stored(URGENT + 1)
    nursery.cancel_scope.cancel()
    assert all(sum(each.values()) <= module.ROUND + CHUNK for each in commits)
    assert 21 * (URGENT + 1) == sum(sum(each.values()) for each in commits)
    assert list(flows) == list(dict.fromkeys(one for each in commits for one in each))
    assert bytes(URGENT) + b"\n" == stored(store, session)[0]


async def test_a_flush_may_end_before_the_end(
    transcript_writer: TranscriptWriter, session: Session
) -> None:
    """It waits neither for later bytes nor for bytes that do not exist."""
    flow = OutputFlow(Tail(0))
    flow.append(b"hello")
    with trio.fail_after(PATIENCE_S):
        await transcript_writer.flush(session.id, flow, 2)
        assert flow.tail.stored >= 2
        await transcript_writer.flush(session.id, flow, 99)
    assert 5 == flow.tail.stored


async def test_a_flush_starts_a_round_at_once(
    transcript_writer: TranscriptWriter,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As do many bytes; a flush of nothing returns at once."""
    monkeypatch.setattr(module, "LINGER_S", 3600)
    flow = OutputFlow(Tail(0))
    with trio.fail_after(PATIENCE_S):
        await transcript_writer.flush(session.id, flow)
        flow.append(b"x")
        await transcript_writer.flush(session.id, flow)
        flow.append(bytes(URGENT))
        transcript_writer.mark(session.id, flow)
        await flow.wait_stored(1 + URGENT)


async def test_a_failed_commit_is_tried_again(
    transcript_writer: TranscriptWriter,
    journal: Journal,
    store: Store,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The tail keeps the bytes while the disk is full; then they are stored once."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    write, refusals = journal.write, [StorageFailed("full")] * 3
    waited = []

    async def refuse(work: Any, *args: Any) -> Any:
        waited.append(transcript_writer.waits)
        if refusals:
            raise refusals.pop()
        return await write(work, *args)

    monkeypatch.setattr(journal, "write", refuse)
    flow = OutputFlow(Tail(0))
    flow.append(b"one")
    transcript_writer.mark(session.id, flow)
    with trio.fail_after(PATIENCE_S):
        await flow.wait_stored(3)
    assert [False, True, True, True, False] == [*waited, transcript_writer.waits]
    assert b"one" == stored(store, session)[0]


async def test_a_removed_session_does_not_block_others(
    transcript_writer: TranscriptWriter, store: Store, session: Session
) -> None:
    """Its bytes are freed, those of others are stored."""
    gone, flow = OutputFlow(Tail(0)), OutputFlow(Tail(0))
    gone.append(b"x")
    flow.append(b"y")
    transcript_writer.mark(SessionId("gone"), gone)
    with trio.fail_after(PATIENCE_S):
        await transcript_writer.flush(session.id, flow)
        await gone.wait_stored(1)
    assert b"y" == stored(store, session)[0]


@pytest.mark.meets(Limit.TRANSCRIPT)
async def test_the_oldest_chunks_are_trimmed(
    journal: Journal, store: Store, session: Session, nursery: trio.Nursery
) -> None:
    """Whole chunks, until the transcript is within its bound."""
    transcript_writer = TranscriptWriter(journal, keep=CHUNK)
    nursery.start_soon(transcript_writer.run)
    flow = OutputFlow(Tail(0))
    flow.append(b"a" * CHUNK + b"b" * CHUNK)
    with trio.fail_after(PATIENCE_S):
        await transcript_writer.flush(session.id, flow)
    assert b"b" * CHUNK == stored(store, session)[0]
    nursery.cancel_scope.cancel()


def newest(store: Store, session: Session) -> Keyframe | None:
    """The keyframe that is stored."""

    def read(unit: Unit) -> Keyframe | None:
        return unit.keyframes.get(session.id)

    return store.read(read)


async def test_a_keyframe_is_drawn_when_it_is_stored(
    transcript_writer: TranscriptWriter, store: Store, session: Session
) -> None:
    """With waiting bytes or without; a forgotten one is not drawn."""
    drawn = Keyframe(session.id, 3, 80, 24, b"abc")
    transcript_writer.mark_drawing(session.id, lambda: None)
    transcript_writer.mark_drawing(session.id, lambda: drawn)
    await eventually(lambda: newest(store, session) is not None)
    assert drawn == newest(store, session)
    flow = OutputFlow(Tail(0))
    flow.append(b"hello")
    transcript_writer.mark_drawing(
        session.id, lambda: Keyframe(session.id, 9, 80, 24, b"")
    )
    transcript_writer.forget_drawing(session.id)
    transcript_writer.mark(session.id, flow)
    with trio.fail_after(PATIENCE_S):
        await flow.wait_stored(5)
    assert drawn == newest(store, session)


def fact(end: int) -> RunEventDraft:
    """Something that the bytes before `end` show."""
    return RunEventDraft(
        Source.TERMINAL, Trust.HIGH, "command_block", f"{end}", {}, 0, end
    )


async def test_catching_up_stores_verdicts_and_events(
    transcript_writer: TranscriptWriter, store: Store, session: Session
) -> None:
    """Also without new bytes, and with nothing at all to store."""
    flow = OutputFlow(Tail(0))

    def seen(unit: Unit) -> tuple[int, int]:
        sightings = unit.verdicts.of(session.id)
        return len(sightings), len(unit.run_events.page(session.id, 1000))

    with trio.fail_after(PATIENCE_S):
        for number in range(1, 20):
            if number % 3:
                flow.append(b"x")
                transcript_writer.mark(session.id, flow)
            quiet = Verdict(Kind.BUSY, "time", (), flow.tail.end)
            transcript_writer.add_verdict(
                session.id, flow, VerdictSeen(quiet, None, 80, 24)
            )
            transcript_writer.add_event(session.id, flow, fact(flow.tail.end))
            await transcript_writer.catch_up(session.id, flow)
            assert flow.tail.stored == flow.tail.end
            assert (number, number) == store.read(seen)
        await transcript_writer.catch_up(session.id, flow)
