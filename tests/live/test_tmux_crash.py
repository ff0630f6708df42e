"""A program in tmux outlives every end of the server, and no byte of it is missing."""

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_websocket import ConnectionClosed, HandshakeError

from ant.client import AntClient
from tests.live.server import left_of, start_server
from tests.live.test_crash import die_in_recovery
from tests.live.viewer import Viewer, read_raw, watching
from tests.live.waiting import eventually
from tests.soak import soak
from tests.terminal.private_tmux import ended_with_us, needs_tmux

pytestmark = [pytest.mark.slow, needs_tmux]

KILLS = (2, soak(60))

PRINTER = """
import os, signal, sys, time, tty
tty.setraw(1)
over = []
signal.signal(signal.SIGUSR1, lambda *_: over.append(1))
at = 0
while not over:
    os.write(1, "".join(f"{n:014d}\\r\\n" for n in range(at, at + 64)).encode())
    at += 64
    time.sleep(0.002)
os.write(1, b"the end")
sys.exit(7)
"""
"""Prints numbered lines until it is told to end."""

LINE = 16


def printed(start: int, end: int) -> bytes:
    """What it prints between two offsets."""
    first = start // LINE
    lines = range(first, end // LINE + 1)
    data = "".join(f"{n:014d}\r\n" for n in lines).encode()
    return data[start - first * LINE : end - first * LINE]


async def look(ant: AntClient, session_id: str) -> Any:
    """The session's row."""
    return await ant.call("GET", f"/api/sessions/{session_id}")


async def watch_until_killed(
    ant: AntClient, session_id: str, views: list[Viewer], seen: int
) -> None:
    """Look from what was seen before on, till the server dies."""
    try:
        async with watching(ant, session_id, from_=seen) as view:
            views.append(view)
            while True:
                await view.take()
    except* (ConnectionClosed, HandshakeError, OSError):
        pass


@pytest.mark.parametrize("kills", KILLS)
async def test_kills_leave_no_hole(tmp_path: Path, kills: int) -> None:
    """The same process, each byte at the offset it was seen at, and the exit code."""
    data_dir = tmp_path / "data"
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    print(f"seed {seed}")  # Shown by pytest when it fails.
    seen = 0
    with trio.fail_after(30 + 6 * kills), ended_with_us(data_dir):
        server = await start_server(data_dir)
        async with server.client() as ant:
            command = [sys.executable, "-Sc", PRINTER]
            row = await ant.create("printer", command=command, host="tmux")
        session_id, pid = row["id"], row["terminal"]["pid"]
        await server.kill()
        for life in range(1, kills + 1):
            views: list[Viewer] = []
            is_last = life == kills
            # It dies while it takes up what it finds.
            if not is_last and dice.random() < 0.6:
                await die_in_recovery(data_dir, dice)
                continue
            server = await start_server(data_dir)
            async with server.client() as ant, trio.open_nursery() as nursery:
                row = await look(ant, session_id)
                assert (row["status"], row["terminal"]["pid"]) == ("running", pid)
                nursery.start_soon(watch_until_killed, ant, session_id, views, seen)
                if is_last:  # Each byte must be where somebody has seen it.
                    await eventually(lambda views=views: views and views[0].outputs)
                await trio.sleep(dice.uniform(0, 0.2))
                await server.kill()
                nursery.cancel_scope.deadline = trio.current_time() + 2
            for view in views:
                assert view.gaps == []
                if view.start is not None:
                    assert view.start == seen
                    assert view.data == printed(seen, view.end or 0)
                    seen = view.end or 0
        server = await start_server(data_dir)
        async with server.client() as ant:
            assert (await look(ant, session_id))["terminal"]["pid"] == pid
            os.kill(pid, signal.SIGUSR1)

            async def exited() -> Any:
                row = await look(ant, session_id)
                return row if row["status"] == "exited" else None

            row = await eventually(exited)
            assert row["terminal"]["exit_code"] == 7
            data, gaps = await read_raw(ant, session_id)
        await server.stop()
    assert gaps == []
    assert data.endswith(b"the end")
    data = data.removesuffix(b"the end")
    assert len(data) > seen > 0
    assert data == printed(0, len(data))
    assert left_of(session_id) == []
