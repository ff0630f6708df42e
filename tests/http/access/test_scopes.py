"""What an access token opens: every route and every frame, for every kind of caller."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from quart.testing.connections import WebsocketDisconnectError, WebsocketResponseError

from ant.api.frames import FRAMES
from ant.api.terminal_requests import ListEvents
from ant.api.token_requests import CreateToken
from ant.core.errors import NotFound, Unauthorized
from ant.http import routes
from ant.http.access import auth
from ant.http.access.scopes import FRAME_SCOPES
from ant.http.contract.endpoint import ROUTES, Route
from ant.http.routes.events import EventStream
from ant.identity import access_tokens
from ant.identity.access_tokens import NewToken
from ant.model.access_tokens import AccessTokenId, Scope, TokenKind
from tests.asked import Asker
from tests.http.access.test_permissions import FRAME_STANCES
from tests.http.asking import Api
from tests.http.routes.test_routes import LEAST, row
from tests.http.ws.test_socket import Client
from tests.systems import Rig, running

assert routes.__all__

KEY = "a-key-of-the-operator"

VIEW = """
GET /api/sessions, GET /api/sessions/:id, GET /api/sessions/:id/messages,
GET /api/sessions/:id/messages/search, GET /api/sessions/:id/messages/:id/deliveries,
GET /api/sessions/:id/messages/:id/read, GET /api/sessions/:id/deliveries,
GET /api/sessions/:id/participants, GET /api/sessions/:id/reads,
GET /api/sessions/:id/digest, GET /api/sessions/:id/tasks,
GET /api/sessions/:id/file-refs, GET /api/sessions/:id/links, GET /api/presence/:id,
GET /openapi.json, GET /api/schemas/ws, GET /api/schemas/agent-response,
GET /api/health, GET /api/events, GET /api/search, GET /api/status,
GET /api/sessions/:id/terminal/history, GET /api/sessions/:id/terminal/screen,
GET /api/sessions/:id/run-events, GET /api/sessions/:id/terminal/events,
GET /api/sessions/:id/export, GET /api/sessions/:id/status, GET /api/sessions/:id/wait,
GET /api/sessions/:id/prompt-bridge/pending,
GET /api/sessions/:id/prompt-bridge/explain"""
TYPE = """
POST /api/sessions/:id/terminal/input, POST /api/sessions/:id/terminal/resize,
POST /api/sessions/:id/terminal/start, POST /api/sessions/:id/terminal/stop"""
POST = """
POST /api/sessions/:id/messages, PATCH /api/sessions/:id/messages,
DELETE /api/sessions/:id/messages, PATCH /api/sessions/:id/messages/:id/pin,
POST /api/sessions/:id/messages/:id/read, POST /api/sessions/:id/typing,
POST /api/sessions/:id/tasks, PATCH /api/sessions/:id/tasks/:id,
DELETE /api/sessions/:id/tasks/:id, POST /api/sessions/:id/file-refs,
DELETE /api/sessions/:id/file-refs"""
ADMIN = """
POST /api/hooks, POST /api/channel/register, DELETE /api/channel/register,
POST /api/sessions, PATCH /api/sessions/:id, DELETE /api/sessions/:id,
POST /api/sessions/:id/restore, PATCH /api/sessions/:id/handle,
PATCH /api/sessions/:id/cli-flag, POST /api/sessions/:id/participants,
DELETE /api/sessions/:id/participants, POST /api/sessions/:id/links,
DELETE /api/sessions/:id/links, POST /api/sessions/:id/export,
GET /api/prompt-bridge/config, PUT /api/prompt-bridge/config, GET /api/tokens,
POST /api/tokens, DELETE /api/tokens/:id, POST /api/sign-in/codes,
GET /api/drivers, POST /api/drivers/check, POST /api/drivers/reload"""

SCOPES: dict[str, str | None] = {
    name.strip(): scope
    for scope, names in {
        Scope.VIEW: VIEW,
        Scope.TYPE: TYPE,
        Scope.ANSWER: "POST /api/sessions/:id/prompt-bridge/respond",
        Scope.POST: POST,
        Scope.ADMIN: ADMIN,
        "any": "POST /api/sign-out, GET /api/caller",
    }.items()
    for name in names.split(",")
} | {"POST /api/sign-in": None}
"""What an access token needs for each route. None: the route is closed to tokens, or,
like the exchange of a code, needs no credentials."""

FRAMES_NEED = {
    "join_session": Scope.VIEW,
    "resume": Scope.VIEW,
    "leave_session": Scope.VIEW,
    "presence_ping": Scope.VIEW,
    "check_health": Scope.VIEW,
    "terminal_input": Scope.TYPE,
    "terminal_resize": Scope.TYPE,
}

LISTED = {"GET /api/sessions"}
"""Routes without a session in their path that leave out what a limited token must not
see; the others of that kind are closed to it."""


def test_every_route_has_a_scope() -> None:
    """A new route needs a row in the table above, and the same scope in its code.

    Without a `scope` in its code it is closed to access tokens.
    """
    declared = {row(route): route.scope for route in ROUTES}
    missing = sorted(declared.keys() - SCOPES.keys())
    assert not missing, f"these routes have no row in the table: {missing}"
    stale = sorted(SCOPES.keys() - declared.keys())
    assert not stale, f"these rows have no route: {stale}"
    wrong = {k: (SCOPES[k], v) for k, v in declared.items() if SCOPES[k] != v}
    assert not wrong, f"the table and the code differ: {wrong}"


def test_every_frame_has_a_scope() -> None:
    """As a route; `FRAME_SCOPES` in `http.access.scopes` is where a frame says it."""
    missing = sorted({each.type for each in FRAMES} - FRAMES_NEED.keys())
    assert not missing, f"these frames have no row in the table: {missing}"
    assert FRAMES_NEED == {each.type: scope for each, scope in FRAME_SCOPES.items()}


@attrs.define(eq=False)
class Scene:
    """A server with a key, a terminal, two rooms with a message, and tokens."""

    rig: Rig
    terminal: Asker
    own: Any
    foreign: Any
    messages: dict[str, str]

    @property
    def operator(self) -> Api:
        return Api(self.rig, KEY)

    def token(self, *scopes: Scope, **fields: Any) -> NewToken:
        """A new token, by the rule alone."""
        kind = fields.pop("kind", TokenKind.TOKEN)
        request = CreateToken("test", scopes, **fields)
        made: NewToken = self.rig.store.transact(
            access_tokens.create, request, None, kind
        )
        return made

    def api(self, *scopes: Scope, **fields: Any) -> Api:
        return Api(self.rig, self.token(*scopes, **fields).token)

    @property
    def token_terminal(self) -> str:
        return self.rig.specs[0].env["ANT_TOKEN"]


@asynccontextmanager
async def opened_scene(folder: Path) -> AsyncIterator[Scene]:
    async with running(folder, api_key=KEY) as rig:
        terminal = await Asker.start(rig, "ada")
        operator = Api(rig, KEY)
        own, foreign = await operator.room("own"), await operator.room("foreign")
        messages = {
            each["id"]: (await operator.post(each, msg_type="title"))["id"]
            for each in (own, foreign)
        }
        yield Scene(rig, terminal, own, foreign, messages)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened_scene(tmp_path) as one:
        yield one


def body_of(route: Route) -> Any:
    if route.body is None:
        return None
    return OWN.get(route.body.__name__) or LEAST.get(route.body.__name__, {})


OWN = {
    "SetTyping": {"handle": "@zoe", "typing": True},
    "CreateSignInCode": {"scopes": ["view"]},
}
"""Bodies that speak for no session, and give no more than the caller has."""


SAME_ORIGIN = {"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"}
CROSS_SITE = (
    {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
    {"Origin": "http://localhost:9999"},
)


async def test_a_limited_token_lists_its_session(scene: Scene) -> None:
    """With its linked chat, and nothing else; a room alone."""
    session = scene.terminal.session
    for session_id, expected in (
        (session.id, {session.id, session.linked_chat_id}),
        (session.linked_chat_id, {session.linked_chat_id}),
        (scene.own["id"], {scene.own["id"]}),
    ):
        page = await scene.api(Scope.VIEW, session_id=session_id).get("/api/sessions")
        assert expected == {each["id"] for each in page["sessions"]}
        assert [] == page["recoverable"]
    everything = await scene.api(Scope.VIEW).get("/api/sessions")
    assert {scene.own["id"], scene.foreign["id"]} < {
        each["id"] for each in everything["sessions"]
    }


async def test_a_limited_token_reaches_its_room_only(scene: Scene) -> None:
    """Neither by a target nor by a mention."""
    api = scene.api(Scope.POST, session_id=scene.own["id"])
    path = f"/api/sessions/{scene.own['id']}/messages"
    for body in ({"target": "@ada"}, {"content": "@ada hello"}):
        body = {"content": "hello", "role": "assistant", **body}
        got = await api.call("POST", path, body)
        assert 201 == got.status
        reached = [each for each in got.body["deliveries"] if each["delivered"]]
        assert ["ws-broadcast"] == [each["adapter"] for each in reached]


@pytest.mark.parametrize(
    "body",
    [
        {"role": "system"},
        {"msg_type": "agent_event"},
        {"sender_id": "@ada"},
    ],
)
async def test_only_admin_speaks_for_others(scene: Scene, body: Any) -> None:
    """For a terminal, for the system, as the server; a person's name is free."""
    path = f"/api/sessions/{scene.own['id']}/messages"
    given = {"content": "x", **body}
    got = await scene.api(Scope.POST, Scope.ANSWER).call("POST", path, given)
    assert (403, True) == (got.status, "`admin`" in got.detail)
    got = await scene.api(Scope.POST).call(
        "POST", path, {"content": "x", "sender_id": "zoe"}
    )
    assert 201 == got.status
    assert 201 == (await scene.api(Scope.ADMIN).call("POST", path, given)).status


async def test_no_token_gives_more_than_it_has(scene: Scene) -> None:
    """Nor by a code; what it makes ends with it and no later."""
    admin = scene.token(Scope.ADMIN, expires_in=100)
    api = Api(scene.rig, admin.token)
    for path, body in (
        ("/api/tokens", {"label": "x", "scopes": ["view", "answer"]}),
        ("/api/sign-in/codes", {}),
    ):
        got = await api.call("POST", path, body)
        assert (403, True) == (got.status, "answer" in got.detail)
    child = await api.call("POST", "/api/tokens", {"label": "x", "scopes": ["admin"]})
    assert 201 == child.status
    stored = await scene.rig.system.journal.read(
        access_tokens.identify, child.body["token"]
    )
    assert admin.access_token.expires_at == stored.expires_at
    path = f"/api/tokens/{admin.access_token.id}"
    assert 200 == (await scene.operator.call("DELETE", path)).status
    for token in (admin.token, child.body["token"]):
        assert 401 == (await Api(scene.rig, token).call("GET", "/api/health")).status


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"scopes": []}, "at $.scopes"),
        ({"scopes": ["all"]}, "at $.scopes"),
        ({"scopes": ["admin"], "session_id": "OWN"}, "limited to a session"),
        ({"scopes": ["view"], "expires_in": 0}, "at $.expires_in"),
        ({"scopes": ["view"], "label": " "}, "at $.label"),
    ],
)
async def test_tokens_that_cannot_be_made(scene: Scene, body: Any, says: str) -> None:
    """The error says what was expected."""
    if "session_id" in body:
        body = {**body, "session_id": scene.own["id"]}
    got = await scene.operator.call("POST", "/api/tokens", {"label": "x", **body})
    assert (400, True) == (got.status, says in got.detail), got.body


async def test_a_list_has_no_secrets(scene: Scene) -> None:
    """And the last use, with its address."""
    made = await scene.operator.call(
        "POST", "/api/tokens", {"label": "CI", "scopes": ["view"]}
    )
    secret = made.body["token"]
    assert secret.startswith("ant_")
    before = (await scene.operator.get("/api/tokens"))["tokens"]
    assert [None] == [each["last_used_at"] for each in before]
    await Api(scene.rig, secret).get("/api/health")
    after = await scene.operator.get("/api/tokens")
    assert after["tokens"][0]["last_used_at"] is not None
    assert secret not in json.dumps(after)
    made.body.pop("token")
    assert made.body.keys() == after["tokens"][0].keys()


def files_of(folder: Path) -> list[bytes]:
    return [each.read_bytes() for each in folder.rglob("*") if each.is_file()]


async def test_nothing_keeps_a_secret(scene: Scene, tmp_path: Path) -> None:
    """No file of the data folder, no event, no log line."""
    made = scene.token(Scope.VIEW).token
    await Api(scene.rig, made).get("/api/health")
    await scene.rig.settle()
    assert not [each for each in files_of(tmp_path) if made.encode() in each]
    assert made not in repr(scene.token(Scope.VIEW))


# Prompts.


def subsets(scopes: Iterable[Scope]) -> list[tuple[Scope, ...]]:
    given = tuple(scopes)
    return [
        some for size in range(1, len(given) + 1) for some in combinations(given, size)
    ]


WITHOUT_ANSWER = subsets(each for each in Scope if each is not Scope.ANSWER)

WAYS = (
    "respond",
    "respond_in_chat",
    "agent_response",
    "agent_response_elsewhere",
    "type",
    "type_bytes",
    "stop",
    "say_in_chat",
    "say_to_terminal",
    "put_away",
    "frame",
    "frame_empty",
)


async def attempt(scene: Scene, token: str, way: str, text: str = "y\r") -> None:
    """Try to answer the prompt of the terminal."""
    api, session = Api(scene.rig, token), scene.terminal.session
    here, chat = f"/api/sessions/{session.id}", session.linked_chat_id
    there = f"/api/sessions/{chat}"
    record = scene.rig.system.services.prompt_service.current(session.id)
    answer = json.dumps(
        {"type": "select", "choice": {"index": 0}, "prompt_id": record.id}
    )
    card = {"content": answer, "msg_type": "Agent_Response"}
    if way in ("frame", "frame_empty"):
        headers = {"Authorization": f"Bearer {token}"}
        with trio.move_on_after(5):
            async with scene.rig.app.test_client().websocket(
                "/ws", headers=headers
            ) as connection:
                client = Client(connection, hears_all=True)
                try:
                    data = text if way == "frame" else "\r"
                    await client.ask("terminal_input", sessionId=session.id, data=data)
                except WebsocketResponseError:
                    pass
        return
    calls: dict[str, tuple[str, str, Any, dict[str, str]]] = {
        "respond": ("POST", f"{here}/prompt-bridge/respond", {"response": text}, {}),
        "respond_in_chat": (
            *("POST", f"{there}/prompt-bridge/respond"),
            *({"type": "approve"}, {}),
        ),
        "agent_response": ("POST", f"{there}/messages", card, {}),
        "agent_response_elsewhere": (
            *("POST", f"/api/sessions/{scene.own['id']}/messages", card),
            {},
        ),
        "type": ("POST", f"{here}/terminal/input", {"data": text}, {}),
        "type_bytes": ("POST", f"{here}/terminal/input", {"data_b64": "DQ=="}, {}),
        "stop": ("POST", f"{here}/terminal/stop", {}, {}),
        "say_in_chat": ("POST", f"{there}/messages", {"content": text}, {}),
        "say_to_terminal": ("POST", f"{here}/messages", {"content": text}, {}),
        "put_away": (
            *("PATCH", f"{there}/messages", {"meta": {"status": "discarded"}}),
            {"msgId": record.message_id or "none"},
        ),
    }
    method, path, body, query = calls[way]
    await api.call(method, path, body, **query)


def keys_of(scene: Scene) -> bytes:
    """What was typed; an interrupt ends the program, as Ctrl-C does."""
    fake = scene.rig.terminals[0]
    return bytes(fake.written) + b"\x03" * (fake._exit is not None)


def untouched(scene: Scene) -> bool:
    """Whether the prompt still waits, and nothing was typed."""
    shown = scene.rig.system.services.prompt_service.shown(scene.terminal.session.id)
    is_pending = shown is not None and shown.is_pending
    return is_pending and not (scene.terminal.typed or keys_of(scene))


@pytest.mark.slow
async def test_nobody_answers_without_the_scope(scene: Scene) -> None:
    """No set of scopes without `answer`, by no way; limited to the terminal or not."""
    await scene.terminal.ask()
    session_id = scene.terminal.session.id
    for scopes in WITHOUT_ANSWER:
        tokens = [scene.token(*scopes).token]
        if Scope.ADMIN not in scopes:
            tokens.append(scene.token(*scopes, session_id=session_id).token)
        for token in tokens:
            for way in WAYS:
                await attempt(scene, token, way)
                await scene.rig.settle()
                assert untouched(scene), (scopes, way)


@pytest.mark.parametrize("way", ["respond", "respond_in_chat", "agent_response"])
async def test_the_scope_answers(scene: Scene, way: str) -> None:
    """The same ways, with it: the test above can fail."""
    await scene.terminal.ask()
    await attempt(scene, scene.token(Scope.ANSWER, Scope.POST).token, way, "Yes")
    assert scene.terminal.typed


@pytest.mark.parametrize("way", ["type", "frame", "stop"])
async def test_typing_needs_no_answer_otherwise(scene: Scene, way: str) -> None:
    """While no prompt waits `type` types; while one waits, `answer` does, too."""
    session = scene.terminal.session
    path = f"/api/sessions/{session.id}/terminal/input"
    typing = scene.api(Scope.TYPE)
    assert 200 == (await typing.call("POST", path, {"data": "x"})).status
    await scene.terminal.ask()
    scene.rig.terminals[0].written.clear()
    await attempt(scene, scene.token(Scope.TYPE, Scope.VIEW).token, way)
    assert not keys_of(scene)
    most = Scope.TYPE, Scope.ANSWER, Scope.VIEW
    await attempt(scene, scene.token(*most).token, way)
    assert keys_of(scene)


Attempts = st.lists(
    st.tuples(
        st.sampled_from(WITHOUT_ANSWER),
        st.booleans(),
        st.sampled_from(WAYS),
        st.sampled_from(["y\r", "1", "\r", "Yes", "no", "approve", "\x1b[B\r", ""]),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.slow
@settings(max_examples=8)
@given(attempts=Attempts)
def test_no_sequence_answers_a_prompt(
    tmp_path_factory: pytest.TempPathFactory, attempts: list[Any]
) -> None:
    """Whatever holders of tokens without `answer` do one after the other."""

    async def main() -> None:
        async with opened_scene(tmp_path_factory.mktemp("scene")) as scene:
            await scene.terminal.ask()
            for scopes, is_limited, way, text in attempts:
                limit = scene.terminal.session.id if is_limited else None
                if Scope.ADMIN in scopes:
                    limit = None
                token = scene.token(*scopes, session_id=limit)
                await attempt(scene, token.token, way, text)
                await scene.rig.settle()
                assert untouched(scene), (scopes, way, text)

    trio.run(main)


# Sockets.


@asynccontextmanager
async def opened(scene: Scene, token: str) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token}"}
    client = scene.rig.app.test_client()
    async with client.websocket("/ws", headers=headers) as connection:
        hearing = Client(connection, hears_all=True)
        await hearing.expect("hello")
        yield hearing


def frame_of(kind: str, session_id: str) -> dict[str, Any]:
    more = dict(FRAME_STANCES[kind][0])
    if kind == "resume":
        return more | {"sessions": {session_id: 0}}
    return more if kind == "presence_ping" else more | {"sessionId": session_id}


@pytest.mark.parametrize("kind", FRAMES_NEED)
async def test_every_caller_on_every_frame(scene: Scene, kind: str) -> None:
    """Each scope, limited here and elsewhere; the operator may all."""
    session, need = scene.terminal.session, FRAMES_NEED[kind]
    fields = frame_of(kind, session.id)
    for scope in Scope:
        token = scene.token(Scope.VIEW, scope).token
        async with opened(scene, token) as client:
            got = await client.ask(kind, **fields)
            is_ok = need in (Scope.VIEW, scope) or scope is Scope.ADMIN
            assert ("ack" if is_ok else "error") == got["type"], (scope, got)
            if not is_ok:
                assert (403, True) == (got["status"], f"`{need}`" in got["detail"])
    for limit, is_ok in ((session.id, True), (scene.foreign["id"], False)):
        token = scene.token(Scope.VIEW, Scope.TYPE, session_id=limit).token
        async with opened(scene, token) as client:
            got = await client.ask(kind, **fields)
            free = kind in ("presence_ping", "leave_session")
            assert ("ack" if is_ok or free else "error") == got["type"]


async def test_who_gets_no_socket(scene: Scene) -> None:
    """Without `view`; by an invalid token; with a sign-in, for a page elsewhere."""
    revoked, device = scene.token(*Scope), scene.token(*Scope, kind=TokenKind.DEVICE)
    scene.rig.store.transact(access_tokens.revoke, revoked.access_token.id)
    cookie = f"{auth.cookie_name(scene.rig.system.epoch)}={device.token}"
    bearer = [
        ({"Authorization": f"Bearer {token}"}, status)
        for token, status in (
            *((scene.token(each).token, 403) for each in Scope if each in CLOSED),
            (revoked.token, 401),
            ("wrong", 401),
        )
    ]
    origins = [
        ({"Cookie": cookie, "Origin": origin}, 403)
        for origin in ("https://evil.example", "null", "http://localhost:1")
    ]
    for headers, status in (*bearer, *origins, ({"Cookie": cookie}, 403)):
        async with scene.rig.app.test_client().websocket(
            "/ws", headers=headers
        ) as connection:
            with pytest.raises(WebsocketResponseError) as refused:
                await connection.receive()
            assert status == refused.value.response.status_code, headers
    headers = {"Cookie": cookie, "Origin": "http://localhost"}
    async with scene.rig.app.test_client().websocket(
        "/ws", headers=headers
    ) as connection:
        assert "hello" == (await Client(connection).expect("hello"))["type"]


CLOSED = {Scope.TYPE, Scope.ANSWER, Scope.POST}
"""Single scopes with which the handshake is refused."""


async def test_a_join_that_starts_a_program_types(scene: Scene) -> None:
    """`spawnPty` starts and resizes, so that `view` is not enough."""
    session = scene.terminal.session
    async with opened(scene, scene.token(Scope.VIEW).token) as client:
        got = await client.ask("join_session", sessionId=session.id, spawnPty=True)
        assert (403, True) == (got["status"], "`type`" in got["detail"])


async def test_a_limited_socket_hears_its_room_only(scene: Scene) -> None:
    """None of what everybody else hears."""
    token = scene.token(Scope.VIEW, session_id=scene.own["id"]).token
    async with opened(scene, token) as client:
        await client.ask("join_session", sessionId=scene.own["id"])
        await scene.rig.started("bob")
        await scene.operator.post(scene.foreign, "not this")
        await scene.operator.post(scene.own, "this")
        assert "this" == (await client.expect("message_created"))["content"]
    for frame in client.passed:
        assert frame["type"] == "build_id" or scene.own["id"] == frame["sessionId"]


@pytest.mark.parametrize("is_limited", [False, True])
async def test_a_revoked_socket_closes_within_a_second(
    scene: Scene, is_limited: bool
) -> None:
    """With the code of dead tokens; others stay open."""
    limit = scene.own["id"] if is_limited else None
    made, other = (scene.token(*CLOSED, Scope.VIEW, session_id=limit) for _ in "ab")
    async with opened(scene, made.token) as client, opened(scene, other.token) as stays:
        await client.ask("join_session", sessionId=scene.own["id"])
        path = f"/api/tokens/{made.access_token.id}"
        assert 200 == (await scene.operator.call("DELETE", path)).status
        with trio.fail_after(1), pytest.raises(WebsocketDisconnectError) as end:
            await client.expect("nothing")
        assert (4401,) == end.value.args
        assert "ack" == (await stays.ask("presence_ping"))["type"]
    assert 404 == (await scene.operator.call("DELETE", path)).status


async def test_a_socket_closes_when_its_token_expires(scene: Scene) -> None:
    """By itself, without an event or a command."""
    token = scene.token(Scope.VIEW, expires_in=1).token
    async with opened(scene, token) as client:
        with pytest.raises(WebsocketDisconnectError) as end:
            await client.expect("nothing")
    assert (4401,) == end.value.args


def test_a_token_ends_with_its_session(tmp_path: Path) -> None:
    """A hard delete takes its row."""

    async def main() -> None:
        async with opened_scene(tmp_path) as scene:
            made = scene.token(Scope.VIEW, session_id=scene.own["id"])
            path = f"/api/sessions/{scene.own['id']}"
            assert 204 == (await scene.operator.call("DELETE", path)).status
            with pytest.raises(Unauthorized, match="was deleted"):
                scene.rig.store.read(access_tokens.identify, made.token)

    trio.run(main)


async def test_what_is_unknown_is_not_revoked(scene: Scene) -> None:
    """An error names it."""
    with pytest.raises(NotFound, match="nobody"):
        scene.rig.store.read(access_tokens.family, AccessTokenId("nobody"))


@pytest.mark.parametrize("is_early", [False, True])
async def test_a_revoked_stream_ends(scene: Scene, is_early: bool) -> None:
    """Within a second; also if it was revoked before the first event was read."""
    made = scene.token(Scope.VIEW)
    seq = scene.rig.bus.seq
    if is_early:
        scene.rig.store.transact(access_tokens.revoke, made.access_token.id)
    stream = EventStream(scene.rig.system, ListEvents(), seq, made.access_token)
    async with stream, trio.open_nursery() as nursery:

        async def revoke() -> None:
            path = f"/api/tokens/{made.access_token.id}"
            await scene.operator.call("DELETE", path)

        if not is_early:
            nursery.start_soon(revoke)
        with trio.fail_after(1):
            async for _ in stream:  # The revocation is an event, too.
                pass
    assert {} == scene.rig.system.live_tokens._watches


@pytest.mark.parametrize("is_terminal", [True, False])
async def test_what_would_be_typed_needs_both_scopes(
    scene: Scene, is_terminal: bool
) -> None:
    """A person's words in a terminal's own chat; those of others are a message."""
    session = scene.terminal.session
    where_to = session.id if is_terminal else session.linked_chat_id
    path = f"/api/sessions/{where_to}/messages"
    for scopes, lacks in (
        ((Scope.POST,), "`type`"),
        ((Scope.POST, Scope.ANSWER), "`type`"),
        ((Scope.POST, Scope.TYPE), "`answer`"),
        ((Scope.ADMIN,), "`answer`"),
    ):
        for role in ("user", "User"):
            body = {"content": "y", "role": role}
            got = await scene.api(*scopes).call("POST", path, body)
            assert (403, True) == (got.status, lacks in got.detail), (scopes, role)
        body = {"content": "y", "role": "assistant"}
        assert 201 == (await scene.api(*scopes).call("POST", path, body)).status
    every = scene.api(Scope.POST, Scope.TYPE, Scope.ANSWER)
    assert 201 == (await every.call("POST", path, {"content": "y"})).status
