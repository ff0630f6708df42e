"""The transcript writer, one for all sessions: tails to chunks, in grouped commits."""

import logging
from collections.abc import Callable, Sequence

import trio

from ant import clock
from ant.bell import Bell
from ant.errors import StorageFailed
from ant.journal import Journal
from ant.model import SessionId
from ant.store import Keyframe, Unit
from ant.tally import Limit, met
from ant.terminal.flow import Flow
from ant.terminal.transcript import CAPACITY

log = logging.getLogger(__name__)

LINGER_S = 0.1
"""How long the first new byte waits for company; with the commit well below 250 ms."""

URGENT = 512 << 10
"""Bytes of one session that do not wait for company."""

SHARE = 1 << 20
"""Bytes of one session in one commit, so that a flood leaves room for its siblings."""

RETRY_S = 0.5
"""Pause after the database refused; the tails fill meanwhile and programs wait."""


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


class Scribe:
    """Who has unstored bytes, and the task that stores them.

    `waits` while the database refuses them, whatever smaller things still fit.
    """

    def __init__(self, journal: Journal, keep: int) -> None:
        self.waits = False
        self._journal, self._keep = journal, keep
        self._dirty: dict[SessionId, Flow] = {}
        self._draw: dict[SessionId, Callable[[], Keyframe | None]] = {}
        self._bell, self._hurry = Bell(), Bell()

    def mark(self, session_id: SessionId, flow: Flow) -> None:
        """This session has new bytes."""
        self._dirty[session_id] = flow
        self._bell.ring()
        if flow.tail.end - flow.tail.stored >= URGENT:
            self._hurry.ring()

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

    async def flush(self, session_id: SessionId, flow: Flow) -> None:
        """Wait until all that the flow holds now is in the database.

        *Cancellation:* nothing is lost, it is stored as ever.
        """
        end = flow.tail.end
        if flow.tail.stored < end:
            self.mark(session_id, flow)
            self._hurry.ring()
            await flow.wait_stored(end)

    async def run(self) -> None:
        """Store for ever. *Cancellation:* between two commits; none is cut."""
        while True:
            await self._bell.wait()
            with trio.move_on_after(LINGER_S):
                await self._hurry.wait()
            await self._store()

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
        self.waits = failed
        if failed:
            self._bell.ring()
            await trio.sleep(RETRY_S)

    def _stored(self, group: Batch, dirty: dict[SessionId, Flow]) -> None:
        for session_id, chunks in group:
            flow = dirty[session_id]
            offset, last = chunks[-1]
            flow.mark_stored(offset + len(last))
            if flow.tail.stored < flow.tail.end:
                self.mark(session_id, flow)
