"""The newest bytes of a terminal, numbered for ever and bounded in memory.

Rule 1: a byte keeps its offset; `end` only grows.
Rule 2: nothing is forgotten before it is stored and the detector has seen it.
Rule 3: at most `capacity` bytes wait for the slower of the two; then nobody may append.
"""

import codecs

CAPACITY = 4 << 20
"""Bytes that may wait for the store or the detector before the PTY is not read."""

KEEP = 1 << 20
"""Bytes kept in memory behind the slower of the two, for viewers a little late."""

CHUNK = 64 << 10
"""Bytes of the largest stored chunk: large enough to be cheap, small enough to page."""


class Tail:
    """A window on the transcript: bytes `base` to `end`, the newest of the session.

    `start` is where it began: the first byte of the run.
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
        """How many bytes are not stored or not seen; left out offsets are none."""
        return self.end - max(min(self.stored, self.seen), self.base)

    def append(self, data: bytes) -> None:
        """Number the next bytes; the caller has looked at `room`."""
        self._bytes += data
        self.end += len(data)

    def skip(self, count: int) -> None:
        """Leave offsets out: there are no such bytes. All before is stored and seen.

        That there are none is stored like bytes: see `pending`.
        """
        self._bytes.clear()
        self.end += count
        self.base = self.seen = self.end

    def read(self, offset: int, limit: int) -> bytes:
        """Up to `limit` bytes from `offset`, which lies between `base` and `end`."""
        at = offset - self.base
        return bytes(self._bytes[at : at + limit])

    def between(self, start: int, end: int) -> bytes | None:
        """The bytes from one offset to another; None where not all of them are here."""
        if not self.base <= start <= end <= self.end:
            return None
        return self.read(start, end - start)

    def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """What is to be stored next, as chunks: `limit` bytes and at most a chunk more.

        A full chunk ends with a line where it can, so that its text reads well alone.
        One without bytes stands where offsets that were left out end.
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
        """Everything below `offset` is in the database."""
        self.stored = max(self.stored, offset)
        self._forget()

    def mark_seen(self, offset: int) -> None:
        """The detector has passed `offset`."""
        self.seen = max(self.seen, offset)
        self._forget()

    def trim(self) -> None:
        """Keep no more than Rule 2 asks; the session is over."""
        self._keep = 0
        self._forget()

    def _forget(self) -> None:
        floor = min(self.stored, self.seen, max(self.end - self._keep, self.base))
        if floor > self.base:
            del self._bytes[: floor - self.base]
            self.base = floor


def decode(data: bytes, final: bool = False) -> tuple[str, int]:
    """Text of `data` and how many of its bytes that is: a character is never cut.

    Bytes that are no UTF-8 become U+FFFD. Up to three bytes that may yet become a
    character are left over, unless `final`.
    """
    try:
        return data.decode(), len(data)
    except UnicodeDecodeError as exc:
        # Twice as fast as the decoder that replaces, and nearly all text is sound.
        if exc.reason == "unexpected end of data" and not final:
            return data[: exc.start].decode(), exc.start
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final)
    left_over, _ = decoder.getstate()
    return text, len(data) - len(left_over)


MAX_READ = 65536
"""Bytes a read coalesces: one kernel PTY read is about 4 KiB, one frame is 64 KiB."""
