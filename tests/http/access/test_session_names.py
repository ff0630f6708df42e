"""A handle wherever the id of a session is taken: paths, queries, bodies, frames."""

import json
from typing import Any, get_args, get_origin

import attrs
import pytest

from ant.api.constraints import Ident
from ant.api.frames import FRAMES, Resume
from ant.core.errors import Invalid
from ant.http.access.session_names import takes_names, with_ids
from ant.http.contract.endpoint import ROUTES, Route
from ant.model.sessions import Session
from tests.http.access.test_permissions import Scene, opened, scene, where
from tests.http.asking import Api
from tests.http.routes.test_routes import LEAST, NOBODY, path, queried, row
from tests.http.ws.test_socket import connected
from tests.systems import Rig

assert scene

IN_PATH = [each for each in ROUTES if "<session_id>" in each.path]
NAMING = {
    "POST /api/tokens",
    "PATCH /api/sessions/:id",
    "POST /api/sessions/:id/links",
    "POST /api/channel/register",
    "POST /api/drivers/check",
    "GET /api/events",
    "PUT /api/prompt-bridge/config",
    "POST /api/hooks",
}
"""The routes whose query or body may name a session."""

OF_PEOPLE = {"AddParticipant", "RemoveParticipant", "MarkRead"}
"""Requests that name a session or a person, and look both up themselves."""

TIMES = {"updated_at", "created_at", "at", "id", "detected_at", "sampledAt"}


def timeless(value: Any) -> Any:
    """An answer without what is new in each."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in TIMES}
    return [timeless(each) for each in value] if isinstance(value, list) else value


async def named(api: Api) -> Session:
    """A terminal that never ran, so that nothing about it changes by itself."""
    return await api.rig.create("codex")


@pytest.mark.parametrize("name", ["@codex", "@CODEX", "%40codex"])
async def test_a_path(api: Api, name: str) -> None:
    """By its handle a session answers as by its id, on every route."""
    for number, route in enumerate(IN_PATH):
        session = await api.rig.create(f"codex{number}")
        body = None if route.body is None else LEAST.get(route.body.__name__, {})
        by_name, by_id = [
            await api.call(route.method, path(route, each), body, **queried(route))
            for each in (f"{name}{number}", session.id)
        ]
        if row(route).startswith("DELETE /api/sessions/:id"):
            assert by_name.status in (200, 204, 400, 404), row(route)
        elif by_id.status < 400:
            assert by_name.status == by_id.status, row(route)
            assert timeless(by_name.body) == timeless(by_id.body), row(route)
        else:
            assert by_name.status == by_id.status, row(route)
            assert by_name.detail == by_id.detail, row(route)


async def test_a_handle_of_nobody_in_a_path(api: Api) -> None:
    """A 404 that says what was looked for, and nothing is done."""
    before = api.rig.tags()
    for route in IN_PATH:
        body = None if route.body is None else LEAST.get(route.body.__name__, {})
        where = path(route, "@nil")
        answer = await api.call(route.method, where, body, **queried(route))
        said = "There is no session with the handle '@nil'."
        assert (404, said) == (answer.status, answer.detail), row(route)
        assert before == api.rig.tags(), row(route)


async def test_a_deleted_session_is_restored_by_its_handle(api: Api) -> None:
    """While no active one has it, and no other inactive one."""
    session = await named(api)
    here = "/api/sessions/@codex"
    assert 204 == (await api.call("DELETE", here)).status
    assert session.id == (await api.get(here))["id"]
    other = await named(api)
    assert other.id == (await api.get(here))["id"]
    await api.call("DELETE", here)
    answer = await api.call("POST", f"{here}/restore")
    assert 404 == answer.status
    assert {True} == {each.id in answer.detail for each in (session, other)}
    await api.call("DELETE", f"/api/sessions/{other.id}", hard="true")
    assert session.id == (await api.call("POST", f"{here}/restore")).body["id"]


@pytest.mark.parametrize("query", [{}, {"hard": "true"}])
async def test_a_delete_by_handle_is_for_the_active_session(
    api: Api, query: dict[str, str]
) -> None:
    """Sent again, it does not remove another session that once had the handle."""
    archived = await named(api)
    await api.call("PATCH", f"/api/sessions/{archived.id}", {"archived": True})
    session = await named(api)
    here = "/api/sessions/@codex"
    assert 204 == (await api.call("DELETE", here, None, **query)).status
    again = await api.call("DELETE", here, None, **query)
    assert (404, True) == (again.status, archived.id in again.detail)
    assert (await api.get(f"/api/sessions/{archived.id}"))["archived"]
    gone = await api.call("GET", f"/api/sessions/{session.id}")
    assert (404 if query else 200) == gone.status


def test_every_id_of_a_session_may_be_a_handle() -> None:
    """A field with another kind of id says so; the rest are the requests above."""
    assert NAMING == {row(each) for each in ROUTES if each.takes_names}
    frames = {each.type for each in FRAMES if not takes_names(each)}
    assert {"presence_ping"} == frames
    kinds = {each.body for each in ROUTES if each.body is not None}
    kinds |= {each.hints["query"] for each in ROUTES if "query" in each.hints}
    ids = {
        (kind.__name__, field.name)
        for kind in kinds
        for field in attrs.fields(kind)
        if Ident in (field.type, *get_args(field.type))
    }
    assert {"prompt_id"} == {name for kind, name in ids if kind not in OF_PEOPLE}


async def test_a_body_and_a_query(api: Api) -> None:
    """Each field that takes an id; what is stored and answered is the id."""
    session, room = await named(api), await api.room()
    await api.call("PATCH", f"/api/sessions/{room['id']}/handle", {"handle": "ops"})
    link = await api.call(
        "POST",
        "/api/sessions/@codex-chat/links",
        {"targetRoomId": "@ops", "relationship": "follows_up"},
    )
    assert (session.linked_chat_id, room["id"]) == (
        link.body["sourceRoomId"],
        link.body["targetRoomId"],
    )
    channel = {"handle": "@bot", "port": 65535, "session_id": "@ops"}
    made = await api.call("POST", "/api/channel/register", channel)
    assert room["id"] == made.body["channel"]["session_id"]
    hook = {"event": "Stop", "ant_session_id": "@codex"}
    assert 200 == (await api.call("POST", "/api/hooks", hook)).status
    events = await api.get("/api/sessions/@codex/run-events", source="hook")
    assert 1 == events["count"]
    target = {"kind": "chat", "session_id": "@ops"}
    asked = {"default_targets": [target], "routes": {"@codex": [target]}}
    for body in (asked, {"config": asked}):
        put = await api.call("PUT", "/api/prompt-bridge/config", body)
        config = put.body["config"]
        assert room["id"] == config["default_targets"][0]["session_id"]
        assert [session.id] == list(config["routes"])
    by_id = await api.get("/api/events", session=room["id"])
    assert by_id == await api.get("/api/events", session="@ops")
    assert by_id["events"]
    linked = await api.call("PATCH", "/api/sessions/@codex", {"linked_chat_id": "@ops"})
    assert room["id"] == linked.body["linked_chat_id"]


@pytest.mark.parametrize(
    ("method", "where", "body", "query"),
    [
        ("POST", "/api/sessions/ROOM/links", {"targetRoomId": "@nil"}, {}),
        ("PATCH", "/api/sessions/ROOM", {"linked_chat_id": "@nil"}, {}),
        ("POST", "/api/hooks", {"event": "Stop", "ant_session_id": "@nil"}, {}),
        ("PUT", "/api/prompt-bridge/config", {"routes": {"@nil": []}}, {}),
        ("GET", "/api/events", None, {"session": "@nil"}),
    ],
)
async def test_a_handle_of_nobody_elsewhere(
    api: Api, method: str, where: str, body: Any, query: dict[str, str]
) -> None:
    """The same 404, and nothing is done."""
    room = await api.room()
    before = api.rig.tags()
    path = where.replace("ROOM", room["id"])
    answer = await api.call(method, path, body, **query)
    said = "There is no session with the handle '@nil'."
    assert (404, said) == (answer.status, answer.detail)
    assert before == api.rig.tags()


async def test_an_answer_names_its_terminal_by_handle(api: Api) -> None:
    """In the JSON of an `agent_response`; there is no prompt to answer here."""
    await api.rig.started("codex")
    content = json.dumps({"type": "approve", "terminal_session_id": "@codex"})
    ask = {"content": content, "msg_type": "agent_response"}
    answer = await api.call("POST", "/api/sessions/@codex-chat/messages", ask)
    assert (409, True) == (answer.status, "no pending prompt" in answer.detail)


async def test_frames(rig: Rig) -> None:
    """Each that names a session; the answers have its id."""
    session = await rig.started("codex")
    async with connected(rig) as client:
        for kind, fields in (
            ("join_session", {}),
            ("terminal_input", {"data": "x"}),
            ("terminal_resize", {"cols": 80, "rows": 24}),
            ("check_health", {}),
            ("leave_session", {}),
        ):
            ack = await client.ask(kind, sessionId="@codex", **fields)
            assert ("ack", session.id) == (ack["type"], ack["sessionId"])
        assert b"x" == rig.terminals[0].written
        ack = await client.ask("resume", seq=0, sessions={"@codex": 0, "@nil": 0})
        assert "error" == ack["type"]
        assert ("@nil", 404) == (ack["sessionId"], ack["status"])
        rig.terminals[0].say(b"hello")
        assert session.id == (await client.expect("terminal_output"))["sessionId"]
        error = await client.ask("join_session", sessionId="@nil")
        assert (404, "There is no session '@nil'.") == (
            error["status"],
            error["detail"],
        )


async def test_one_session_by_two_names(rig: Rig) -> None:
    """Neither offset is chosen by chance."""
    session = await rig.create("codex")
    frame = Resume(seq=0, sessions={"@codex": 0, session.id: 5})  # type: ignore
    with pytest.raises(Invalid, match=r"each session once.* at \$\.sessions$"):
        await with_ids(rig.system, frame, None)
    assert get_origin(type(frame)) is None


async def test_a_token_by_handle(scene: Scene) -> None:
    """Its own handles count; that of another session is as that of nobody."""
    operator = scene.operator
    for each, handle in ((scene.own, "own"), (scene.foreign, "foreign")):
        here = f"/api/sessions/{each['id']}/handle"
        await operator.call("PATCH", here, {"handle": handle})
    message = scene.messages[scene.own["id"]]
    for route in IN_PATH:
        body = None if route.body is None else LEAST.get(route.body.__name__, {})
        names = {"handle": "@ada", "reader_id": scene.ada.id}
        if route.speaker in names:
            body = {**body, route.speaker: names[route.speaker]}

        async def status(
            session: str,
            message: str = NOBODY,
            route: Route = route,
            body: Any = body,
        ) -> tuple[int, Any]:
            to = where(route, session, message)
            got = await scene.api.call(route.method, to, body, **queried(route))
            return got.status, got.body

        by_id = await status(scene.own["id"], message)
        assert by_id[0] == (await status("@own", message))[0], row(route)
        by_id = await status(scene.ada.id)
        assert by_id[0] == (await status("@ada"))[0], row(route)
        foreign = await status("@foreign")
        assert await status("@nil") == foreign, row(route)
        assert 403 == foreign[0], row(route)


async def test_a_token_learns_no_id_by_a_frame(scene: Scene) -> None:
    """What a handle of another session gets back is the handle."""
    here = f"/api/sessions/{scene.foreign['id']}/handle"
    await scene.operator.call("PATCH", here, {"handle": "foreign"})
    async with opened(scene.operator.rig, scene.token) as client:
        for kind, fields in (
            ("join_session", {}),
            ("leave_session", {}),
            ("terminal_input", {"data": "x"}),
        ):
            one = await client.ask(kind, sessionId="@foreign", **fields)
            other = await client.ask(kind, sessionId="@nil", **fields)
            assert json.dumps(one).replace("@foreign", "@nil") == json.dumps(other)
        chat = f"{scene.ada.handle}-chat"
        ack = await client.ask("join_session", sessionId=chat)
        assert scene.ada.linked_chat_id == ack["sessionId"]
