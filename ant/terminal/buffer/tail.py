"""The newest bytes of a session's output, bounded in memory.

Rule 1: a byte keeps its offset for ever; `end` only grows.
Rule 2: no byte is dropped before it is stored and the detector has seen it.
Rule 3: at most `capacity` bytes wait for the slower of the two; then the caller may not
append.
"""

import codecs

CAPACITY = 4 << 20
"""Bytes that may wait for the store or the detector; then the PTY is not read."""

KEEP = 1 << 20
"""Bytes kept in memory behind the slower of the two, for clients a little behind."""

CHUNK = 64 << 10
"""Bytes of the largest stored chunk: large enough to be cheap, small enough to page."""


class Tail:
    """A window on the transcript: bytes `base` to `end`, the newest of the session.

    `start` is the offset of the run's first byte. Everything below `stored` is in the
    database; everything below `seen` has passed the detector.
    """

    def __init__(self, start: int, capacity: int = CAPACITY, keep: int = KEEP) -> None:
        self.start = self.base = self.end = self.stored = self.seen = start
        self._capacity, self._keep = capacity, keep
        self._bytes = bytearray()

    @property
    def room(self) -> int:
        """How many bytes may be appended now."""
        return self._capacity - self.waiting

    @property
    def waiting(self) -> int:
        """How many bytes are not stored or not seen; skipped offsets do not count."""
        return self.end - max(min(self.stored, self.seen), self.base)

    def append(self, data: bytes) -> None:
        """Append the next bytes. The caller has checked `room`."""
        self._bytes += data
        self.end += len(data)

    def skip(self, count: int) -> None:
        """Leave `count` offsets out, for bytes that were dropped.

        All bytes before them must be stored and seen. The gap itself is stored like
        bytes: see `pending`.
        """
        self._bytes.clear()
        self.end += count
        self.base = self.seen = self.end

    def read(self, offset: int, limit: int) -> bytes:
        """Up to `limit` bytes from `offset`, which lies between `base` and `end`."""
        at = offset - self.base
        return bytes(self._bytes[at : at + limit])

    def between(self, start: int, end: int) -> bytes | None:
        """The bytes from one offset to another; None unless all are in memory."""
        if not self.base <= start <= end <= self.end:
            return None
        return self.read(start, end - start)

    def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """The chunks to store next, with their offsets: `limit` bytes, or a chunk more.

        A full chunk ends with a line if it can, so that its text is readable alone. A
        chunk without bytes marks the end of a gap.
        """
        start = offset = max(self.stored, self.base)
        chunks = [(offset, b"")] if offset > self.stored else []
        while offset < self.end and offset - start < limit:
            data = self.read(offset, CHUNK)
            if len(data) == CHUNK and (cut := data.rfind(b"\n", CHUNK // 2)) > 0:
                data = data[: cut + 1]
            chunks.append((offset, data))
            offset += len(data)
        return chunks

    def mark_stored(self, offset: int) -> None:
        """Record that everything below `offset` is in the database."""
        self.stored = max(self.stored, offset)
        self._drop()

    def mark_seen(self, offset: int) -> None:
        """Record that the detector has passed `offset`."""
        self.seen = max(self.seen, offset)
        self._drop()

    def trim(self) -> None:
        """Keep no more bytes than Rule 2 requires; the session is over."""
        self._keep = 0
        self._drop()

    def _drop(self) -> None:
        floor = min(self.stored, self.seen, max(self.end - self._keep, self.base))
        if floor > self.base:
            del self._bytes[: floor - self.base]
            self.base = floor


def decode(data: bytes, final: bool = False) -> tuple[str, int]:
    """The text of `data`, and how many of its bytes that is; no character is cut.

    Bytes that are not UTF-8 become U+FFFD. Up to three bytes at the end that may be
    part of a character are left over, unless `final`.
    """
    try:
        return data.decode(), len(data)
    except UnicodeDecodeError as exc:
        # Twice as fast as the replacing decoder below, and nearly all text is valid.
        if exc.reason == "unexpected end of data" and not final:
            return data[: exc.start].decode(), exc.start
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final)
    left_over, _ = decoder.getstate()
    return text, len(data) - len(left_over)


MAX_READ = 65536
"""Bytes of one read, at most: a PTY gives about 4 KiB at a time, a frame is 64 KiB."""
