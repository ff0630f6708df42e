"""What a socket has seen of a session, checked for seams as it comes."""

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio
from trio_websocket import ConnectionClosed

from ant.client import AntClient, EventSocket

PATIENCE_S = 30.0


@attrs.define(eq=False)
class Viewer:
    """One joined session on a socket of its own.

    `text` is what came, `start` and `end` the offsets it covers; `gaps` the holes that
    were announced; `frames` all that is neither.
    """

    socket: EventSocket
    session_id: str
    start: int | None = None
    end: int | None = None
    parts: list[str] = attrs.field(factory=list)
    outputs: list[dict[str, Any]] = attrs.field(factory=list)
    gaps: list[tuple[int, int]] = attrs.field(factory=list)
    frames: list[dict[str, Any]] = attrs.field(factory=list)

    @property
    def text(self) -> str:
        if len(self.parts) > 1:
            self.parts = ["".join(self.parts)]
        return self.parts[0] if self.parts else ""

    @property
    def data(self) -> bytes:
        """The bytes that were shown, provided they were UTF-8."""
        return self.text.encode()

    def answer(self, ref: str) -> Any:
        """The `ack` or `error` with that `ref`, once it is there."""
        return next((f for f in self.frames if f.get("ref") == ref), None)

    async def take(self) -> dict[str, Any]:
        """Receive one frame and note it; output follows output without a seam."""
        frame = await self.socket.receive()
        if frame.get("sessionId") != self.session_id:
            self.frames.append(frame)
        elif frame["type"] == "terminal_output":
            assert self.end in (None, frame["offset"]), "a seam between two frames"
            if self.start is None:
                self.start = frame["offset"]
            self.end = frame["end"]
            self.parts.append(frame["data"])
            self.outputs.append(frame)
        elif frame["type"] == "gap":
            assert self.end in (None, frame["from"]), "a gap that begins elsewhere"
            self.end = frame["to"]
            self.gaps.append((frame["from"], frame["to"]))
        else:
            self.frames.append(frame)
        return frame

    async def until(
        self, done: Callable[["Viewer"], Any], patience_s: float = PATIENCE_S
    ) -> None:
        """Receive till `done` holds."""
        with trio.move_on_after(patience_s) as patience:
            while not done(self):
                await self.take()
        assert not patience.cancelled_caught, f"only this came: {self.text[-500:]!r}"

    async def until_text(self, wanted: str) -> None:
        """Receive till this was shown."""
        await self.until(lambda self: wanted in self.text)

    async def until_exit(self) -> dict[str, Any]:
        """Receive up to and with `session_exited`."""
        with trio.fail_after(PATIENCE_S):
            while True:
                frame = await self.take()
                mine = frame.get("sessionId") == self.session_id
                if mine and frame["type"] == "session_exited":
                    return frame

    async def until_closed(self) -> ConnectionClosed:
        """Receive till the connection ends; how it did."""
        with trio.fail_after(PATIENCE_S):
            while True:
                try:
                    await self.take()
                except ConnectionClosed as exc:
                    return exc

    async def type(self, data: str) -> None:
        """Type over this socket; the answer is one of the frames to come."""
        await self.socket.send("terminal_input", sessionId=self.session_id, data=data)


@asynccontextmanager
async def watching(
    ant: AntClient, session_id: str, **join: Any
) -> AsyncIterator[Viewer]:
    """A viewer that has joined; by default from the first byte on."""
    ask = {"from": 0, **{key.rstrip("_"): value for key, value in join.items()}}
    ask = {key: value for key, value in ask.items() if value is not None}
    async with ant.socket() as socket:
        viewer = Viewer(socket, session_id)
        await socket.send("join_session", sessionId=session_id, **ask)
        yield viewer


async def read_raw(
    ant: AntClient, session_id: str, start: int = 0
) -> tuple[bytes, list[tuple[int, int]]]:
    """All stored bytes from `start` on through the history, and the holes in them."""
    data, gaps, offset = b"", [], start
    while True:
        page = await ant.history(
            session_id, from_=offset, raw="true", limit=1000, order="asc"
        )
        gaps += [(gap["from"], gap["to"]) for gap in page["gaps"]]
        if not page["rows"]:
            return data, gaps
        after_gaps = {to for _, to in gaps}
        for row in page["rows"]:
            assert row["byte_offset"] == offset or row["byte_offset"] in after_gaps
            part = base64.b64decode(row["raw_b64"])
            assert row["size"] == len(part)
            data, offset = data + part, row["byte_offset"] + len(part)
        assert page["next"] == offset or page["next"] in after_gaps
        offset = page["next"]
