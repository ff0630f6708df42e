"""What one socket has joined; the rest is seen through the socket."""

import pytest

from ant.core.counters import Limit
from ant.core.errors import CapacityReached
from ant.core.wakeup import Wakeup
from ant.http.ws import joins
from ant.http.ws.joins import JoinedSessions
from ant.model.sessions import SessionId
from tests.systems import Rig

ONE, TWO = SessionId("one"), SessionId("two")


async def test_a_join_is_undone_by_leaving(rig: Rig) -> None:
    """Presence, wakeups and being interactive; joining again keeps the last."""
    places, broadcaster = (
        JoinedSessions(rig.system, Wakeup()),
        rig.system.services.broadcaster,
    )
    places.join(ONE, None, None, is_interactive=True)
    places.join(TWO, None, None)
    places.join(ONE, "ada", None)
    places.become_interactive(TWO)
    places.become_interactive(SessionId("three"))
    assert broadcaster.has_typist(ONE)
    assert broadcaster.has_typist(TWO)
    assert 2 == broadcaster.count() == rig.system.presence.count()
    places.leave(TWO)
    places.leave(TWO)
    assert not broadcaster.has_typist(TWO)
    places.leave_all()
    assert not broadcaster.has_typist(ONE)
    assert 0 == broadcaster.count() == rig.system.presence.count()


async def test_a_rejoin_does_not_become_the_one_that_answers(rig: Rig) -> None:
    """Only a resize or an interactive join does; other sockets never answer."""
    one, two, three = (JoinedSessions(rig.system, Wakeup()) for _ in range(3))
    one.join(ONE, None, None, is_interactive=True)
    two.join(ONE, None, None, is_interactive=True)
    three.join(ONE, None, None)
    one.join(ONE, None, None)
    three.join(ONE, None, None)
    assert [False, True, False] == [each.may_reply(ONE) for each in (one, two, three)]
    one.become_interactive(ONE)
    assert [True, False, False] == [each.may_reply(ONE) for each in (one, two, three)]
    one.leave_all()
    assert [False, True, False] == [each.may_reply(ONE) for each in (one, two, three)]
    two.leave_all()
    three.leave_all()


@pytest.mark.meets(Limit.JOINS)
async def test_the_number_of_joins_is_limited(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joining a session again is always possible."""
    monkeypatch.setattr(joins, "JOINS", 1)
    places = JoinedSessions(rig.system, Wakeup())
    places.join(ONE, None, None)
    places.join(ONE, None, None)
    with pytest.raises(CapacityReached):
        places.join(TWO, None, None)
    places.leave_all()
