"""Who is joined, as a scope."""

from datetime import timedelta

import pytest

from ant.core import clock
from ant.model.sessions import SessionId
from ant.rooms.presence import ACTIVE_S, IDLE_S, Presence, Present

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


@pytest.mark.parametrize(
    ("silent_s", "status"),
    [
        (0, "active"),
        (ACTIVE_S - 1, "active"),
        (ACTIVE_S + 1, "idle"),
        (IDLE_S - 1, "idle"),
        (IDLE_S + 1, "offline"),
    ],
)
def test_silence_is_told(silent_s: float, status: str) -> None:
    """Since the last word, in epoch ms; nobody is forgotten for it."""
    presence = Presence()
    with presence.seated(ONE, "@ada") as seat:
        seat.last_seen = clock.now() - timedelta(seconds=silent_s)
        expected = Present(clock.epoch_ms(seat.last_seen), status)
        assert {"@ada": expected} == presence.of(ONE)


def test_the_latest_word_of_a_person_counts() -> None:
    """Whichever of their sockets said it; a socket without a handle is nobody."""
    presence = Presence()
    with (
        presence.seated(ONE, "@ada") as late,
        presence.seated(ONE, "@ada") as early,
        presence.seated(ONE, None),
        presence.seated(TWO, "@bob"),
    ):
        early.last_seen = late.last_seen - timedelta(hours=1)
        assert {"@ada": clock.epoch_ms(late.last_seen)} == {
            handle: each.last_seen for handle, each in presence.of(ONE).items()
        }
        assert ["@bob"] == list(presence.of(TWO))
    assert {} == presence.of(ONE)
    assert {} == presence.of(SessionId("nobody"))
