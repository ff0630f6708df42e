"""The transcript writer, one for all sessions: tails to chunks, in grouped commits."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

import trio

from ant import clock
from ant.bell import Bell
from ant.blocks import record_facts
from ant.errors import StorageFailed
from ant.journal import Journal
from ant.model import SessionId
from ant.store import Keyframe, Unit
from ant.tally import Limit, met
from ant.terminal.flow import Flow
from ant.terminal.observations import VerdictSeen
from ant.terminal.transcript import CAPACITY
from ant.trail import Fact

log = logging.getLogger(__name__)

LINGER_S = 0.1
"""How long the first new byte waits for company; with the commit well below 250 ms."""

URGENT = 512 << 10
"""Bytes of one session that do not wait for company."""

SHARE = 1 << 20
"""Bytes of one session in one commit, so that a flood leaves room for its siblings."""

RETRY_S = 0.5
"""Pause after the database refused; the tails fill meanwhile and programs wait."""


NOTES = 256
"""Verdicts of one session that wait for its bytes to be stored; then the oldest go."""

HEARD = 256
"""Commands of one session that wait so; then the oldest go."""

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


class Scribe:
    """Who has unstored bytes, and the task that stores them.

    `waits` while the database refuses them, whatever smaller things still fit.
    """

    def __init__(self, journal: Journal, keep: int) -> None:
        self.waits = False
        self._journal, self._keep = journal, keep
        self._dirty: dict[SessionId, Flow] = {}
        self._draw: dict[SessionId, Callable[[], Keyframe | None]] = {}
        self._notes: dict[SessionId, tuple[Flow, deque[VerdictSeen]]] = {}
        self._facts: dict[SessionId, tuple[Flow, deque[Fact]]] = {}
        self._bell, self._hurry = Bell(), Bell()
        self._begun = self._ended = 0
        self._round = trio.Event()

    def mark(self, session_id: SessionId, flow: Flow) -> None:
        """This session has new bytes."""
        self._dirty[session_id] = flow
        self._bell.ring()
        if flow.tail.end - flow.tail.stored >= URGENT:
            self._hurry.ring()

    def note(self, session_id: SessionId, flow: Flow, seen: VerdictSeen) -> None:
        """A verdict is to be stored, once the bytes before it are."""
        known = self._notes.get(session_id)
        if known is None or known[0] is not flow:
            known = self._notes[session_id] = flow, deque(maxlen=NOTES)
        known[1].append(seen)
        self._bell.ring()

    def hear(self, session_id: SessionId, flow: Flow, fact: Fact) -> None:
        """A fact is to be recorded, once the bytes before its end are stored."""
        known = self._facts.get(session_id)
        if known is None or known[0] is not flow:
            known = self._facts[session_id] = flow, deque()
        if len(known[1]) >= HEARD:
            known[1].popleft()
            met(Limit.TRAIL)
        known[1].append(fact)
        self._bell.ring()

    async def settle(self, session_id: SessionId) -> None:
        """Record what was heard of a session that has ended; its bytes are stored.

        What belongs to bytes that are not is dropped; what is under way is recorded
        before anything that is written from now on. *Cancellation:* all that waits is
        dropped.
        """
        try:
            await self._record([session_id])
        finally:
            self._facts.pop(session_id, None)

    def mark_drawing(
        self, session_id: SessionId, draw: Callable[[], Keyframe | None]
    ) -> None:
        """A keyframe is due; it is drawn when it is stored.

        Where the database refuses it, it is left out: a redraw begins earlier then.
        """
        self._draw[session_id] = draw
        self._bell.ring()

    def forget_drawing(self, session_id: SessionId) -> None:
        """None is due any more; one drawn already is stored before what comes."""
        self._draw.pop(session_id, None)

    async def flush(
        self, session_id: SessionId, flow: Flow, end: int | None = None
    ) -> None:
        """Wait until what is below `end`, or all that the flow holds now, is stored.

        *Cancellation:* nothing is lost, it is stored as ever.
        """
        end = flow.tail.end if end is None else min(end, flow.tail.end)
        if flow.tail.stored < end:
            self.mark(session_id, flow)
            self._hurry.ring()
            await flow.wait_stored(end)

    async def catch_up(self, session_id: SessionId, flow: Flow) -> None:
        """As `flush`, and what was seen in those bytes is stored, too.

        *Cancellation:* nothing is lost, it is stored as ever.
        """
        await self.flush(session_id, flow)
        # The round that stored the bytes may be past what was seen in them.
        begun = self._begun
        self._bell.ring()
        self._hurry.ring()
        while self._ended <= begun:
            await self._round.wait()

    async def run(self) -> None:
        """Store for ever. *Cancellation:* between two commits; none is cut."""
        while True:
            await self._bell.wait()
            with trio.move_on_after(LINGER_S):
                await self._hurry.wait()
            self._begun += 1
            await self._store()
            self._ended = self._begun
            self._round.set()
            self._round = trio.Event()

    async def _store(self) -> None:
        dirty, self._dirty = self._dirty, {}
        draw, self._draw = self._draw, {}
        keyframes = [drawn for each in draw.values() if (drawn := each()) is not None]
        batch = [
            (session_id, chunks)
            for session_id, flow in dirty.items()
            if (chunks := flow.tail.pending(SHARE))
        ]
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
                log.error("Transcripts wait for the disk: %s", exc)
                failed = True
                for session_id, _ in group:
                    self._dirty.setdefault(session_id, dirty[session_id])
            else:
                met(Limit.TRANSCRIPT, gone)
                self._stored(group, dirty)
        failed = not await self._store_notes() or failed
        failed = not await self._record(list(self._facts)) or failed
        self.waits = failed
        if failed:
            self._bell.ring()
            await trio.sleep(RETRY_S)

    async def _store_notes(self) -> bool:
        """Store the verdicts whose bytes are stored; whether the database took them."""
        due: Notes = []
        for session_id, (flow, notes) in self._notes.items():
            ready = [each for each in notes if each.verdict.end <= flow.tail.stored]
            if ready:
                due.append((session_id, ready))
        if not due:
            return True
        try:
            await self._journal.write(store_sightings, due)
        except StorageFailed as exc:
            log.error("Verdicts wait for the disk: %s", exc)
            return False
        for session_id, ready in due:
            _, notes = self._notes[session_id]
            for each in ready:
                if each in notes:
                    notes.remove(each)
            if not notes:
                del self._notes[session_id]
        return True

    async def _record(self, sessions: list[SessionId]) -> bool:
        """Record the facts whose bytes are stored; whether the database took them.

        They are taken out first, so that nobody else records them meanwhile.
        """
        due: list[tuple[SessionId, list[Fact]]] = []
        flows: dict[SessionId, Flow] = {}
        for session_id in sessions:
            if (known := self._facts.get(session_id)) is None:
                continue
            flow, facts = known
            flows[session_id] = flow
            ready: list[Fact] = []
            while facts and (facts[0].end or 0) <= flow.tail.stored:
                ready.append(facts.popleft())
            if ready:
                due.append((session_id, ready))
            if not facts:
                del self._facts[session_id]
        if not due:
            return True
        try:
            await self._journal.write(record_facts, due)
        except StorageFailed as exc:
            log.error("What happened waits for the disk: %s", exc)
            for session_id, ready in due:
                flow = flows[session_id]
                facts = self._facts.setdefault(session_id, (flow, deque()))[1]
                facts.extendleft(reversed(ready))
            return False
        return True

    def _stored(self, group: Batch, dirty: dict[SessionId, Flow]) -> None:
        for session_id, chunks in group:
            flow = dirty[session_id]
            offset, last = chunks[-1]
            flow.mark_stored(offset + len(last))
            if flow.tail.stored < flow.tail.end:
                self.mark(session_id, flow)
