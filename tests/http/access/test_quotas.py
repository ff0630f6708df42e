"""A token that writes too much, too often or too large is told so; nobody else is."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from ant.core.counters import Limit, counted
from ant.http.contract.endpoint import ROUTES, Route
from ant.model.sessions import Session
from tests.http.access.test_permissions import where
from tests.http.asking import PROBLEM, Answer, Api
from tests.http.routes.test_routes import LEAST, row
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S, Rig, running

WRITING = [each for each in ROUTES if each.token and each.method != "GET"]
"""What a token may do beside reading; a new route is here by itself."""

REQUESTS, BYTES, BODY, POSTS = 5, 40_000, 8_000, 3


@attrs.define(eq=False)
class Scene:
    """`@ada` and `@bob` run; both are in the room."""

    rig: Rig
    ada: Session
    bob: Session
    room: Any
    token: str

    async def call(
        self, method: str, path: str, body: Any, token: str | None = None
    ) -> Answer:
        """With its headers; what is refused is a problem."""
        client = self.rig.app.test_client()
        response = await client.open(
            path,
            method=method,
            headers={"Authorization": f"Bearer {token or self.token}"},
            json=body,
        )
        data = await response.get_data(as_text=False)
        assert response.status_code < 400 or PROBLEM == response.mimetype
        return Answer(response.status_code, json.loads(data), response.headers)

    async def post(self, content: str, where: str | None = None) -> Answer:
        path = f"/api/sessions/{where or self.room['id']}/messages"
        return await self.call("POST", path, {"content": content})

    def size(self) -> int:
        """Bytes of the database and its log."""
        folder = self.rig.system.config.data_dir
        return sum(each.stat().st_size for each in folder.glob("ant.db*"))


async def scene_of(rig: Rig) -> Scene:
    api = Api(rig)
    ada, bob = await rig.started("ada"), await rig.started("bob")
    room = await api.room("room")
    for each in (ada, bob):
        path = f"/api/sessions/{room['id']}/participants"
        await api.call("POST", path, {"session_id": each.id})
    return Scene(rig, ada, bob, room, rig.specs[0].env["ANT_TOKEN"])


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """With small quotas."""
    async with running(
        tmp_path,
        token_requests_per_minute=REQUESTS,
        token_bytes_per_minute=BYTES,
        token_body_max=BODY,
        room_posts_per_minute=POSTS,
    ) as rig:
        yield await scene_of(rig)


def test_some_routes_write() -> None:
    """Those that were there when this was written."""
    assert {
        "POST /api/sessions/:id/messages",
        "POST /api/sessions/:id/typing",
        "POST /api/sessions/:id/messages/:id/read",
        "POST /api/hooks",
    } <= {row(each) for each in WRITING}


@pytest.mark.meets(Limit.TOKEN_QUOTA)
@pytest.mark.parametrize("route", WRITING, ids=row)
async def test_each_writing_route_counts(scene: Scene, route: Route) -> None:
    """All together have one quota. What is refused does nothing, and says when."""
    api = Api(scene.rig)
    message = await api.post(scene.room, "hi", sender_id="zoe", msg_type="title")
    body = LEAST[route.body.__name__] | (
        {"reader_id": scene.ada.id} if route.speaker == "reader_id" else {}
    )
    path = where(route, scene.room["id"], message["id"])
    if route.token != "room":
        path = where(route, scene.ada.id, message["id"])
    typing = f"/api/sessions/{scene.room['id']}/typing"
    for _ in range(REQUESTS - 1):
        got = await scene.call("POST", typing, {"handle": "@ada", "typing": True})
        assert 200 == got.status
    assert (await scene.call(route.method, path, body)).status < 300
    before = scene.rig.tags()
    got = await scene.call(route.method, path, body)
    assert (429, "urn:ant:problem:rate-limited") == (got.status, got.body["type"])
    assert f"{REQUESTS} times in a minute" in got.detail
    assert 1 <= int(got.headers["Retry-After"]) <= 61
    await scene.rig.settle()
    said = {"DeliveryUpdated", "RunEventCreated", "AgentStatusUpdated"}
    assert [e for e in before if e not in said] == [
        e for e in scene.rig.tags() if e not in said
    ]
    # Nobody else pays for it, and reading is free.
    other = scene.rig.specs[1].env["ANT_TOKEN"]
    typed = {"handle": "@bob", "typing": True}
    assert 200 == (await scene.call("POST", typing, typed, other)).status
    assert 201 == (await api.call("POST", *_hello(scene))).status
    own = Api(scene.rig, scene.token)
    for _ in range(2 * REQUESTS):
        await own.get(f"/api/sessions/{scene.room['id']}/messages")


def _hello(scene: Scene) -> tuple[str, Any]:
    return f"/api/sessions/{scene.room['id']}/messages", {"content": "hello"}


@pytest.mark.meets(Limit.TOKEN_BODY)
async def test_a_large_body_is_refused(scene: Scene) -> None:
    """A message's, of a token; the operator's may be larger, and a hook's."""
    got = await scene.post("x" * BODY)
    assert (413, True) == (got.status, str(BODY) in got.detail)
    path, body = _hello(scene)
    large = body | {"content": "x" * BODY}
    assert 201 == (await Api(scene.rig).call("POST", path, large)).status
    hook = {"event": "PostToolUse", "tool_response": {"file": "x" * 500_000}}
    assert 200 == (await scene.call("POST", "/api/hooks", hook)).status
    hook["tool_response"] = {"file": "x" * (1 << 20)}
    assert 413 == (await scene.call("POST", "/api/hooks", hook)).status


@pytest.mark.meets(Limit.TOKEN_BODY)
async def test_a_body_without_a_length_is_counted(scene: Scene) -> None:
    """In chunks, without a length: it is counted after it was read."""
    client, (path, _) = scene.rig.app.test_client(), _hello(scene)
    headers = {
        "Authorization": f"Bearer {scene.token}",
        "Content-Type": "application/json",
    }
    async with client.request(path, method="POST", headers=headers) as connection:
        for part in ('{"content": "', "x" * BODY, '"}'):
            await connection.send(part.encode())
        await connection.send_complete()
        await connection.receive()
    response = await connection.as_response()
    assert 413 == response.status_code


@pytest.mark.meets(Limit.ROOM_POSTS)
async def test_a_room_has_a_budget(scene: Scene) -> None:
    """Of posts that reach others, whichever program posts them."""
    other = scene.rig.specs[1].env["ANT_TOKEN"]
    path, _ = _hello(scene)
    for n in range(POSTS):
        token = (scene.token, other)[n % 2]
        got = await scene.call("POST", path, {"content": "@everyone hi"}, token)
        assert 201 == got.status
    got = await scene.call("POST", path, {"content": "@everyone hi"}, other)
    assert (429, True) == (got.status, "in this room" in got.detail)
    assert 1 <= int(got.headers["Retry-After"]) <= 61
    before = await Api(scene.rig).get(path)
    assert POSTS == len(before["messages"])
    # A person is not held up; nor is what reaches nobody.
    assert 201 == (await Api(scene.rig).call("POST", *_hello(scene))).status


async def test_a_post_without_recipients_has_no_quota(scene: Scene) -> None:
    """A terminal may post to its own chat without limit."""
    for _ in range(POSTS + 1):
        got = await scene.post("hm", scene.ada.linked_chat_id)
        assert 201 == got.status


async def test_the_database_grows_by_the_quota(tmp_path: Path) -> None:
    """However much a token posts: five times what it may write, with all indexes."""
    quota, length = 200_000, 16_000
    async with running(tmp_path, token_bytes_per_minute=quota) as rig:
        scene = await scene_of(rig)
        await rig.settle()
        before, statuses = scene.size(), []
        for n in range(100):
            text = f"{n:05} " * (length // 6)
            statuses.append((await scene.post(text, scene.ada.linked_chat_id)).status)
        assert quota // (length + 200) <= statuses.count(201) <= quota // length
        assert {201, 429} == {*statuses}
        await rig.settle()
        assert scene.size() - before < 5 * quota + (1 << 20)


@pytest.mark.meets(Limit.HOPS)
async def test_what_is_looped_is_not_waited_for(tmp_path: Path) -> None:
    """Who waits for it to be typed is answered at once; people see it and why."""
    async with running(tmp_path, max_hops=1) as rig:
        scene = await scene_of(rig)
        other, (path, _) = rig.specs[1].env["ANT_TOKEN"], _hello(scene)
        got = await scene.call("POST", path, {"content": "@bob hi"})
        assert ("queued", 1) == (got.body["deliveries"][1]["state"], got.body["hops"])
        with trio.fail_after(PATIENCE_S / 2):
            url = f"{path}?wait=reacted&timeout={PATIENCE_S:g}"
            got = await scene.call("POST", url, {"content": "@ada hi"}, other)
        assert (201, 2) == (got.status, got.body["hops"])
        told = got.body["deliveries"][1]
        assert ("withheld", "loop", False) == (
            told["state"],
            told["reason"],
            told["delivered"],
        )
        assert "a person's message" in told["error"]
        page = await Api(rig).get(f"/api/sessions/{scene.ada.id}/deliveries")
        assert [told["id"]] == [each["id"] for each in page["deliveries"]]
        assert "@ada hi" in [
            each["content"] for each in (await Api(rig).get(path))["messages"]
        ]
        before = counted(Limit.HOPS)
        await scene.call("POST", path, {"content": "@ada again"}, other)
        await eventually(lambda: counted(Limit.HOPS) > before)
        await Api(rig).post(scene.room, "go on", sender_id="zoe")
        got = await scene.call("POST", path, {"content": "@ada hi"}, other)
        assert ("queued", 1) == (got.body["deliveries"][1]["state"], got.body["hops"])
