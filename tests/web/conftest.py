"""Fixtures of the page's tests: one browser a run, a server and windows a test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import DESKTOP, Watched, WebServer, chromium, web_server

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
