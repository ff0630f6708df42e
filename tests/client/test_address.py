"""How a client reaches a server."""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import ConnectionClosed, HandshakeError

from ant.client import address
from ant.client.address import Address, distrust
from ant.core.errors import AntError, Forbidden
from ant.http.server import unix_socket
from ant.http.server.listener import serve
from tests import certificates
from tests.http.server.test_listener import ROOMY_S, Site


def test_the_kinds_of_addresses(tmp_path: Path) -> None:
    """A Unix socket is none of the network; TLS is verified."""
    local = Address.of("unix:/run/ant.sock")
    assert ("http://localhost", "/run/ant.sock") == (local.base_url, local.socket)
    assert not local.settings()["trust_env"]
    near = Address.of("http://127.0.0.1:1/ant").settings()
    assert {"trust_env": False, "verify": False} == near
    far = Address.of("https://ant.example").settings()
    assert far["trust_env"]
    assert isinstance(far["verify"], ssl.SSLContext)
    assert ssl.CERT_REQUIRED == far["verify"].verify_mode
    assert far["verify"].check_hostname


def test_a_file_of_certificates(tmp_path: Path) -> None:
    """It counts for https; a file that has none is refused."""
    cert, _ = certificates.make(tmp_path)
    context = Address.of("https://x", cert).settings()["verify"]
    before = Address.of("https://x").settings()["verify"]
    assert context.cert_store_stats()["x509"] > before.cert_store_stats()["x509"]
    text = tmp_path / "text"
    text.write_text("none")
    for path in (text, tmp_path / "nothing"):
        with pytest.raises(AntError, match="has no certificates that can be read"):
            Address.of("https://x", path)
        assert Address.of("http://x", path)


def test_why_a_certificate_is_not_trusted() -> None:
    """However deep the reason is."""
    inner = ssl.SSLCertVerificationError()
    inner.verify_message = "self-signed certificate"
    outer = httpx.ConnectError("")
    outer.__context__ = OSError()
    outer.__context__.__cause__ = inner
    said = distrust(outer)
    assert said is not None
    assert "self-signed certificate" in said
    assert "--ca" in said
    assert distrust(httpx.ConnectError("")) is None


@asynccontextmanager
async def site_on_unix(folder: Path) -> AsyncIterator[tuple[Site, Address]]:
    site, made = Site(), unix_socket.listen(folder / "s")
    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:

            async def run(task_status: Any) -> None:
                given = {"stopped": site.stopped, "grace_s": 1.0}
                listeners = [made.listener]
                await serve(site.app, listeners, **given, task_status=task_status)  # type: ignore

            await nursery.start(run)
            yield site, Address.of(f"unix:{made.path}")
            site.stopped.set()
    made.remove()


async def test_a_websocket_on_a_unix_socket(tmp_path: Path) -> None:
    """Messages both ways; the end of the server is an end of the connection."""
    async with site_on_unix(tmp_path) as (site, where):
        async with where.websocket("/echo") as socket:
            await socket.send_message("hello")
            assert "hello" == await socket.get_message()
        async with where.websocket("/until-stopped") as socket:
            site.stopped.set()
            with pytest.raises(ConnectionClosed):
                await socket.get_message()


async def test_an_error_of_the_caller_is_its_own(tmp_path: Path) -> None:
    """It is in no group, and neither is a refusal."""
    async with site_on_unix(tmp_path) as (_, where):
        with pytest.raises(ZeroDivisionError):
            async with where.websocket("/echo"):
                raise ZeroDivisionError
        with pytest.raises(HandshakeError):
            async with where.websocket("/nothing"):
                pass
        with trio.move_on_after(0.05) as scope:
            async with where.websocket("/echo") as socket:
                await socket.get_message()
        assert scope.cancelled_caught


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
async def test_the_socket_of_another_user_gets_no_key(tmp_path: Path) -> None:
    """Where all may put files, another user can wait at the path of the server."""
    async with site_on_unix(tmp_path) as (_, where):
        assert where.socket is not None
        os.chown(where.socket, 65534, -1)
        async with httpx.AsyncClient(**where.settings()) as http:
            with pytest.raises(Forbidden, match="belongs to uid 65534"):
                await http.get(f"{where.base_url}/")
            with pytest.raises(Forbidden, match="belongs to uid 65534"):
                async with where.websocket("/echo"):
                    pass
            os.chown(tmp_path, 65534, -1)  # A server of that user, and root calls it.
            assert 200 == (await http.get(f"{where.base_url}/")).status_code


async def test_no_server_on_a_unix_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None listens, or one that does not answer."""
    where = Address.of(f"unix:{tmp_path}/s")
    with pytest.raises(HandshakeError):
        async with where.websocket("/ws"):
            pass
    monkeypatch.setattr(address, "CONNECT_S", 0.1)
    silent = unix_socket.listen(tmp_path / "s")
    with pytest.raises(HandshakeError):
        async with where.websocket("/ws"):
            pass
    silent.remove()
