"""A client of the API: REST over httpx, and `/ws` over trio-websocket.

The client raises a refusal as the class that the server raised, with the same sentence.
"""

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import quote, urlencode

import httpx
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from ant.core import errors
from ant.core.ip_addresses import is_loopback
from ant.model.handles import folded
from ant.model.messages import MessageType

MAX_MESSAGE = 16 << 20
"""Bytes of one frame: terminal frames are far below, frames with a row may be long."""

TIMEOUT_S = 30.0
"""Timeout of a response; the server responds to an input within 5 s."""

CONNECT_S = 10.0
"""Timeout of a WebSocket handshake: a server that died during one never responds."""


_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def render(answer: Any) -> str:
    """A response as indented JSON."""
    return json.dumps(answer, indent=2, ensure_ascii=False)


def error_of(problem: dict[str, Any]) -> errors.AntError:
    """The error in a problem object."""
    detail = str(problem.get("detail", "The server gave no reason."))
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
    """The problem object of a refusal; if it has none, one with its status and text."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return problem
    return {"detail": f"HTTP {response.status_code}: {response.text[:200]}"}


class EventSocket:
    """A `/ws` connection. One task may receive while others send."""

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


class AntClient:
    """A client of one server: `async with AntClient(url, key) as ant`."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._headers = (
            {b"Authorization": f"Bearer {api_key}".encode()} if api_key else {}
        )
        # A proxy of the environment would receive the key on its way to this machine.
        is_local = is_loopback(httpx.URL(self.url).host)
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=self._headers,
            timeout=TIMEOUT_S,
            trust_env=not is_local,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        with trio.move_on_after(1):
            await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request; its JSON response, or None if the response has no body.

        A trailing `_` is removed from the names in `query`. Raises the error that the
        server raised, or `httpx.TransportError`.
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
        try:
            return response.json() if response.content else None
        except ValueError as exc:
            raise errors.AntError(f"{self.url} is not an ANT server.") from exc

    async def create(self, name: str, kind: str = "terminal", **fields: Any) -> Any:
        """Create a session; returns its row."""
        return await self.call(
            "POST", "/api/sessions", {"name": name, "type": kind, **fields}
        )

    async def sessions(self) -> Any:
        """Active and recoverable sessions; for a token, those that it may see."""
        return await self.call("GET", "/api/sessions")

    async def status(self) -> Any:
        """The state and the pending prompt of each running terminal."""
        return await self.call("GET", "/api/status")

    async def session(self, name: str) -> Any:
        """The row of a session by its id, name or handle. Raises `NotFound`."""
        rows = (await self.sessions())["sessions"]
        word = name.strip().casefold()
        by_name = [row for row in rows if row["name"].strip().casefold() == word]
        handle = folded(name)
        handles = [(folded(row["handle"]), row) for row in rows if row["handle"]]
        by_handle = [row for known, row in handles if known == handle]
        found = [row for row in rows if row["id"] == name]
        is_handle = word.startswith("@")
        found += by_handle + by_name if is_handle else by_name + by_handle
        if found:
            return found[0]
        if _ID.fullmatch(name) is None:
            raise errors.NotFound("session", name)
        return await self.call("GET", f"/api/sessions/{name}")

    async def room(self, name: str) -> Any:
        """The row of a room; for a terminal, of its chat. Raises `NotFound`."""
        row = await self.session(name)
        if row["type"] == "chat":
            return row
        if row["linked_chat_id"] is None:
            raise errors.NotFound("chat of session", name)
        return await self.call("GET", f"/api/sessions/{row['linked_chat_id']}")

    async def messages(self, room_id: str, **query: Any) -> Any:
        """A page of a room's messages, oldest first."""
        return await self.call("GET", f"/api/sessions/{room_id}/messages", **query)

    async def post(self, room_id: str, content: str, **fields: Any) -> Any:
        """Post a message; returns its row and deliveries. A token posts as itself."""
        body = {"content": content, **fields}
        return await self.call("POST", f"/api/sessions/{room_id}/messages", body)

    async def participants(self, room_id: str) -> Any:
        """The members of a room and the senders from outside."""
        return await self.call("GET", f"/api/sessions/{room_id}/participants")

    async def decide(
        self,
        session_id: str,
        answer: str,
        choice: dict[str, Any],
        *,
        prompt_id: str | None = None,
        sender_id: str | None = None,
        why: str | None = None,
    ) -> Any:
        """Answer a prompt of a terminal, by the id of the terminal or of its chat.

        The prompt is `prompt_id`, or else the pending one. Raises `Conflict` if none is
        pending, or if it changes before the answer arrives.
        """
        page = await self.call("GET", f"/api/sessions/{session_id}/status")
        pending = page["prompt"]
        if prompt_id is None and pending is None:
            raise errors.Conflict("No prompt is pending there.")
        is_shown = pending is not None and prompt_id in (None, pending["id"])
        card = page["event_id"] if is_shown else None
        terminal_id = page["route"]["terminal_id"]
        content = {
            "type": answer,
            "choice": choice,
            "prompt_id": prompt_id or pending["id"],
            "terminal_session_id": terminal_id,
            "justification": why,
            "source": "cli_decision",
            **({"event_id": card} if card else {}),
        }
        room_id = page["event_chat_id"] if card else session_id
        return await self.post(
            room_id,
            json.dumps(content),
            format="json",
            sender_id=sender_id,
            reply_to=card,
            msg_type=MessageType.AGENT_RESPONSE,
            meta={"source": "cli_decision", "terminal_id": terminal_id},
        )

    async def type(self, session_id: str, data: str | bytes) -> Any:
        """Type into a terminal; returns the receipt."""
        body = data if isinstance(data, bytes) else {"data": data}
        path = f"/api/sessions/{session_id}/terminal/input"
        return await self.call("POST", path, body)

    async def history(self, session_id: str, **query: Any) -> Any:
        """A page of the transcript."""
        path = f"/api/sessions/{session_id}/terminal/history"
        return await self.call("GET", path, **query)

    async def tokens(self) -> Any:
        """The access tokens and signed-in browsers, without their secrets."""
        return await self.call("GET", "/api/tokens")

    async def create_token(
        self,
        label: str,
        scopes: Sequence[str],
        *,
        session_id: str | None = None,
        expires_in: int | None = None,
    ) -> Any:
        """Make an access token; `token` in the answer is shown only this once."""
        body = {
            "label": label,
            "scopes": list(scopes),
            "session_id": session_id,
            "expires_in": expires_in,
        }
        return await self.call("POST", "/api/tokens", body)

    async def revoke_token(self, token_id: str) -> Any:
        """Revoke an access token by its id. Raises `NotFound`."""
        return await self.call("DELETE", f"/api/tokens/{quote(token_id, safe='')}")

    async def create_sign_in_code(
        self, label: str | None, scopes: Sequence[str], *, expires_in: int
    ) -> Any:
        """Make a code with which one browser can sign in, once."""
        body = {"label": label, "scopes": list(scopes), "expires_in": expires_in}
        return await self.call("POST", "/api/sign-in/codes", body)

    @asynccontextmanager
    async def socket(self, **query: str) -> AsyncIterator[EventSocket]:
        """An open `/ws` connection. Raises `trio_websocket.ConnectionRejected`."""
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
            yield EventSocket(connection)
