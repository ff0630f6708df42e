"""Messages to programs on a real server: through kill -9, and a talk of two scripts."""

import random
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from tests.live.server import running_server, start_server
from tests.live.waiting import eventually
from tests.mocks.named import script
from tests.soak import soak

KILLS = [1, soak(5)]
MESSAGES = 12
TURNS = [8, soak(100)]

READER = """
import sys, termios, tty
modes = termios.tcgetattr(0)
modes[3] &= ~termios.ICANON  # An agent reads keys, and not lines.
termios.tcsetattr(0, termios.TCSANOW, modes)
log = open(sys.argv[1], "ab", buffering=0)
while True:
    sys.stdout.write("> ")
    sys.stdout.flush()
    line = sys.stdin.buffer.readline()
    if not line:
        break
    log.write(line)
"""
"""Notes every line that it is given."""

TALKER = """
import json, os, re, sys, termios, urllib.request
modes = termios.tcgetattr(0)
modes[3] &= ~termios.ICANON  # An agent reads keys, and not lines.
termios.tcsetattr(0, termios.TCSANOW, modes)
room, me, peer, most = sys.argv[1:]
url = f"{os.environ['ANT_SERVER_URL']}/api/sessions/{room}/messages"
while True:
    sys.stdout.write("> ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        break
    ident = re.search(r"--reply-to (\\S+)", line)
    count = re.search(r" -- @\\w+ count (\\d+)$", line)
    if not (ident and count) or int(count[1]) >= int(most):
        continue
    body = {"content": f"@{peer} count {int(count[1]) + 1}", "sender_id": f"@{me}",
            "reply_to": ident[1]}
    ask = urllib.request.Request(url, json.dumps(body).encode(),
                                 {"Content-Type": "application/json"})
    urllib.request.urlopen(ask).read()
"""
"""Answers each message that counts with the next number, to its peer."""

ENDED = {"reacted", "acked", "unconfirmed", "failed", "dead"}


async def in_room(ant: AntClient, name: str, **fields: Any) -> tuple[Any, Any]:
    """A program's session, and a room in which it is; their rows."""
    session = await ant.create(name, **fields)
    room = await ant.create("room", "chat")
    await join(ant, room, session)
    return session, room


async def join(ant: AntClient, room: Any, session: Any) -> None:
    path = f"/api/sessions/{room['id']}/participants"
    await ant.call("POST", path, {"session_id": session["id"]})


async def ledger(ant: AntClient, session: Any, **query: Any) -> list[Any]:
    path = f"/api/sessions/{session['id']}/deliveries"
    found: list[Any] = (await ant.call("GET", path, limit=1000, **query))["deliveries"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kills", KILLS)
async def test_nothing_is_lost_or_typed_twice(tmp_path: Path, kills: int) -> None:
    """Killed at any moment: each message that was answered for is typed once at most,
    what was never begun is typed in the end, and nobody calls a guess a reaction."""
    rng, log, data = random.Random(6), tmp_path / "log", tmp_path / "data"
    command = [*script(tmp_path, "aider", READER), str(log)]
    server, posted = await start_server(data), 0
    async with server.client() as ant:
        session, room = await in_room(ant, "reader", command=command)
    for _ in range(kills):
        async with server.client() as ant, trio.open_nursery() as nursery:
            await ant.call("POST", f"/api/sessions/{session['id']}/terminal/start", {})
            for n in range(MESSAGES):
                body = {
                    "content": f"number {posted + n}.",
                    "client_id": str(n + posted),
                }
                path = f"/api/sessions/{room['id']}/messages"
                await ant.call("POST", path, body)
            nursery.start_soon(trio.sleep, rng.uniform(0, 2))
        posted += MESSAGES
        await server.kill()
        server = await start_server(data)
    async with server.client() as ant:
        await ant.call("POST", f"/api/sessions/{session['id']}/terminal/start", {})

        async def all_ended() -> Any:
            page = await ledger(ant, session)
            assert posted == len(page)
            return page if {each["state"] for each in page} <= ENDED else None

        page = await eventually(all_ended, 120)
        given = log.read_text()
        for n, each in enumerate(page):
            count = given.count(f"number {n}.")
            steps = [step["state"] for step in each["transitions"]]
            assert count <= 1, n
            assert "queued" == steps[0]
            if each["state"] == "unconfirmed" and each["reason"] == "server_restarted":
                continue
            assert (1, "reacted") == (count, each["state"]), (n, each)
    await server.stop()


@pytest.mark.slow
@pytest.mark.parametrize("turns", TURNS)
async def test_two_scripts_talk(tmp_path: Path, turns: int) -> None:
    """Many messages, each an answer to the last: none is lost, none comes twice."""
    command = script(tmp_path, "aider", TALKER)
    unbounded = {"ANT_MAX_HOPS": "0", "ANT_ROOM_POSTS_PER_MINUTE": "0"}
    async with (
        running_server(tmp_path / "data", **unbounded) as server,
        server.client() as ant,
    ):
        room = await ant.create("room", "chat")
        for me, peer in (("one", "two"), ("two", "one")):
            talker = [*command, room["id"], me, peer, str(turns)]
            session = await ant.create(me, command=talker)
            await join(ant, room, session)
        path = f"/api/sessions/{room['id']}/messages"
        await ant.call("POST", path, {"content": "@one count 1", "sender_id": "ada"})

        async def all_acked() -> Any:
            page = await ledger(ant, room)
            done = [each for each in page if each["state"] == "acked"]
            return page if len(done) == turns - 1 else None

        page = await eventually(all_acked, 300)
        assert turns == len(page)
        messages = (await ant.call("GET", path, limit=1000))["messages"]
        assert [f"count {n}" for n in range(1, turns + 1)] == [
            each["content"].partition(" ")[2] for each in messages
        ]
