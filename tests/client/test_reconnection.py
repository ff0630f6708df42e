"""When a client opens another connection."""

import httpx
import pytest
import trio
from trio.testing import MockClock

from ant.client import Disconnected, Reconnection, Unreachable
from ant.core.errors import CapacityReached, NotFound


async def test_the_first_error_is_final() -> None:
    """A wrong address is no lost connection."""
    assert not Reconnection().is_worth_a_try(Unreachable("refused"))


@pytest.mark.parametrize(
    ("error", "is_worth_it"),
    [
        (Disconnected("lost"), True),
        (Unreachable("refused"), True),
        (httpx.ReadError("reset"), True),
        (CapacityReached("full"), True),
        (NotFound("session", "x"), False),
    ],
)
async def test_what_may_go_away(error: Exception, is_worth_it: bool) -> None:
    """A refusal comes again; what is of the connection may not."""
    reconnection = Reconnection()
    reconnection.opened()
    assert is_worth_it is reconnection.is_worth_a_try(error)


async def test_pauses_grow(autojump_clock: MockClock) -> None:
    """At once, then twice as long each time, up to a bound; a steady connection ends
    the row."""
    reconnection, lost = Reconnection(), Disconnected("lost")
    reconnection.opened()

    async def pause() -> float:
        assert reconnection.is_worth_a_try(lost)
        begin = trio.current_time()
        await reconnection.pause()
        return round(trio.current_time() - begin, 3)

    expected = [0, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2]
    assert expected == [await pause() for _ in expected]
    reconnection.opened()  # It ends at once: no reason for shorter pauses.
    assert 2 == await pause()
    reconnection.opened()
    await trio.sleep(1.5)
    assert [0, 0.1] == [await pause(), await pause()]


async def test_patience(autojump_clock: MockClock) -> None:
    """It counts from the loss; connections that end at once do not renew it."""
    reconnection, lost = Reconnection(3), Disconnected("lost")
    reconnection.opened()
    assert reconnection.was_open
    while reconnection.is_worth_a_try(lost):
        assert not reconnection.was_open
        await reconnection.pause()
        reconnection.opened()
    assert 3 <= trio.current_time() < 6
    assert not Reconnection(0).is_worth_a_try(lost)
