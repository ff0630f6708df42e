"""The frames of a client's `/ws` connection."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ant.api.binary_output import OutputStreams
from ant.api.problem import error_of

if TYPE_CHECKING:
    from trio_websocket import WebSocketConnection


class EventSocket:
    """A `/ws` connection. One task may receive while others send.

    A `terminal_output` has the same fields, whether it came as JSON or as a binary
    message (after a join or resume with `binary`): `sessionId`, `offset`, `end`, `data`
    (text) and `raw` (bytes). In JSON, `raw` is the text as UTF-8. In a binary message
    `raw` is exact, and `data` ends with the last whole character.
    """

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self._streams = OutputStreams()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one frame. Raises `trio_websocket.ConnectionClosed`."""
        await self._connection.send_message(json.dumps({"type": kind, **fields}))

    async def receive(self) -> dict[str, Any]:
        """The next frame. Raises `trio_websocket.ConnectionClosed`."""
        message = await self._connection.get_message()
        while isinstance(message, bytes):
            if (output := self._streams.frame(message)) is not None:
                return output
            message = await self._connection.get_message()
        frame: dict[str, Any] = json.loads(message)
        if frame["type"] == "ack":
            self._streams.begin(frame)
        elif frame["type"] == "terminal_output":
            frame["raw"] = frame["data"].encode()
        elif frame["type"] == "gap":
            self._streams.skip(frame.get("sessionId"))
        return frame

    async def expect(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Skip frames until one has this type and these fields, and return it.

        Raises the error of an `error` frame whose `ref` is that of `fields`.
        """
        while True:
            frame = await self.receive()
            if frame["type"] == "error" and kind != "error":
                if frame.get("ref") == fields.get("ref"):
                    raise error_of(frame)
            elif frame["type"] == kind and fields.items() <= frame.items():
                return frame
