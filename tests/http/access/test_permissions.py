"""What a terminal's token opens: every route takes a stance, and every frame."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, get_args

import attrs
import pytest
from quart.testing.connections import WebsocketDisconnectError, WebsocketResponseError

from ant.api.frames import FRAMES
from ant.core.errors import Forbidden
from ant.http import routes
from ant.http.access import permissions
from ant.http.access.permissions import LOBBY
from ant.http.contract.endpoint import ROUTES, Route
from ant.identity.terminal_tokens import identify
from ant.model.messages import MessageType
from ant.model.sessions import Session
from ant.terminal.host.host_terminal import ExitStatus
from tests.http.asking import Answer, Api
from tests.http.routes.test_routes import LEAST, NOBODY, queried, row
from tests.http.ws.test_socket import Client
from tests.live.waiting import eventually
from tests.systems import Rig

assert routes.__all__

NEVER = (403, 403, 403)

STANCES: dict[str, tuple[int, int, int]] = {
    "GET /api/sessions": (200, 200, 200),
    "GET /api/sessions/:id": (200, 403, 200),
    "GET /api/sessions/:id/messages": (200, 403, 403),
    "POST /api/sessions/:id/messages": (201, 403, 403),
    "GET /api/sessions/:id/messages/search": (200, 403, 403),
    "GET /api/sessions/:id/messages/:id/deliveries": (200, 403, 403),
    "GET /api/sessions/:id/messages/:id/read": (200, 403, 403),
    "POST /api/sessions/:id/messages/:id/read": (200, 403, 403),
    "GET /api/sessions/:id/deliveries": (200, 403, 200),
    "GET /api/sessions/:id/participants": (200, 403, 403),
    "GET /api/sessions/:id/reads": (200, 403, 403),
    "GET /api/sessions/:id/digest": (200, 403, 403),
    "GET /api/sessions/:id/tasks": (200, 403, 403),
    "GET /api/sessions/:id/file-refs": (200, 403, 403),
    "GET /api/sessions/:id/links": (200, 403, 403),
    "GET /api/presence/:id": (200, 403, 403),
    "GET /api/sessions/:id/wait": (403, 403, 200),
    "POST /api/sessions/:id/typing": (200, 403, 403),
    "POST /api/hooks": (200, 200, 200),
    "GET /api/caller": (200, 200, 200),
    "POST /api/sign-in": (401, 401, 401),
    **dict.fromkeys(
        (
            "GET /openapi.json",
            "GET /api/schemas/ws",
            "GET /api/schemas/agent-response",
            "GET /api/health",
            "POST /api/channel/register",
            "DELETE /api/channel/register",
            "GET /api/events",
            "GET /api/search",
            "POST /api/sessions",
            "PATCH /api/sessions/:id",
            "DELETE /api/sessions/:id",
            "POST /api/sessions/:id/restore",
            "PATCH /api/sessions/:id/handle",
            "PATCH /api/sessions/:id/cli-flag",
            "PATCH /api/sessions/:id/messages",
            "DELETE /api/sessions/:id/messages",
            "PATCH /api/sessions/:id/messages/:id/pin",
            "POST /api/sessions/:id/participants",
            "DELETE /api/sessions/:id/participants",
            "POST /api/sessions/:id/links",
            "DELETE /api/sessions/:id/links",
            "POST /api/sessions/:id/tasks",
            "PATCH /api/sessions/:id/tasks/:id",
            "DELETE /api/sessions/:id/tasks/:id",
            "POST /api/sessions/:id/file-refs",
            "DELETE /api/sessions/:id/file-refs",
            "POST /api/sessions/:id/terminal/input",
            "POST /api/sessions/:id/terminal/resize",
            "POST /api/sessions/:id/terminal/start",
            "POST /api/sessions/:id/terminal/stop",
            "GET /api/sessions/:id/terminal/history",
            "GET /api/sessions/:id/terminal/screen",
            "GET /api/sessions/:id/run-events",
            "GET /api/sessions/:id/terminal/events",
            "GET /api/sessions/:id/export",
            "POST /api/sessions/:id/export",
            "GET /api/sessions/:id/status",
            "GET /api/sessions/:id/prompt-bridge/pending",
            "GET /api/sessions/:id/prompt-bridge/explain",
            "POST /api/sessions/:id/prompt-bridge/respond",
            "GET /api/status",
            "GET /api/prompt-bridge/config",
            "PUT /api/prompt-bridge/config",
            "GET /api/drivers",
            "POST /api/drivers/check",
            "POST /api/drivers/reload",
            "GET /api/tokens",
            "POST /api/tokens",
            "DELETE /api/tokens/:id",
            "POST /api/sign-in/codes",
            "POST /api/sign-out",
        ),
        NEVER,
    ),
}
"""The status of each route for a token: in a room of its terminal, in another room,
and on its own terminal."""


@attrs.define(eq=False)
class Scene:
    """`@ada` runs and is in the room `own`; `foreign` has a message, too."""

    operator: Api
    ada: Session
    token: str
    own: Any
    foreign: Any
    messages: dict[str, str]

    @property
    def api(self) -> Api:
        return Api(self.operator.rig, self.token)

    @property
    def told(self) -> list[str]:
        """What was done so far; what only tells how the program is does not count."""
        published = (envelope.event for envelope in self.operator.rig.bus.published)
        return [type(event).__name__ for event in published if event.durable]

    async def post(self, where: str, **body: Any) -> Answer:
        return await self.api.call("POST", f"/api/sessions/{where}", body)


@pytest.fixture
async def scene(api: Api) -> Scene:
    """A server without a key: whoever shows no token is its operator."""
    ada = await api.rig.started("ada")
    own, foreign = await api.room("own"), await api.room("foreign")
    await api.call(
        "POST", f"/api/sessions/{own['id']}/participants", {"session_id": ada.id}
    )
    messages = {  # Of a kind that is typed nowhere, so that nothing goes on by itself.
        each["id"]: (await api.post(each, msg_type="title"))["id"]
        for each in (own, foreign)
    }
    token = api.rig.specs[0].env["ANT_TOKEN"]
    return Scene(api, ada, token, own, foreign, messages)


def where(route: Route, session_id: str, message_id: str) -> str:
    """The path to a session and to a message of it."""
    known = {"<session_id>": session_id, "<message_id>": message_id}
    return "/".join(
        known.get(part, NOBODY if "<" in part else part)
        for part in route.path.split("/")
    )


async def answer(scene: Scene, route: Route, session_id: str) -> Answer:
    """What the token gets there; the body lets it say who it is wherever it can."""
    path = where(route, session_id, scene.messages.get(session_id, NOBODY))
    body = None if route.body is None else LEAST.get(route.body.__name__, {})
    names = {"handle": "@ada", "reader_id": scene.ada.id}
    if route.speaker in names:
        body = {**body, route.speaker: names[route.speaker]}
    return await scene.api.call(route.method, path, body, **queried(route))


def test_every_route_takes_a_stance() -> None:
    """A new route is in the table above, or this fails."""
    assert {row(route) for route in ROUTES} == STANCES.keys()
    closed = {row(e) for e in ROUTES if e.token is None and not e.is_open}
    assert {each for each, stance in STANCES.items() if stance == NEVER} == closed
    for route in ROUTES:
        assert route.token in {None, *get_args(permissions.Stance)}
        if route.speaker is not None:
            assert route.speaker in {each.name for each in attrs.fields(route.body)}


async def test_a_token_on_every_route(scene: Scene) -> None:
    """In its own room, in another, on its own terminal, and where nothing is.

    The closed routes first, so that what others do is not taken for theirs.
    """
    for route in sorted(ROUTES, key=lambda each: STANCES[row(each)] != NEVER):
        before = scene.told
        statuses = []
        for session_id in (scene.own["id"], scene.foreign["id"], scene.ada.id, NOBODY):
            got = await answer(scene, route, session_id)
            assert got.status < 400 or got.detail
            statuses.append(got.status)
        stance = STANCES[row(route)]
        assert [*stance, stance[1]] == statuses, row(route)
        if stance == NEVER:
            assert before == scene.told, row(route)
            assert not scene.operator.rig.terminals[0].written, row(route)


@pytest.mark.parametrize(
    ("stance", "opens"),
    [
        (None, ""),
        ("room", "own"),
        ("self", "self nothing"),
        ("either", "own self nothing"),
    ],
)
async def test_what_a_stance_opens(
    scene: Scene, stance: permissions.Stance | None, opens: str
) -> None:
    """Whether a route of that kind is in the table or not."""
    system = scene.operator.rig.system
    caller = await system.journal.read(
        identify, system.services.token_signer, scene.token
    )
    ids = {"own": scene.own["id"], "foreign": scene.foreign["id"], "nothing": None}
    for name, session_id in {**ids, "self": scene.ada.id}.items():
        check = permissions.check_call(system, stance, caller, session_id)
        if name in opens.split():
            await check
        else:
            with pytest.raises(Forbidden):
                await check


async def test_a_post_is_the_terminals(scene: Scene) -> None:
    """Under its id, whether the body says who it is or not, and never as a user."""
    for said in ({}, {"sender_id": scene.ada.id}, {"sender_id": "ADA", "role": "tool"}):
        got = await scene.post(f"{scene.own['id']}/messages", content="hi", **said)
        assert scene.ada.id == got.body["sender_id"]
        assert {"role": "assistant", **said}["role"] == got.body["role"]
    people = await scene.api.get(f"/api/sessions/{scene.own['id']}/participants")
    counts = {each["handle"]: each["message_count"] for each in people["all"]}
    assert {"@ada": 3} == counts


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("messages", {"content": "x", "sender_id": "@bob"}),
        ("messages", {"content": "x", "sender_id": "cli"}),
        ("messages", {"content": "x", "sender_id": ""}),
        ("messages", {"content": "x", "role": "system"}),
        ("messages", {"content": "x", "role": "System"}),
        *(
            ("messages", {"content": "{}", "msg_type": spelled})
            for each in filter(MessageType.is_machine, MessageType)
            for spelled in (each, each.upper(), each.title())
        ),
        ("typing", {"handle": "@bob", "typing": True}),
        ("messages/MESSAGE/read", {"reader_id": "FOREIGN"}),
    ],
)
async def test_nobody_else_can_be_spoken_for(
    scene: Scene, where: str, body: dict[str, Any]
) -> None:
    """Not in its own rooms, either; nothing is posted."""
    before = scene.told
    where = where.replace("MESSAGE", scene.messages[scene.own["id"]])
    body = {k: scene.foreign["id"] if v == "FOREIGN" else v for k, v in body.items()}
    got = await scene.post(f"{scene.own['id']}/{where}", **body)
    assert 403 == got.status
    assert got.detail
    assert before == scene.told


async def test_a_hook_is_of_its_own_terminal(scene: Scene) -> None:
    """Named or not; of another one it is refused."""
    prompt_service, hook = (
        scene.operator.rig.system.services.prompt_service,
        {"event": "UserPromptSubmit"},
    )
    bob = await scene.operator.rig.started("bob")
    got = await scene.api.call("POST", "/api/hooks", {**hook, "ant_session_id": bob.id})
    assert 403 == got.status
    got = await scene.api.call("POST", "/api/hooks", hook)
    assert "recorded" == got.body["action"]
    status = prompt_service.status(scene.ada.id)
    assert status is not None
    assert "hook" == status.source
    other = prompt_service.status(bob.id)
    assert other is None or "hook" != other.source


async def test_a_token_lists_its_rooms(scene: Scene) -> None:
    """And its terminal; nothing else, and nothing that could be brought back."""
    gone = await scene.operator.room("gone")
    await scene.operator.call("DELETE", f"/api/sessions/{gone['id']}")
    page = await scene.api.get("/api/sessions")
    expected = {scene.ada.id, scene.ada.linked_chat_id, scene.own["id"]}
    assert expected == {each["id"] for each in page["sessions"]}
    assert [] == page["recoverable"]
    everything = await scene.operator.get("/api/sessions")
    assert len(expected) < len(everything["sessions"])


async def test_a_user_in_capitals_is_no_user(scene: Scene) -> None:
    """The role of a terminal's message is never that of a person, in any case."""
    path = f"{scene.own['id']}/messages"
    got = await scene.post(path, content="x", role="User")
    assert "assistant" == got.body["role"]


async def test_a_client_id_is_not_taken_from_its_sender(scene: Scene) -> None:
    """Neither read by another sender nor swallowed by one that posts it first."""
    path = f"{scene.own['id']}/messages"
    first = await scene.post(path, content="first", client_id="c")
    zoe = await scene.operator.post(
        scene.own, "secret", client_id="c", sender_id="zoe", msg_type="title"
    )
    again = await scene.post(path, content="again", client_id="c")
    assert (first.body["id"], "first") == (again.body["id"], again.body["content"])
    assert ("secret", False) == (zoe["content"], zoe["id"] == first.body["id"])


@pytest.mark.parametrize("state", ["archived", "deleted"])
async def test_inactive_rooms(scene: Scene, state: str) -> None:
    """A deleted one looks like none. An archived one is read, and changed by nobody."""
    own = scene.own["id"]
    if state == "archived":
        await scene.operator.call("PATCH", f"/api/sessions/{own}", {"archived": True})
    else:
        await scene.operator.call("DELETE", f"/api/sessions/{own}")
    for route in ROUTES:
        stance = STANCES[row(route)]
        if stance[0] == 403 or stance[1] != 403:
            continue
        got = await answer(scene, route, own)
        if state == "deleted":
            none = await answer(scene, route, NOBODY)
            assert (none.status, none.detail) == (got.status, got.detail)
        else:
            assert (200 if route.inactive else 410) == got.status, row(route)
    async with opened(scene.operator.rig, scene.token) as client:
        expected = 403 if state == "deleted" else 410
        told = await client.ask("join_session", sessionId=own)
        assert ("error", expected) == (told["type"], told["status"])
        if state == "deleted":
            none = await client.ask("join_session", sessionId=NOBODY)
            assert none["detail"] == told["detail"]


async def test_a_dead_token_is_refused(scene: Scene) -> None:
    """On a server without a key, too; so is an invented one."""
    await scene.operator.call(
        "PATCH", f"/api/sessions/{scene.ada.id}", {"archived": True}
    )
    for token in (scene.token, f"ant.{scene.ada.id}.{'A' * 43}", "ant.nonsense"):
        for path in ("/api/sessions", "/api/health", f"/api/sessions/{NOBODY}"):
            got = await Api(scene.operator.rig, token).call("GET", path)
            assert (401, True) == (got.status, "token is invalid" in got.detail)
        client, headers = scene.operator.rig.app.test_client(), bearer(token)
        async with client.websocket("/ws", headers=headers) as connection:
            with pytest.raises(WebsocketResponseError) as refused:
                await connection.receive()
            assert 401 == refused.value.response.status_code


# Sockets.


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def opened(rig: Rig, token: str) -> AsyncIterator[Client]:
    """A socket of a token that has said hello."""
    client, headers = rig.app.test_client(), bearer(token)
    async with client.websocket("/ws", headers=headers) as connection:
        client = Client(connection, hears_all=True)
        await client.expect("hello")
        yield client


FRAME_STANCES = {
    "join_session": ({}, True),
    "resume": ({"seq": 0}, True),
    "leave_session": ({}, True),
    "presence_ping": ({}, True),
    "terminal_input": ({"data": "x"}, False),
    "terminal_resize": ({"cols": 9, "rows": 9}, False),
    "check_health": ({}, False),
}
"""What each frame must have beside its session, and whether a token may send it."""


def test_every_frame_takes_a_stance() -> None:
    """A new one is in the table above, or this fails."""
    assert {each.type for each in FRAMES} == FRAME_STANCES.keys()


@pytest.mark.parametrize("kind", FRAME_STANCES)
async def test_a_token_in_every_frame(scene: Scene, kind: str) -> None:
    """In its own room, in another, and on its own terminal."""
    more, allowed = FRAME_STANCES[kind]
    free = kind in {"leave_session", "presence_ping"}
    async with opened(scene.operator.rig, scene.token) as client:
        for session_id in (scene.own["id"], scene.foreign["id"], scene.ada.id):
            named: dict[str, Any] = {"sessionId": session_id}
            if kind == "resume":
                named = {"sessions": {session_id: 0}}
            elif kind == "presence_ping":
                named = {}
            got = await client.ask(kind, **named, **more)
            opens = allowed and (free or session_id == scene.own["id"])
            assert ("ack" if opens else "error") == got["type"], session_id
            assert opens or 403 == got["status"]
    assert not scene.operator.rig.terminals[0].written


async def test_a_socket_is_present_as_its_terminal(scene: Scene) -> None:
    """It cannot have another handle; the lobby is acknowledged and empty."""
    own = {"sessionId": scene.own["id"]}
    async with opened(scene.operator.rig, scene.token) as client:
        got = await client.ask("join_session", handle="@bob", **own)
        assert (403, "error") == (got["status"], got["type"])
        assert "ack" == (await client.ask("join_session", **own))["type"]
        assert "ack" == (await client.ask("join_session", sessionId=LOBBY))["type"]
        page = await scene.operator.get(f"/api/presence/{scene.own['id']}")
        assert {"@ada"} == page["presence"].keys()


async def test_a_socket_hears_its_rooms_only(scene: Scene) -> None:
    """None of what everybody else hears; after a resume neither."""
    rig, own = scene.operator.rig, {"sessionId": scene.own["id"]}
    async with opened(rig, scene.token) as client:
        await client.ask("join_session", **own)
        await rig.started("bob")
        await scene.operator.post(scene.foreign, "not this")
        await scene.operator.post(scene.own, "this")
        frame = await client.expect("message_created")
        assert "this" == frame["content"]
        await client.ask("resume", seq=0, sessions={scene.own["id"]: 0})
        for content in ("hello", "this"):
            assert content == (await client.expect("message_created"))["content"]
    for frame in client.passed:
        assert frame["type"] == "build_id" or own["sessionId"] == frame["sessionId"]


async def test_a_removed_member_receives_no_more(scene: Scene) -> None:
    """Of a room that was joined before."""
    rig, path = scene.operator.rig, f"/api/sessions/{scene.own['id']}/participants"
    async with opened(rig, scene.token) as client:
        await client.ask("join_session", sessionId=scene.own["id"])
        await client.ask("join_session", sessionId=scene.ada.linked_chat_id)
        await scene.operator.call("DELETE", path, {}, session_id=scene.ada.id)
        await scene.operator.post(scene.own, "not this")
        await scene.operator.post({"id": scene.ada.linked_chat_id}, "this")
        assert "this" == (await client.expect("message_created"))["content"]
        assert (
            403
            == (await client.ask("join_session", sessionId=scene.own["id"]))["status"]
        )


async def test_a_socket_ends_with_its_terminal(scene: Scene) -> None:
    """With a code of its own; what ended before, by another run, does not count."""
    rig = scene.operator.rig
    rig.terminals[0].end(ExitStatus(code=0))
    await eventually(lambda: rig.system.supervisor.find(scene.ada.id) is None)
    await rig.system.supervisor.start(scene.ada.id)
    token = rig.specs[1].env["ANT_TOKEN"]
    assert token != scene.token
    async with opened(rig, token) as client:
        chat = scene.ada.linked_chat_id
        ack = await client.ask("resume", seq=0, sessions={chat: 0})
        assert "ack" == ack["type"]
        await scene.operator.post({"id": chat}, "still there")
        assert "still there" == (await client.expect("message_created"))["content"]
        await scene.operator.call("DELETE", f"/api/sessions/{scene.ada.id}")
        with pytest.raises(WebsocketDisconnectError) as end:
            await client.expect("nothing")
        assert (4401,) == end.value.args
