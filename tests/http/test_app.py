"""The app: everything it serves is guarded, every refusal has the one shape."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest
import trio
from quart import Response
from quart.testing.connections import WebsocketResponseError

from ant.core.counters import Limit
from ant.core.descriptors import Shares
from ant.http.access import refusal_delay
from ant.http.access.auth import has_priority
from ant.http.access.refusal_delay import FREE
from ant.http.contract import problems
from ant.http.contract.endpoint import ROUTES
from ant.http.server.hardening import HEADERS
from ant.http.server.listener import address, open_listeners, serve
from ant.http.server.protocol import MAX_BODY, refusal
from ant.model.sessions import SessionType
from tests.http.asking import ask
from tests.http.routes.test_routes import NOBODY, least, path
from tests.live.caller import UPGRADE
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S, Rig, running


async def test_what_is_not_there(rig: Rig) -> None:
    """Paths and methods that nobody serves."""
    assert 404 == (await ask(rig.app, "GET", "/nope")).status
    answer = await ask(rig.app, "PUT", "/api/sessions", {})
    assert 405 == answer.status
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert 400 == (await ask(rig.app, "GET", "/ws")).status, "not an upgrade"
    assert 404 == (await ask(rig.app, "GET", "/static/x")).status


@pytest.mark.meets(Limit.BODY)
async def test_a_body_has_a_bound(rig: Rig) -> None:
    """Beyond it the answer is 413, whatever is in it."""
    answer = await ask(rig.app, "POST", "/api/sessions", b" " * (MAX_BODY + 1))
    assert 413 == answer.status


async def test_a_bug_is_a_500_in_the_one_shape(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is told."""

    def broken() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(rig.system.health, "snapshot", broken)
    answer = await ask(rig.app, "GET", "/api/health")
    assert 500 == answer.status
    assert "secret" not in answer.body["detail"]
    assert "secret" in caplog.text


async def test_access_is_checked_for_requests_and_sockets(tmp_path: Path) -> None:
    """Host, origin and key; a 401 says how to send the key."""
    async with running(tmp_path, api_key="hunter2") as rig:
        path, key = "/api/health", {"X_API_Key": "hunter2"}
        assert 200 == (await ask(rig.app, "GET", path, **key)).status
        assert 200 == (await ask(rig.app, "GET", f"{path}?apiKey=hunter2")).status
        answer = await ask(rig.app, "GET", path)
        assert (401, "Bearer") == (answer.status, answer.headers["WWW-Authenticate"])
        assert 403 == (await ask(rig.app, "GET", path, Host="evil", **key)).status
        origin = {"Origin": "http://evil"}
        answer = await ask(rig.app, "POST", "/api/sessions", {}, **origin, **key)
        assert 403 == answer.status
        for headers, status in (
            ({}, 401),
            ({"Host": "evil", "X-API-Key": "hunter2"}, 403),
            ({"Origin": "http://evil", "X-API-Key": "hunter2"}, 403),
        ):
            assert status == (await refused_socket(rig, "/ws", headers)).status_code
        assert 0 == len(rig.wakeups)


async def refused_socket(rig: Rig, path: str, headers: dict[str, str]) -> Response:
    """The answer to a socket that is not accepted."""
    with (
        trio.fail_after(5),
        pytest.RaisesGroup(
            WebsocketResponseError, flatten_subgroups=True, allow_unwrapped=True
        ) as refused,
    ):
        async with rig.app.test_client().websocket(path, headers=headers) as socket:
            await socket.receive()
    error = refused.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    response: Response = error.response
    return response


async def test_a_socket_has_no_parameters(tmp_path: Path) -> None:
    """An unknown one is a 400, as on every route, and a wrong key goes before it."""
    async with running(tmp_path, api_key="hunter2") as rig:
        answer = await refused_socket(rig, "/ws?apiKey=hunter2&from=0", {})
        assert 400 == answer.status_code
        sentence = 'unknown parameter "from", expected none at $'
        assert [sentence] == (await answer.get_json())["issues"]
        answer = await refused_socket(rig, "/ws?apiKey=hunter2&agent_context=1&x&x", {})
        sentence = 'unknown parameter "x", expected none at $'
        assert [sentence] == (await answer.get_json())["issues"]
        assert (
            401
            == (await refused_socket(rig, "/ws?apiKey=wrong&from=0", {})).status_code
        )
        path = "/ws?apiKey=hunter2&agent_context=1"
        async with rig.app.test_client().websocket(path) as socket:
            assert b"build_id" in await socket.receive()


async def test_an_unknown_key_learns_nothing_about_paths(tmp_path: Path) -> None:
    """Without the key, an unknown path looks like a known one."""
    async with running(tmp_path, api_key="hunter2") as rig:
        for path in ("/nope", "/api/sessions/x", "/web"):
            assert 401 == (await ask(rig.app, "GET", path)).status
        assert 401 == (await ask(rig.app, "PUT", "/api/sessions")).status


@asynccontextmanager
async def listening(
    rig: Rig, limits: Shares | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """The app of a rig behind the listener of a server, and a client of it."""
    listeners = await open_listeners("127.0.0.1", 0)
    host, port = address(listeners)
    async with trio.open_nursery() as nursery:
        run = partial(
            serve,
            rig.app,
            listeners,
            stopped=trio.Event(),
            grace_s=1,
            limits=limits,
            has_priority=partial(has_priority, rig.system.config),
        )
        await nursery.start(run)
        with trio.fail_after(PATIENCE_S):
            async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as http:
                yield http
        nursery.cancel_scope.cancel()


def check_hardened(response: httpx.Response) -> None:
    """Each header is there once, with its value."""
    expected = {name.decode(): [value.decode()] for name, value in HEADERS.items()}
    found = {name: response.headers.get_list(name) for name in expected}
    assert expected == found, response.request


@pytest.mark.slow
async def test_every_route_forbids_browsers_the_rest(rig: Rig) -> None:
    """Every row of the table, for a session that exists and one that does not."""
    session = await rig.create("one", type=SessionType.CHAT)
    async with listening(rig) as http:
        for route in ROUTES:
            for id_ in (NOBODY, session.id):
                url, body = path(route, id_), least(route)
                response = await http.request(route.method, url, json=body)
                check_hardened(response)
        for method in ("HEAD", "OPTIONS"):
            check_hardened(await http.request(method, "/api/health"))


async def test_every_other_answer_forbids_browsers_the_rest(tmp_path: Path) -> None:
    """A stream, errors of the app and of the listener, a refused handshake."""
    sse = {"Accept": "text/event-stream", "X-API-Key": "hunter2"}
    key = {"X-API-Key": "hunter2"}
    form = {"Content-Type": "text/plain", **key}
    async with running(tmp_path, api_key="hunter2") as rig, listening(rig) as http:
        async with http.stream("GET", "/api/events", headers=sse) as stream:
            assert 200 == stream.status_code
            check_hardened(stream)
        for status, method, url, headers, body in (
            (401, "GET", "/api/health", {}, None),
            (401, "GET", "/nope", {}, None),
            (403, "GET", "/api/health", {**key, "Origin": "http://evil"}, None),
            (404, "GET", "/nope", key, None),
            (405, "PUT", "/api/sessions", key, None),
            (413, "POST", "/api/sessions", key, b" " * (MAX_BODY + 1)),
            (415, "POST", "/api/sessions", form, b"{}"),
            (431, "GET", "/", {**key, "X": "x" * 70_000}, None),
            (401, "GET", "/ws", UPGRADE, None),
        ):
            response = await http.request(method, url, headers=headers, content=body)
            assert status == response.status_code, url
            check_hardened(response)
    check_hardened(httpx.Response(503, headers=_head(refusal())))


def _head(response: bytes) -> list[tuple[str, str]]:
    lines = response.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return [(name, value) for name, _, value in (e.partition(": ") for e in lines)]


async def test_a_link_elsewhere_opens_a_page_only(rig: Rig) -> None:
    """`tests/http/pages` has the page; the API and frames are refused."""
    link = {
        "Sec_Fetch_Site": "cross-site",
        "Sec_Fetch_Mode": "navigate",
        "Sec_Fetch_Dest": "document",
    }
    for path_ in ("/api/sessions", "/openapi.json", "/nope", "/ws"):
        assert 403 == (await ask(rig.app, "GET", path_, **link)).status, path_
    assert 403 == (await ask(rig.app, "POST", "/", **link)).status
    for other in (
        {"Sec_Fetch_Dest": "iframe"},
        {"Sec_Fetch_Mode": "no-cors"},
        {"Origin": "http://evil.example"},
    ):
        assert 403 == (await ask(rig.app, "GET", "/", **{**link, **other})).status


@pytest.mark.slow
@pytest.mark.meets(Limit.REFUSALS)
async def test_refusals_wait_and_keys_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More guesses wait than the server has room for: each other one is closed."""
    limits = Shares(known=4, strangers=4, spare=1)
    async with (
        running(tmp_path, api_key="hunter2") as rig,
        listening(rig, limits) as http,
    ):
        monkeypatch.setattr(refusal_delay, "MINUTE_S", 1e9)
        monkeypatch.setattr(refusal_delay, "DELAY_S", 2.0)
        for _ in range(FREE):
            assert 401 == (await http.get("/api/health")).status_code
        began = trio.current_time()
        answered, closed = list[float](), list[float]()

        async def guess() -> None:
            wrong = {"X-API-Key": "wrong"}
            try:
                answer = await http.get("/api/health", headers=wrong)
            except httpx.TransportError:
                closed.append(trio.current_time() - began)
            else:
                assert 401 == answer.status_code
                answered.append(trio.current_time() - began)

        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(guess)
            await eventually(lambda: len(closed) >= 8)
            right = {"X-API-Key": "hunter2"}
            assert 200 == (await http.get("/api/health", headers=right)).status_code
            assert [] == answered
        assert 12 == len(answered) + len(closed)
        assert min(answered) >= 2
        body = (await http.get("/api/health", headers=right)).json()
        (limit,) = (each for each in body["limits"] if each["name"] == "refusals")
        assert limit["count"] >= 4


def test_close_codes() -> None:
    """Going away, and a bug of ours; no other code of ours closes a socket."""
    assert (1001, 1011) == (problems.GOING_AWAY, problems.INTERNAL_ERROR)
