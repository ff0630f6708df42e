"""The client raises a refusal as the class that the server raised."""

import inspect
import json
from typing import Any

import httpx
import pytest

from ant.api.problem import error_of
from ant.client import Ambiguous, AntClient
from ant.core import errors
from ant.core.errors import AntError, Conflict, Invalid, NotFound, StorageFailed
from ant.http.contract.problems import problem_of

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, AntError) and each is not AntError
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda each: each.__name__)
def test_an_error_comes_back(error: type[AntError]) -> None:
    """With its sentence, as its class or as that of its status."""
    made = error("a", "b") if error is NotFound else error("No at $")
    back = error_of(problem_of(made))
    assert str(made) == str(back)
    bases = (Conflict, StorageFailed) if type(back) is not error else (error,)
    assert isinstance(back, bases)


def test_issues_come_back() -> None:
    """Each is kept."""
    back = error_of(problem_of(Invalid("a at $", "b at $")))
    assert isinstance(back, Invalid)
    assert ["a at $", "b at $"] == back.issues


@pytest.mark.parametrize("problem", [{}, {"status": 500}, {"status": 418}])
def test_an_unknown_problem_is_an_error(problem: dict[str, Any]) -> None:
    """Also without a known type."""
    assert AntError is type(error_of(problem))


def answering(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes
) -> tuple[AntClient, list[httpx.Request]]:
    """A client whose server always sends this response, and its requests."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, content=body)

    client = AntClient("http://host:1/", "hunter2")
    client._http = httpx.AsyncClient(
        base_url=client.url,
        headers=client._headers,
        transport=httpx.MockTransport(answer),
    )
    return client, requests


async def test_a_call_sends_json_and_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bytes are sent as they are; names in queries lose a trailing underscore."""
    client, requests = answering(monkeypatch, 200, b'{"a": 1}')
    async with client as ant:
        assert {"a": 1} == await ant.create("one", cols=80)
        await ant.type("x", "text")
        await ant.type("x", b"\xff")
        await ant.history("x", from_=5, limit=1)
    create, text, raw, history = requests
    assert ("POST", "/api/sessions") == (create.method, create.url.path)
    assert {"name": "one", "type": "terminal", "cols": 80} == json.loads(create.content)
    assert "Bearer hunter2" == create.headers["Authorization"]
    assert {"data": "text"} == json.loads(text.content)
    assert (b"\xff", "application/octet-stream") == (
        raw.content,
        raw.headers["Content-Type"],
    )
    assert {"from": "5", "limit": "1"} == dict(history.url.params)


async def test_an_empty_response_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A response without a body."""
    client, _ = answering(monkeypatch, 204, b"")
    async with client as ant:
        assert await ant.call("DELETE", "/api/sessions/x") is None


async def test_a_refusal_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the class that the server raised."""
    body = json.dumps(problem_of(NotFound("session", "x"))).encode()
    client, _ = answering(monkeypatch, 404, body)
    async with client as ant:
        with pytest.raises(NotFound, match="There is no session 'x'"):
            await ant.call("GET", "/api/sessions/x")


@pytest.mark.parametrize(
    ("url", "reads"), [("http://127.0.0.1:1", False), ("https://127.0.0.1:1", True)]
)
def test_certificates_are_read_where_they_count(url: str, reads: bool) -> None:
    """To read them takes longer than a call of a server on this host."""
    transport: Any = AntClient(url)._http._transport
    assert reads is (transport._pool._ssl_context.cert_store_stats()["x509_ca"] > 0)


async def test_a_stream_of_events_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that ends is opened again after the last event."""
    asked: list[httpx.Request] = []
    texts = [
        b': hi\n\nid: 5\nevent: a\ndata: {"seq": 5}\n\n',
        b'id: 6\nevent: a\ndata: {"seq": 6}\n\n',
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.headers["Accept"] != "text/event-stream":
            return httpx.Response(200, json={"newest": 4})
        return httpx.Response(200, content=texts.pop(0))

    client = AntClient("http://host:1/")
    transport = httpx.MockTransport(answer)
    client._http = httpx.AsyncClient(base_url=client.url, transport=transport)
    async with client as ant, ant.event_feed(session="x") as feed:
        seen = [(await anext(feed))["seq"] for _ in range(2)]
    assert [5, 6] == seen
    assert ["4", "5"] == [each.headers["Last-Event-ID"] for each in asked[1:]]
    assert "x" == asked[1].url.params["session"]


def paged(*names: str) -> httpx.MockTransport:
    """A server that lists one session a page, each named as its id is."""

    def answer(request: httpx.Request) -> httpx.Response:
        at = int(request.url.params.get("after", 0))
        row = {"id": names[at], "name": names[at], "handle": None}
        following = str(at + 1) if at + 1 < len(names) else None
        page = {"sessions": [row], "recoverable": [], "next": following}
        return httpx.Response(200, json=page)

    return httpx.MockTransport(answer)


async def test_names_are_those_of_all_pages() -> None:
    """The beginning of an id, too; of several it is none, with the candidates."""
    client = AntClient("http://host:1/")
    client._http = httpx.AsyncClient(
        base_url=client.url, transport=paged("first-1", "first-2", "first")
    )
    async with client as ant:
        assert 3 == len((await ant.sessions())["sessions"])
        assert "first" == (await ant.session("first"))["id"]
        assert "first-2" == (await ant.session("first-2"))["id"]
        with pytest.raises(Ambiguous, match=r"first-1 \(-, first-1\), first-2"):
            await ant.session("first-")
