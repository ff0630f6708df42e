"""Who goes when there are as many connections as may be."""

import attrs
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.counters import Limit
from ant.core.descriptors import Shares
from ant.core.errors import CapacityReached
from ant.http.server.admission import ASKING, ASKING_S, CONNECTION, Admission, trust

SHARES = Shares(known=4, strangers=3, spare=1)


@attrs.define(eq=False)
class Line:
    """A connection in memory, in an admission."""

    admission: Admission
    is_idle: bool = True
    is_open: bool = True

    def let_go(self) -> None:
        self.is_open = False

    def enter(self) -> bool:
        return self.admission.enter(self)

    def trust(self, is_socket: bool = False, is_terminal: bool = False) -> None:
        self.admission.trust(self, is_socket, is_terminal)


@pytest.fixture
def admission(autojump_clock: MockClock) -> Admission:
    return Admission(SHARES)


def lines(admission: Admission, count: int, is_idle: bool = True) -> list[Line]:
    return [Line(admission, is_idle) for _ in range(count)]


@pytest.mark.meets(Limit.CONNECTIONS)
async def test_the_oldest_idle_stranger_goes_first(admission: Admission) -> None:
    """Not one that is under way, and nobody while there is room."""
    busy, first, second = Line(admission, is_idle=False), *lines(admission, 2)
    assert all(each.enter() for each in (busy, first, second))
    assert busy.is_open
    assert first.is_open
    assert Line(admission).enter()
    assert (True, False, True) == (busy.is_open, first.is_open, second.is_open)
    assert Line(admission).enter()
    assert (True, False) == (busy.is_open, second.is_open)


async def test_strangers_never_cost_a_known_one(admission: Admission) -> None:
    """However many come."""
    known = lines(admission, SHARES.known)
    for each in known:
        assert each.enter()
        each.trust()
    for each in lines(admission, 50):
        assert each.enter()
    assert all(each.is_open for each in known)


async def test_a_stranger_under_way_has_a_while(admission: Admission) -> None:
    """To be refused or accepted takes milliseconds; then it may be made to go."""
    busy = lines(admission, SHARES.strangers, is_idle=False)
    assert all(each.enter() for each in busy)
    assert not Line(admission).enter()
    await trio.sleep(ASKING_S * 1.5)
    assert Line(admission).enter()
    assert [False, True, True] == [each.is_open for each in busy]


@pytest.mark.meets(Limit.CONNECTIONS)
async def test_beyond_the_share_a_known_one_is_answered_once(
    admission: Admission,
) -> None:
    """The longest at rest goes; where none rests there are a few more, then a 429."""
    known = lines(admission, SHARES.known)
    for each in known:
        assert each.enter()
        each.trust()
        assert admission.rest(each)
    admission.rest(known[0])  # Now the second rests for longest.
    sixth = Line(admission, is_idle=False)
    assert sixth.enter()
    sixth.trust()
    assert [True, False, True, True] == [each.is_open for each in known]
    for each in known:
        each.is_idle = False
    extra, refused = lines(admission, 2, is_idle=False)
    assert extra.enter()
    extra.trust()
    assert not admission.rest(extra)
    assert refused.enter()
    with pytest.raises(CapacityReached):
        refused.trust()
    assert not admission.is_known(refused)


async def test_sockets_leave_room_for_requests(admission: Admission) -> None:
    """Three quarters, and what has left makes room."""
    sockets = lines(admission, 4, is_idle=False)
    for each in sockets[:3]:
        assert each.enter()
        each.trust(is_socket=True)
    assert not admission.has_socket_room()
    assert sockets[3].enter()
    with pytest.raises(CapacityReached):
        sockets[3].trust(is_socket=True)
    sockets[3].trust()
    admission.leave(sockets[0])
    assert admission.has_socket_room()


@pytest.mark.meets(Limit.CONNECTIONS)
@pytest.mark.parametrize("is_socket", [False, True])
async def test_terminals_have_half_and_the_operator_the_rest(
    is_socket: bool, autojump_clock: MockClock
) -> None:
    """Of it three quarters are for their sockets; what rests of them goes first."""
    admission = Admission(Shares(known=16, strangers=3, spare=1))
    most = 6 if is_socket else 8
    taken, refused = lines(admission, most, is_idle=False), Line(admission, False)
    for each in taken:
        assert each.enter()
        each.trust(is_socket, is_terminal=True)
        each.trust(is_socket=False, is_terminal=True)  # Another request on it.
    assert refused.enter()
    with pytest.raises(CapacityReached):
        refused.trust(is_socket, is_terminal=True)
    assert not admission.is_known(refused)
    admission.leave(refused)
    for each in lines(admission, 6, is_idle=False):
        assert each.enter()
        each.trust(is_socket=True)
    taken[1].is_idle = not is_socket
    last = Line(admission, is_idle=False)
    assert last.enter()
    last.trust(is_terminal=True)
    assert taken[1].is_open == is_socket


async def test_a_descriptor_is_made_from_who_rests(admission: Admission) -> None:
    """A stranger first, then a known one; else none."""
    stranger, resting, busy = *lines(admission, 2), Line(admission, is_idle=False)
    for each in (resting, busy):
        assert each.enter()
        each.trust()
    assert stranger.enter()
    assert admission.make_room()
    assert (False, True) == (stranger.is_open, resting.is_open)
    assert admission.make_room()
    assert (False, True) == (resting.is_open, busy.is_open)
    assert not admission.make_room()


async def test_who_was_let_go_of_is_not_trusted(admission: Admission) -> None:
    """Its request was accepted a moment too late."""
    one = Line(admission)
    assert one.enter()
    assert admission.make_room()
    one.trust()
    assert not admission.is_known(one)


async def test_who_shows_the_key_does_not_wait_in_line(
    autojump_clock: MockClock,
) -> None:
    """So many strangers are looked at together; key and known ones pass them."""

    def has_priority(headers: object, target: bytes) -> bool:
        return target == b"/key"

    admission = Admission(SHARES, has_priority)
    held = lines(admission, ASKING + 1)
    turns = [await admission.wait_turn(each, (), b"/") for each in held[:ASKING]]
    with trio.move_on_after(5) as patience:
        await admission.wait_turn(held[-1], (), b"/")
    assert patience.cancelled_caught
    await admission.wait_turn(held[-1], (), b"/key")
    known = Line(admission)
    assert known.enter()
    known.trust()
    await admission.wait_turn(known, (), b"/")
    turns[0].end()
    turns[0].end()  # Twice is once.
    await admission.wait_turn(held[-1], (), b"/")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(admission.wait_turn, held[-1], (), b"/")
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        nursery.cancel_scope.cancel()


async def test_the_app_trusts_a_connection_by_its_scope(admission: Admission) -> None:
    """Where none is behind it, as in a test of the app, nothing is done."""
    one = Line(admission)
    assert one.enter()
    trust({"type": "http", "state": {CONNECTION: one}})
    assert admission.is_known(one)
    trust({"type": "http"})
    trust({"type": "http", "state": {}})
