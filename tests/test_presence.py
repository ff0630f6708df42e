"""Who is joined, as a scope."""

import pytest

from ant.model import SessionId
from ant.presence import Presence

ONE, TWO = SessionId("one"), SessionId("two")


def test_a_seat_is_taken_while_inside() -> None:
    """Each socket has a seat of its own, even with the same handle."""
    presence = Presence()
    with presence.seated(ONE, "ada") as seat, presence.seated(ONE, "ada"):
        with presence.seated(TWO, None):
            assert (2, 1, 3) == (
                presence.count(ONE),
                presence.count(TWO),
                presence.count(),
            )
        assert "ada" == seat.handle
        assert 0 == presence.count(TWO)
    assert 0 == presence.count()


def test_leaving_however_gives_the_seat_back() -> None:
    """An error takes the person out as well, and leaves nothing behind."""
    presence = Presence()
    with pytest.raises(RuntimeError), presence.seated(ONE, None):
        raise RuntimeError
    assert {} == presence._seats
