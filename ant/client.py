"""The API from outside: REST over httpx, `/ws` over trio-websocket, errors as raised.

What the server refuses arrives as the class it was raised as, with the same sentence.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import urlencode

import httpx
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from ant import errors

MAX_MESSAGE = 16 << 20
"""Bytes of one frame that we take: terminal frames are far below, rows may be long."""

TIMEOUT_S = 30.0
"""For an answer to a request; the server answers an input after 5 s at the latest."""

CONNECT_S = 10.0
"""For a WebSocket handshake: a server that died in the middle of one never answers."""


def error_of(problem: dict[str, Any]) -> errors.AntError:
    """The error that a problem object tells of."""
    detail = str(problem.get("detail", "The server did not say why."))
    urn = str(problem.get("problem") or problem.get("type"))
    kind = errors.BY_SLUG.get(urn.rpartition(":")[2], errors.AntError)
    if kind is errors.Invalid:
        return errors.Invalid(*(problem.get("issues") or [detail]))
    if kind is errors.NotFound:
        missing = errors.NotFound("", "")
        missing.args = (detail,)
        return missing
    return kind(detail)


def _problem_in(response: httpx.Response) -> dict[str, Any]:
    """The problem that a refusal carries; of a foreign one, what can be told of it."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return problem
    return {"detail": f"HTTP {response.status_code}: {response.text[:200]}"}


class Socket:
    """One `/ws` connection. One task may receive while others send."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    async def send(self, kind: str, **fields: Any) -> None:
        """Send one frame. Raises `trio_websocket.ConnectionClosed`."""
        await self._connection.send_message(json.dumps({"type": kind, **fields}))

    async def receive(self) -> dict[str, Any]:
        """The next frame. Raises `trio_websocket.ConnectionClosed`."""
        frame: dict[str, Any] = json.loads(await self._connection.get_message())
        return frame

    async def expect(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next frame of that type that has these fields; others are passed over.

        Raises the error of an `error` frame with the same `ref`, if one was asked for.
        """
        while True:
            frame = await self.receive()
            if frame["type"] == "error" and kind != "error":
                if frame.get("ref") == fields.get("ref"):
                    raise error_of(frame)
            elif frame["type"] == kind and fields.items() <= frame.items():
                return frame


class AntClient:
    """Use it as `async with AntClient(url, key) as ant`."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self.url = url.rstrip("/")
        shown = {b"Authorization": f"Bearer {api_key}".encode()} if api_key else {}
        self._headers = shown
        self._http = httpx.AsyncClient(
            base_url=self.url, headers=self._headers, timeout=TIMEOUT_S
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        with trio.move_on_after(1):
            await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Ask and return the JSON answer, None where there is none.

        Raises the domain error that the server raised, or `httpx.TransportError`.
        """
        pairs = {key.rstrip("_"): value for key, value in query.items()}
        if body is None:
            response = await self._http.request(method, path, params=pairs)
        elif isinstance(body, bytes):
            response = await self._http.request(
                method,
                path,
                params=pairs,
                content=body,
                headers={"Content-Type": "application/octet-stream"},
            )
        else:
            response = await self._http.request(method, path, params=pairs, json=body)
        if response.is_error:
            raise error_of(_problem_in(response))
        return response.json() if response.content else None

    async def create(self, name: str, kind: str = "terminal", **fields: Any) -> Any:
        """Create a session; its row."""
        return await self.call(
            "POST", "/api/sessions", {"name": name, "type": kind, **fields}
        )

    async def type(self, session_id: str, data: str | bytes) -> Any:
        """Type into a terminal; the receipt."""
        body = data if isinstance(data, bytes) else {"data": data}
        path = f"/api/sessions/{session_id}/terminal/input"
        return await self.call("POST", path, body)

    async def history(self, session_id: str, **query: Any) -> Any:
        """A page of the transcript; a trailing `_` is dropped from names (`from_`)."""
        path = f"/api/sessions/{session_id}/terminal/history"
        return await self.call("GET", path, **query)

    @asynccontextmanager
    async def socket(self, **query: str) -> AsyncIterator[Socket]:
        """An open `/ws`. Raises `trio_websocket.ConnectionRejected`."""
        url = self.url.replace("http", "ws", 1) + "/ws"
        if query:
            url += "?" + urlencode(query)
        async with open_websocket_url(
            url,
            extra_headers=list(self._headers.items()),
            max_message_size=MAX_MESSAGE,
            message_queue_size=64,
            connect_timeout=CONNECT_S,
        ) as connection:
            yield Socket(connection)
