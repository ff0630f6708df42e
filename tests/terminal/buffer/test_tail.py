"""The newest bytes of a terminal: numbered, and bounded in memory."""

# The invariant: what was appended comes out once, in order, at its own offset, whatever
# the order in which it is stored, seen and read.

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from ant.terminal.buffer import tail as transcript
from ant.terminal.buffer.tail import CHUNK, Tail, decode
from tests.strategies import CUTS, cut, terminal_bytes

START, LIMIT, KEPT = 1000, 64, 16


class TailLife(RuleBasedStateMachine):
    """A tail and its expected content, step by step."""

    def __init__(self) -> None:
        super().__init__()
        self.tail = Tail(START, capacity=LIMIT, keep=KEPT)
        self.all = b""
        self.stored = b""

    @rule(data=st.binary(min_size=1, max_size=LIMIT))
    def append(self, data: bytes) -> None:
        data = data[: max(self.tail.room, 0)]
        self.tail.append(data)
        self.all += data

    @rule(limit=st.integers(1, LIMIT))
    def store(self, limit: int) -> None:
        chunks = self.tail.pending(limit)
        for offset, data in chunks:
            assert START + len(self.stored) == offset
            assert 0 < len(data) <= CHUNK
            self.stored += data
        if chunks:
            self.tail.mark_stored(chunks[-1][0] + len(chunks[-1][1]))
        assert self.all.startswith(self.stored)

    @rule(count=st.integers(0, LIMIT))
    def see(self, count: int) -> None:
        self.tail.mark_seen(min(self.tail.seen + count, self.tail.end))

    @rule(offset=st.integers(START, START + LIMIT))
    def mark_again(self, offset: int) -> None:
        """An earlier mark moves nothing back."""
        self.tail.mark_stored(min(offset, self.tail.stored))
        self.tail.mark_seen(min(offset, self.tail.seen))

    @precondition(lambda self: self.tail.end > self.tail.base)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        offset = data.draw(st.integers(self.tail.base, self.tail.end))
        limit = data.draw(st.integers(0, LIMIT))
        expected = self.all[offset - START :][:limit]
        assert expected == self.tail.read(offset, limit)

    @invariant()
    def nothing_is_forgotten_too_early(self) -> None:
        tail = self.tail
        assert START + len(self.all) == tail.end
        assert START <= tail.base <= min(tail.stored, tail.seen) <= tail.end
        assert self.all[tail.base - START :] == bytes(tail._bytes)

    @invariant()
    def memory_is_bounded(self) -> None:
        tail = self.tail
        waiting = tail.end - min(tail.stored, tail.seen)
        assert LIMIT - waiting == tail.room
        assert 0 <= tail.room <= LIMIT
        assert len(tail._bytes) <= LIMIT + KEPT


TestTailLifeFuzz = TailLife.TestCase


def test_a_trimmed_tail_keeps_no_more_than_it_must() -> None:
    """Only bytes that are not stored or not seen yet."""
    tail = Tail(0)
    tail.append(b"abcdef")
    tail.mark_stored(6)
    tail.mark_seen(4)
    assert 0 == tail.base
    tail.trim()
    assert 4 == tail.base
    tail.mark_seen(6)
    assert 6 == tail.base


def test_a_full_chunk_ends_with_a_line() -> None:
    """If one ends in its second half; else it has its full size."""
    tail = Tail(0)
    line = b"x" * (CHUNK - 10) + b"\n"
    tail.append(line + b"y" * CHUNK + b"rest")
    chunks = tail.pending(1 << 20)
    assert [line, b"y" * CHUNK, b"rest"] == [data for _, data in chunks]


def test_pending_stops_at_its_limit() -> None:
    """Or a chunk later, so that other sessions get their turn."""
    tail = Tail(0)
    tail.append(b"x" * (4 * CHUNK))
    assert [(0, CHUNK)] == [(o, len(d)) for o, d in tail.pending(1)]
    assert [0, CHUNK] == [o for o, _ in tail.pending(CHUNK + 1)]


def test_offsets_may_be_left_out() -> None:
    """They take no room; the end of a gap is stored as bytes are."""
    tail = Tail(0, capacity=10)
    tail.append(b"abc")
    tail.mark_stored(3)
    tail.mark_seen(3)
    tail.skip(100)
    assert (tail.base, tail.stored, tail.seen, tail.end) == (103, 3, 103, 103)
    assert [(103, b"")] == tail.pending(9)
    assert 10 == tail.room
    tail.append(b"def")
    assert [(103, b""), (103, b"def")] == tail.pending(9)
    assert b"ef" == tail.read(104, 9)
    tail.mark_stored(106)
    tail.mark_seen(106)
    assert [] == tail.pending(9)


@given(terminal_bytes(), CUTS)
def test_decode_at_any_split(data: bytes, cuts: list[int]) -> None:
    """The text is the same however the bytes are cut; every byte counts once."""
    text, rest = "", b""
    for piece in cut(data, cuts):
        rest += piece
        part, count = decode(rest)
        text, rest = text + part, rest[count:]
        assert len(rest) <= 3
    part, count = decode(rest, final=True)
    assert len(rest) == count
    assert data.decode("utf-8", "replace") == text + part


def test_sizes_fit_together() -> None:
    """A chunk, and what is kept for clients, fit into the tail many times."""
    assert CHUNK * 4 <= transcript.KEEP
    assert transcript.KEEP * 4 <= transcript.CAPACITY
