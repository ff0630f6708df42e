"""The transcript writer, one for all sessions: tails to chunks, in grouped commits."""

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
from ant.run_events import log as tracing
from ant.run_events.entries import PendingEntry
from ant.store import Keyframe, Unit
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import CAPACITY
from ant.terminal.detect.verdict import VerdictSeen

log = logging.getLogger(__name__)

LINGER_S = 0.1
"""How long the first new byte waits for company; with the commit well below 250 ms."""

URGENT = 512 << 10
"""Bytes of one session that do not wait for company."""

SHARE = 1 << 20
"""Bytes of one session in one commit, so that a flood leaves room for its siblings."""

ROUND = 4 << 20
"""Bytes of all sessions in one commit, or a chunk more: whoever else has something to
write waits for it, some 30 ms. What is left over is stored right after it."""

RETRY_S = 0.5
"""Pause after the database refused; the tails fill meanwhile and programs wait."""


NOTES = 256
"""Verdicts of one session that wait for its bytes to be stored; then the oldest go."""

HEARD = 256
"""Facts of one session that wait likewise; the oldest go, and the chain says so."""

Notes = list[tuple[SessionId, list[VerdictSeen]]]
"""Sessions and the verdicts on theirs that are to be stored."""

Batch = list[tuple[SessionId, list[tuple[int, bytes]]]]
"""Sessions and the chunks of theirs that are to be stored."""


def store_chunks(
    unit: Unit,
    batch: Batch,
    keep: int,
    keyframes: Sequence[Keyframe] = (),
) -> int:
    """Append to several transcripts, reserve offsets for what may follow, and trim.

    How many bytes went. The reserve is a whole tail past what is stored: no more can
    be visible by then.
    """
    at, gone = clock.stamp(unit.now), 0
    for session_id, chunks in batch:
        offset, last = chunks[-1]
        unit.transcripts.append(
            session_id, at, chunks, reserved=offset + len(last) + CAPACITY
        )
        gone += unit.transcripts.trim(session_id, keep)
        unit.sessions.spoke(session_id, at)
    for keyframe in keyframes:
        unit.keyframes.put(keyframe)
    return gone


def store_sightings(unit: Unit, notes: Notes) -> None:
    """Append verdicts whose bytes are stored; those of a session that is gone are not.

    What was trimmed away of the transcript takes its verdicts with it.
    """
    at = clock.stamp(unit.now)
    for session_id, seen in notes:
        session = unit.sessions.get(session_id)
        if session is not None and session.terminal is not None:
            unit.sightings.add(session_id, at, seen)
            unit.sightings.trim(session_id, session.terminal.oldest)


class TranscriptWriter:
    """Who has unstored bytes, and the task that stores them.

    `waits` while the database refuses them, whatever smaller things still fit. `stored`
    is told whose bytes went.
    """

    def __init__(
        self,
        journal: Journal,
        keep: int,
        stored: Callable[[SessionId], None] = lambda _: None,
    ) -> None:
        self.waits = False
        self._journal, self._keep, self._tell = journal, keep, stored
        self._dirty: dict[SessionId, OutputFlow] = {}
        self._draw: dict[SessionId, Callable[[], Keyframe | None]] = {}
        self._notes: PendingByOffset[VerdictSeen] = PendingByOffset(NOTES)
        self._heard: PendingByOffset[PendingEntry] = PendingByOffset(HEARD)
        self._lost: dict[SessionId, int] = {}
        self._wakeup, self._hurry = Wakeup(), Wakeup()
        self._begun = self._ended = 0
        self._round = trio.Event()
        self._outages = {
            each: FailureLog(log, f"{each} wait for the disk")
            for each in ("Transcripts", "Verdicts", "Facts")
        }

    def mark(self, session_id: SessionId, flow: OutputFlow) -> None:
        """This session has new bytes."""
        self._dirty[session_id] = flow
        self._wakeup.set()
        if flow.tail.end - flow.tail.stored >= URGENT:
            self._hurry.set()

    def note(self, session_id: SessionId, flow: OutputFlow, seen: VerdictSeen) -> None:
        """A verdict is to be stored, once the bytes before it are."""
        self._notes.add(session_id, flow, seen.verdict.end, seen)
        self._wakeup.set()

    def hear(
        self, session_id: SessionId, flow: OutputFlow, heard: PendingEntry
    ) -> None:
        """A fact is to be recorded, once the bytes that it points at are stored."""
        end = heard.offset if isinstance(heard, HostEvent) else heard.end
        gone = self._heard.add(session_id, flow, end or 0, heard)
        self._lose(session_id, gone)
        self._wakeup.set()

    def last_heard(self, session_id: SessionId, flow: OutputFlow) -> list[PendingEntry]:
        """The run is over, and this is left to be recorded with its end.

        What points at bytes that will never be stored points as far as they are.
        """
        left = self._heard.leave(session_id)
        stored = flow.tail.stored
        heard = _after(self._lost.pop(session_id, 0), left)
        return [entries.at_most(each, stored) for each in heard]

    def _lose(self, session_id: SessionId, count: int) -> None:
        if count:
            increment(Limit.TRAIL, count)
            self._lost[session_id] = self._lost.get(session_id, 0) + count

    def mark_drawing(
        self, session_id: SessionId, draw: Callable[[], Keyframe | None]
    ) -> None:
        """A keyframe is due; it is drawn when it is stored.

        Where the database refuses it, it is left out: a redraw begins earlier then.
        """
        self._draw[session_id] = draw
        self._wakeup.set()

    def forget_drawing(self, session_id: SessionId) -> None:
        """None is due any more; one drawn already is stored before what comes."""
        self._draw.pop(session_id, None)

    async def flush(
        self, session_id: SessionId, flow: OutputFlow, end: int | None = None
    ) -> None:
        """Wait until what is below `end`, or all that the flow holds now, is stored.

        *Cancellation:* nothing is lost, it is stored as ever.
        """
        end = flow.tail.end if end is None else min(end, flow.tail.end)
        if flow.tail.stored < end:
            self.mark(session_id, flow)
            self._hurry.set()
            await flow.wait_stored(end)

    async def try_flush(self, session_id: SessionId, flow: OutputFlow) -> None:
        """As `flush`, unless the database refuses: then it does not wait for it.

        *Cancellation:* nothing is lost, it is stored as ever.
        """
        end = flow.tail.end
        while flow.tail.stored < end and not self.waits:
            self.mark(session_id, flow)
            self._hurry.set()
            await self._round.wait()

    async def catch_up(self, session_id: SessionId, flow: OutputFlow) -> None:
        """As `flush`, and what was seen in those bytes is stored, too.

        *Cancellation:* nothing is lost, it is stored as ever.
        """
        await self.flush(session_id, flow)
        # The round that stored the bytes may be past what was seen in them.
        begun = self._begun
        self._wakeup.set()
        self._hurry.set()
        while self._ended <= begun:
            await self._round.wait()

    async def run(self) -> None:
        """Store for ever. *Cancellation:* between two commits; none is cut."""
        while True:
            await self._wakeup.wait()
            with trio.move_on_after(LINGER_S):
                await self._hurry.wait()
            self._begun += 1
            await self._store()
            self._ended = self._begun
            self._round.set()
            self._round = trio.Event()

    async def _store(self) -> None:
        dirty, self._dirty = self._dirty, {}
        try:
            await self._store_all(dirty)
        finally:  # However it went, nobody's bytes are forgotten.
            for session_id, flow in dirty.items():
                if flow.tail.stored < flow.tail.end:
                    self.mark(session_id, flow)

    async def _store_all(self, dirty: dict[SessionId, OutputFlow]) -> None:
        draw, self._draw = self._draw, {}
        keyframes = [drawn for each in draw.values() if (drawn := each()) is not None]
        batch = self._due(dirty)
        # After a failure each by itself: what is wrong with one must not hold up all.
        groups = [[each] for each in batch] if self.waits else [batch]
        failed = False
        for group in groups:
            if not group and not keyframes:
                continue
            due, keyframes = keyframes, []
            try:
                gone = await self._journal.write(store_chunks, group, self._keep, due)
            except StorageFailed as exc:
                self._outages["Transcripts"].failed(exc)
                failed = True
            else:
                increment(Limit.TRANSCRIPT, gone)
                self._stored(group, dirty)
        if not failed:
            self._outages["Transcripts"].worked()
        failed = not await self._store_notes() or failed
        failed = not await self._store_heard() or failed
        self.waits = failed
        if failed:
            self._wakeup.set()
            await trio.sleep(RETRY_S)

    def _due(self, dirty: dict[SessionId, OutputFlow]) -> Batch:
        """What goes into the next commit; who finds no room is first in that after."""
        batch, room = Batch(), ROUND
        for session_id, flow in dirty.items():
            if room <= 0:
                self._dirty[session_id] = flow
                self._wakeup.set()
                self._hurry.set()
            elif chunks := flow.tail.pending(min(SHARE, room)):
                batch.append((session_id, chunks))
                room -= sum(len(data) for _, data in chunks)
        return batch

    async def _store_notes(self) -> bool:
        """Store the verdicts whose bytes are stored; whether the database took them."""
        due = self._notes.ready()
        if not due:
            return True
        notes = [(session_id, [each for _, each in seen]) for session_id, seen in due]
        try:
            await self._journal.write(store_sightings, notes)
        except StorageFailed as exc:
            self._outages["Verdicts"].failed(exc)
            for session_id, seen in due:
                self._notes.put_back(session_id, seen)
            return False
        self._outages["Verdicts"].worked()
        return True

    async def _store_heard(self) -> bool:
        """Record the facts whose bytes are stored; whether the database took them."""
        due = self._heard.ready()
        if not due:
            return True
        lost = {session_id: self._lost.pop(session_id, 0) for session_id, _ in due}
        batch = [(each, _after(lost[each], heard)) for each, heard in due]
        try:
            await self._journal.write(tracing.record_all, batch)
        except StorageFailed as exc:
            self._outages["Facts"].failed(exc)
            for session_id, heard in due:
                self._lose(session_id, self._heard.put_back(session_id, heard))
                self._lost[session_id] = self._lost.get(session_id, 0)
                self._lost[session_id] += lost[session_id]
            return False
        except Exception:
            # A bug, and the next try would end as this one.
            log.exception("Facts of %s sessions are lost.", len(due))
            for session_id, heard in due:
                self._lose(session_id, lost[session_id] + len(heard))
        else:
            self._outages["Facts"].worked()
        return True

    def _stored(self, group: Batch, dirty: dict[SessionId, OutputFlow]) -> None:
        for session_id, chunks in group:
            flow = dirty[session_id]
            offset, last = chunks[-1]
            flow.mark_stored(offset + len(last))
            self._tell(session_id)


def _after(lost: int, heard: Sequence[tuple[int, PendingEntry]]) -> list[PendingEntry]:
    """What to record: first how many before it were lost, if any were."""
    before: list[PendingEntry] = [entries.lost(lost)] if lost else []
    return before + [each for _, each in heard]
