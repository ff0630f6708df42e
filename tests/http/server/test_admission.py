"""Admission: which connection closes when the limit of connections is reached."""

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.counters import Limit
from ant.core.descriptors import Shares
from ant.core.errors import CapacityReached
from ant.http.server.admission import (
    AUTHENTICATE_S,
    CONNECTION,
    SLOTS,
    Admission,
    mark_authenticated,
)

SHARES = Shares(known=4, strangers=3, spare=1)


@attrs.define(eq=False)
class FakeConnection:
    """A connection in memory, as admission uses it."""

    admission: Admission
    is_idle: bool = True
    is_open: bool = True

    def close_now(self) -> None:
        self.is_open = False

    def admit(self) -> bool:
        return self.admission.admit(self)

    def mark_authenticated(
        self, is_socket: bool = False, is_terminal: bool = False
    ) -> None:
        self.admission.mark_authenticated(self, is_socket, is_terminal)


@pytest.fixture
def admission(autojump_clock: MockClock) -> Admission:
    return Admission(SHARES)


def connections(
    admission: Admission, count: int, is_idle: bool = True
) -> list[FakeConnection]:
    return [FakeConnection(admission, is_idle) for _ in range(count)]


@pytest.mark.meets(Limit.CONNECTIONS)
async def test_the_oldest_idle_unauthenticated_one_is_closed(
    admission: Admission,
) -> None:
    """Not one with a request in progress, and none while there is room."""
    busy, first, second = (
        FakeConnection(admission, is_idle=False),
        *connections(admission, 2),
    )
    assert all(each.admit() for each in (busy, first, second))
    assert busy.is_open
    assert first.is_open
    assert FakeConnection(admission).admit()
    assert (True, False, True) == (busy.is_open, first.is_open, second.is_open)
    assert FakeConnection(admission).admit()
    assert (True, False) == (busy.is_open, second.is_open)


async def test_unauthenticated_ones_never_close_an_authenticated_one(
    admission: Admission,
) -> None:
    """However many there are."""
    known = connections(admission, SHARES.known)
    for each in known:
        assert each.admit()
        each.mark_authenticated()
    for each in connections(admission, 50):
        assert each.admit()
    assert all(each.is_open for each in known)


async def test_a_busy_unauthenticated_one_has_some_time(admission: Admission) -> None:
    """Accepting a request takes milliseconds; later it may be closed."""
    busy = connections(admission, SHARES.strangers, is_idle=False)
    assert all(each.admit() for each in busy)
    assert not FakeConnection(admission).admit()
    await trio.sleep(AUTHENTICATE_S * 1.5)
    assert FakeConnection(admission).admit()
    assert [False, True, True] == [each.is_open for each in busy]


@pytest.mark.meets(Limit.CONNECTIONS)
async def test_beyond_the_share_an_authenticated_one_is_answered_once(
    admission: Admission,
) -> None:
    """The longest idle is closed; if none is idle there are a few more, then a 429."""
    known = connections(admission, SHARES.known)
    for each in known:
        assert each.admit()
        each.mark_authenticated()
        assert admission.finish_request(each)
    admission.finish_request(known[0])  # Now the second is idle for longest.
    sixth = FakeConnection(admission, is_idle=False)
    assert sixth.admit()
    sixth.mark_authenticated()
    assert [True, False, True, True] == [each.is_open for each in known]
    for each in known:
        each.is_idle = False
    extra, refused = connections(admission, 2, is_idle=False)
    assert extra.admit()
    extra.mark_authenticated()
    assert not admission.finish_request(extra)
    assert refused.admit()
    with pytest.raises(CapacityReached):
        refused.mark_authenticated()
    assert not admission.is_authenticated(refused)


async def test_sockets_leave_room_for_requests(admission: Admission) -> None:
    """They have three quarters, and a closed one makes room."""
    sockets = connections(admission, 4, is_idle=False)
    for each in sockets[:3]:
        assert each.admit()
        each.mark_authenticated(is_socket=True)
    assert not admission.has_socket_room()
    assert sockets[3].admit()
    with pytest.raises(CapacityReached):
        sockets[3].mark_authenticated(is_socket=True)
    sockets[3].mark_authenticated()
    admission.remove(sockets[0])
    assert admission.has_socket_room()


@pytest.mark.meets(Limit.CONNECTIONS)
@pytest.mark.parametrize("is_socket", [False, True])
async def test_terminals_have_half_and_the_operator_the_rest(
    is_socket: bool, autojump_clock: MockClock
) -> None:
    """Three quarters of it are for their sockets; an idle one of theirs is closed."""
    admission = Admission(Shares(known=16, strangers=3, spare=1))
    most = 6 if is_socket else 8
    taken, refused = (
        connections(admission, most, is_idle=False),
        FakeConnection(admission, False),
    )
    for each in taken:
        assert each.admit()
        each.mark_authenticated(is_socket, is_terminal=True)
        each.mark_authenticated(
            is_socket=False, is_terminal=True
        )  # Another request on it.
    assert refused.admit()
    with pytest.raises(CapacityReached):
        refused.mark_authenticated(is_socket, is_terminal=True)
    assert not admission.is_authenticated(refused)
    admission.remove(refused)
    for each in connections(admission, 6, is_idle=False):
        assert each.admit()
        each.mark_authenticated(is_socket=True)
    taken[1].is_idle = not is_socket
    last = FakeConnection(admission, is_idle=False)
    assert last.admit()
    last.mark_authenticated(is_terminal=True)
    assert taken[1].is_open == is_socket


async def test_an_idle_connection_frees_a_descriptor(admission: Admission) -> None:
    """An unauthenticated one first, then an authenticated one; else none."""
    stranger, resting, busy = (
        *connections(admission, 2),
        FakeConnection(admission, is_idle=False),
    )
    for each in (resting, busy):
        assert each.admit()
        each.mark_authenticated()
    assert stranger.admit()
    assert admission.make_room()
    assert (False, True) == (stranger.is_open, resting.is_open)
    assert admission.make_room()
    assert (False, True) == (resting.is_open, busy.is_open)
    assert not admission.make_room()


async def test_a_closed_connection_is_not_authenticated(admission: Admission) -> None:
    """Its request was accepted too late."""
    one = FakeConnection(admission)
    assert one.admit()
    assert admission.make_room()
    one.mark_authenticated()
    assert not admission.is_authenticated(one)


async def test_a_request_with_the_key_does_not_wait_for_a_slot(
    autojump_clock: MockClock,
) -> None:
    """Nor does one on an authenticated connection."""

    def has_priority(headers: object, target: bytes) -> bool:
        return target == b"/key"

    admission = Admission(SHARES, has_priority)
    waiting = connections(admission, SLOTS + 1)
    slots = [await admission.wait_for_slot(each, (), b"/") for each in waiting[:SLOTS]]
    with trio.move_on_after(5) as patience:
        await admission.wait_for_slot(waiting[-1], (), b"/")
    assert patience.cancelled_caught
    await admission.wait_for_slot(waiting[-1], (), b"/key")
    known = FakeConnection(admission)
    assert known.admit()
    known.mark_authenticated()
    await admission.wait_for_slot(known, (), b"/")
    slots[0].release()
    slots[0].release()  # Twice is once.
    await admission.wait_for_slot(waiting[-1], (), b"/")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(admission.wait_for_slot, waiting[-1], (), b"/")
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        nursery.cancel_scope.cancel()


async def test_the_app_marks_a_connection_by_its_scope(admission: Admission) -> None:
    """Without a connection in it, as in a test of the app, nothing happens."""
    one = FakeConnection(admission)
    assert one.admit()
    mark_authenticated({"type": "http", "state": {CONNECTION: one}})
    assert admission.is_authenticated(one)
    mark_authenticated({"type": "http"})
    mark_authenticated({"type": "http", "state": {}})
