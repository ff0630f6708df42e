"""The base path of a server behind a reverse proxy."""

from typing import Any

import pytest

from ant.core.errors import Conflict
from ant.http.server.base_path import below, checked


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("", None),
        ("/", None),
        ("/ant", "/ant"),
        ("/ant/", "/ant"),
        ("/a/b-c_d.e~f", "/a/b-c_d.e~f"),
    ],
)
def test_a_base_path_is_a_path(given: str | None, expected: str | None) -> None:
    """Without a slash at its end."""
    assert expected == checked(given, None)


@pytest.mark.parametrize(
    "given", ["ant", "//ant", "/a//b", "/..", "/a/../b", "/a b", "/a?b", "/é", "/a;b"]
)
def test_anything_else_is_refused(given: str) -> None:
    """It would be ambiguous, in a URL or in a cookie."""
    with pytest.raises(Conflict, match="is no path such as /ant"):
        checked(given, None)


@pytest.mark.parametrize("url", ["https://x", "https://x/", "https://x/other"])
def test_the_public_url_ends_with_it(url: str) -> None:
    """Otherwise links would lead nowhere."""
    with pytest.raises(Conflict, match="does not end with the base path /ant"):
        checked("/ant", url)
    assert "/ant" == checked("/ant", "https://x/ant/")
    assert checked(None, url) is None


async def called(base: str | None, path: str, kind: str = "http") -> tuple[Any, Any]:
    """The path that the app gets, and the first event that it does not send."""
    paths, sent = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])

    async def send(event: Any) -> None:
        sent.append(event)

    scope = {"type": kind, "path": path, "headers": []}
    await below(base, app)(scope, None, send)  # type: ignore[arg-type]
    return (paths or [None])[0], (sent or [None])[0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_calls_with_the_base_and_without(kind: str) -> None:
    """It is removed once, and only where it is a whole segment."""
    for path, expected in (
        ("/ant/api/x", "/api/x"),
        ("/ant/", "/"),
        ("/api/x", "/api/x"),
        ("/antx/api", "/antx/api"),
        ("/ant/ant/x", "/ant/x"),
        ("/", "/"),
    ):
        assert (expected, None) == await called("/ant", path, kind)
        assert (path, None) == await called(None, path, kind)


async def test_the_base_alone_leads_to_its_page() -> None:
    """With a slash at its end, so that relative links of the page work."""
    path, sent = await called("/ant", "/ant")
    assert (None, 308) == (path, sent["status"])
    assert (b"location", b"/ant/") in sent["headers"]
