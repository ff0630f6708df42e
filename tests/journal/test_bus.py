"""The event bus."""

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from ant.core import clock
from ant.core.wakeup import Wakeup
from ant.journal.bus import Bus
from ant.model.events import Envelope, SessionsChanged

AT = clock.parse_stamp("2026-05-17T12:00:00Z")


def envelope(seq: int | None) -> Envelope:
    return Envelope(AT, SessionsChanged(), seq)


@given(st.lists(st.booleans(), max_size=30), st.integers(1, 8))
def test_the_window_has_the_newest_events(durable: list[bool], window: int) -> None:
    """Positions increase for ever, and each returns its event."""
    bus = Bus(seq=0, window=window)
    published = []
    for number, is_durable in enumerate(durable, 1):
        published.append(envelope(number if is_durable else None))
        bus.publish(published[-1])
    assert len(published) == bus.end
    assert max(0, len(published) - window) == bus.start
    kept = [bus.at(position) for position in range(bus.start, bus.end)]
    assert published[bus.start :] == kept
    assert max((e.seq for e in published if e.seq), default=0) == bus.seq


def test_a_position_outside_of_the_window_raises() -> None:
    """It does not return another event."""
    bus = Bus(window=1)
    bus.publish(envelope(1))
    bus.publish(envelope(2))
    assert 2 == bus.at(bus.start).seq
    with pytest.raises(IndexError):
        bus.at(bus.end)


async def test_a_subscriber_is_woken(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """At every event and at the close, and not after it unsubscribed."""
    bus, wakeup = Bus(), Wakeup()
    with trio.fail_after(1):
        with bus.subscribed(wakeup):
            bus.publish(envelope(1))
            await wakeup.wait()
            bus.close()
            await wakeup.wait()
    assert bus.closed
    bus.publish(envelope(2))
    with trio.move_on_after(1) as patience:
        await wakeup.wait()
    assert patience.cancelled_caught
