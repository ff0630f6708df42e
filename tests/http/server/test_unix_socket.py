"""The Unix socket that a server listens on."""

import os
import socket
import stat
from pathlib import Path

import pytest
import trio

from ant.core.errors import Conflict
from ant.http.server import unix_socket
from ant.http.server.unix_socket import Credentials, credentials, listen
from tests.http.server.test_listener import serving


def dead(path: Path) -> None:
    """What a server that was killed leaves."""
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
        one.listen()


async def test_the_file_is_for_its_owner(tmp_path: Path) -> None:
    """Whatever the umask is; at the end it is gone."""
    before = os.umask(0)
    try:
        one = listen(tmp_path / "s")
    finally:
        os.umask(before)
    assert 0o600 == stat.S_IMODE(one.path.stat().st_mode)
    one.remove()
    assert not one.path.exists()
    one.remove()


async def test_a_dead_socket_is_replaced(tmp_path: Path) -> None:
    """Of a server that was killed."""
    path = tmp_path / "s"
    dead(path)
    one = listen(path)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
    one.remove()


async def test_a_live_socket_stays(tmp_path: Path) -> None:
    """So does one whose queue is full."""
    one = listen(tmp_path / "s")
    with pytest.raises(Conflict, match=r"A server listens on .* already"):
        listen(one.path)
    one.listener.socket.listen(0)
    with pytest.raises(Conflict, match=r"A server listens on .* already"):
        listen(one.path)
    assert one.path.is_socket()
    one.remove()


async def test_another_file_stays(tmp_path: Path) -> None:
    """A file, a link to one, a folder, and what is not ours."""
    target = tmp_path / "file"
    target.write_text("data")
    link, folder = tmp_path / "link", tmp_path / "folder"
    link.symlink_to(target)
    folder.mkdir()
    for path in (target, link, folder):
        with pytest.raises(Conflict, match="exists and is no socket of this user"):
            listen(path)
        assert path.exists()
    assert "data" == target.read_text()


async def test_a_dead_socket_of_another_user_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not ours to remove."""
    path = tmp_path / "s"
    dead(path)
    monkeypatch.setattr(unix_socket.os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(Conflict, match="is no socket of this user"):
        listen(path)
    assert path.is_socket()


async def test_what_took_its_place_stays(tmp_path: Path) -> None:
    """A server removes its own file only."""
    one = listen(tmp_path / "s")
    one.path.rename(tmp_path / "away")
    other = listen(one.path)
    one.remove()
    assert other.path.is_socket()
    other.remove()


async def test_a_path_that_is_of_no_use(tmp_path: Path) -> None:
    """Too long, without a folder, and where others could replace it."""
    with pytest.raises(Conflict, match="has at most 107 bytes"):
        listen(tmp_path / ("x" * 108))
    with pytest.raises(Conflict, match="There is no folder"):
        listen(tmp_path / "none" / "s")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(Conflict, match="Other users may write into"):
        listen(shared / "s")
    shared.chmod(0o1777)
    listen(shared / "s").remove()


async def test_who_connects(tmp_path: Path) -> None:
    """This process, by its pid and uid."""
    one = listen(tmp_path / "s")
    async with await trio.open_unix_socket(one.path):
        stream = await one.listener.accept()
        assert Credentials(os.getpid(), os.geteuid()) == credentials(stream.socket)
        stream.socket.close()
    one.remove()


async def test_a_request(tmp_path: Path) -> None:
    """The serve loop takes it as one over TCP; the client reads all that comes."""
    one = listen(tmp_path / "s")
    async with serving(listeners=[one.listener], grace_s=1.0) as site:
        async with await trio.open_unix_socket(one.path) as stream:
            await stream.send_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert b"".join([part async for part in stream]).endswith(b"ok")
        async with await trio.open_unix_socket(one.path) as stream:
            body = b"x" * 3_000_000
            head = b"POST /read HTTP/1.0\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
            await stream.send_all(head % len(body) + body)
            assert b"".join([part async for part in stream]).endswith(b"3000000")
        site.stopped.set()
        await site.done.wait()
    one.remove()


async def test_a_client_that_stops_reading_is_reset(tmp_path: Path) -> None:
    """As over TCP."""
    one = listen(tmp_path / "s")
    async with serving(listeners=[one.listener], grace_s=1.0, stall_s=0.3) as site:
        async with await trio.open_unix_socket(one.path) as stream:
            head = b"GET /pour HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            head += b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            key = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            await stream.send_all(head + key)
            await site.left.wait()
        site.stopped.set()
        await site.done.wait()
    one.remove()
