"""The frames of a real socket, held against the JSON Schema that the server serves."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ant.client import AntClient, EventSocket
from tests.live.server import running_server

ASKS = 'read -r -p "Go on? [y/n] " answer; echo "$answer"; exec cat'
"""A program that asks once, and then repeats what is typed."""

ALWAYS = {
    *("build_id", "hello", "ack", "error", "session_health", "screen"),
    *("terminal_output", "gap", "terminal_resized", "session_exited"),
    *("terminal_size", "screen_rows"),
    *("sessions_changed", "message_created", "message_updated", "message_pinned"),
    *("message_deleted", "message_read", "participants_changed", "handle_updated"),
    *("cli_flag_updated", "task_created", "task_updated", "task_deleted"),
    *("file_ref_created", "file_ref_deleted", "room_link_created"),
    *("room_link_deleted", "run_event_created", "typing", "delivery_updated"),
    *("prompt_detected", "session_needs_input", "session_input_resolved"),
    *("prompt_bridge_resolved", "agent_status_updated", "session_activity"),
}
"""The types of frames that this session has: all there are."""


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without unknown fields, so that no field is sent without a word."""
    for each in schema["$defs"].values():
        if "properties" in each:
            each["additionalProperties"] = False
    return schema


async def act(ant: AntClient, room: str, terminal: str, socket: EventSocket) -> None:
    """Cause one of every event."""
    path = f"/api/sessions/{room}"
    member = await ant.call("POST", f"{path}/participants", {"session_id": terminal})
    posted = await ant.call(
        "POST", f"{path}/messages", {"content": f"{member['handle']} hello"}
    )
    message = posted["id"]
    await ant.call("PATCH", f"{path}/messages/{message}/pin", {"pinned": True})
    reader = {"reader_id": terminal}
    await ant.call("POST", f"{path}/messages/{message}/read", reader)
    task = (await ant.call("POST", f"{path}/tasks", {"title": "do"}))["task"]["id"]
    await ant.call("PATCH", f"{path}/tasks/{task}", {"status": "done"})
    await ant.call("DELETE", f"{path}/tasks/{task}")
    file_ref = await ant.call("POST", f"{path}/file-refs", {"file_path": "/a"})
    await ant.call("DELETE", f"{path}/file-refs", refId=file_ref["ref"]["id"])
    link = await ant.call("POST", f"{path}/links", {})
    await ant.call("DELETE", f"{path}/links", linkId=link["id"])
    await ant.call("POST", f"{path}/typing", {"handle": "@ada", "typing": True})
    await ant.call("PATCH", f"{path}/handle", {"handle": "@ours"})
    await ant.call(
        "PATCH", f"/api/sessions/{terminal}/cli-flag", {"cli_flag": "claude-code"}
    )
    await ant.call("DELETE", f"{path}/messages", msgId=message)
    await socket.send("terminal_resize", sessionId=terminal, cols=90, rows=20, ref="2")
    await socket.send("terminal_resize", sessionId=terminal, cols=0, rows=20, ref="3")
    await socket.send("check_health", sessionId=terminal)


@pytest.mark.slow
async def test_every_frame_of_a_session_fits(tmp_path: Path) -> None:
    """Each type is seen once at least, and each frame fits to the last field."""
    async with running_server(tmp_path) as server, server.client() as ant:
        served = await ant.call("GET", "/api/schemas/ws")
        schema = jsonschema_rs.validator_for(closed(served))
        seen: dict[str, Any] = {}
        async with ant.socket() as socket:

            async def until(kind: str, ref: str | None = None) -> dict[str, Any]:
                while True:
                    frame = await socket.receive()
                    frame.pop("raw", None)  # The client made it of the data.
                    schema.validate(frame)
                    seen[frame["type"]] = frame
                    if frame["type"] == kind and ref in (None, frame.get("ref")):
                        return frame

            room = (await ant.create("room", "chat"))["id"]
            terminal = (await ant.create("asks", command=["bash", "-c", ASKS]))["id"]
            await until("prompt_detected")
            await socket.send("join_session", sessionId=room, handle="@ada")
            mine = {"sessionId": terminal, "screen": True, "from": 0, "ref": "1"}
            await socket.send("join_session", **mine)
            await until("ack", "1")
            await act(ant, room, terminal, socket)
            await until("error", "3")
            rows = {"sessionId": terminal, "screenRows": True}
            await socket.send("join_session", **rows)
            while not seen.get("screen_rows", {}).get("changed"):
                await until("screen_rows")
            seq = max(frame.get("seq", 0) for frame in seen.values())
            await socket.send("resume", seq=seq, binary=True, ref="4")
            await until("ack", "4")
            again = {"sessionId": terminal, "binary": True, "ref": "5"}
            await socket.send("join_session", **again)
            await until("ack", "5")
            await socket.send("join_session", sessionId=terminal, **{"from": 0})
            await socket.send("terminal_input", sessionId=terminal, data="y\r")
            await until("prompt_bridge_resolved")
            await socket.send("terminal_input", sessionId=terminal, data="\x04")
            await until("session_exited")
        assert ALWAYS == seen.keys() | ALWAYS, seen.keys() - ALWAYS
        assert set() == ALWAYS - seen.keys()
