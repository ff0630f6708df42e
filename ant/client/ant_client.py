"""A client of the API: REST over httpx, and `/ws` over trio-websocket.

The client raises a refusal as the class that the server raised, with the same sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, urlencode

from ant.api.problem import error_of
from ant.client.agents.agent_calls import AgentCalls
from ant.client.blocking_http import TIMEOUT_S, BlockingHttp, fits
from ant.client.errors import RETRY_S, Disconnected, Unreachable, only, problem_in
from ant.client.event_socket import EventSocket
from ant.core import errors
from ant.model.handles import named, with_prefix

if TYPE_CHECKING:
    import httpx

    from ant.client.feeds import AsyncFeed
    from ant.client.json_rows import EventRow
    from ant.client.terminal_stream import TerminalStream

MAX_MESSAGE = 16 << 20
"""Bytes of one frame: terminal frames are far below, frames with a row may be long."""

WAIT_S = 30
"""Seconds that a wait lasts if the caller says nothing else."""

DEAD_TOKEN, GOING_AWAY = 4401, 1001
"""Codes with which the server closes a socket that it does not want back."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def render(answer: Any, indent: int | None = 2) -> str:
    """A response as indented JSON; with None as `indent`, on one line."""
    return json.dumps(answer, indent=indent, ensure_ascii=False)


class AntClient(AgentCalls):
    """A client of one server: `async with AntClient(url, key) as ant`.

    `url` is `http://…`, `https://…` or `unix:/path` of a Unix socket. `ca` is a PEM
    file with certificates that the client trusts besides those of the system. A
    `blocking` client of a server on this machine needs no event loop, if it only makes
    calls: `run_blocking` runs them. It has no sockets and no streams.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        ca: Path | None = None,
        blocking: bool = False,
    ) -> None:
        """Raises `AntError` if the file of certificates cannot be used."""
        self.url = url.rstrip("/")
        self._headers = (
            {b"Authorization": f"Bearer {api_key}".encode()} if api_key else {}
        )
        self._is_blocking = blocking and fits(self.url)
        self._http: Any
        if self._is_blocking:
            self._http = BlockingHttp(self.url, self._headers)
            return
        import httpx

        from ant.client.address import Address

        self._address = Address.of(self.url, ca)
        self._http = httpx.AsyncClient(
            base_url=self._address.base_url,
            headers=self._headers,
            timeout=TIMEOUT_S,
            **self._address.settings(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._is_blocking:
            await self._http.aclose()
            return
        import trio

        with trio.move_on_after(1):
            await self._http.aclose()

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request; its JSON response, or None if the response has no body.

        A trailing `_` is removed from the names in `query`. Raises the error that the
        server raised, or `httpx.TransportError`.
        """
        pairs = {key.rstrip("_"): value for key, value in query.items()}
        if body is None:
            return await self._send(method, path, params=pairs)
        if isinstance(body, bytes):
            headers = {"Content-Type": "application/octet-stream"}
            more: dict[str, Any] = {"content": body, "headers": headers}
            return await self._send(method, path, params=pairs, **more)
        return await self._send(method, path, params=pairs, json=body)

    async def _send(self, method: str, path: str, **settings: Any) -> Any:
        """Send a request and read its response, as `call` does."""
        response = await self._http.request(method, path, **settings)
        if response.is_error:
            raise error_of(problem_in(response))
        if not response.is_success:  # A redirect: the key must not follow it.
            raise errors.AntError(f"{self.url} is not an ANT server.")
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
        """All active and recoverable sessions; for a token, those that it may see."""
        page = await self.call("GET", "/api/sessions")
        while (after := page.get("next")) is not None:
            more = await self.call("GET", "/api/sessions", after=after)
            for key in ("sessions", "recoverable"):
                more[key] = page[key] + more[key]
            page = more
        return page

    async def change(self, session_id: str, **fields: Any) -> Any:
        """Change fields of a session; returns its row, with what was `replaced`."""
        return await self.call("PATCH", f"/api/sessions/{session_id}", fields)

    async def remove(self, session_id: str, *, hard: bool = False) -> None:
        """End a session and delete it; `hard` removes all of it for good."""
        query = {"hard": "true"} if hard else {}
        await self.call("DELETE", f"/api/sessions/{session_id}", **query)

    async def restore(self, session_id: str) -> Any:
        """Restore a session; returns its row, with what was `replaced`."""
        return await self.call("POST", f"/api/sessions/{session_id}/restore")

    async def start(self, session_id: str) -> Any:
        """Start the program of a terminal, if none runs; returns the row."""
        return await self.call("POST", f"/api/sessions/{session_id}/terminal/start")

    async def interrupt(self, session_id: str) -> Any:
        """Interrupt the program of a terminal, as Ctrl-C does; returns the receipt."""
        return await self.call("POST", f"/api/sessions/{session_id}/terminal/stop")

    async def set_handle(self, session_id: str, **fields: Any) -> Any:
        """Set the `handle`, the `display_name`, or both."""
        return await self.call("PATCH", f"/api/sessions/{session_id}/handle", fields)

    async def status(self) -> Any:
        """The state and the pending prompt of each running terminal."""
        return await self.call("GET", "/api/status")

    async def session(self, name: str, *, inactive_first: bool = False) -> Any:
        """The row of a session by its id, the beginning of its id, name or handle.

        A name in full goes before the beginning of an id, and an active session before
        one that is archived or deleted; `inactive_first` turns this around. Raises
        `NotFound`, and `Ambiguous` if several sessions have the name.
        """
        page = await self.sessions()
        lists = [page["sessions"], page.get("recoverable", [])]
        if inactive_first:
            lists.reverse()
        for look in (named, with_prefix):
            for rows in lists:
                if found := look(rows, name):
                    return only(found, name)
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

    async def search_messages(self, room_id: str, q: str, **query: Any) -> Any:
        """Messages of a room that have every word of `q`, the newest first."""
        path = f"/api/sessions/{room_id}/messages/search"
        return await self.call("GET", path, q=q, **query)

    async def board(self, room_id: str, kind: str) -> Any:
        """All rows that a room has: of its `tasks`, `file-refs` or `links`."""
        path = f"/api/sessions/{room_id}/{kind}"
        page = await self.call("GET", path)
        while (after := page.get("next")) is not None:
            more = await self.call("GET", path, after=after)
            lists = {key: page[key] + more[key] for key in more if key != "next"}
            page = {**lists, "next": more["next"]}
        return page

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

        The prompt is `prompt_id`, or else the pending one; a hook gets `why` with a
        denial. Raises `Conflict` if none is pending, or if it changes meanwhile.
        """
        page = await self.call("GET", f"/api/sessions/{session_id}/status")
        pending = page["prompt"]
        if prompt_id is None and pending is None:
            raise errors.Conflict("No prompt is pending there.")
        from ant.model.messages import MessageType

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
            **({"text": why} if why and answer == "deny" else {}),
        }
        return await self.post(
            page["event_chat_id"] if card else session_id,
            json.dumps(content),
            format="json",
            sender_id=sender_id,
            reply_to=card,
            msg_type=MessageType.AGENT_RESPONSE,
            meta={"source": "cli_decision", "terminal_id": terminal_id},
        )

    async def respond(self, session_id: str, prompt_id: str, **fields: Any) -> Any:
        """Answer one prompt of a terminal; returns what was chosen, and `resolved`.

        Raises `AlreadyAnswered`, `PromptChanged` and `NotAnOption`; then no key was
        pressed.
        """
        path = f"/api/sessions/{session_id}/prompt-bridge/respond"
        return await self.call("POST", path, {"prompt_id": prompt_id, **fields})

    async def explain(self, session_id: str, offset: int | None = None) -> Any:
        """Why a terminal is in the state that it is in, now or at an offset."""
        path = f"/api/sessions/{session_id}/prompt-bridge/explain"
        query = {} if offset is None else {"offset": offset}
        return await self.call("GET", path, **query)

    async def screen(self, session_id: str) -> Any:
        """The screen of a terminal, as it is now or was when its program ended."""
        return await self.call("GET", f"/api/sessions/{session_id}/terminal/screen")

    async def export(self, session_id: str, target: str) -> Any:
        """Export a session; returns the result of that target."""
        path = f"/api/sessions/{session_id}/export"
        answer = await self.call("POST", path, {"targets": [target]})
        return answer["targets"][target]

    async def health(self) -> Any:
        """The state of the server."""
        return await self.call("GET", "/api/health")

    async def caller(self) -> Any:
        """Who the caller is to the server: the operator, a terminal or a token."""
        return await self.call("GET", "/api/caller")

    async def events(self, **query: Any) -> Any:
        """A page of the event log, oldest first."""
        return await self.call("GET", "/api/events", **query)

    async def type(self, session_id: str, data: str | bytes) -> Any:
        """Type into a terminal; returns the receipt."""
        body = data if isinstance(data, bytes) else {"data": data}
        path = f"/api/sessions/{session_id}/terminal/input"
        return await self.call("POST", path, body)

    async def history(self, session_id: str, **query: Any) -> Any:
        """A page of the transcript."""
        path = f"/api/sessions/{session_id}/terminal/history"
        return await self.call("GET", path, **query)

    async def wait(
        self,
        session_id: str,
        *until: str,
        timeout: int = WAIT_S,
        after: str | None = None,
    ) -> Any:
        """Wait until one of these facts of a terminal; returns the answer.

        `until` are `ready`, `prompt`, `exit`, `block`, `output:TEXT`,
        `output:re:PATTERN` or `idle:SECONDS`. `after` is the `next` of an earlier
        answer; without it the wait begins now. `timed_out` in the answer says that
        nothing came.
        *Cancellation:* the server ends the wait, too.
        """
        query: dict[str, Any] = {"until": list(until), "timeout": timeout}
        if after is not None:
            query["after"] = after
        path = f"/api/sessions/{session_id}/wait"
        response_s = timeout + TIMEOUT_S
        return await self._send("GET", path, params=query, timeout=response_s)

    async def report_hook(self, event: dict[str, Any], timeout_s: int) -> Any:
        """Report an event of an agent's hooks; a permission waits for its answer."""
        wait: Any = {"params": {"timeout": timeout_s}, "timeout": timeout_s + TIMEOUT_S}
        return await self._send("POST", "/api/hooks", json=event, **wait)

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

    async def sign_in(
        self, code: str, label: str, *, expires_in: int | None = None
    ) -> str:
        """Exchange a one-use code; the access token of the sign-in.

        Raises `Unauthorized` if the code is invalid.
        """
        from ant.client.access.sign_in_cookie import take_token

        body = {"code": code, "label": label, "expires_in": expires_in}
        await self.call("POST", "/api/sign-in", body)
        return take_token(self._http)

    async def sign_out(self) -> None:
        """End the sign-in, or revoke the access token, of this client."""
        await self.call("POST", "/api/sign-out")

    @asynccontextmanager
    async def socket(self, **query: str) -> AsyncIterator[EventSocket]:
        """An open `/ws` connection. Raises `trio_websocket.ConnectionRejected`."""
        path = "/ws" + ("?" + urlencode(query) if query else "")
        async with self._address.websocket(
            path,
            extra_headers=list(self._headers.items()),
            max_message_size=MAX_MESSAGE,
            message_queue_size=64,
        ) as connection:
            yield EventSocket(connection)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[EventSocket]:
        """As `socket`, with errors of this module.

        Raises the error of a refusal, `Disconnected` when the connection ends, and
        `Unreachable` when the server stops or no server answers.
        """
        import trio_websocket

        is_open = False
        try:
            async with self.socket() as socket:
                is_open = True
                yield socket
        except trio_websocket.ConnectionClosed as exc:
            code = exc.reason.code if exc.reason else None
            if code == DEAD_TOKEN:
                raise errors.Unauthorized("The terminal of this token ended.") from exc
            if code == GOING_AWAY:
                raise Unreachable("the server stops") from exc
            raise Disconnected("the connection has ended") from exc
        except trio_websocket.ConnectionRejected as exc:
            try:
                problem = json.loads(exc.body or b"")
            except ValueError:
                problem = {"detail": f"HTTP {exc.status_code}"}
            raise error_of(problem) from exc
        except (OSError, trio_websocket.HandshakeError) as exc:
            if is_open and isinstance(exc, OSError):
                raise  # An error of the caller, such as a full disk.
            reason = str(exc) or str(exc.__cause__ or "") or type(exc).__name__
            raise Unreachable(reason) from exc

    def follow(
        self,
        session_id: str,
        *,
        from_: int | None = None,
        screen: bool = False,
        size: tuple[int, int] | None = None,
        start: bool = False,
        retry_s: float = RETRY_S,
    ) -> AbstractAsyncContextManager[TerminalStream]:
        """The output of a terminal as it comes, over lost connections.

        `async for item in stream` gives each `Output` (`offset`, `data`), `Gap`,
        `ConnectionLost`, `Connected` and, at last, the `Exit`. It begins at the offset
        `from_`, else now; with `screen` a `Screen` comes first. With `size` (columns,
        rows) the stream owns the terminal's size and can `type` and `resize`. `start`
        starts the program once the stream has joined. After `retry_s` seconds without
        a server it raises `Unreachable`.
        """
        from ant.client.terminal_stream import TerminalStream

        return TerminalStream(
            self, session_id, from_, screen, size, start, retry_s
        ).opened()

    def event_feed(
        self,
        since: int | None = None,
        *,
        until: str | None = None,
        retry_s: float = RETRY_S,
        **query: str,
    ) -> AsyncFeed[EventRow]:
        """The logged events after the `seq` in `since`, else from the first read on.

        `query` may have a `session` and a `type`. With `until` the event of that type
        is the last one. Deleted events are a `gap`. `retry_s` is as for `follow`.
        """
        from ant.client.feeds import AsyncEvents

        async def newest() -> int:
            return int((await self.events(limit=1))["newest"])

        open_stream = partial(self._events_after, query=query)
        return AsyncEvents(open_stream, newest, since, until, retry_s)

    async def _events_after(self, last: int, query: dict[str, str]) -> httpx.Response:
        """An open response with the events after `last`; the caller closes it."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
        request = self._http.build_request(
            "GET", "/api/events", params=query, headers=headers
        )
        response: httpx.Response = await self._http.send(request, stream=True)
        if response.is_error:
            try:
                await response.aread()
                raise error_of(problem_in(response))
            finally:
                await response.aclose()
        return response
