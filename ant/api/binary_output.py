"""Output as binary messages of `/ws`: one definition for the server and the client.

A message has a header (`HEADER`) and bytes as the program wrote them, cut anywhere.
"""

import codecs
import struct
from collections.abc import Mapping
from typing import Any

OUTPUT = 1
"""The type of a binary message with output; a client skips other types."""

HEADER = struct.Struct(">BIQ")
"""The header of such a message: `OUTPUT`, the stream, and the offset of the byte after
it. Big-endian: 1, 4 and 8 bytes."""


def encode(stream: int, offset: int, data: bytes | memoryview) -> bytes:
    """The message with `data` from a byte offset of a stream."""
    return b"".join((HEADER.pack(OUTPUT, stream, offset), data))


class OutputStreams:
    """The streams of a client's socket: it makes frames of their messages.

    A stream is the binary output of one session; the `ack` of a join has its number.
    """

    def __init__(self) -> None:
        self._streams: dict[int, tuple[str, codecs.IncrementalDecoder]] = {}

    def begin(self, ack: Mapping[str, Any]) -> None:
        """Take the streams that an `ack` names."""
        streams = dict(ack.get("streams") or {})
        if "stream" in ack:
            streams[ack["sessionId"]] = ack["stream"]
        for session_id, stream in streams.items():
            self._begin(stream, session_id)

    def _begin(self, stream: int, session_id: str) -> None:
        """A stream takes the place of the earlier one of its session."""
        for number, (name, _) in list(self._streams.items()):
            if name == session_id:
                del self._streams[number]
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._streams[stream] = session_id, decoder

    def skip(self, session_id: Any) -> None:
        """Bytes of a session are missing: the next text begins anew."""
        for name, decoder in self._streams.values():
            if name == session_id:
                decoder.reset()

    def frame(self, message: bytes) -> dict[str, Any] | None:
        """The frame in a binary message; None if this client does not know it.

        `raw` has the exact bytes, and `data` ends with the last whole character.
        """
        if len(message) < HEADER.size:
            return None
        kind, stream, offset = HEADER.unpack_from(message)
        known = self._streams.get(stream)
        if kind != OUTPUT or known is None:
            return None
        session_id, decoder = known
        raw = message[HEADER.size :]
        return {
            "type": "terminal_output",
            "sessionId": session_id,
            "data": decoder.decode(raw),
            "raw": raw,
            "offset": offset,
            "end": offset + len(raw),
        }
