"""The transcript as it is read afterwards."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from ant.api.session_requests import CreateSession
from ant.api.terminal_requests import ReadHistory
from ant.core import clock
from ant.core.errors import Invalid, NotFound
from ant.history import history as history_history
from ant.history.history import TEXT_BYTES
from ant.model.sessions import Session, SessionId, SessionType
from ant.model.transcript import Gap, History
from ant.sessions import sessions
from ant.store import Store, Unit

LONG_AGO = clock.parse_stamp("2026-05-17T12:00:00Z")


def create(store: Store, kind: SessionType = SessionType.TERMINAL) -> Session:
    ask = CreateSession(name="one", type=kind)
    return store.transact(sessions.create_session, ask, None)


def fill(store: Store, session: Session, *pieces: bytes | int) -> None:
    """Chunks a minute apart, the first at noon; an integer is a hole of that size."""

    def append(unit: Unit) -> None:
        offset, at = 0, LONG_AGO
        for piece in pieces:
            if isinstance(piece, int):
                offset += piece
                continue
            unit.transcripts.append(
                session.id, clock.stamp(at), [(offset, piece)], reserved=0
            )
            offset += len(piece)
            at += timedelta(minutes=1)

    store.transact(append)


def read(store: Store, session: Session, **ask: Any) -> History:
    return store.read(history_history.read_history, session.id, ReadHistory(**ask))


def texts(history: History) -> list[str | None]:
    return [row.text for row in history.rows]


@pytest.fixture
def session(store: Store) -> Session:
    """A session with four chunks; two bytes are missing before the last."""
    made = create(store)
    fill(store, made, b"one\n", b"\x1b[1mtwo\x1b[0m\n", b"three\n", 2, b"four\n")
    return made


def test_newest_first_without_escapes(store: Store, session: Session) -> None:
    """The default: the newest rows, newest first, as text."""
    history = read(store, session)
    assert ["four\n", "three\n", "two\n", "one\n"] == texts(history)
    assert (0, 29, 29, 4) == (history.oldest, history.end, history.next, history.count)
    assert (Gap(22, 24),) == history.gaps
    assert ["four\n", "three\n"] == texts(read(store, session, limit=2))
    assert ["one\n", "two\n"] == texts(read(store, session, limit=2, order="asc"))
    back = read(store, session, limit=2, order="asc", to=16)
    assert ["one\n", "two\n"] == texts(back)


def test_since_is_a_lower_bound(store: Store, session: Session) -> None:
    """The newest ones after it; the oldest in ascending order, which goes on."""
    ms = clock.epoch_ms(LONG_AGO)
    history = read(store, session, since=str(ms), limit=2)
    assert ["four\n", "three\n"] == texts(history)
    assert ms == history.since_ms
    assert (29, 16) == (history.next, history.previous)
    forward = read(store, session, since=str(ms), limit=2, order="asc")
    assert ["two\n", "three\n"] == texts(forward)
    assert 22 == forward.next
    rest = read(store, session, from_=forward.next)
    assert ["four\n"] == texts(rest)
    before = clock.stamp(LONG_AGO + timedelta(minutes=2))
    assert ["two\n", "one\n"] == texts(read(store, session, before=before))
    assert ["two\n"] == texts(read(store, session, since=str(ms), before=before))
    assert [] == texts(read(store, session, since="1s"))


def test_from_reads_forward_from_that_byte(store: Store, session: Session) -> None:
    """Exactly from there, oldest first; `next` joins page to page without a seam."""
    history = read(store, session, from_=1, limit=2, raw=True)
    assert [1, 4] == [row.byte_offset for row in history.rows]
    assert b"ne\n" == base64.b64decode(history.rows[0].raw_b64 or "")
    seen, at, gaps = b"", 0, []
    while at < history.end:
        page = read(store, session, from_=at, limit=1, raw=True)
        gaps += page.gaps
        for row in page.rows:
            seen += base64.b64decode(row.raw_b64 or "")
        assert page.next > at
        at = page.next
    assert b"one\n\x1b[1mtwo\x1b[0m\nthree\nfour\n" == seen
    assert [Gap(22, 24)] == gaps
    assert 29 == read(store, session, from_=29).next
    assert 40 == read(store, session, from_=40).next


def test_a_hole_at_the_end_is_a_gap(store: Store, session: Session) -> None:
    """Also before any byte follows it; a reader that is at the end gets none."""
    store.transact(
        lambda unit: unit.transcripts.append(
            session.id, clock.stamp(LONG_AGO), [(100, b"")], reserved=0
        )
    )
    for ask in ({}, {"from_": 0}):
        history = read(store, session, **ask)
        assert (Gap(22, 24), Gap(29, 100)) == history.gaps
        assert (100, 100, 4) == (history.end, history.next, history.count)
    assert () == read(store, session, from_=0, limit=1).gaps
    assert (Gap(50, 100),) == read(store, session, from_=50).gaps
    last = read(store, session, from_=100)
    assert ((), 100) == (last.gaps, last.next)


def test_raw_is_byte_exact(store: Store) -> None:
    """In base64, whatever the bytes are; `raw` beside it is for reading."""
    made = create(store)
    fill(store, made, b"\xff\x00\x1b[0m\xe6\xbc")
    (row,) = read(store, made, raw=True).rows
    assert b"\xff\x00\x1b[0m\xe6\xbc" == base64.b64decode(row.raw_b64 or "")
    assert row.text is None
    assert "\ufffd" in (row.raw or "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("two", ["<mark>two</mark>"]),
        ("TWO", []),
        ("FOUR", []),
        ("t", ["<mark>t</mark>hree", "<mark>t</mark>wo"]),
        ("[1m", []),
        ("nothing like it", []),
    ],
)
def test_a_search_marks_what_it_found(
    store: Store, session: Session, words: str, expected: list[str]
) -> None:
    """In text, not in escapes; a capital makes the case count; newest first."""
    history = read(store, session, grep=words)
    assert expected == [(row.snippet or "").strip(" ") for row in history.rows]
    assert ("search", words) == (history.mode, history.query)


def test_a_search_finds_a_line_that_is_cut(store: Store) -> None:
    """Words across the end of a chunk are found in their line."""
    made = create(store)
    fill(store, made, b"first\r\nhello wo", b"rld\r\nlast")
    (row,) = read(store, made, grep="o world").rows
    assert (7, "hell<mark>o world</mark>") == (row.byte_offset, row.snippet)


def test_a_search_joins_nothing_across_a_gap(store: Store) -> None:
    """The lost bytes may have been anything."""
    made = create(store)
    fill(store, made, b"hello wo", 1, b"rld")
    assert 0 == read(store, made, grep="o world").count


def test_a_page_has_a_size(store: Store) -> None:
    """Large chunks end a page before its limit, and `next` goes on there."""
    made = create(store)
    fill(store, made, *[b"x" * (TEXT_BYTES // 2)] * 3)
    page = read(store, made, from_=0)
    assert (2, TEXT_BYTES) == (page.count, page.next)
    assert 1 == read(store, made, from_=page.next).count


@pytest.mark.parametrize("key", ["since", "before"])
@pytest.mark.parametrize("text", ["yesterday", "5 m", "-1", "2026-05-17", "9" * 30])
def test_a_bad_time_is_refused(
    store: Store, session: Session, key: str, text: str
) -> None:
    """With the name of the field, never with a default instead."""
    with pytest.raises(Invalid, match=rf"at \$\.{key}$"):
        read(store, session, **{key: text})


def test_a_duration_of_centuries_is_a_time(store: Store, session: Session) -> None:
    """Even before the year 1000, where `%Y` has no leading zeros."""
    assert 4 == read(store, session, since="999999999m").count


def test_a_chat_has_an_empty_transcript(store: Store) -> None:
    """A deleted one can be read, too; an unknown session has none."""
    chat = create(store, SessionType.CHAT)
    assert (0, 0, 0) == (
        read(store, chat).count,
        read(store, chat).end,
        read(store, chat, from_=0).next,
    )
    store.transact(sessions.delete_session, chat.id, False)
    assert 0 == read(store, chat).count
    with pytest.raises(NotFound):
        store.read(history_history.read_history, SessionId("nobody"), ReadHistory())


def test_pages_of_history_join(store: Store) -> None:
    """Backward and forward, from any time, no chunk is left out or comes twice."""
    made = create(store)
    pieces = [piece for n in range(9) for piece in (b"x%d\n" % n, n % 3) if piece]
    fill(store, made, *pieces)
    for minute in (-1, 0, 4, 8):
        since = clock.stamp(LONG_AGO + timedelta(minutes=minute))
        wanted = [f"x{n}\n" for n in range(minute + 1, 9)]
        for limit in (1, 2, 4, 9, 10):
            ask = {"since": since, "limit": limit}
            page = read(store, made, **ask)
            back = texts(page)
            while page.previous is not None:
                page = read(store, made, **ask, to=page.previous)
                back += texts(page)
            assert wanted == back[::-1]
            page = read(store, made, **ask, order="asc")
            forth = texts(page)
            while page.next < page.end:
                page = read(store, made, from_=page.next, limit=limit)
                forth += texts(page)
            assert wanted == forth
