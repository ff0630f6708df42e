"""Terminal bytes on their way to sockets: each reads from its own cursor, at its pace.

Live, late and replayed are one path: from the tail in memory where the cursor is in it,
else from the store; a hole in the numbering is said as a gap.
"""

from collections import OrderedDict

import attrs

from ant.api import codec
from ant.core.counters import Limit, increment
from ant.core.fair_turns import LARGE
from ant.journal.writer import Journal
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.recording.reader import read_on
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ, decode

STORE_CHUNKS = 64
"""Stored chunks joined to one frame at most: keystrokes are stored in small ones."""

RECENT = 32
"""Frames kept for the sockets that come to the same place: not all are equally fast."""

SCROLLBACK = 64 << 10
"""Bytes shown to who joins to look and names no offset: some screens, one frame."""


@attrs.define(eq=False)
class OutputCursor:
    """Where one socket is in one transcript. `at_end_of` remembers a dry store."""

    session_id: SessionId
    offset: int
    at_end_of: OutputFlow | None = None
    is_dry: bool = False


def output_frame(session_id: SessionId, text: str, offset: int, end: int) -> bytes:
    """A `terminal_output` frame."""
    return codec.render(
        {
            "type": "terminal_output",
            "sessionId": session_id,
            "data": text,
            "offset": offset,
            "end": end,
        }
    )


def gap_frame(session_id: SessionId, start: int, end: int) -> bytes:
    """A `gap` frame: offsets that have no byte (any more)."""
    increment(Limit.OUTPUT_GAP)
    return codec.render(
        {
            "type": "gap",
            "scope": "terminal",
            "sessionId": session_id,
            "from": start,
            "to": end,
        }
    )


def scrollback_start(flow: OutputFlow, oldest: int) -> int:
    """Where to begin for who names no offset: at a line, not too far back."""
    tail = flow.tail
    start = max(tail.base, tail.end - SCROLLBACK, oldest)
    if start == tail.start:
        return start
    line = tail.read(start, SCROLLBACK).find(b"\n") + 1
    return start + line


class Outputs:
    """Renders the next frame for a cursor, once for all cursors at the same place."""

    def __init__(self, journal: Journal, flows: dict[SessionId, OutputFlow]) -> None:
        self._journal, self._flows = journal, flows
        # An offset is never given to two different bytes, so no frame is ever wrong.
        self._recent: OrderedDict[tuple[SessionId, int], tuple[bytes, int]] = (
            OrderedDict()
        )

    def is_large(self, cursor: OutputCursor) -> bool:
        """Whether the next frame takes its time: it is long, or read from the store."""
        flow = self._flows.get(cursor.session_id)
        if flow is None or cursor.offset < flow.tail.base:
            return not cursor.is_dry or cursor.at_end_of is not flow
        return flow.tail.end - cursor.offset > LARGE

    async def advance(self, cursor: OutputCursor) -> bytes | None:
        """The next frame for this cursor, which then stands behind it.

        None when there is nothing (yet). Waits only for the store. *Cancellation:* the
        cursor has not moved.
        """
        while True:
            recent = self._recent.get((cursor.session_id, cursor.offset))
            if recent is not None:
                frame, cursor.offset = recent
                return frame
            flow = self._flows.get(cursor.session_id)
            if flow is not None and cursor.offset >= flow.tail.base:
                return self._from_tail(cursor, flow)
            if cursor.is_dry and cursor.at_end_of is flow:
                return None
            # What the tail has let go of by now is in the store; what it lets go of
            # while we look may not be in what we find.
            in_store = flow.tail.base if flow is not None else None
            chunks, end_of_store = await self._journal.read(
                read_on,
                cursor.session_id,
                cursor.offset,
                STORE_CHUNKS,
                MAX_READ,
            )
            data, end = _joined(cursor.offset, chunks)
            if flow is None or in_store is None:
                return self._from_store(cursor, flow, end_of_store, chunks)
            if end < in_store or not _is_torn(data):
                return self._from_store(cursor, flow, in_store, chunks)
            if end >= flow.tail.base:
                return self._across(cursor, flow, data, end)

    def _from_tail(self, cursor: OutputCursor, flow: OutputFlow) -> bytes | None:
        start, stop = cursor.offset, min(flow.tail.end, cursor.offset + MAX_READ)
        if start >= stop:
            return None
        final = flow.finished and stop == flow.tail.end
        text, count = decode(flow.tail.read(start, MAX_READ), final)
        return self._output(cursor, text, count) if count else None

    def _output(self, cursor: OutputCursor, text: str, count: int) -> bytes:
        start, cursor.offset = cursor.offset, cursor.offset + count
        frame = output_frame(cursor.session_id, text, start, cursor.offset)
        self._recent[cursor.session_id, start] = frame, cursor.offset
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return frame

    def _from_store(
        self,
        cursor: OutputCursor,
        flow: OutputFlow | None,
        in_store: int,
        chunks: list[Chunk],
    ) -> bytes | None:
        start = cursor.offset
        if not chunks:
            if in_store > start:
                cursor.offset = in_store
                return gap_frame(cursor.session_id, start, in_store)
            cursor.is_dry, cursor.at_end_of = True, flow
            return None
        if chunks[0].offset > start:
            cursor.offset = chunks[0].offset
            return gap_frame(cursor.session_id, start, chunks[0].offset)
        data, _ = _joined(start, chunks)
        # A character that the store never completes is shown as what it is: broken.
        text, count = decode(data, final=_is_torn(data))
        return self._output(cursor, text, count)

    def _across(
        self, cursor: OutputCursor, flow: OutputFlow, data: bytes, end: int
    ) -> bytes | None:
        """A character that begins in the store and goes on in the tail, or will."""
        final = flow.finished and flow.tail.end - end <= 3
        text, count = decode(data + flow.tail.read(end, 3), final)
        return self._output(cursor, text, count) if count else None


def _joined(start: int, chunks: list[Chunk]) -> tuple[bytes, int]:
    """The bytes from `start` to the first hole, and the offset behind them."""
    data, end = b"", start
    for chunk in chunks:
        if chunk.offset != end:
            break
        data, end = data + chunk.data, chunk.end
    return data, end


def _is_torn(data: bytes) -> bool:
    """Whether this is nothing but the beginning of a character."""
    return bool(data) and not decode(data)[1]
