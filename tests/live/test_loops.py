"""Two programs on real terminals that thank each other for ever come to rest."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ant.client import AntClient
from tests.live.server import running_server
from tests.live.waiting import eventually
from tests.mocks.named import ROOT, mock_agent

HOPS = 3
"""The setting here: each hop takes an agent a second or two."""

THANKER = """
import json, os, subprocess, sys, time, urllib.request
log, room, peer, how = sys.argv[1:]
said = 0
open(log, "a").close()
with open(log) as lines:
    while True:
        line = lines.readline()
        if not line.endswith("\\n"):
            time.sleep(0.05)  # It is no test that waits here but a program.
            continue
        if json.loads(line)["event"] != "submitted":
            continue
        said += 1
        words = f"@{peer} Thanks, understood ({said})."
        if how == "ant":
            subprocess.run(["ant", "msg", room, words], stdout=subprocess.DEVNULL)
            continue
        ask = urllib.request.Request(
            f"{os.environ['ANT_SERVER_URL']}/api/sessions/{room}/messages",
            json.dumps({"content": words}).encode(),
            {"Content-Type": "application/json",
             "Authorization": f"Bearer {os.environ['ANT_TOKEN']}"},
        )
        urllib.request.urlopen(ask).read()
"""
"""Answers whatever its agent is given in the room, as its terminal, by its token."""


async def thanker(
    ant: AntClient, folder: Path, room: Any, name: str, peer: str, how: str
) -> None:
    """A mock agent, beside which such a program runs in the same terminal."""
    own, script = folder / name, folder / "thanker.py"
    own.mkdir()
    script.write_text(THANKER)
    python = shlex.quote(sys.executable)
    given = f"{own / 'log'} {room['id']} {peer} {how}"
    beside = f"{python} {script} {given} </dev/null >/dev/null 2>&1 &"
    mock = shlex.join(mock_agent(own, "claude"))
    agent = f"exec {mock}"
    session = await ant.create(
        name,
        "agent",
        command=["sh", "-c", f"{beside} {agent}"],
        root_dir=str(ROOT),
        cli_flag="claude-code",
    )
    path = f"/api/sessions/{room['id']}/participants"
    await ant.call("POST", path, {"session_id": session["id"]})

    async def is_ready() -> bool:
        path = f"/api/sessions/{session['id']}/status"
        status = (await ant.call("GET", path))["agent_status"]
        return status is not None and status["state"] == "ready"

    await eventually(is_ready, 30)


@pytest.mark.slow
@pytest.mark.soak
async def test_two_programs_come_to_rest(tmp_path: Path) -> None:
    """After so many hops, whichever way they post; a person's word starts them again.

    They are at rest once each message that was brought to one of them is answered and
    nothing else is on its way.
    """
    env = {"ANT_MAX_HOPS": str(HOPS)}
    async with (
        running_server(tmp_path / "data", **env) as server,
        server.client() as ant,
    ):
        room = await ant.create("room", "chat")
        for name, peer, how in (("one", "two", "ant"), ("two", "one", "http")):
            await thanker(ant, tmp_path, room, name, peer, how)
        path = f"/api/sessions/{room['id']}"
        people = 0

        async def at_rest() -> Any:
            messages = (await ant.messages(room["id"], limit=1000))["messages"]
            page = await ant.call("GET", f"{path}/deliveries", limit=1000)
            states = [(e["state"], e["reason"]) for e in page["deliveries"]]
            ended = {"reacted", "acked", "unconfirmed"}
            brought = [state for state, _ in states if state in ended]
            kept = {("skipped", "busy"), ("withheld", "loop")}
            is_over = len(brought) + len([e for e in states if e in kept]) == len(
                states
            )
            if is_over and len(messages) == people + len(brought):
                return messages, states
            return None

        for _ in range(2):
            await ant.post(room["id"], "hello both", sender_id="zoe")
            people += 1
            messages, states = await eventually(at_rest, 120)
            assert ("withheld", "loop") in states
            last = [each["hops"] for each in messages]
            last = last[-last[::-1].index(0) :]
            assert HOPS + 1 == max(last)
            # Both answer each hop of the other at the most.
            assert len(last) <= 2 * (HOPS + 1)
        health = await ant.call("GET", "/api/health")
        (met,) = [e["count"] for e in health["limits"] if e["name"] == "hops"]
        assert met >= 2
