"""Presence as a scope: a socket is in a session while its context is open."""

from datetime import timedelta

import pytest

from ant.core import clock
from ant.model.sessions import SessionId
from ant.rooms.presence import ACTIVE_S, IDLE_S, Presence, Present

ONE, TWO = SessionId("one"), SessionId("two")


def test_an_entry_lasts_as_long_as_its_context() -> None:
    """Each socket has an entry of its own, even with the same handle."""
    presence = Presence()
    with presence.joined(ONE, "ada") as entry, presence.joined(ONE, "ada"):
        with presence.joined(TWO, None):
            assert (2, 1, 3) == (
                presence.count(ONE),
                presence.count(TWO),
                presence.count(),
            )
        assert "ada" == entry.handle
        assert 0 == presence.count(TWO)
    assert 0 == presence.count()


def test_an_error_removes_the_entry() -> None:
    """An error removes the entry as well, and leaves nothing behind."""
    presence = Presence()
    with pytest.raises(RuntimeError), presence.joined(ONE, None):
        raise RuntimeError
    assert {} == presence._entries


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
def test_silence_sets_the_status(silent_s: float, status: str) -> None:
    """By the time of the last frame, in epoch ms; a silent handle stays listed."""
    presence = Presence()
    with presence.joined(ONE, "@ada") as entry:
        entry.last_seen = clock.now() - timedelta(seconds=silent_s)
        expected = Present(clock.epoch_ms(entry.last_seen), status)
        assert {"@ada": expected} == presence.of(ONE)


def test_the_latest_socket_of_a_handle_counts() -> None:
    """Of all sockets with a handle; a socket without one is not listed."""
    presence = Presence()
    with (
        presence.joined(ONE, "@ada") as late,
        presence.joined(ONE, "@ada") as early,
        presence.joined(ONE, None),
        presence.joined(TWO, "@bob"),
    ):
        early.last_seen = late.last_seen - timedelta(hours=1)
        assert {"@ada": clock.epoch_ms(late.last_seen)} == {
            handle: each.last_seen for handle, each in presence.of(ONE).items()
        }
        assert ["@bob"] == list(presence.of(TWO))
    assert {} == presence.of(ONE)
    assert {} == presence.of(SessionId("nobody"))
