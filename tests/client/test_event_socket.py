"""A client's `/ws` connection: what it waits for, and the one shape of output."""

import json
from typing import Any

import pytest

from ant.api.binary_output import HEADER
from ant.client.event_socket import EventSocket
from ant.core.errors import NotFound
from ant.http.contract.problems import problem_of


class Wire:
    """A connection that receives these frames and binary messages."""

    def __init__(self, *frames: dict[str, Any] | bytes) -> None:
        self.frames = list(frames)
        self.sent: list[Any] = []

    async def get_message(self) -> str | bytes:
        frame = self.frames.pop(0)
        return frame if isinstance(frame, bytes) else json.dumps(frame)

    async def send_message(self, text: str) -> None:
        self.sent.append(json.loads(text))


async def test_a_socket_waits_for_what_it_expects() -> None:
    """By type and fields; it skips other frames, and errors of other requests."""
    problem = problem_of(NotFound("session", "x"))
    error = {**problem, "type": "error", "problem": problem["type"]}
    wire = Wire(
        {"type": "hello", "seq": 1},
        {**error, "ref": "other"},
        {"type": "ack", "ref": "r"},
        {**error, "ref": "r"},
        {**error, "ref": "r"},
    )
    socket = EventSocket(wire)  # type: ignore[arg-type]
    await socket.send("presence_ping", ref="r")
    assert [{"type": "presence_ping", "ref": "r"}] == wire.sent
    assert {"type": "ack", "ref": "r"} == await socket.expect("ack", ref="r")
    with pytest.raises(NotFound):
        await socket.expect("ack", ref="r")
    assert 404 == (await socket.expect("error", ref="r"))["status"]


async def test_output_has_one_shape() -> None:
    """As JSON and as binary messages; what is unknown in binary is passed over."""
    wire = Wire(
        {"type": "ack", "ref": "r", "sessionId": "a", "stream": 3},
        b"",
        HEADER.pack(9, 3, 0) + b"of a later version",
        HEADER.pack(1, 8, 0) + b"of no stream",
        HEADER.pack(1, 3, 10) + b"\xff\xe6",
        HEADER.pack(1, 3, 12) + b"\xbc\xa2",
        {"type": "terminal_output", "sessionId": "b", "data": "\u6f22", "end": 3},
        {"type": "ack", "ref": "r", "streams": {"a": 4}},
        HEADER.pack(1, 3, 14) + b"of the earlier join",
        HEADER.pack(1, 4, 20) + b"\xe6",
        {"type": "gap", "scope": "terminal", "sessionId": "a", "from": 21, "to": 30},
        HEADER.pack(1, 4, 30) + b"x",
    )
    socket = EventSocket(wire)  # type: ignore[arg-type]
    seen = []
    while wire.frames:
        frame = await socket.receive()
        if frame["type"] == "terminal_output":
            seen.append((frame["sessionId"], frame["data"], frame["raw"], frame["end"]))
    assert [
        ("a", "\ufffd", b"\xff\xe6", 12),
        ("a", "\u6f22", b"\xbc\xa2", 14),
        ("b", "\u6f22", "\u6f22".encode(), 3),
        ("a", "", b"\xe6", 21),
        ("a", "x", b"x", 31),
    ] == seen
