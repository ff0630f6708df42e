"""Bytes of a transcript, read from an offset."""

import pytest

from ant.api.session_requests import CreateSession
from ant.core import clock
from ant.model.sessions import SessionId, SessionType
from ant.model.transcript import Chunk
from ant.recording import reader
from ant.recording.reader import chunks_between, read_bytes, read_on, read_sizes
from ant.sessions import sessions
from ant.store import Store, Unit

TEXT = bytes(range(256)) * 4
PIECE = 100


def filled(store: Store) -> SessionId:
    """A terminal whose transcript is TEXT, in chunks of PIECE bytes."""
    ask = CreateSession(name="one", type=SessionType.TERMINAL)
    session = store.transact(sessions.create_session, ask, None)

    def append(unit: Unit) -> None:
        pieces = [(at, TEXT[at : at + PIECE]) for at in range(0, len(TEXT), PIECE)]
        unit.transcripts.append(session.id, clock.stamp(unit.now), pieces, reserved=0)

    store.transact(append)
    return session.id


def test_a_page_begins_at_the_exact_byte(store: Store) -> None:
    """Also within a chunk; the pieces join without a seam."""
    session_id = filled(store)
    for offset in (0, 1, PIECE - 1, PIECE, 777):
        chunks = store.read(read_bytes, session_id, offset, 100, len(TEXT))
        assert offset == chunks[0].offset
        assert TEXT[offset:] == b"".join(chunk.data for chunk in chunks)
    assert [] == store.read(read_bytes, session_id, len(TEXT), 100, len(TEXT))


def test_a_page_is_bounded_and_tells_the_end(store: Store) -> None:
    """By the number of chunks; the end is that of the whole transcript."""
    session_id = filled(store)
    chunks, end = store.read(read_on, session_id, 50, 2, len(TEXT))
    assert (TEXT[50 : 2 * PIECE], len(TEXT)) == (
        b"".join(chunk.data for chunk in chunks),
        end,
    )


def between(store: Store, session_id: SessionId, start: int, end: int) -> bytes:
    """The bytes that `chunks_between` yields, each at its offset in TEXT."""
    chunks = store.read(lambda u: list(chunks_between(u, session_id, start, end)))
    for chunk in chunks:
        assert TEXT[chunk.offset : chunk.end] == chunk.data
    return b"".join(chunk.data for chunk in chunks)


@pytest.mark.parametrize("page", [1, 150, 1 << 20])
@pytest.mark.parametrize("count", [1, 3, 64])
def test_a_range_is_cut_at_both_ends(
    store: Store, monkeypatch: pytest.MonkeyPatch, page: int, count: int
) -> None:
    """In pages of whatever size; what is past the end of the transcript is not."""
    monkeypatch.setattr(reader, "PAGE_BYTES", page)
    monkeypatch.setattr(reader, "PAGE_CHUNKS", count)
    session_id, size = filled(store), len(TEXT)
    for start, end in ((0, size), (1, 99), (50, 50), (99, 101), (100, 300), (5, 999)):
        assert TEXT[start:end] == between(store, session_id, start, end)
    assert TEXT[1000:] == between(store, session_id, 1000, 9999)
    assert b"" == between(store, session_id, 60, 20)


def test_a_hole_is_passed_over(store: Store) -> None:
    """A range that ends in it has no byte of the chunk behind it."""
    session_id, end = filled(store), len(TEXT)

    def append(unit: Unit) -> None:
        at = clock.stamp(unit.now)
        unit.transcripts.append(session_id, at, [(end + 500, b"x" * 4096)], reserved=0)

    store.transact(append)
    for until in (end + 1, end + 500):
        assert TEXT[-24:] == between(store, session_id, end - 24, until)
    chunks = store.read(
        lambda u: list(chunks_between(u, session_id, end - 1, end + 502))
    )
    assert [(end - 1, TEXT[-1:]), (end + 500, b"xx")] == [
        (each.offset, each.data) for each in chunks
    ]


def test_a_range_reads_no_more_than_it_needs(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A screen is played forward a few bytes at a time, thousands of times."""
    session_id, read = filled(store), list[int]()

    def counted(unit: Unit, *args: object) -> list[Chunk]:
        chunks = read_bytes(unit, *args)  # type: ignore[arg-type]
        read.append(len(chunks))
        return chunks

    monkeypatch.setattr(reader, "read_bytes", counted)
    assert TEXT[110:150] == between(store, session_id, 110, 150)
    assert [1] == read


def test_sizes_begin_with_the_one_at_the_start(store: Store) -> None:
    """That of the run, where none was recorded since; else the default."""
    session_id = filled(store)
    assert (70, 9) == store.read(read_sizes, session_id, 50, 100, (70, 9)).size
    store.transact(lambda unit: unit.lines.begin(session_id, 0, 60, 8))
    assert (60, 8) == store.read(read_sizes, session_id, 50, 100, (70, 9)).size
