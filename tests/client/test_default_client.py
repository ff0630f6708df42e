"""Errors of the library: `test_async_ant.py` has the server and its caller."""

from typing import Any

import httpx
import pytest

from ant.client import AsyncAnt, Unreachable
from ant.core.errors import AntError, NotFound, Unauthorized
from ant.http.contract.problems import problem_of
from tests.served import serve

HERE = "http://127.0.0.1:9"


def refuse(monkeypatch: pytest.MonkeyPatch, error: AntError, status: int) -> None:
    """Make every server refuse with this error."""
    body = problem_of(error)

    def connect(**settings: Any) -> httpx.AsyncClient:
        transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
        return plain(**settings, transport=transport)

    plain = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", connect)


async def test_an_unreachable_server_is_one_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the HTTP library says, and nobody needs that library to catch it."""
    served = serve(monkeypatch)
    errors = httpx.ConnectError("refused"), httpx.ReadTimeout(""), httpx.ReadError("x")
    for error in errors:
        served.answers["GET /api/health"] = error
        served.answers["GET /api/events"] = error
        async with AsyncAnt(HERE) as ant:
            with pytest.raises(Unreachable, match=f"^cannot reach {HERE}: .") as caught:
                await ant.health()
            assert not isinstance(caught.value, httpx.HTTPError)
            with pytest.raises(Unreachable):
                await anext(ant.event_feed(0))


async def test_a_refused_stream_is_the_error_of_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With its sentence."""
    refuse(monkeypatch, NotFound("session", "x"), 404)
    async with AsyncAnt(HERE) as ant:
        with pytest.raises(NotFound, match="There is no session 'x'"):
            await anext(ant.event_feed(0, session="x"))


async def test_a_withheld_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of the environment is for another server."""
    monkeypatch.setenv("ANT_API_KEY", "the key")
    refuse(monkeypatch, Unauthorized("No key."), 401)
    async with AsyncAnt(HERE) as ant:
        with pytest.raises(
            Unauthorized, match=r"No key\. The key of the environment is"
        ):
            await ant.health()
