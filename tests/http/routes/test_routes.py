"""One contract for every row of the route table."""

import inspect
import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import attrs
import pytest

from ant.api.compat import IGNORED_PARAMETERS
from ant.http import routes
from ant.http.contract.endpoint import JSON, ROUTES, Route
from ant.model.sessions import SessionType
from tests.http.asking import Answer, Api
from tests.systems import running

assert routes.__all__

PAGE = {
    "GET /api/sessions",
    "POST /api/sessions",
    "GET /api/sessions/:id",
    "PATCH /api/sessions/:id",
    "DELETE /api/sessions/:id",
    "POST /api/sessions/:id/restore",
    "PATCH /api/sessions/:id/handle",
    "PATCH /api/sessions/:id/cli-flag",
    "GET /api/sessions/:id/messages",
    "POST /api/sessions/:id/messages",
    "PATCH /api/sessions/:id/messages",
    "DELETE /api/sessions/:id/messages",
    "PATCH /api/sessions/:id/messages/:id/pin",
    "GET /api/sessions/:id/messages/search",
    "GET /api/search",
    "GET /api/sessions/:id/participants",
    "POST /api/sessions/:id/participants",
    "DELETE /api/sessions/:id/participants",
    "GET /api/presence/:id",
    "POST /api/sessions/:id/typing",
    "GET /api/sessions/:id/reads",
    "POST /api/sessions/:id/messages/:id/read",
    "GET /api/sessions/:id/links",
    "POST /api/sessions/:id/links",
    "DELETE /api/sessions/:id/links",
    "GET /api/sessions/:id/terminal/history",
    "GET /api/sessions/:id/tasks",
    "POST /api/sessions/:id/tasks",
    "PATCH /api/sessions/:id/tasks/:id",
    "DELETE /api/sessions/:id/tasks/:id",
    "GET /api/sessions/:id/file-refs",
    "POST /api/sessions/:id/file-refs",
    "DELETE /api/sessions/:id/file-refs",
    "GET /api/health",
    "POST /api/sessions/:id/terminal/input",
    "GET /api/sessions/:id/status",
    "GET /api/sessions/:id/prompt-bridge/pending",
    "POST /api/sessions/:id/prompt-bridge/respond",
    "GET /api/prompt-bridge/config",
    "PUT /api/prompt-bridge/config",
    "GET /api/sessions/:id/digest",
    "POST /api/sessions/:id/export",
    "GET /api/sessions/:id/run-events",
    "GET /api/sessions/:id/terminal/events",
}
"""The routes of the public API page."""

EXTRAS = {
    "GET /api/caller",
    "GET /api/drivers",
    "POST /api/drivers/check",
    "POST /api/drivers/reload",
    "GET /api/tokens",
    "POST /api/tokens",
    "DELETE /api/tokens/:id",
    "POST /api/sign-in/codes",
    "POST /api/sign-in",
    "POST /api/sign-out",
    "GET /api/sessions/:id/wait",
    "GET /openapi.json",
    "GET /api/schemas/ws",
    "GET /api/schemas/agent-response",
    "GET /api/events",
    "GET /api/status",
    "POST /api/hooks",
    "POST /api/channel/register",
    "DELETE /api/channel/register",
    "GET /api/sessions/:id/prompt-bridge/explain",
    "GET /api/sessions/:id/export",
    "GET /api/sessions/:id/messages/:id/read",
    "GET /api/sessions/:id/deliveries",
    "GET /api/sessions/:id/messages/:id/deliveries",
    "GET /api/sessions/:id/terminal/screen",
    "POST /api/sessions/:id/terminal/resize",
    "POST /api/sessions/:id/terminal/start",
    "POST /api/sessions/:id/terminal/stop",
}
"""Ours beyond the page."""

NOBODY = "nobody"
NAMES = {
    "msgId": NOBODY,
    "linkId": NOBODY,
    "refId": NOBODY,
    "q": "word",
    "until": "idle:0",
}
"""What queries must or may name."""

LEAST: dict[str, dict[str, Any]] = {
    "CreateSession": {"name": "new", "type": "chat"},
    "SetHandle": {"handle": None},
    "SetCliFlag": {"cli_flag": None},
    "PostMessage": {"content": "hello"},
    "MergeMeta": {"meta": {}},
    "PinMessage": {"pinned": True},
    "AddParticipant": {"handle": "@nobody"},
    "RemoveParticipant": {"handle": "@nobody"},
    "RegisterChannel": {"handle": "@channel", "port": 8789},
    "SetTyping": {"handle": "@ada", "typing": True},
    "MarkRead": {"reader_id": NOBODY},
    "CreateTask": {"title": "do"},
    "CreateFileRef": {"file_path": "/a"},
    "TypeInput": {"data": "x"},
    "ResizeTerminal": {"cols": 80, "rows": 24},
    "Respond": {"response": "y"},
    "ReportHook": {"event": "Stop"},
    "CreateToken": {"label": "CI", "scopes": ["view"]},
    "SignIn": {"code": "x"},
}
"""A body that each class takes; {} for the others."""


def row(route: Route) -> str:
    """Method and path, every parameter as `:id`."""
    parts = [":id" if "<" in part else part for part in route.path.split("/")]
    return f"{route.method} {'/'.join(parts)}"


def least(route: Route) -> Any:
    """A body that fits, None where there is none."""
    return None if route.body is None else LEAST.get(route.body.__name__, {})


def queried(route: Route) -> dict[str, str]:
    """A query that fits."""
    query = route.hints.get("query")
    fields = attrs.fields(query) if query else ()
    names = [field.metadata.get("wire", field.name) for field in fields]
    at_once = {"timeout": "0"} if "until" in names else {}
    return at_once | {name: NAMES[name] for name in names if name in NAMES}


def path(route: Route, session_id: str) -> str:
    """The path to a session and, where it asks for more, to things it has not."""
    return "/".join(
        session_id if part == "<session_id>" else NOBODY if "<" in part else part
        for part in route.path.split("/")
    )


def is_problem(answer: Answer, status: int) -> bool:
    """Whether it has this status; the shape of what has is checked."""
    return answer.status == status and bool(answer.detail)


async def raw(
    api: Api, method: str, where: str, data: bytes, kind: str = JSON, **query: str
) -> Answer:
    """Send a body as it stands, of a content type or of none."""
    client = api.rig.app.test_client()
    headers = {"Content-Type": kind} if kind else {}
    response = await client.open(
        where, method=method, data=data, headers=headers, query_string=query
    )
    return Answer(response.status_code, await response.get_json(force=True))


def test_the_page_and_our_extras_are_all() -> None:
    """What the page has is there, what is beyond it is named, and nothing twice."""
    assert {row(route): 1 for route in ROUTES} == Counter(map(row, ROUTES))
    assert PAGE | EXTRAS == {row(route) for route in ROUTES}
    assert 44 == len(PAGE)


@pytest.mark.parametrize("route", ROUTES, ids=row)
def test_every_row_is_documented(route: Route) -> None:
    """By a sentence that can stand alone, and a name that no other row has."""
    first = (route.handler.__doc__ or "").split("\n\n")[0].strip()
    assert first.endswith((".", "`.")) or ":" in first
    assert [route] == [other for other in ROUTES if other.name == route.name]
    assert {"system", "return"} <= route.hints.keys()
    parameters = inspect.signature(route.handler).parameters.keys()
    assert parameters == route.hints.keys() - {"return"}
    assert (204 == route.status) == (route.hints["return"] is type(None))


async def test_unknown_ids(api: Api) -> None:
    """A session that is none, and in one that is, a thing that is none: 404."""
    room = await api.room()
    wrong = {}
    for route in ROUTES:
        whose = [NOBODY] if "<session_id>" in route.path else []
        others = {"msgId", "linkId", "refId"} & queried(route).keys()
        if others or route.path.count("<") > 1:
            whose.append(room["id"])
        for session_id in whose:
            answer = await api.call(
                route.method, path(route, session_id), least(route), **queried(route)
            )
            if not is_problem(answer, 404):
                wrong[row(route)] = answer
    assert {} == wrong


@pytest.mark.parametrize(
    "data", [b"{", b"\xff", b"[]", b"0", b"null", b'{"surely": "unknown"}']
)
async def test_bad_bodies(api: Api, data: bytes) -> None:
    """What is no JSON, no object, or has a field too many: 400, and where it is."""
    room = await api.room()
    before = api.rig.tags()
    wrong = {}
    for route in ROUTES:
        if route.body is not None:
            where = path(route, room["id"])
            answer = await raw(api, route.method, where, data, **queried(route))
            issues = answer.body.get("issues", [])
            if not is_problem(answer, 400) or " at $" not in "".join(issues):
                wrong[row(route)] = answer
    assert {} == wrong
    assert before == api.rig.tags(), "something was done all the same"


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "application/jsonp",
        "image/x+json",
    ],
)
async def test_bodies_that_any_page_may_send(api: Api, kind: str) -> None:
    """415 on every row with a body, and what to add; nothing happens."""
    room = await api.room()
    before = api.rig.tags()
    wrong = {}
    for route in ROUTES:
        if route.body is not None:
            where = path(route, room["id"])
            answer = await raw(api, route.method, where, b"{}", kind, **queried(route))
            told = "-H 'content-type: application/json'" in answer.detail
            if not (is_problem(answer, 415) and told):
                wrong[row(route)] = answer
    assert {} == wrong
    assert before == api.rig.tags()


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/a+json"],
)
async def test_bodies_that_are_json(api: Api, kind: str) -> None:
    """With parameters, and with the suffix; without a body there need be no type."""
    data = json.dumps({"name": kind, "type": "chat"}).encode()
    assert 201 == (await raw(api, "POST", "/api/sessions", data, kind)).status
    room = await api.room()
    where = f"/api/sessions/{room['id']}/export"
    for none in ("", "application/x-www-form-urlencoded"):
        assert 200 == (await raw(api, "POST", where, b"", none)).status


async def test_unknown_query_parameters(api: Api) -> None:
    """On every route 400, with the parameters that it takes; nothing is done."""
    room = await api.room()
    before = api.rig.tags()
    wrong = {}
    for route in ROUTES:
        query = route.hints.get("query")
        fields = attrs.fields(query) if query else ()
        known = ", ".join(field.metadata.get("wire", field.name) for field in fields)
        ask = queried(route) | {"surely": "1"}
        answer = await api.call(
            route.method, path(route, room["id"]), least(route), **ask
        )
        issue = f'unknown parameter "surely", expected {known or "none"} at $'
        if not is_problem(answer, 400) or [issue] != answer.body["issues"]:
            wrong[row(route)] = answer
    assert {} == wrong
    assert before == api.rig.tags(), "something was done all the same"


async def test_parameters_of_old_clients_are_ignored(api: Api) -> None:
    """The key, which is read before, and what a client of the original sends."""
    room = await api.room()
    where = f"/api/sessions/{room['id']}/messages"
    assert IGNORED_PARAMETERS
    ignored = {**dict.fromkeys(IGNORED_PARAMETERS, "1"), "apiKey": "x"}
    page = await api.get(where, limit=50, **ignored)
    assert await api.get(where) == page
    assert (
        200 == (await api.call("GET", f"/api/sessions/{room['id']}", **ignored)).status
    )


@pytest.mark.parametrize(
    ("ask", "issue"),
    [
        ({"wait": "read"}, 'expected one of typed, reacted, got "read" at $.wait'),
        ({"wait": ""}, 'expected one of typed, reacted, got "" at $.wait'),
        ({"timeout": "0"}, "expected 1 to 25, got 0 at $.timeout"),
        ({"timeout": "26"}, "expected 1 to 25, got 26 at $.timeout"),
        ({"timeout": "1.5"}, 'expected an integer, got "1.5" at $.timeout'),
    ],
)
async def test_unknown_waits(api: Api, ask: dict[str, str], issue: str) -> None:
    """400 with what is accepted, and no message is posted."""
    room = await api.room()
    where = f"/api/sessions/{room['id']}/messages"
    answer = await api.call("POST", where, {"content": "x"}, **ask)
    assert is_problem(answer, 400)
    assert [issue] == answer.body["issues"]
    assert [] == (await api.get(where))["messages"]


async def test_wrong_types_in_bodies(api: Api) -> None:
    """Each field by itself: 400, and the path of the fault by its wire name."""
    room = await api.room()
    before = api.rig.tags()
    wrong = {}
    for route in ROUTES:
        for field in attrs.fields(route.body) if route.body else ():
            name = field.metadata.get("wire", field.name)
            if field.metadata.get("rest"):
                continue  # It is no field, but all others.
            # No field is a list of lists, and `meta` is an object.
            answer = await api.call(
                route.method,
                path(route, room["id"]),
                {**(least(route) or {}), name: [[]]},
                **queried(route),
            )
            issues = answer.body.get("issues", [])
            is_named = any(f" at $.{name}" in issue for issue in issues)
            if not (is_problem(answer, 400) and is_named):
                wrong[row(route), name] = answer
    assert {} == wrong
    assert before == api.rig.tags(), "something was done all the same"


async def test_wrong_types_and_names_in_queries(api: Api) -> None:
    """A word for a number, an unknown name, a name given twice: 400."""
    room = await api.room()
    wrong = {}
    for route in ROUTES:
        if "query" not in route.hints:
            continue
        where, good = path(route, room["id"]), queried(route)
        queries: list[dict[str, Any]] = [{**good, "surely": "unknown"}]
        for field in attrs.fields(route.hints["query"]):
            name = field.metadata.get("wire", field.name)
            is_text = str in get_args(field.type) or field.type is str
            is_text |= any(each in str(field.type) for each in ("Text(", "Reference("))
            queries.append({**good, name: ["1", "1"]})
            if not is_text:
                queries.append({**good, name: "word"})
        for query in queries:
            answer = await api.call(route.method, where, least(route), **query)
            if not is_problem(answer, 400):
                wrong[row(route), str(query)] = answer
    assert {} == wrong


MANAGING = {
    "DELETE /api/sessions/:id",
    "PATCH /api/sessions/:id",
    "POST /api/sessions/:id/restore",
    "POST /api/sessions/:id/export",
}
"""What is done to a session that may be inactive, beside reading it."""


def test_reading_is_not_acting() -> None:
    """Every GET works on an inactive session, and little else."""
    rows = {row(each): each for each in ROUTES if "<session_id>" in each.path}
    reading = {name for name in rows if name.startswith("GET ")}
    assert reading | MANAGING == {name for name in rows if rows[name].inactive}


@pytest.mark.parametrize("kind", SessionType)
@pytest.mark.parametrize("how", ["archived", "deleted"])
async def test_inactive_sessions(api: Api, how: str, kind: SessionType) -> None:
    """410 on all that would act on it; a GET answers as it does for an active one."""
    asks = {"DELETE": {"hard": "true"}}
    bodies = {"PATCH": {"archived": False}}
    wrong = {}
    for number, route in enumerate(ROUTES):
        if "<session_id>" not in route.path:
            continue
        session = await api.rig.create(f"{how} {number}", type=kind)
        here = f"/api/sessions/{session.id}"
        works = {200, 204}
        if route.method == "GET":
            where = path(route, session.id)
            before = await api.call("GET", where, **queried(route))
            # A chat has no screen, and a message that is none is a 404.
            expected = {200, *([404] if "<message_id>" in route.path else [])}
            expected |= {409} if kind is SessionType.CHAT else set()
            assert before.status in expected
            works = {before.status}
        if how == "archived":
            await api.call("PATCH", here, {"archived": True})
        else:
            await api.call("DELETE", here)
        is_session = route.path == "/api/sessions/<session_id>"
        answer = await api.call(
            route.method,
            path(route, session.id),
            bodies.get(route.method) if is_session else least(route),
            **(asks.get(route.method, {}) if is_session else queried(route)),
        )
        good = answer.status in works if route.inactive else is_problem(answer, 410)
        if not route.inactive:
            good = good and answer.detail.endswith("restore it first.")
        if not good:
            wrong[row(route)] = answer
    assert {} == wrong


@pytest.mark.parametrize("char", ["\u202e", "\u2028", "\x9b", "\u3164", "\U000e0041"])
async def test_hidden_characters_in_names(api: Api, char: str) -> None:
    """400 wherever somebody or something gets a name; a row that has one loads."""
    room = await api.room()
    own, name = f"/api/sessions/{room['id']}", f"a{char}b"
    before = api.rig.tags()
    for method, where, body, field in (
        ("POST", "/api/sessions", {"name": name, "type": "chat"}, "name"),
        ("PATCH", own, {"name": name}, "name"),
        ("PATCH", f"{own}/handle", {"handle": name}, "handle"),
        ("PATCH", f"{own}/handle", {"handle": "@a", "display_name": name}, None),
        ("POST", f"{own}/participants", {"handle": name}, "handle"),
        ("POST", f"{own}/participants", {"handle": "@a", "alias": name}, "alias"),
        ("POST", f"{own}/typing", {"handle": name, "typing": True}, "handle"),
        ("POST", f"{own}/messages", {"content": "", "sender_id": name}, "sender_id"),
        ("POST", f"{own}/messages", {"content": "", "target": name}, "target"),
        ("POST", f"{own}/links", {"title": name}, "title"),
        ("POST", f"{own}/links", {"createdBy": name}, "createdBy"),
        ("POST", f"{own}/tasks", {"title": name}, "title"),
        ("POST", f"{own}/tasks", {"title": "a", "assigned_to": name}, "assigned_to"),
        ("PATCH", f"{own}/tasks/{NOBODY}", {"title": name}, "title"),
        ("POST", f"{own}/file-refs", {"file_path": "/a", "flagged_by": name}, None),
        ("POST", "/api/channel/register", {"handle": name, "port": 8789}, "handle"),
    ):
        answer = await api.call(method, where, body)
        assert is_problem(answer, 400), (where, body)
        assert answer.detail.endswith(f"at $.{field or list(body)[1]}"), answer.detail
    assert before == api.rig.tags()
    old = await api.rig.create(name, type=SessionType.CHAT)
    assert name == (await api.get(f"/api/sessions/{old.id}"))["name"]
    assert {"room", name} == {
        each["name"] for each in (await api.get("/api/sessions"))["sessions"]
    }


async def test_missing_keys(tmp_path: Path) -> None:
    """401 on every row, whether or not there is such a thing."""
    async with running(tmp_path, api_key="a-key") as rig:
        api = Api(rig)
        for route in ROUTES:
            answer = await api.call(route.method, path(route, NOBODY), least(route))
            assert is_problem(answer, 401), row(route)


async def test_a_chat_has_no_terminal(api: Api) -> None:
    """To act on it is a conflict."""
    room = await api.room()
    for route in ROUTES:
        if "/terminal/" in route.path and route.method == "POST":
            answer = await api.call(route.method, path(route, room["id"]), least(route))
            assert is_problem(answer, 409), row(route)
            assert "has no terminal" in answer.detail
