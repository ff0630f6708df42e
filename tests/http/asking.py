"""Helpers for tests of routes: requests to the app in this process, and its sockets.

A socket is read up to a marker event that every socket receives, so that no test waits
for a frame that must not come.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio
from quart_trio import QuartTrio

from ant.core import clock
from ant.model.events import Envelope, SessionActivity
from ant.model.sessions import SessionId
from tests.systems import PATIENCE_S, Rig


@attrs.frozen
class Answer:
    """A status, and the JSON that came with it."""

    status: int
    body: Any
    headers: Any = None

    @property
    def detail(self) -> str:
        """The `detail` of a problem; its shape is checked."""
        assert self.body["status"] == self.status
        detail = self.body["detail"]
        assert detail == self.body["error"] == self.body["message"]
        assert isinstance(detail, str)
        return detail


@attrs.define(eq=False)
class Ear:
    """One `/ws` of the app, which collects events."""

    _rig: Rig
    _socket: Any
    _last_seq: int = 0

    async def greeted(self) -> None:
        """Wait for the `hello` frame: events that are published later arrive."""
        while (await self._receive())["type"] != "hello":
            pass

    async def join(self, session_id: str, **fields: Any) -> None:
        """Join and wait for the answer."""
        ask = {"type": "join_session", "sessionId": session_id, "ref": "join", **fields}
        await self._socket.send(json.dumps(ask))
        while (await self._receive()).get("ref") != "join":
            pass

    async def heard(self) -> list[dict[str, Any]]:
        """The events since the last call; their `seq` must increase."""
        mark = clock.new_id()
        event = SessionActivity(SessionId("mark"), clock.now(), mark)
        self._rig.system.journal.publish(Envelope(clock.now(), event))
        frames: list[dict[str, Any]] = []
        while True:
            frame = await self._receive()
            if frame["type"] != "session_activity":
                frames.append(frame)
            elif frame["activity_source"] == mark:
                break
        events = [frame for frame in frames if "at" in frame]
        for frame in events:
            seq = frame.get("seq", self._last_seq + 1)
            assert seq > self._last_seq
            self._last_seq = frame.get("seq", self._last_seq)
        return events

    async def tags(self) -> list[str]:
        """The types of the events since the last call."""
        return [frame["type"] for frame in await self.heard()]

    async def _receive(self) -> Any:
        with trio.fail_after(PATIENCE_S):
            return json.loads(await self._socket.receive())


@attrs.define(eq=False)
class Api:
    """A client of the app of a rig; with a `token` it calls as that terminal."""

    rig: Rig
    token: str | None = None

    async def call(
        self, method: str, path: str, body: Any = None, **query: Any
    ) -> Answer:
        """Send a request; an error must be a problem object."""
        client = self.rig.app.test_client()
        json_body = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else None
        with trio.fail_after(PATIENCE_S):
            response = await client.open(
                path,
                method=method,
                query_string=query or None,
                headers=headers,
                **json_body,
            )
            data = await response.get_data(as_text=False)
        expected = "application/json" if response.status_code < 400 else PROBLEM
        assert response.status_code == 204 or expected == response.mimetype
        return Answer(response.status_code, json.loads(data) if data else None)

    async def get(self, path: str, **query: Any) -> Any:
        """The body of a GET that works."""
        answer = await self.call("GET", path, **query)
        assert 200 == answer.status, answer.body
        return answer.body

    async def room(self, name: str = "room", **fields: Any) -> Any:
        """A new chat; its row."""
        answer = await self.call(
            "POST", "/api/sessions", {"name": name, "type": "chat", **fields}
        )
        assert 201 == answer.status, answer.body
        return answer.body

    async def post(self, room: Any, content: str = "hello", **fields: Any) -> Any:
        """A message; its row and deliveries."""
        path = f"/api/sessions/{room['id']}/messages"
        answer = await self.call("POST", path, {"content": content, **fields})
        assert 201 == answer.status, answer.body
        return answer.body

    @asynccontextmanager
    async def ear(self, *session_ids: str, **join: Any) -> AsyncIterator[Ear]:
        """A socket that has joined these sessions and read all events so far."""
        async with self.rig.app.test_client().websocket("/ws") as socket:
            ear = Ear(self.rig, socket)
            await ear.greeted()
            for each in session_ids:
                await ear.join(each, **join)
            await ear.heard()
            yield ear


PROBLEM = "application/problem+json"


async def ask(
    app: QuartTrio, method: str, path: str, body: Any = None, **headers: str
) -> Answer:
    """One request. A body that is bytes goes as it is, anything else as JSON.

    Its type is that of JSON unless a header names another one.
    """
    if body is not None and "content_type" not in map(str.lower, headers):
        headers["Content_Type"] = "application/json"
    data = body if isinstance(body, bytes) else None
    if body is not None and data is None:
        data = json.dumps(body).encode()
    response = await app.test_client().open(
        path,
        method=method,
        data=data,
        headers={key.replace("_", "-"): value for key, value in headers.items()},
    )
    raw = await response.get_data(as_text=False)
    answer = Answer(
        response.status_code, json.loads(raw) if raw else None, response.headers
    )
    if answer.status >= 400:
        check_problem(answer)
    return answer


def check_problem(answer: Answer) -> None:
    """Every error is a problem object."""
    body = answer.body
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert {"type", "title", "status", "detail", "error", "message"} <= set(body)
    assert set(body) <= {
        *{"type", "title", "status", "detail", "error", "message"},
        "issues",
    }
    assert answer.status == body["status"]
    assert body["type"].startswith("urn:ant:problem:")
    assert body["detail"]
    assert body["detail"] == body["error"] == body["message"]
    for issue in body.get("issues", []):
        assert " at $" in issue
