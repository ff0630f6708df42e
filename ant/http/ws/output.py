"""Renders terminal output for sockets; each socket reads at its own pace by a cursor.

A cursor reads text or, with a stream number, raw bytes: a binary message of a header
(`HEADER`) and bytes as the program wrote them, cut anywhere.

Live output, output for a slow socket, and a replay take the same path. If the cursor is
within the tail of the transcript, which is in memory, the bytes come from there;
otherwise they come from the store. Where the store has no bytes at the cursor, because
they were pruned or lost, the socket gets a `gap` frame and the cursor moves past it.
"""

from collections import OrderedDict

import attrs

from ant.api import codec
from ant.api.binary_output import encode
from ant.core.counters import Limit, increment
from ant.core.fair_turns import LARGE
from ant.http.server.websocket import Binary, Encoded
from ant.journal.writer import Journal
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.recording.reader import read_on
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ, decode

STORE_CHUNKS = 64
"""Stored chunks in one frame at most; echoes of keystrokes are stored in small ones."""

RECENT = 32
"""Rendered frames that are cached, for sockets that reach the same offset later."""

SCROLLBACK = 64 << 10
"""Bytes of output before its end at which a join with `spawnPty` and without `from`
begins: a few screens, in one frame."""


@attrs.define(eq=False)
class OutputCursor:
    """The place of one socket in one transcript.

    `stream` is the number that binary messages have; None means output as text.
    `is_at_end` says that the store had no byte from `offset` on while `end_flow` was
    the session's flow (None while no program ran). As long as that flow stays, the
    store need not be read again.
    """

    session_id: SessionId
    offset: int
    stream: int | None = None
    end_flow: OutputFlow | None = None
    is_at_end: bool = False

    def is_waiting(self, flow: OutputFlow | None) -> bool:
        """Whether there was no more to read, and the flow is the same as then."""
        return self.is_at_end and self.end_flow is flow


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


def binary_message(stream: int, data: bytes, offset: int) -> Binary:
    """A binary message with raw output that begins at `offset`."""
    return Binary(encode(stream, offset, data))


def gap_frame(session_id: SessionId, start: int, end: int) -> bytes:
    """A `gap` frame: no byte from `start` up to but not including `end` exists."""
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
    """The offset at which a join begins that names none: the start of a line.

    It is at most `SCROLLBACK` bytes before the end, and in memory.
    """
    tail = flow.tail
    start = max(tail.base, tail.end - SCROLLBACK, oldest)
    if start == tail.start:
        return start
    line = tail.read(start, SCROLLBACK).find(b"\n") + 1
    return start + line


class OutputRenderer:
    """Renders the next frame of a cursor, once for all cursors at the same offset."""

    def __init__(self, journal: Journal, flows: dict[SessionId, OutputFlow]) -> None:
        self._journal, self._flows = journal, flows
        # An offset never belongs to two different bytes, so a frame is never stale.
        # For text it is a frame, for binary the bytes of one.
        self._recent: OrderedDict[
            tuple[SessionId, int, bool], tuple[Encoded | bytes, int]
        ] = OrderedDict()

    def is_large(self, cursor: OutputCursor) -> bool:
        """Whether the next frame is expensive: it is long, or read from the store."""
        flow = self._flows.get(cursor.session_id)
        if flow is None or cursor.offset < flow.tail.base:
            return not cursor.is_waiting(flow)
        return flow.tail.end - cursor.offset > LARGE

    async def advance(self, cursor: OutputCursor) -> Encoded | Binary | None:
        """Render the next message of a cursor and move the cursor past it.

        None if there is nothing to send now. Waits only for the store. *Cancellation:*
        the cursor has not moved.
        """
        while True:
            is_text = cursor.stream is None
            recent = self._recent.get((cursor.session_id, cursor.offset, is_text))
            if recent is not None:
                start = cursor.offset
                rendered, cursor.offset = recent
                return _message(cursor.stream, rendered, start)
            flow = self._flows.get(cursor.session_id)
            if flow is not None and cursor.offset >= flow.tail.base:
                return self._from_tail(cursor, flow)
            if cursor.is_waiting(flow):
                return None
            # The store has all bytes that have left the tail by now. It may lack those
            # that leave the tail during the read.
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
            if end < in_store or not (is_text and _is_torn(data)):
                return self._from_store(cursor, flow, in_store, chunks)
            if end >= flow.tail.base:
                return self._across(cursor, flow, data, end)

    def _from_tail(
        self, cursor: OutputCursor, flow: OutputFlow
    ) -> Encoded | Binary | None:
        start, stop = cursor.offset, min(flow.tail.end, cursor.offset + MAX_READ)
        if start >= stop:
            return None
        final = flow.finished and stop == flow.tail.end
        return self._output(cursor, flow.tail.read(start, MAX_READ), final)

    def _output(
        self, cursor: OutputCursor, data: bytes, final: bool
    ) -> Encoded | Binary | None:
        """The next message: all of `data`, or its whole characters as text.

        None if it has no whole character; then the cursor has not moved.
        """
        start, rendered = cursor.offset, data
        end = start + len(data)
        if cursor.stream is None:
            text, count = decode(data, final)
            if not count:
                return None
            end = start + count
            rendered = Encoded(output_frame(cursor.session_id, text, start, end))
        cursor.offset = end
        self._recent[cursor.session_id, start, cursor.stream is None] = rendered, end
        if len(self._recent) > RECENT:
            self._recent.popitem(last=False)
        return _message(cursor.stream, rendered, start)

    def _from_store(
        self,
        cursor: OutputCursor,
        flow: OutputFlow | None,
        in_store: int,
        chunks: list[Chunk],
    ) -> Encoded | Binary | None:
        start = cursor.offset
        if not chunks:
            if in_store > start:
                cursor.offset = in_store
                return Encoded(gap_frame(cursor.session_id, start, in_store))
            cursor.is_at_end, cursor.end_flow = True, flow
            return None
        if chunks[0].offset > start:
            cursor.offset = chunks[0].offset
            return Encoded(gap_frame(cursor.session_id, start, chunks[0].offset))
        data, _ = _joined(start, chunks)
        # If the store has only the beginning of a character, it becomes U+FFFD.
        return self._output(cursor, data, final=_is_torn(data))

    def _across(
        self, cursor: OutputCursor, flow: OutputFlow, data: bytes, end: int
    ) -> Encoded | Binary | None:
        """A character that begins in the store and continues in the tail, or will."""
        final = flow.finished and flow.tail.end - end <= 3
        return self._output(cursor, data + flow.tail.read(end, 3), final)


def _message(
    stream: int | None, rendered: Encoded | bytes, start: int
) -> Encoded | Binary:
    """What a cursor sends: the frame that was rendered, or its bytes with a header."""
    if stream is not None:
        return binary_message(stream, rendered, start)
    assert isinstance(rendered, Encoded)
    return rendered


def _joined(start: int, chunks: list[Chunk]) -> tuple[bytes, int]:
    """The bytes from `start` to the first gap, and the offset after them."""
    data, end = b"", start
    for chunk in chunks:
        if chunk.offset != end:
            break
        data, end = data + chunk.data, chunk.end
    return data, end


def _is_torn(data: bytes) -> bool:
    """Whether this is only the beginning of a character."""
    return bool(data) and not decode(data)[1]
