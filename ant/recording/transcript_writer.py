"""Stores the output of all sessions: from their tails into SQLite, in grouped commits.

See `TranscriptWriter` for the way of a byte.
"""

import logging
from collections.abc import Callable, Sequence

import trio

from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import StorageFailed
from ant.core.log_rate import FailureLog
from ant.core.wakeup import Wakeup
from ant.journal.writer import Journal
from ant.model.run_events import HostEvent
from ant.model.sessions import SessionId
from ant.recording.pending import PendingByOffset
from ant.run_events import entries
from ant.run_events import log as event_log
from ant.run_events.entries import PendingEntry
from ant.store import Keyframe, Unit
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import CAPACITY
from ant.terminal.detect.verdict import VerdictSeen

log = logging.getLogger(__name__)

LINGER_S = 0.1
"""How long a round waits for more bytes after the first one. With the commit, a byte is
stored well within 250 ms."""

URGENT = 512 << 10
"""Unstored bytes of one session that start a round at once."""

SHARE = 1 << 20
"""Bytes of one session in one commit: a flood leaves room for other sessions."""

ROUND = 4 << 20
"""Bytes of all sessions in one commit, or a chunk more. Other writers wait for such a
commit, some 30 ms. The next round stores the rest without a pause."""

RETRY_S = 0.5
"""Pause after a failed commit. The tails fill meanwhile, and back-pressure stops the
programs."""

VERDICTS_MAX = 256
"""Verdicts of one session that wait for their bytes; beyond it, the oldest are
dropped."""

EVENTS_MAX = 256
"""Run events of one session that wait for their bytes; beyond it, the oldest are
dropped, and the chain of events records how many."""

VerdictBatch = list[tuple[SessionId, list[VerdictSeen]]]
"""Sessions, and the verdicts to store for each."""

ChunkBatch = list[tuple[SessionId, list[tuple[int, bytes]]]]
"""Sessions, and the chunks to store for each: offset and data."""


def store_chunks(
    unit: Unit,
    batch: ChunkBatch,
    keep: int,
    keyframes: Sequence[Keyframe] = (),
) -> int:
    """Append chunks to transcripts, reserve the offsets after them, and trim.

    Return how many bytes were trimmed: the oldest beyond `keep` bytes of a session. The
    reserve is one tail capacity past the stored end: no byte beyond it can be visible
    to a client before the next commit.
    """
    at, trimmed = clock.stamp(unit.now), 0
    for session_id, chunks in batch:
        offset, last = chunks[-1]
        unit.transcripts.append(
            session_id, at, chunks, reserved=offset + len(last) + CAPACITY
        )
        trimmed += unit.transcripts.trim(session_id, keep)
        unit.sessions.record_output(session_id, at)
    for keyframe in keyframes:
        unit.keyframes.put(keyframe)
    return trimmed


def store_verdicts(unit: Unit, batch: VerdictBatch) -> None:
    """Append verdicts whose bytes are stored, and drop those whose bytes were trimmed.

    Verdicts of a session that was removed are left out.
    """
    at = clock.stamp(unit.now)
    for session_id, seen in batch:
        session = unit.sessions.get(session_id)
        if session is not None and session.terminal is not None:
            unit.verdicts.add(session_id, at, seen)
            unit.verdicts.trim(session_id, session.terminal.oldest)


class TranscriptWriter:
    """The task that stores the output, verdicts and run events of all sessions.

    The way of a byte:

    1. The terminal appends it to the session's `OutputFlow`. It is now in the tail, in
       memory, and viewers may receive it.
    2. The session calls `mark`. `run` waits up to `LINGER_S` for more bytes, then
       starts a round.
    3. The round takes the unstored bytes of the marked tails as chunks, and stores them
       in one transaction (`store_chunks`).
    4. After the commit it marks them as stored in the flow. That frees the tail and
       ends `flush`.
    5. If the commit fails, the tails keep the bytes, and the next round tries again
       after `RETRY_S`. A full tail stops the program by back-pressure; no output is
       dropped.

    Verdicts and run events point at bytes by their offset. They wait in memory
    (`PendingByOffset`) until those bytes are stored; a transaction right after the
    chunks of a round stores them. So the database never has an event whose bytes it
    lacks.

    `waits` is true while the database refuses anything of this. `on_stored` is called
    with each session whose bytes were stored.
    """

    def __init__(
        self,
        journal: Journal,
        keep: int,
        on_stored: Callable[[SessionId], None] = lambda _: None,
    ) -> None:
        self.waits = False
        self._journal, self._keep, self._on_stored = journal, keep, on_stored
        self._dirty: dict[SessionId, OutputFlow] = {}
        self._draw: dict[SessionId, Callable[[], Keyframe | None]] = {}
        self._verdicts: PendingByOffset[VerdictSeen] = PendingByOffset(VERDICTS_MAX)
        self._events: PendingByOffset[PendingEntry] = PendingByOffset(EVENTS_MAX)
        self._lost: dict[SessionId, int] = {}
        self._wakeup, self._urgent = Wakeup(), Wakeup()
        self._begun = self._ended = 0
        self._round = trio.Event()
        self._outages = {
            each: FailureLog(log, f"{each} wait for the disk")
            for each in ("Transcripts", "Verdicts", "Run events")
        }

    def mark(self, session_id: SessionId, flow: OutputFlow) -> None:
        """Store the new bytes of a session soon."""
        self._dirty[session_id] = flow
        self._wakeup.set()
        if flow.tail.end - flow.tail.stored >= URGENT:
            self._urgent.set()

    def add_verdict(
        self, session_id: SessionId, flow: OutputFlow, seen: VerdictSeen
    ) -> None:
        """Store a verdict once the bytes before it are stored."""
        self._verdicts.add(session_id, flow, seen.verdict.end, seen)
        self._wakeup.set()

    def add_event(
        self, session_id: SessionId, flow: OutputFlow, entry: PendingEntry
    ) -> None:
        """Record a run event once the bytes that it points at are stored."""
        end = entry.offset if isinstance(entry, HostEvent) else entry.end
        dropped = self._events.add(session_id, flow, end or 0, entry)
        self._count_lost(session_id, dropped)
        self._wakeup.set()

    def take_unrecorded(
        self, session_id: SessionId, flow: OutputFlow
    ) -> list[PendingEntry]:
        """Remove and return the run events that wait; the run is over.

        The caller records them with the end of the run. Offsets past the stored end are
        lowered to it: those bytes will never be stored.
        """
        pending = self._events.leave(session_id)
        stored = flow.tail.stored
        unrecorded = _with_losses(self._lost.pop(session_id, 0), pending)
        return [entries.limited(each, stored) for each in unrecorded]

    def _count_lost(self, session_id: SessionId, count: int) -> None:
        if count:
            increment(Limit.TRAIL, count)
            self._lost[session_id] = self._lost.get(session_id, 0) + count

    def mark_drawing(
        self, session_id: SessionId, draw: Callable[[], Keyframe | None]
    ) -> None:
        """Store a keyframe with the next round, which calls `draw` for it.

        If the commit fails, the keyframe is dropped: a redraw then begins at an earlier
        one.
        """
        self._draw[session_id] = draw
        self._wakeup.set()

    def forget_drawing(self, session_id: SessionId) -> None:
        """Drop a keyframe that is due and not drawn.

        One that is drawn already is stored before anything written after this call.
        """
        self._draw.pop(session_id, None)

    async def flush(
        self, session_id: SessionId, flow: OutputFlow, end: int | None = None
    ) -> None:
        """Wait until all bytes before `end` are stored; by default, all there are now.

        *Cancellation:* the bytes are stored all the same.
        """
        end = flow.tail.end if end is None else min(end, flow.tail.end)
        if flow.tail.stored < end:
            self.mark(session_id, flow)
            self._urgent.set()
            await flow.wait_stored(end)

    async def try_flush(self, session_id: SessionId, flow: OutputFlow) -> None:
        """As `flush`, but return once the database refuses.

        *Cancellation:* the bytes are stored all the same.
        """
        end = flow.tail.end
        while flow.tail.stored < end and not self.waits:
            self.mark(session_id, flow)
            self._urgent.set()
            await self._round.wait()

    async def catch_up(self, session_id: SessionId, flow: OutputFlow) -> None:
        """As `flush`, and wait until verdicts and run events up to here are stored.

        *Cancellation:* all of it is stored all the same.
        """
        await self.flush(session_id, flow)
        # The round that stored the bytes may be past its verdicts and events.
        begun = self._begun
        self._wakeup.set()
        self._urgent.set()
        while self._ended <= begun:
            await self._round.wait()

    async def run(self) -> None:
        """Store until cancelled. *Cancellation:* between two commits; none is cut."""
        while True:
            await self._wakeup.wait()
            with trio.move_on_after(LINGER_S):
                await self._urgent.wait()
            self._begun += 1
            await self._store()
            self._ended = self._begun
            self._round.set()
            self._round = trio.Event()

    async def _store(self) -> None:
        dirty, self._dirty = self._dirty, {}
        try:
            await self._store_all(dirty)
        finally:  # Whatever happened, bytes that are not stored stay marked.
            for session_id, flow in dirty.items():
                if flow.tail.stored < flow.tail.end:
                    self.mark(session_id, flow)

    async def _store_all(self, dirty: dict[SessionId, OutputFlow]) -> None:
        draw, self._draw = self._draw, {}
        keyframes = [drawn for each in draw.values() if (drawn := each()) is not None]
        batch = self._next_batch(dirty)
        # After a failure, each session by itself: one bad session must not block all.
        groups = [[each] for each in batch] if self.waits else [batch]
        failed = False
        for group in groups:
            if not group and not keyframes:
                continue
            due, keyframes = keyframes, []
            try:
                trimmed = await self._journal.write(
                    store_chunks, group, self._keep, due
                )
            except StorageFailed as exc:
                self._outages["Transcripts"].failed(exc)
                failed = True
            else:
                increment(Limit.TRANSCRIPT, trimmed)
                self._mark_stored(group, dirty)
        if not failed:
            self._outages["Transcripts"].worked()
        failed = not await self._store_verdicts() or failed
        failed = not await self._record_events() or failed
        self.waits = failed
        if failed:
            self._wakeup.set()
            await trio.sleep(RETRY_S)

    def _next_batch(self, dirty: dict[SessionId, OutputFlow]) -> ChunkBatch:
        """Take at most `ROUND` bytes; sessions without room are first in the next."""
        batch, room = ChunkBatch(), ROUND
        for session_id, flow in dirty.items():
            if room <= 0:
                self._dirty[session_id] = flow
                self._wakeup.set()
                self._urgent.set()
            elif chunks := flow.tail.pending(min(SHARE, room)):
                batch.append((session_id, chunks))
                room -= sum(len(data) for _, data in chunks)
        return batch

    async def _store_verdicts(self) -> bool:
        """Store the verdicts whose bytes are stored; return whether that succeeded."""
        due = self._verdicts.ready()
        if not due:
            return True
        batch = [(session_id, [each for _, each in seen]) for session_id, seen in due]
        try:
            await self._journal.write(store_verdicts, batch)
        except StorageFailed as exc:
            self._outages["Verdicts"].failed(exc)
            for session_id, seen in due:
                self._verdicts.put_back(session_id, seen)
            return False
        self._outages["Verdicts"].worked()
        return True

    async def _record_events(self) -> bool:
        """Record the events whose bytes are stored; return whether that succeeded."""
        due = self._events.ready()
        if not due:
            return True
        lost = {session_id: self._lost.pop(session_id, 0) for session_id, _ in due}
        batch = [(each, _with_losses(lost[each], events)) for each, events in due]
        try:
            await self._journal.write(event_log.record_all, batch)
        except StorageFailed as exc:
            self._outages["Run events"].failed(exc)
            for session_id, events in due:
                dropped = self._events.put_back(session_id, events)
                self._count_lost(session_id, dropped)
                self._lost[session_id] = self._lost.get(session_id, 0)
                self._lost[session_id] += lost[session_id]
            return False
        except Exception:
            # A bug: another try would fail in the same way.
            log.exception("Run events of %s sessions are lost.", len(due))
            for session_id, events in due:
                self._count_lost(session_id, lost[session_id] + len(events))
        else:
            self._outages["Run events"].worked()
        return True

    def _mark_stored(
        self, group: ChunkBatch, dirty: dict[SessionId, OutputFlow]
    ) -> None:
        for session_id, chunks in group:
            flow = dirty[session_id]
            offset, last = chunks[-1]
            flow.mark_stored(offset + len(last))
            self._on_stored(session_id)


def _with_losses(
    lost: int, events: Sequence[tuple[int, PendingEntry]]
) -> list[PendingEntry]:
    """Return the events, after an entry for the `lost` ones before them, if any."""
    before: list[PendingEntry] = [entries.lost_entries(lost)] if lost else []
    return before + [each for _, each in events]
