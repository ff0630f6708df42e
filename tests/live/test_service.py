"""A server that a service manager starts: what it tells over a real socket."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.live.server import start_server

pytestmark = pytest.mark.slow


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(10)
        yield receiver


async def test_a_manager_learns_when_the_server_serves_and_stops(
    manager: socket.socket, tmp_path: Path
) -> None:
    """READY when it serves, a sign of life if asked for, STOPPING; its programs do not
    get the manager's socket."""
    asked = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "60000000"}
    server = await start_server(tmp_path / "data", **asked)
    told = [manager.recv(4096), manager.recv(4096)]
    assert [b"WATCHDOG=1", f"READY=1\nSTATUS=Serving {server.url}".encode()] == told
    async with server.client() as client:
        command = ["sh", "-c", "echo [$NOTIFY_SOCKET$WATCHDOG_USEC]; exec cat"]
        row = await client.create("web", command=command)
        page = await client.history(row["id"])
        while "]" not in str(page["rows"]):
            await client.wait(row["id"], "output:]", timeout=1)
            page = await client.history(row["id"])
        assert "[]" in str(page["rows"])
        os.kill(server.pid, signal.SIGTERM)
        assert 0 == await server.process.wait()
    assert b"STOPPING=1\nSTATUS=Stopping" == await trio.to_thread.run_sync(
        manager.recv, 4096
    )
