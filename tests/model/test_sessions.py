"""Properties of sessions and chunks."""

import attrs

from ant.core import clock
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.model.transcript import Chunk

AT = clock.parse_stamp("2026-05-17T12:00:00Z")


def test_a_chat_has_no_terminal() -> None:
    """The other two types run a program."""
    assert [True, False, True] == [each.has_terminal for each in SessionType]


def test_active_is_neither_archived_nor_deleted() -> None:
    """Either removes it from the list."""
    fields = dict.fromkeys(each.name for each in attrs.fields(Session))
    session = Session(**{**fields, "archived": False, "status": Status.NONE})  # type: ignore
    assert session.active
    assert not attrs.evolve(session, archived=True).active
    assert not attrs.evolve(session, deleted_at=AT).active


def test_a_chunk_ends_after_its_last_byte() -> None:
    """The next chunk begins there."""
    assert 13 == Chunk(1, SessionId("one"), 10, AT, b"abc").end
