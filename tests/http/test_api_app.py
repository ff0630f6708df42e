"""The Quart app without what ANT does not use."""

from typing import Any

import pytest
import trio
from quart import Request, Response, request
from trio.testing import wait_all_tasks_blocked

from ant.core.errors import Conflict, Forbidden, NotFound
from ant.http.api_app import SMALL_BODY, ApiApp
from ant.http.contract import problems
from ant.http.server.connection import Connection
from tests.http.asking import ask
from tests.http.server.test_listener import (
    LARGE,
    read_all,
    read_exactly,
    read_until,
    serving,
)
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


def post(path: str, body: bytes, *extra: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *extra]
    return "\r\n".join([*lines, "", ""]).encode() + body


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


async def answer_to(stream: trio.SocketStream, *pieces: bytes) -> tuple[int, bytes]:
    """The status and the body of an answer, which has a length or is chunked."""
    for piece in pieces:
        await stream.send_all(piece)
        await wait_all_tasks_blocked(0.01)
    head = await read_until(stream, b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:-2])
    if b"transfer-encoding" in fields:
        body = await read_until(stream, b"0\r\n\r\n")
    else:
        is_head = pieces[0].startswith(b"HEAD")
        length = 0 if is_head else int(fields[b"content-length"])
        body = await read_exactly(stream, length)
    return int(head.split()[1]), body


async def test_requests_follow_each_other_on_a_connection() -> None:
    """Whatever has a body, who reads it, and how it is answered."""
    large = bytes(SMALL_BODY + 1)
    async with serving() as site, await site.connect() as stream:
        site.release.set()
        chunked = (
            b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"2\r\nab\r\n0\r\n\r\n",
        )
        for status, body, pieces in (
            (200, b"ok", [get("/")]),
            (200, None, [get("/", "HEAD")]),
            (200, b"3", [post("/read", b"abc")]),
            (200, b"3", [post("/read", b"abc")[:-2], b"bc"]),
            (200, b"0", [post("/read", b"")]),
            (200, b"2", chunked),
            (200, b"%d" % len(large), [post("/read", large)]),
            (200, b"ignored", [post("/ignore", bytes(SMALL_BODY))]),
            (200, b'"' + b"x" * LARGE + b'"', [get("/large")]),
            (200, None, [get("/large", "HEAD")]),
            (200, b"4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n", [get("/pieces")]),
            (404, None, [post("/missing", b"abc")]),
            (405, None, [post("/", b"abc")]),
            (200, b"ok", [get("/")]),
        ):
            code, text = await answer_to(stream, *pieces)
            assert (status, body or text) == (code, text), pieces[0][:40]


async def test_an_answer_is_one_write_unless_it_is_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The head, the headers of every response, and the body."""
    writes: list[bytes] = []
    write = Connection._write

    async def noting(connection: Connection, data: bytes) -> None:
        writes.append(data)
        await write(connection, data)

    monkeypatch.setattr(Connection, "_write", noting)
    async with serving() as site, await site.connect() as stream:
        await answer_to(stream, get("/"))
        (whole,) = writes
        assert whole.startswith(b"HTTP/1.1 200 ")
        assert b"x-content-type-options: nosniff\r\n" in whole
        assert whole.endswith(b"\r\n\r\nok")
        await answer_to(stream, get("/large"))
        assert LARGE + 2 == len(writes[-1])
        assert 3 == len(writes)


async def test_a_client_that_leaves_ends_its_view() -> None:
    """No task of the view waits for the disconnect."""
    async with serving() as site:
        stream = await site.connect()
        await stream.send_all(get("/wait"))
        await site.entered.wait()
        assert not site.left.is_set()
        await stream.aclose()
        await site.left.wait()
        await site.is_well()


@pytest.mark.parametrize(("path", "status"), [("/read", 408), ("/missing", 404)])
async def test_a_small_body_that_does_not_come_is_not_waited_for(
    path: str, status: int
) -> None:
    """A view gets no half body, and an error does not wait for it."""
    async with serving() as site, await site.connect() as stream:
        site.app.config["BODY_TIMEOUT"] = 0.05
        assert status == (await answer_to(stream, post(path, b"abc")[:-1]))[0]
        assert b"" == await read_all(stream)
