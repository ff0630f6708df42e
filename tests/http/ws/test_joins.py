"""What one socket has joined, and whose size its terminals have."""

from typing import Any

import pytest

from ant.core.counters import Limit
from ant.core.errors import CapacityReached
from ant.core.wakeup import Wakeup
from ant.http.ws import joins
from ant.http.ws.joins import JoinedSessions
from ant.model.sessions import SessionId
from tests.http.asking import ask
from tests.http.ws.test_socket import Client, connected
from tests.live.waiting import eventually
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


async def joined(client: Client, session_id: str, **fields: Any) -> Client:
    """The client, which is told all, once it has joined."""
    client._hears_all = True
    await client.ask("join_session", sessionId=session_id, **fields)
    return client


async def told(client: Client) -> tuple[int, int, str, str | None]:
    """The next size that the socket is told, and who owns it."""
    frame = await client.expect("terminal_size")
    return frame["cols"], frame["rows"], frame["owner"], frame["handle"]


async def test_two_sockets_and_one_size(rig: Rig) -> None:
    """The first owns it; the other is refused until it takes it, and gives it back."""
    session = await rig.started()
    own = {"sessionId": session.id}
    fake = rig.terminals[0]
    async with connected(rig) as one, connected(rig) as two:
        desk = await joined(one, session.id, handle="desk")
        assert (120, 30, "nobody", None) == await told(desk)
        phone = await joined(two, session.id)
        assert (120, 30, "nobody", None) == await told(phone)
        ack = await desk.ask("terminal_resize", cols=200, rows=50, **own)
        assert (200, 50, True) == (ack["cols"], ack["rows"], ack["applied"])
        assert (200, 50, "self", "desk") == await told(desk)
        assert (200, 50, "other", "desk") == await told(phone)
        ack = await phone.ask("terminal_resize", cols=40, rows=80, **own)
        assert (200, 50, False) == (ack["cols"], ack["rows"], ack["applied"])
        assert (200, 50) == fake.sizes[-1]
        ack = await phone.ask("terminal_resize", cols=40, rows=80, take=True, **own)
        assert (40, 80, True) == (ack["cols"], ack["rows"], ack["applied"])
        assert (40, 80, "self", None) == await told(phone)
        assert (40, 80, "other", None) == await told(desk)
        await phone.ask("leave_session", **own)
        assert (200, 50, "self", "desk") == await told(desk)
        assert (200, 50) == fake.sizes[-1]


async def test_who_types_owns_the_size(rig: Rig) -> None:
    """Not by a reply or a report of the focus, and not without a size of its own."""
    session = await rig.started()
    own = {"sessionId": session.id}
    async with connected(rig) as one, connected(rig) as two, connected(rig) as three:
        desk, phone, tile = [await joined(c, session.id) for c in (one, two, three)]
        await desk.ask("terminal_resize", cols=200, rows=50, **own)
        await phone.ask("terminal_resize", cols=40, rows=80, **own)
        await phone.ask("terminal_input", data="\x1b[I", **own)
        await phone.ask("terminal_input", data="\x1b[?62;22c", **own)
        await tile.ask("terminal_input", data="x", **own)
        assert (200, 50) == rig.terminals[0].sizes[-1]
        await phone.ask("terminal_input", data="x", **own)
        while (await told(phone))[:3] != (40, 80, "self"):
            pass
        assert (40, 80) == rig.terminals[0].sizes[-1]
        assert not (await phone.ask("terminal_input", data="\x1b[0n", **own)).get(
            "dropped"
        )
        assert (await desk.ask("terminal_input", data="\x1b[0n", **own))["dropped"]


async def test_a_closed_socket_gives_back_what_it_took(rig: Rig) -> None:
    """Its own resize stays, and nobody owns it; a take is undone."""
    session = await rig.started()
    own = {"sessionId": session.id}
    async with connected(rig) as client:
        await joined(client, session.id)
        await client.ask("terminal_resize", cols=200, rows=50, **own)
    assert rig.system.services.sizes.owner(session.id) is None
    async with connected(rig) as client:
        await joined(client, session.id)
        await client.ask("terminal_resize", cols=40, rows=80, take=True, **own)
        assert (40, 80) == rig.terminals[0].sizes[-1]
    await eventually(lambda: (200, 50) == rig.terminals[0].sizes[-1])
    row = await rig.look(session.id)
    assert row.terminal is not None
    assert (200, 50) == (row.terminal.cols, row.terminal.rows)


async def test_a_resize_over_rest_leaves_no_owner(rig: Rig) -> None:
    """The next socket that resizes owns the size."""
    session = await rig.started()
    own = {"sessionId": session.id}
    path = f"/api/sessions/{session.id}/terminal/resize"
    async with connected(rig) as one, connected(rig) as two:
        desk, phone = [await joined(client, session.id) for client in (one, two)]
        await desk.ask("terminal_resize", cols=200, rows=50, **own)
        await ask(rig.app, "POST", path, {"cols": 132, "rows": 43})
        while (await told(desk)) != (132, 43, "nobody", None):
            pass
        ack = await phone.ask("terminal_resize", cols=40, rows=80, **own)
        assert ack["applied"]
        ack = await desk.ask("terminal_resize", cols=200, rows=50, **own)
        assert not ack["applied"]


async def test_a_socket_that_has_not_joined_owns_nothing(rig: Rig) -> None:
    """It may resize while nobody owns the size, or take it for nobody."""
    session = await rig.started()
    size = {"sessionId": session.id, "cols": 70, "rows": 20}
    async with connected(rig) as one, connected(rig) as two:
        assert (await two.ask("terminal_resize", **size))["applied"]
        desk = await joined(one, session.id)
        await desk.ask("terminal_resize", **{**size, "cols": 200})
        ack = await two.ask("terminal_resize", **size)
        assert (200, False) == (ack["cols"], ack["applied"])
        assert (await two.ask("terminal_resize", **size, take=True))["applied"]
    assert rig.system.services.sizes.owner(session.id) is None


async def test_a_join_with_a_size_does_not_take_it(rig: Rig) -> None:
    """`spawnPty` with a size is a resize like any other, also where it starts."""
    session = await rig.create()
    spawn = {"spawnPty": True, "cols": 70, "rows": 20}
    async with connected(rig) as one, connected(rig) as two:
        desk = await joined(one, session.id)
        await desk.ask("terminal_resize", sessionId=session.id, cols=200, rows=50)
        phone = await joined(two, session.id, **spawn)
        assert (200, 50, "other", None) == await told(phone)
        assert (200, 50) == (rig.specs[0].cols, rig.specs[0].rows)
        await desk.ask("leave_session", sessionId=session.id)
        await joined(phone, session.id, **spawn)
        while (await told(phone)) != (70, 20, "self", None):
            pass
    assert (70, 20) == rig.terminals[0].sizes[-1]
