"""Bytes of a transcript, read from an offset."""

from ant.api.session_requests import CreateSession
from ant.core import clock
from ant.model.sessions import SessionId, SessionType
from ant.recording.reader import read_bytes, read_on
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
