"""Terminal bytes on their way to sockets: each reads from its own cursor, at its pace.

Live, late and replayed are one path: from the tail in memory where the cursor is in it,
else from the store; a hole in the numbering is said as a gap.
"""

from weakref import WeakKeyDictionary

import attrs

from ant import evidence, wire
from ant.journal import Journal
from ant.model import Chunk, SessionId
from ant.terminal.flow import Flow
from ant.terminal.host import MAX_READ
from ant.terminal.transcript import decode

STORE_CHUNKS = 64
"""Stored chunks joined to one frame at most: keystrokes are stored in small ones."""

SCROLLBACK = 64 << 10
"""Bytes shown to who joins to look and names no offset: some screens, one frame."""


@attrs.define(eq=False)
class Cursor:
    """Where one socket is in one transcript. `at_end_of` remembers a dry store."""

    session_id: SessionId
    offset: int
    at_end_of: Flow | None = None
    is_dry: bool = False


def output_frame(session_id: SessionId, text: str, offset: int, end: int) -> bytes:
    """A `terminal_output` frame."""
    return wire.render(
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
    return wire.render(
        {
            "type": "gap",
            "scope": "terminal",
            "sessionId": session_id,
            "from": start,
            "to": end,
        }
    )


def scrollback_start(flow: Flow, oldest: int) -> int:
    """Where to begin for who names no offset: at a line, not too far back."""
    tail = flow.tail
    start = max(tail.base, tail.end - SCROLLBACK, oldest)
    if start == tail.start:
        return start
    line = tail.read(start, SCROLLBACK).find(b"\n") + 1
    return start + line


class Outputs:
    """Renders the next frame for a cursor, once for all cursors at the same place."""

    def __init__(self, journal: Journal, flows: dict[SessionId, Flow]) -> None:
        self._journal, self._flows = journal, flows
        self._last: WeakKeyDictionary[Flow, tuple[int, int, bytes, int]] = (
            WeakKeyDictionary()
        )

    async def advance(self, cursor: Cursor) -> bytes | None:
        """The next frame for this cursor, which then stands behind it.

        None when there is nothing (yet). Waits only for the store. *Cancellation:* the
        cursor has not moved.
        """
        while True:
            flow = self._flows.get(cursor.session_id)
            if flow is not None and cursor.offset >= flow.tail.base:
                return self._from_tail(cursor, flow)
            if cursor.is_dry and cursor.at_end_of is flow:
                return None
            # What the tail has let go of by now is in the store; what it lets go of
            # while we look may not be in what we find.
            in_store = flow.tail.base if flow is not None else 0
            chunks = await self._journal.read(
                evidence.read_bytes,
                cursor.session_id,
                cursor.offset,
                STORE_CHUNKS,
                MAX_READ,
            )
            data, end = _joined(cursor.offset, chunks)
            if flow is None or end < in_store or not _is_torn(data):
                return self._from_store(cursor, flow, in_store, chunks)
            if end >= flow.tail.base:
                return self._across(cursor, flow, data, end)

    def _from_tail(self, cursor: Cursor, flow: Flow) -> bytes | None:
        start, stop = cursor.offset, min(flow.tail.end, cursor.offset + MAX_READ)
        if start >= stop:
            return None
        last = self._last.get(flow)
        if last is None or last[:2] != (start, stop):
            final = flow.finished and stop == flow.tail.end
            text, count = decode(flow.tail.read(start, MAX_READ), final)
            if not count:
                return None
            end = start + count
            frame = output_frame(cursor.session_id, text, start, end)
            last = self._last[flow] = (start, stop, frame, end)
        cursor.offset = last[3]
        return last[2]

    def _from_store(
        self,
        cursor: Cursor,
        flow: Flow | None,
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
        cursor.offset = start + count
        return output_frame(cursor.session_id, text, start, cursor.offset)

    def _across(
        self, cursor: Cursor, flow: Flow, data: bytes, end: int
    ) -> bytes | None:
        """A character that begins in the store and goes on in the tail, or will."""
        final = flow.finished and flow.tail.end - end <= 3
        text, count = decode(data + flow.tail.read(end, 3), final)
        if not count:
            return None
        start, cursor.offset = cursor.offset, cursor.offset + count
        return output_frame(cursor.session_id, text, start, cursor.offset)


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
