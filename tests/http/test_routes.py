"""The contract, over the route table: what every route does with what is wrong."""

import inspect
import json
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import pytest

from ant import sessions
from ant.commands import ReadHistory
from ant.http import routes
from ant.http.endpoint import ROUTES, Route
from ant.model import Session, SessionType
from tests.http.asking import ask
from tests.systems import Rig, running

# The page's routes of this milestone, and those that are ours.
PAGE = {
    "GET /api/sessions",
    "POST /api/sessions",
    "GET /api/sessions/<session_id>",
    "DELETE /api/sessions/<session_id>",
    "GET /api/sessions/<session_id>/terminal/history",
    "POST /api/sessions/<session_id>/terminal/input",
    "GET /api/health",
}
OURS = {
    "POST /api/sessions/<session_id>/terminal/resize",
    "POST /api/sessions/<session_id>/terminal/start",
    "POST /api/sessions/<session_id>/terminal/stop",
}

# What a route answers for a deleted session: the row is still there to be looked at.
LOOKS = {"GET /api/sessions/<session_id>": 200}

# A body that each route takes.
GOOD: dict[str, Any] = {
    "create_session": {"name": "two", "type": "chat"},
    "type_input": {"data": "x"},
    "resize": {"cols": 80, "rows": 24},
    "stop": {},
    "start": {},
}

# A field of each body with a value of the wrong type.
WRONG: dict[str, tuple[str, Any]] = {
    "create_session": ("cols", "80"),
    "type_input": ("data", 5),
    "resize": ("cols", "80"),
    "stop": ("reason", 5),
    "start": ("cols", True),
}


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def those(wanted: Any) -> Any:
    """A test for each of the routes that are so."""
    chosen = [pytest.param(route, id=name(route)) for route in ROUTES if wanted(route)]
    return pytest.mark.parametrize("route", chosen)


def takes_body(route: Route) -> bool:
    return bool({"body", "content"} & set(route.hints))


def has_session(route: Route) -> bool:
    return "session_id" in route.hints


def path(route: Route, session_id: str = "nobody") -> str:
    return route.path.replace("<session_id>", session_id)


def body(route: Route) -> Any:
    return GOOD[route.name] if takes_body(route) else None


def test_the_table_has_the_pages_routes_and_ours() -> None:
    """Each once."""
    assert sorted(PAGE | OURS) == sorted(map(name, ROUTES))
    assert routes.__all__


@those(lambda route: True)
def test_a_route_is_documented(route: Route) -> None:
    """In the words of its docstring; what it takes and gives is in its annotations."""
    assert inspect.getdoc(route.handler)
    hints = get_type_hints(route.handler)
    assert {"system", "return"} <= set(hints)
    assert set(inspect.signature(route.handler).parameters) == set(hints) - {"return"}
    assert ("<session_id>" in route.path) == has_session(route)
    assert (204 == route.status) == (hints["return"] is type(None))


@those(has_session)
async def test_an_unknown_id_is_404(rig: Rig, route: Route) -> None:
    """With the id in the sentence."""
    answer = await ask(rig.app, route.method, path(route), body(route))
    assert 404 == answer.status
    assert "'nobody'" in answer.body["detail"]


@those(has_session)
async def test_a_deleted_session_is_410(rig: Rig, route: Route) -> None:
    """On anything that would act on it; its row can be looked at."""
    session = await rig.create()
    await rig.system.journal.write(sessions.delete_session, session.id, False)
    answer = await ask(rig.app, route.method, path(route, session.id), body(route))
    assert LOOKS.get(name(route), 410) == answer.status
    assert [] == rig.terminals


@those(takes_body)
@pytest.mark.parametrize("data", [b"{", b"\xff\xfe", b'{"a":}'])
async def test_bad_json_is_400(rig: Rig, route: Route, data: bytes) -> None:
    """Before anything is looked at or done."""
    session = await rig.create()
    answer = await ask(rig.app, route.method, path(route, session.id), data)
    assert 400 == answer.status
    assert "not JSON" in answer.body["issues"][0]


@those(takes_body)
@pytest.mark.parametrize("value", [[], "x", 5, None])
async def test_a_body_that_is_no_object_is_400(
    rig: Rig, route: Route, value: Any
) -> None:
    """Whatever else it is."""
    session = await rig.create()
    data = json.dumps(value).encode()
    answer = await ask(rig.app, route.method, path(route, session.id), data)
    assert 400 == answer.status
    assert "expected an object" in answer.body["issues"][0]


@those(takes_body)
async def test_a_wrong_type_is_400(rig: Rig, route: Route) -> None:
    """Named by its path; nothing is created or started."""
    session = await rig.create()
    key, value = WRONG[route.name]
    wrong = {**GOOD[route.name], key: value}
    answer = await ask(rig.app, route.method, path(route, session.id), wrong)
    assert 400 == answer.status
    assert answer.body["issues"][0].endswith(f"at $.{key}")
    await nothing_happened(rig, session)


@those(takes_body)
async def test_an_unknown_field_is_400(rig: Rig, route: Route) -> None:
    """A typo is not silently dropped."""
    session = await rig.create()
    wrong = {**GOOD[route.name], "colz": 1}
    answer = await ask(rig.app, route.method, path(route, session.id), wrong)
    assert 400 == answer.status
    assert ["unknown field colz at $"] == answer.body["issues"]
    await nothing_happened(rig, session)


@those(lambda route: "query" in route.hints)
async def test_an_unknown_query_is_400(rig: Rig, route: Route) -> None:
    """The same for what is asked in the address."""
    session = await rig.create()
    answer = await ask(rig.app, route.method, f"{path(route, session.id)}?limitz=1")
    assert 400 == answer.status
    assert "unknown field limitz" in answer.body["issues"][0]
    await nothing_happened(rig, session)


@those(lambda route: True)
async def test_a_missing_key_is_401(tmp_path: Path, route: Route) -> None:
    """On every route, whether or not there is such a session."""
    async with running(tmp_path, api_key="hunter2") as rig:
        answer = await ask(rig.app, route.method, path(route), body(route))
        assert 401 == answer.status
        assert "Bearer" == answer.headers["WWW-Authenticate"]


@those(lambda route: "/terminal/" in route.path and route.method == "POST")
async def test_a_chat_has_no_terminal(rig: Rig, route: Route) -> None:
    """Acting on it is a conflict."""
    chat = await rig.create("room", type=SessionType.CHAT)
    answer = await ask(rig.app, route.method, path(route, chat.id), body(route))
    assert 409 == answer.status
    assert "has no terminal" in answer.body["detail"]


async def nothing_happened(rig: Rig, session: Session) -> None:
    """One pair, as it was."""
    listed = await rig.system.journal.read(sessions.list_sessions)
    assert {session.id, session.linked_chat_id} == {each.id for each in listed.sessions}
    assert session == await rig.look(session.id)
    assert [] == rig.terminals


def test_every_query_of_history_has_a_test() -> None:
    """A new one is added to tests/test_evidence.py as well."""
    assert {"since", "before", "from_", "grep", "raw", "limit", "order"} == {
        field.name for field in attrs.fields(ReadHistory)
    }
