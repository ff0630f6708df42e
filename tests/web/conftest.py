"""Fixtures of the page's tests: a Chromium, and servers with and without a key."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.web.scene import Scene


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests of this process."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("Chromium is not installed.")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(executable_path=path, args=flags)
        with contextlib.closing(started):
            yield started


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Scene]:
    """One server without a key for all tests that leave it as it is."""
    one = Scene(tmp_path_factory.mktemp("web"), browser)
    one.start()
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def scene(shared: Scene) -> Iterator[Scene]:
    """A server without a session: who sits at this computer is the operator."""
    shared.faults.clear()
    shared.allowed = ()
    try:
        yield shared
    finally:
        shared.clear()
    assert not shared.faults


@pytest.fixture
def own(tmp_path: Path, browser: Browser) -> Iterator[Scene]:
    """A server of this test alone, which it may kill."""
    one = Scene(tmp_path, browser)
    one.start()
    try:
        yield one
    finally:
        one.close()
    assert not one.faults


@pytest.fixture
def locked(tmp_path: Path, browser: Browser) -> Iterator[Scene]:
    """A server with a key: a browser has to sign in."""
    key = "a-key-of-the-operator"
    path = tmp_path / "key"
    path.write_text(key)
    path.chmod(0o600)
    one = Scene(tmp_path, browser, ("--api-key-file", str(path)), key)
    one.start()
    try:
        yield one
    finally:
        one.close()
    assert not one.faults
