"""Verbs of `ant` against a server that says what a test wants, in this process."""

import json
from typing import Any

import attrs
import httpx
import pytest
from click.testing import CliRunner, Result

from ant.cli.main import main
from ant.client import Unreachable, ant_client

VARIABLES = (
    "ANT_API_KEY",
    "ANT_API_KEY_FILE",
    "ANT_DETACH_KEY",
    "ANT_ON",
    "ANT_PLAIN_HTTP",
    "ANT_TOKEN",
    "ANT_SESSION_ID",
    "ANT_SERVER_URL",
    "ANT_HANDLE",
)
TransportClient = httpx.AsyncClient


@attrs.define(eq=False)
class Served:
    """Answers by method and path; `asked` is what came. A problem has a `status`."""

    answers: dict[str, Any] = attrs.field(factory=dict)
    asked: list[httpx.Request] = attrs.field(factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        found = self.answers[f"{request.method} {request.url.path}"]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, bytes):
            return httpx.Response(200, content=found)
        return httpx.Response(found.get("problem", 200), json=found)

    @property
    def last(self) -> Any:
        """The JSON of the last request."""
        return json.loads(self.asked[-1].content)


class _Blocking:
    """In the place of the transport that needs no event loop."""

    def __init__(self, served: Served, url: str, headers: Any) -> None:
        transport = httpx.MockTransport(served.answer)
        self._http = httpx.Client(base_url=url, headers=headers, transport=transport)

    async def request(self, method: str, path: str, **settings: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **settings)
        except httpx.TransportError as exc:
            raise Unreachable(str(exc) or type(exc).__name__) from exc

    async def aclose(self) -> None:
        self._http.close()


def serve(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> Served:
    """Make every client talk to this server."""
    served = Served(answers)

    def connect(**settings: Any) -> httpx.AsyncClient:
        transport = httpx.MockTransport(served.answer)
        return TransportClient(**settings, transport=transport)

    monkeypatch.setattr(httpx, "AsyncClient", connect)
    monkeypatch.setattr(
        ant_client, "BlockingHttp", lambda *args: _Blocking(served, *args)
    )
    return served


def ant(*argv: str, stdin: bytes | None = None, **env: str) -> Result:
    """Run the command; only these of its variables are set."""
    nowhere = {"ANT_DATA_DIR": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
    return CliRunner().invoke(
        main, argv, input=stdin, env={**dict.fromkeys(VARIABLES), **nowhere, **env}
    )
