"""`@endpoint`: a handler's signature is all that is known of a route."""

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from quart_trio import QuartTrio

from ant.errors import Conflict
from ant.http import problems
from ant.http.endpoint import ROUTES, Content, endpoint


@attrs.frozen
class Ask:
    """What these handlers take."""

    count: int = 1
    flag: bool = False


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

    @endpoint("POST", "/content", status=204)
    async def with_content(system: Any, content: Content) -> None:
        """Takes anything."""
        if content != Content(b"abc", "text/plain"):
            raise Conflict(f"{content}")

    made = QuartTrio(__name__)
    problems.register(made)
    for route in ROUTES[len(before) :]:
        made.add_url_rule(
            route.path, route.name, route.view("a system"), methods=[route.method]
        )
    yield made
    ROUTES[:] = before


async def test_a_body_is_structured(app: QuartTrio) -> None:
    """Path parameters by name, the answer by its class, the status by the decorator."""
    client = app.test_client()
    response = await client.post("/body/x", data=b'{"count": 5}')
    assert 201 == response.status_code
    assert "application/json" == response.content_type
    assert {
        "system": "a system",
        "name": "x",
        "body": {"count": 5, "flag": False},
    } == json.loads(await response.get_data())
    response = await client.post("/body/x", data=b'{"count": "5"}')
    assert 400 == response.status_code
    assert "application/problem+json" == response.content_type


async def test_a_query_is_structured(app: QuartTrio) -> None:
    """From text, and the key is none of its business."""
    client = app.test_client()
    response = await client.get("/query?count=5&flag=true&apiKey=x")
    assert {"count": 5, "flag": True} == json.loads(await response.get_data())
    response = await client.get("/query?count=five")
    body = json.loads(await response.get_data())
    assert ["expected an integer, got 'five' at $.count"] == body["issues"]


async def test_content_is_as_it_came(app: QuartTrio) -> None:
    """Its bytes and its type; nothing is answered with nothing."""
    client = app.test_client()
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    response = await client.post("/content", data=b"abc", headers=headers)
    assert (204, b"") == (response.status_code, await response.get_data(as_text=False))


def test_a_handler_without_a_docstring_is_refused() -> None:
    """It is the reference, so it cannot be missing."""

    async def silent(system: Any) -> None:
        pass

    before = list(ROUTES)
    with pytest.raises(TypeError, match="no docstring"):
        endpoint("GET", "/x")(silent)
    assert before == ROUTES
