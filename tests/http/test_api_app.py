"""The Quart app without what ANT does not use."""

from typing import Any

import pytest
import trio
from quart import Request, Response, request
from trio.testing import wait_all_tasks_blocked

from ant.core.errors import Conflict, Forbidden, NotFound
from ant.http.api_app import ApiApp
from ant.http.contract import problems
from tests.http.asking import ask
from tests.systems import Rig


async def test_a_redirect_has_the_host_of_the_request() -> None:
    """The map of routes is bound to no name of its own."""
    app = ApiApp("app")

    @app.get("/place/")
    async def place() -> str:
        return "here"

    client = app.test_client()
    answer = await client.get("/place", headers={"Host": "Ant.Local:81"})
    assert 308 == answer.status_code
    assert "http://ant.local:81/place/" == answer.headers["Location"]
    answer = await client.get("/place/")
    assert (200, "here") == (answer.status_code, await answer.get_data(as_text=True))
    assert "Set-Cookie" not in answer.headers


async def test_an_impossible_host_is_refused_as_any_other(rig: Rig) -> None:
    """It needs not be a name of the DNS to be looked at."""
    for host in ("é" * 70, "a..b"):
        answer = await ask(rig.app, "GET", "/api/health", Host=host)
        assert 403 == answer.status, host


@pytest.fixture
def app() -> ApiApp:
    """An app with one view, which checks each request first."""
    app = ApiApp("app")
    problems.register(app)

    async def check(call: Request) -> None:
        if "refused" in call.headers:
            raise Forbidden("No.")

    async def view(name: str) -> Response:
        if name == "bug":
            raise ExceptionGroup("two", [Conflict("Taken."), ValueError()])
        if name == "missing":
            raise NotFound("thing", name)
        return Response(f"{request.method} {name}", content_type="text/plain")

    app.check_first(check)
    app.add_view("/one/<name>", "GET", "one", view)
    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "text"),
    [
        ("GET", "/one/a", 200, b"GET a"),
        ("GET", "/one/%C3%A9", 200, "GET é".encode()),
        ("HEAD", "/one/a", 200, b""),
        ("OPTIONS", "/one/a", 200, b""),
        ("GET", "/one/missing", 404, b"missing"),
        ("GET", "/one/bug", 409, b"Taken."),
        ("GET", "/two", 404, b"There is no such path."),
        ("POST", "/one/a", 405, b"does not accept that method"),
    ],
)
async def test_a_view_beside_quart_answers_as_in_it(
    app: ApiApp, method: str, path: str, status: int, text: bytes
) -> None:
    """Answers, errors, and what no view takes; the check comes before all of them."""
    client = app.test_client()
    for _ in range(2):  # The second time the route is known.
        answer = await client.open(path, method=method)
        assert status == answer.status_code
        assert text in bytes(await answer.get_data(as_text=False))
    refused = await client.open(path, method=method, headers={"Refused": "1"})
    assert 403 == refused.status_code


async def test_a_body_is_one_event(app: ApiApp) -> None:
    """The head, and the whole body with the end; a view ends with its client."""
    sent: list[Any] = []
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/one/a",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }

    async def send(event: Any) -> None:
        sent.append(event)

    await app(scope, trio.sleep_forever, send)
    start, body = sent
    assert (200, "http.response.start") == (start["status"], start["type"])
    assert (b"content-length", b"5") in start["headers"]
    assert {"type": "http.response.body", "body": b"GET a", "more_body": False} == body


async def test_a_view_ends_with_its_client() -> None:
    """A disconnect cancels it, and nothing is sent."""
    app, ended = ApiApp("app"), trio.Event()

    async def view() -> Response:
        try:
            await trio.sleep_forever()
        finally:
            ended.set()
        raise AssertionError

    app.add_view("/", "GET", "wait", view)
    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
    }

    async def disconnect() -> Any:
        await wait_all_tasks_blocked()
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        raise AssertionError(event)

    with trio.fail_after(5):
        await app(scope, disconnect, send)
    assert ended.is_set()
