"""`@endpoint`: a handler's signature is all that is known of a route."""

import json
from collections.abc import Iterator
from typing import Any, cast

import attrs
import pytest
from quart import Request
from quart_trio import QuartTrio

from ant.api import codec
from ant.core.errors import Conflict
from ant.http.api_app import ApiApp
from ant.http.contract import problems
from ant.http.contract.endpoint import (
    ACCESS_TOKEN,
    CALLER,
    JSON,
    OCTETS,
    QUERIES,
    QUERY_BYTES,
    ROUTES,
    endpoint,
)

AS_JSON = {"Content-Type": JSON}


@attrs.frozen
class Ask:
    """What these handlers take."""

    count: int = 1
    flag: bool = False


@attrs.frozen
class Other:
    """What a handler answers with at times."""

    other: bool = True


@pytest.fixture
def app() -> Iterator[QuartTrio]:
    """An app with a few routes of its own; the table is as before afterwards."""
    before = list(ROUTES)

    @endpoint("POST", "/body/<name>", status=201)
    async def with_body(system: Any, name: str, body: Ask) -> dict[str, Any]:
        """Takes a body."""
        return {"system": system, "name": name, "body": body}

    @endpoint("GET", "/query")
    async def with_query(system: Any, query: Ask) -> Ask:
        """Takes a query."""
        return query

    @endpoint("POST", "/either", status=204)
    async def with_either(system: Any, body: Ask | bytes) -> None:
        """Takes JSON, or bytes as they come."""
        if body not in (Ask(5), b"abc"):
            raise Conflict(f"{body!r}")

    @endpoint("POST", "/other", status=201, also={200: Other})
    async def with_other(system: Any, body: Ask) -> Ask | Other:
        """Answers with one of two classes."""
        return Other() if body.flag else body

    made = ApiApp(__name__)
    problems.register(made)

    async def guard(call: Request) -> None:
        scope = cast(dict[str, Any], call.scope)
        scope[CALLER] = scope[ACCESS_TOKEN] = None

    made.check_first(guard)
    for route in ROUTES[len(before) :]:
        made.add_view(route.path, route.method, route.name, route.view("a system"))
    yield made
    ROUTES[:] = before


async def test_a_body_is_structured(app: QuartTrio) -> None:
    """Path parameters by name, the answer by its class, the status by the decorator."""
    client = app.test_client()
    response = await client.post("/body/x", data=b'{"count": 5}', headers=AS_JSON)
    assert 201 == response.status_code
    assert "application/json" == response.content_type
    assert {
        "system": "a system",
        "name": "x",
        "body": {"count": 5, "flag": False},
    } == json.loads(await response.get_data())
    response = await client.post("/body/x", data=b'{"count": "5"}', headers=AS_JSON)
    assert 400 == response.status_code
    assert "application/problem+json" == response.content_type


async def test_a_query_is_structured(app: QuartTrio) -> None:
    """From text, and the key is none of its business."""
    client = app.test_client()
    response = await client.get("/query?count=5&flag=true&apiKey=x")
    assert {"count": 5, "flag": True} == json.loads(await response.get_data())
    response = await client.get("/query?count=five")
    body = json.loads(await response.get_data())
    assert ['expected an integer, got "five" at $.count'] == body["issues"]


async def test_what_a_query_says_is_kept(
    app: QuartTrio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For short ones without a key; a fault is found each time."""
    client, read, asked = app.test_client(), codec.read_query, []

    def noting(pairs: Any, kind: Any) -> Any:
        asked.append(pairs)
        return read(pairs, kind)

    monkeypatch.setattr(codec, "read_query", noting)
    for query, reads in (
        ("count=7", 1),
        ("count=8&apiKey=x", 2),
        ("count=8&api%4bey=x", 2),
        ("count=" + "0" * QUERY_BYTES, 2),
        ("count=five", 2),
    ):
        asked.clear()
        answers = [await client.get(f"/query?{query}") for _ in range(2)]
        assert answers[0].status_code == answers[1].status_code
        assert await answers[0].get_data() == await answers[1].get_data()
        assert reads == len(asked), query
    asked.clear()
    for number in range(100, 100 + QUERIES):
        await client.get(f"/query?count={number}")
    await client.get("/query?count=100")  # The one of the first case made it too many.
    assert QUERIES + 1 == len(asked)


async def test_another_class_has_another_status(app: QuartTrio) -> None:
    """Where the decorator says so."""
    client = app.test_client()
    for data, status, expected in (
        (b"", 201, {"count": 1, "flag": False}),
        (b'{"flag": true}', 200, {"other": True}),
    ):
        response = await client.post("/other", data=data, headers=AS_JSON)
        assert status == response.status_code
        assert expected == json.loads(await response.get_data())


async def test_a_parameter_is_given_once(app: QuartTrio) -> None:
    """Twice is refused, whichever would be meant; the key is none of its business."""
    client = app.test_client()
    response = await client.get("/query?count=1&count=1&apiKey=x&apiKey=y")
    body = json.loads(await response.get_data())
    assert ["given more than once at $.count"] == body["issues"]


async def test_octets_are_as_they_came(app: QuartTrio) -> None:
    """By their content type; the other one is that of JSON."""
    client = app.test_client()
    for data, kind, status in [
        (b"abc", OCTETS, 204),
        (b"abc", f"{OCTETS}; charset=utf-8", 204),
        (b'{"count": 5}', "application/json", 204),
        (b'{"count": 5}', "text/plain", 415),
        (b'{"count": 5}', OCTETS, 409),
        (b"abc", "application/json", 400),
    ]:
        headers = {"Content-Type": kind}
        response = await client.post("/either", data=data, headers=headers)
        assert status == response.status_code, (data, kind)
    assert b"" == await (
        await client.post("/either", data=b"abc", headers={"Content-Type": OCTETS})
    ).get_data(as_text=False)


def test_a_handler_without_a_docstring_is_refused() -> None:
    """It is the reference, so it cannot be missing."""

    async def silent(system: Any) -> None:
        pass

    before = list(ROUTES)
    with pytest.raises(TypeError, match="no docstring"):
        endpoint("GET", "/x")(silent)
    assert before == ROUTES
