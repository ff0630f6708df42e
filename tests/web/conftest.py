"""Fixtures of the page's tests: one browser a run, a server and windows a test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import DESKTOP, Watched, WebServer, chromium, web_server
from tests.web.scene import Scene, opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Opener = Callable[..., Watched]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """The Chromium of this run; the tests skip where there is none."""
    with chromium() as one:
        yield one


@pytest.fixture
def server(browser: "Browser", tmp_path: Path) -> Iterator[WebServer]:
    """A server without a key, whose operator is who runs the tests."""
    with web_server(tmp_path / "data") as one:
        yield one


@pytest.fixture
def window(browser: "Browser", server: WebServer) -> Iterator[Opener]:
    """Makes windows that share nothing: `window(**PHONE)`; DESKTOP is the default.

    Each is checked at the end of the test.
    """
    contexts, made = [], []

    def make(of: WebServer = server, **options: Any) -> Watched:
        context = browser.new_context(**{**DESKTOP, **options})
        contexts.append(context)
        made.append(Watched(context.new_page(), of))
        return made[-1]

    yield make
    for watched in made:
        watched.check()
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def shared(
    browser: "Browser", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WebServer]:
    """One server without a key for all scenes: each begins without a session."""
    with web_server(tmp_path_factory.mktemp("shared")) as one:
        yield one


@pytest.fixture
def scene(shared: WebServer, browser: "Browser", tmp_path: Path) -> Iterator[Scene]:
    """Programs and pages on a server without a key."""
    yield from opened(tmp_path, shared, browser)


@pytest.fixture
def fragile(server: WebServer, browser: "Browser", tmp_path: Path) -> Iterator[Scene]:
    """A scene with a server of its own, which the test may kill."""
    yield from opened(tmp_path, server, browser)


@pytest.fixture
def locked(browser: "Browser", tmp_path: Path) -> Iterator[Scene]:
    """A scene whose server has a key: a browser has to sign in."""
    with web_server(tmp_path / "data", ANT_API_KEY="a-key-of-the-operator") as server:
        yield from opened(tmp_path, server, browser)
