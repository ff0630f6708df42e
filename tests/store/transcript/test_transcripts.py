"""Transcripts in the database."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from ant.api.session_requests import CreateSession
from ant.model.sessions import Session, SessionType
from ant.model.transcript import Chunk
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.transcript.transcripts import TranscriptStore
from tests.store.chunks import chunks_of

T = TypeVar("T")
BUDGET = 1 << 20


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal without output."""
    ask = CreateSession(name="one", type=SessionType.TERMINAL)
    return store.transact(sessions.create_session, ask, None)


def on(store: Store, work: Callable[[TranscriptStore], T]) -> T:
    def run(unit: Unit) -> T:
        return work(unit.transcripts)

    return store.transact(run)


def at(minute: int) -> str:
    return f"2026-05-17T12:{minute:02}:00.000000Z"


def fill(store: Store, session: Session, *chunks: tuple[int, bytes]) -> None:
    """One commit a minute."""

    def work(transcripts: TranscriptStore) -> None:
        for minute, chunk in enumerate(chunks):
            transcripts.append(session.id, at(minute), [chunk], reserved=chunk[0] + 100)

    on(store, work)


def bounds(store: Store, session: Session) -> tuple[int, int]:
    row = store.read(sessions.get_session, session.id)
    assert row.terminal is not None
    return row.terminal.oldest, row.terminal.end


def datas(chunks: list[Chunk]) -> list[bytes]:
    return [chunk.data for chunk in chunks]


def test_the_terminal_row_has_the_bounds(store: Store, session: Session) -> None:
    """First and last offset; a transcript that begins late begins there."""
    assert (0, 0) == bounds(store, session)
    fill(store, session, (10, b"abc"), (13, b"de"))
    assert (10, 15) == bounds(store, session)


def test_a_reserve_never_shrinks(store: Store, session: Session) -> None:
    """However little is reserved with a chunk."""

    def reserved(unit: Unit) -> int:
        program = unit.sessions.program(session.id)
        assert program is not None
        return program.reserved

    fill(store, session, (0, b"abc"))
    on(store, lambda t: t.append(session.id, at(1), [(3, b"d")], reserved=5))
    assert 100 == store.read(reserved)


def test_reading_begins_with_the_chunk_of_the_offset(
    store: Store, session: Session
) -> None:
    """Or with the next after a gap; `limit` and `budget` bound it."""
    fill(store, session, (0, b"abc"), (3, b"def"), (10, b"ghi"))

    def read(offset: int, limit: int = 9, budget: int = BUDGET) -> Any:
        return datas(on(store, lambda t: t.read(session.id, offset, limit, budget)))

    assert [b"abc", b"def", b"ghi"] == read(0)
    assert [b"abc"] == read(2, limit=1)
    assert [b"def", b"ghi"] == read(3)
    assert [b"ghi"] == read(6)
    assert [b"ghi"] == read(12)
    assert [] == read(13)
    assert [b"abc"] == read(0, budget=3)
    assert [b"abc", b"def"] == read(0, budget=4)
    assert [b"abc", b"def"] == read(2, budget=2), "what is skipped does not count"


def test_a_page_is_oldest_first(store: Store, session: Session) -> None:
    """The newest chunks within the bounds; the oldest when read forward."""
    fill(store, session, (0, b"a"), (1, b"b"), (2, b"c"), (3, b"d"))

    def page(
        since: int | None,
        before: int | None,
        limit: int,
        budget: int = BUDGET,
        **way: Any,
    ) -> Any:
        return datas(
            on(
                store,
                lambda t: t.page(
                    session.id,
                    None if since is None else at(since),
                    None if before is None else at(before),
                    limit,
                    budget,
                    **way,
                ),
            )
        )

    assert [b"c", b"d"] == page(None, None, 2)
    assert [b"c", b"d"] == page(0, None, 2)
    assert [b"b", b"c"] == page(0, None, 2, forward=True)
    assert [b"a", b"b"] == page(None, 3, 2, forward=True)
    assert [b"b", b"c"] == page(None, 3, 2)
    assert [b"c"] == page(0, 3, 1)
    assert [b"d"] == page(None, None, 9, budget=1)
    assert [b"b"] == page(0, None, 9, budget=1, forward=True)


def test_trim_deletes_the_oldest_chunks(store: Store, session: Session) -> None:
    """Until at most `keep` bytes are left; the bounds follow."""
    fill(store, session, (0, b"abc"), (3, b"def"), (10, b"ghi"))

    def trim(keep: int) -> int:
        return on(store, lambda t: t.trim(session.id, keep))

    assert 0 == trim(9)
    assert 3 == trim(8)
    assert (3, 13) == bounds(store, session)
    assert 3 == trim(3)
    assert (10, 13) == bounds(store, session)
    assert 3 == trim(0)
    assert (13, 13) == bounds(store, session)
    assert [] == on(store, lambda t: t.read(session.id, 0, 9, BUDGET))
    on(store, lambda t: t.append(session.id, at(9), [(20, b"x")], reserved=0))
    assert (20, 21) == bounds(store, session)


def test_all_chunks_are_read_in_order(store: Store, session: Session) -> None:
    """However many there are."""
    fill(store, session, *[(n, b"x") for n in range(150 % 60)])
    chunks = [(n, b"y") for n in range(30, 200)]
    on(store, lambda t: t.append(session.id, at(1), chunks, reserved=0))
    offsets = [c.offset for c in store.read(chunks_of, session.id)]
    assert list(range(200)) == offsets


def test_a_removed_session_stores_nothing(store: Store, session: Session) -> None:
    """And nothing fails."""
    store.transact(sessions.remove_sessions, [session.id])
    fill(store, session, (0, b"abc"))
    assert 0 == on(store, lambda t: t.trim(session.id, 0))
    assert [] == on(store, lambda t: t.read(session.id, 0, 9, BUDGET))
