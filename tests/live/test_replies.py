"""Two terminals on one program: one owns its size, and its replies count."""

from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import EventSocket
from tests.live.server import running_server

SHOW = "stty raw -echo; echo ready; cat -v"
"""Says what it reads, so that an answer is seen as the program sees it."""

REPLY = "\x1b[?62;22c"
PATIENCE_S = 20.0


async def ask(socket: EventSocket, kind: str, **fields: Any) -> dict[str, Any]:
    """Send with a `ref`, and the `ack`."""
    await socket.send(kind, ref="r", **fields)
    return await socket.expect("ack", ref="r")


async def read_until(socket: EventSocket, session_id: str, end: str) -> str:
    """Output up to and with these words."""
    text = ""
    while end not in text:
        frame = await socket.expect("terminal_output", sessionId=session_id)
        text += frame["data"]
    return text


@pytest.mark.slow
async def test_the_owner_of_the_size_answers(tmp_path: Path) -> None:
    """The other's answers are acknowledged and dropped; its keys are typed."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("show", command=["sh", "-c", SHOW])
        own = {"sessionId": row["id"]}
        with trio.fail_after(PATIENCE_S):
            async with ant.socket() as one, ant.socket() as two:
                for socket in (one, two):
                    await ask(socket, "join_session", **own, **{"from": 0})
                await read_until(one, row["id"], "ready")
                dropped = await ask(one, "terminal_input", data=REPLY, **own)
                assert (0, True) == (dropped["size"], dropped["dropped"]), "no typist"
                await ask(one, "terminal_resize", cols=90, rows=30, **own)
                refused = await ask(two, "terminal_resize", cols=70, rows=20, **own)
                assert (90, 30, False) == (
                    *(refused["cols"], refused["rows"]),
                    refused["applied"],
                )
                taken = {"cols": 70, "rows": 20, "take": True}
                assert (await ask(two, "terminal_resize", **taken, **own))["applied"]
                assert (await ask(one, "terminal_input", data=REPLY, **own))["dropped"]
                answered = await ask(two, "terminal_input", data=REPLY, **own)
                assert "dropped" not in answered
                await one.send("terminal_input", data="\x1b[A.", **own)
                seen = await read_until(one, row["id"], ".")
                assert "^[[?62;22c^[[A." == "".join(seen.split())
                assert (await ask(two, "terminal_input", data=REPLY, **own))["dropped"]
                await ask(one, "terminal_input", data=REPLY + ".", **own)
                answered = await ask(one, "terminal_input", data=REPLY, **own)
                assert "dropped" not in answered
        limits = (await ant.call("GET", "/api/health"))["limits"]
        assert 3 == next(each["count"] for each in limits if each["name"] == "reply")
