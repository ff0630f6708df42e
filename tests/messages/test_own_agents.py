"""Messages to an agent that only a user's driver knows, or no driver at all.

A real program on a PTY draws a composer that the general rules find, too.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.api.message_requests import PostMessage
from ant.api.room_requests import AddParticipant
from ant.messages import deliveries, messages
from ant.model.deliveries import DeliveryRecord
from ant.model.messages import MessageId
from ant.model.sessions import SessionType
from ant.rooms import participants
from ant.runtime.agents.drivers import reload_drivers
from ant.terminal.host.pty import open_pty
from tests.heard import content
from tests.http.asking import Api
from tests.mocks.mine import DRIVER, mine, write_driver
from tests.systems import PATIENCE_S, running

pytestmark = pytest.mark.slow

NOBODY = ("withheld", "not_an_agent")
TAKEN = ("reacted", None)


class Room:
    """A room with the agent in it, over HTTP."""

    def __init__(self, api: Api, room_id: Any, session_id: Any, out: Path) -> None:
        self.api, self.rig, self.out = api, api.rig, out
        self.room_id, self.session_id = room_id, session_id

    async def settle(self) -> None:
        """Wait until the program's composer is on the screen."""
        live = self.rig.system.supervisor.need(self.session_id)
        with trio.fail_after(PATIENCE_S):
            while live.verdict is None or live.verdict.kind != "at_rest":
                await live.wait_output(0.02)

    async def accept(self, accepts: bool) -> None:
        path = f"/api/sessions/{self.session_id}"
        answer = await self.api.call("PATCH", path, {"accepts_messages": accepts})
        assert answer.status == 200
        assert accepts is answer.body["accepts_messages"]

    async def post(self, text: str) -> tuple[str, str | None]:
        """Post a message; how its delivery ended, and why."""
        write = self.rig.system.journal.write
        await self.settle()
        ask = PostMessage(text, sender_id="@ada")
        posted = await write(messages.post_message, self.room_id, ask)
        return await self.state(posted.message.id, "reacted", "unconfirmed")

    async def state(self, ident: MessageId, *states: str) -> tuple[str, str | None]:
        """Wait until a delivery has ended, or is in one of these states; and why."""
        read = self.rig.system.journal.read
        with trio.fail_after(PATIENCE_S):
            while True:
                moved = self.rig.system.services.dispatcher.moved(ident)
                one: DeliveryRecord
                (one,) = await read(deliveries.of_message, self.room_id, ident)
                if one.final or one.state in states:
                    return str(one.state), one.reason
                await moved.wait()

    def given(self) -> str:
        return (content(self.out) or b"").decode()


@asynccontextmanager
async def room(
    folder: Path, drivers: Path, python: str = sys.executable, **fields: Any
) -> AsyncIterator[Room]:
    """A server in this process, the agent `mine`, and a room with it."""
    (folder / "data").mkdir()
    out = folder / "out"
    data = folder / "data"
    async with running(data, open_terminal=open_pty, drivers_dir=drivers) as rig:
        command = (str(mine(folder, python=python)), str(out))
        agent = await rig.create("mine", command=command, cols=100, rows=30, **fields)
        chat = await rig.create("room", type=SessionType.CHAT)
        write = rig.system.journal.write
        ask = AddParticipant(session_id=agent.id)
        await write(participants.add_participant, chat.id, ask)
        await rig.system.supervisor.start(agent.id)
        yield Room(Api(rig), chat.id, agent.id, out)


async def test_a_composer_without_a_driver_needs_the_sessions_word(
    tmp_path: Path, own_folder: Path
) -> None:
    """A patch takes effect at once, in both directions, without a restart."""
    async with room(tmp_path, own_folder) as there:
        assert NOBODY == await there.post("first")
        await there.accept(True)
        assert TAKEN == await there.post("second")
        await there.accept(False)
        assert NOBODY == await there.post("third")
        given = there.given()
    assert "second" in given
    assert "first" not in given
    assert "third" not in given


async def test_a_script_that_env_starts_needs_a_driver(
    tmp_path: Path, own_folder: Path
) -> None:
    """Its process has the name of the interpreter; a driver names the script."""
    async with room(tmp_path, own_folder, "/usr/bin/env python3") as there:
        await there.accept(True)
        assert NOBODY == await there.post("first")
        await there.accept(False)
        write_driver(own_folder)
        assert 1 == (await reload_drivers(there.rig.system)).sessions
        assert TAKEN == await there.post("second")
        given = there.given()
    assert "second" in given
    assert "first" not in given


async def test_a_flag_of_a_driver_is_not_the_sessions_word(
    tmp_path: Path, own_folder: Path
) -> None:
    """`cli_flag` names how a screen is read; the program is still nobody's."""
    path = write_driver(own_folder, DRIVER.replace('["mine"]', '["other"]'))
    async with room(tmp_path, own_folder) as there:
        there.rig.system.drivers.load()
        flag = {"cli_flag": "mine"}
        route = f"/api/sessions/{there.session_id}/cli-flag"
        assert 200 == (await there.api.call("PATCH", route, flag)).status
        assert NOBODY == await there.post("first")
        await there.accept(True)
        assert TAKEN == await there.post("second")
        write_driver(own_folder, DRIVER)
        assert path.exists()
        assert 1 == (await reload_drivers(there.rig.system)).sessions
        await there.accept(False)
        assert TAKEN == await there.post("third")
        assert "first" not in there.given()


async def test_a_driver_that_matches_needs_no_word(
    tmp_path: Path, own_folder: Path
) -> None:
    """The user's file is enough, as one of ANT is."""
    write_driver(own_folder)
    async with room(tmp_path, own_folder) as there:
        there.rig.system.drivers.load()
        assert TAKEN == await there.post("first")
        own_folder.joinpath("mine.toml").unlink()
        assert 1 == (await reload_drivers(there.rig.system)).sessions
        assert NOBODY == await there.post("second")
        assert "first" in there.given()
        assert "second" not in there.given()


async def test_an_agent_that_gave_the_terminal_back_gets_nothing(
    tmp_path: Path, own_folder: Path
) -> None:
    """One that reads whole lines has to say so in its driver."""
    write_driver(own_folder, DRIVER.replace("lines = true\n", ""))
    async with room(tmp_path, own_folder) as there:
        there.rig.system.drivers.load()
        await there.settle()
        write = there.rig.system.journal.write
        ask = PostMessage("first", sender_id="@ada")
        ident = (await write(messages.post_message, there.room_id, ask)).message.id
        assert ("withheld", "not_at_rest") == await there.state(ident, "withheld")
        write_driver(own_folder)
        await reload_drivers(there.rig.system)
        assert TAKEN == await there.state(ident, "reacted")
