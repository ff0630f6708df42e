"""A room on a real server: heard by who joined, and kept through kill -9."""

from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient, EventSocket
from tests.live.server import running_server, shared_server, start_server
from tests.soak import soak

PATIENCE_S = 30.0
KILLS = (2, soak(60))


async def chat(ant: AntClient, name: str) -> Any:
    return await ant.create(name, "chat")


async def join(socket: EventSocket, session_id: str, **fields: Any) -> None:
    await socket.send("join_session", sessionId=session_id, ref="join", **fields)
    await socket.expect("ack", ref="join")


async def heard(socket: EventSocket, count: int) -> list[dict[str, Any]]:
    """The next events, as many as that, of whatever type."""
    frames = []
    with trio.fail_after(PATIENCE_S):
        while len(frames) < count:
            frame = await socket.receive()
            if "at" in frame:
                frames.append(frame)
    return frames


async def everything_once(ant: AntClient, room: Any, other: Any, member: Any) -> None:
    """One of each thing that can be done in a room."""
    path = f"/api/sessions/{room['id']}"
    call = ant.call
    message = await call(
        "POST", f"{path}/messages", {"content": "hello", "sender_id": "zoe"}
    )
    which = {"msgId": message["id"]}
    await call("PATCH", f"{path}/messages", {"meta": {"up": 1}}, **which)
    await call("PATCH", f"{path}/messages/{message['id']}/pin", {"pinned": True})
    read = {"reader_id": member["id"]}
    await call("POST", f"{path}/messages/{message['id']}/read", read)
    await call("POST", f"{path}/typing", {"handle": "@zoe", "typing": True})
    await call("POST", f"{path}/participants", {"session_id": member["id"]})
    made = await call("POST", f"{path}/tasks", {"title": "do it"})
    task = f"{path}/tasks/{made['task']['id'][:8]}"
    await call("PATCH", task, {"status": "review"})
    await call("DELETE", task)
    ref = await call("POST", f"{path}/file-refs", {"file_path": "/a"})
    await call("DELETE", f"{path}/file-refs", refId=ref["ref"]["id"])
    link = await call("POST", f"{path}/links", {"targetRoomId": other["id"]})
    await call("DELETE", f"{path}/links", linkId=link["id"])
    await call("DELETE", f"{path}/messages", **which)


HEARD = [
    "message_created",
    "message_updated",
    "message_updated",
    "message_pinned",
    "message_read",
    "typing",
    "participants_changed",
    "task_created",
    "task_updated",
    "task_deleted",
    "file_ref_created",
    "file_ref_deleted",
    "room_link_created",
    "room_link_deleted",
    "message_deleted",
    "sessions_changed",
]


@pytest.mark.slow
async def test_two_in_a_room_hear_the_same() -> None:
    """Each thing once and in order; who is in another room hears only of the link."""
    async with shared_server() as server, server.client() as ant:
        room, other = await chat(ant, "room"), await chat(ant, "other")
        async with (
            ant.socket() as ada,
            ant.socket() as bob,
            ant.socket() as elsewhere,
        ):
            await join(ada, room["id"], handle="@ada")
            await join(bob, room["id"], handle="@bob")
            await join(elsewhere, other["id"])
            presence = await ant.call("GET", f"/api/presence/{room['id']}")
            assert {"@ada", "@bob"} == set(presence["presence"])
            await everything_once(ant, room, other, other)
            await ant.call("PATCH", f"/api/sessions/{room['id']}", {"meta": {"end": 1}})
            by_ada, by_bob = await heard(ada, 16), await heard(bob, 16)
            assert HEARD == [each["type"] for each in by_ada]
            assert by_ada == by_bob
            seqs = [each["seq"] for each in by_ada if "seq" in each]
            assert sorted(set(seqs)) == seqs
            assert ["room_link_created", "room_link_deleted", "sessions_changed"] == [
                each["type"] for each in await heard(elsewhere, 3)
            ]


@pytest.mark.slow
@pytest.mark.parametrize("kills", KILLS)
async def test_what_was_acknowledged_survives_kill_9(
    tmp_path: Path, kills: int
) -> None:
    """However often: answered or heard, a message is in list and search afterwards."""
    folder = tmp_path / "data"
    known: list[dict[str, Any]] = []
    room: Any = None
    for kill in range(kills):
        server = await start_server(folder)
        try:
            async with server.client() as ant:
                room = room or await chat(ant, "room")
                path = f"/api/sessions/{room['id']}/messages"
                page = await ant.call("GET", path, limit=1000)
                assert known == page["messages"]
                async with ant.socket() as socket:
                    await join(socket, room["id"])
                    known += await post_until_killed(server, ant, socket, path, kill)
        finally:
            await server.kill()
    async with running_server(folder) as server, server.client() as ant:
        page = await ant.call("GET", path, limit=1000)
        assert known == page["messages"]
        for message in known:
            found = await ant.call("GET", "/api/search", q=message["content"])
            assert [message["id"]] == [each["id"] for each in found["results"]]
        client_ids = [each["client_id"] for each in known]
        again = {"content": "again", "client_id": client_ids[0]}
        assert known[0]["id"] == (await ant.call("POST", path, again))["id"]


async def post_until_killed(
    server: Any, ant: AntClient, socket: EventSocket, path: str, kill: int
) -> list[dict[str, Any]]:
    """Post, kill right after an answer or right after an event; the rows."""
    rows: list[dict[str, Any]] = []
    for n in range(3 + kill % 8):
        name = f"message-{kill}-{n}"
        row = await ant.call("POST", path, {"content": name, "client_id": name})
        del row["deliveries"]
        rows.append(row)
    if kill % 2:
        frames = await heard(socket, len(rows))
        extra = {"type", "sessionId", "seq", "at"}
        shown = [
            {key: frame[key] for key in frame if key not in extra} for frame in frames
        ]
        assert rows == shown
    await server.kill()
    return rows
