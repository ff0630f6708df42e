"""Sign-in over real sockets: from `ant open` to the end of a device."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import (
    ConnectionClosed,
    HandshakeError,
    WebSocketConnection,
    open_websocket_url,
)

from ant.core.errors import Forbidden, Unauthorized
from tests.live.server import START_S, environment, run_ant, running_server

pytestmark = pytest.mark.slow

KEY = "a-key-of-the-operator"


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    return str(path)


async def close_code(socket: WebSocketConnection) -> int:
    """The code with which a socket closes, within a second."""
    with trio.fail_after(1):
        while True:
            try:
                await socket.get_message()
            except ConnectionClosed as exc:
                return int(exc.reason.code) if exc.reason else 0


async def verb(url: str, key_file: str, *argv: str) -> str:
    """A verb of `ant` that works; what it prints."""
    flags = "--server", url, "--api-key-file", key_file
    code, out, err = await run_ant(*argv, *flags)
    assert 0 == code, err
    return out.strip()


async def test_a_device_from_link_to_end(tmp_path: Path, key_file: str) -> None:
    """A browser signs in by the link, is listed, and is signed out from elsewhere."""
    flags = "--api-key-file", key_file
    async with running_server(tmp_path / "data", *flags) as server:
        url = server.url
        link = await verb(url, key_file, "open", "--label", "Phone")
        page, _, code = link.partition("#")
        assert f"{url}/sign-in" == page
        headers = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
        async with httpx.AsyncClient(base_url=url, headers=headers) as browser:
            assert 401 == (await browser.get("/api/status")).status_code
            assert "text/html" in (await browser.get(page)).headers["Content-Type"]
            signed = await browser.post("/api/sign-in", json={"code": code})
            assert (200, "Phone") == (signed.status_code, signed.json()["label"])
            assert 200 == (await browser.get("/api/status")).status_code
            again = await browser.post("/api/sign-in", json={"code": code})
            assert 401 == again.status_code
            (name, secret), *_ = browser.cookies.items()
            listed = await verb(url, key_file, "tokens", "list")
            assert "Phone" in listed
            assert secret not in listed
            sent: Any = [("Cookie", f"{name}={secret}")]
            where = url.replace("http", "ws", 1) + "/ws"
            with pytest.raises(HandshakeError):
                async with open_websocket_url(
                    where, extra_headers=[*sent, ("Origin", "http://evil.example")]
                ):
                    pass
            async with open_websocket_url(
                where, extra_headers=[*sent, ("Origin", url)]
            ) as socket:
                await socket.get_message()
                await verb(url, key_file, "tokens", "revoke", signed.json()["id"])
                assert 4401 == await close_code(socket)
            assert 401 == (await browser.get("/api/status")).status_code
        assert code not in server.log.read_text()
        assert secret not in server.log.read_text()


async def test_a_token_from_the_command_line(tmp_path: Path, key_file: str) -> None:
    """It views and does not type; revoked, it is nobody's. It outlives a restart."""
    flags = "--api-key-file", key_file
    words = "tokens", "new", "CI", "--scopes", "view"
    async with running_server(tmp_path / "data", *flags) as server:
        token = await verb(server.url, key_file, *words)
    async with running_server(tmp_path / "data", *flags) as server:
        async with server.client(KEY) as ant:
            session = await ant.create("one", command=["cat"])
        async with server.client(token) as ant:
            assert "one" == (await ant.session("one"))["name"]
            with pytest.raises(Forbidden, match="`type`"):
                await ant.type(session["id"], "x")
            with pytest.raises(Forbidden, match="`admin`"):
                await ant.tokens()
            listed = await verb(server.url, key_file, "tokens", "list")
            assert "from 127.0.0.1" in listed
            await verb(server.url, key_file, "tokens", "revoke", listed.split()[0])
            with pytest.raises(Unauthorized, match="ant tokens new"):
                await ant.sessions()


@pytest.mark.parametrize("has_key", [True, False])
async def test_serve_prints_a_link_for_a_person(
    tmp_path: Path, key_file: str, has_key: bool
) -> None:
    """Where a key is set and standard output is a terminal; the link works once."""
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "ant", "serve", "--port", "0"]
    words += ["--data-dir", str(tmp_path / "data")]
    words += ["--api-key-file", key_file] if has_key else []
    process = await trio.lowlevel.open_process(
        words, stdout=theirs, stderr=subprocess.DEVNULL, env=environment()
    )
    os.close(theirs)
    said = ""
    try:
        with trio.fail_after(START_S):
            wanted = "/sign-in#" if has_key else "listening on http"
            while wanted not in said or not said.endswith("\n"):
                await trio.lowlevel.wait_readable(ours)
                said += os.read(ours, 4096).decode()
        assert has_key == ("/sign-in#" in said)
        if has_key:
            (url, code), *_ = re.findall(r"(http://\S+)/sign-in#(\S+)", said)
            async with httpx.AsyncClient(base_url=url) as browser:
                got = await browser.post("/api/sign-in", json={"code": code})
                assert 200 == got.status_code
    finally:
        process.terminate()
        await process.wait()
        os.close(ours)
