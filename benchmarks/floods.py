"""Floods that nobody watches: how long a key beside them takes, and a new terminal.

By turns in one run: a key through the server and one through a PTY of our own; the
floods read by the server and as many read by nothing but epoll and `os.read`.
"""

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import trio

from ant.client import AntClient
from benchmarks.rawsocket import RawSocket
from tests.live.server import Server

FLOOD = """
import os, sys, time, tty
tty.setraw(1)
data, ends = b"".join(b"%015d\\n" % n for n in range(4096)), time.monotonic() + 120
while time.monotonic() < ends:
    os.write(1, data)
"""
"""Writes 64 KiB at once, all it can; it ends by itself if nobody ends it."""

PROGRAM = [sys.executable, "-S", "-c", FLOOD]
SECONDS = 8.0
BARE_SECONDS = 3.0
BETWEEN_S = 0.02
"""Between two keys: a fast typist has five times as much."""

CREATED = 3
"""Terminals that are created beside the floods."""

_TICKS = os.sysconf("SC_CLK_TCK")
_MB = 1e6


@contextmanager
def on_a_pty(command: list[str]) -> Iterator[int]:
    """A program on a PTY of our own: our end of it."""
    ours, theirs = pty.openpty()
    ends = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
    program = subprocess.Popen(command, start_new_session=True, **ends)
    os.close(theirs)
    try:
        yield ours
    finally:
        os.close(ours)
        program.kill()
        program.wait()


def read_bare(count: int) -> float:
    """Bytes a second that a plain loop reads of so many floods together."""
    with contextlib.ExitStack() as stack, select.epoll() as epoll:
        for _ in range(count):
            ours = stack.enter_context(on_a_pty(PROGRAM))
            os.set_blocking(ours, False)
            epoll.register(ours, select.EPOLLIN)
        time.sleep(1)
        total, start = 0, time.perf_counter()
        while (took := time.perf_counter() - start) < BARE_SECONDS:
            for fd, _ in epoll.poll(1):
                with contextlib.suppress(BlockingIOError):
                    for _ in range(16):
                        total += len(os.read(fd, 65536))
        return total / took


@asynccontextmanager
async def typing(ant: AntClient, session_id: str) -> AsyncIterator[Callable]:
    """What types a key and waits for its echo, through the server."""
    socket = await RawSocket.open(ant.url)
    await socket.send(type="join_session", sessionId=session_id, ref="here")
    while b'"ack"' not in await socket.receive():
        pass

    async def type_one() -> None:
        await socket.send(type="terminal_input", sessionId=session_id, data="x")
        while b'"terminal_output"' not in await socket.receive():
            pass

    try:
        yield type_one
    finally:
        await socket.close()


async def time_keys(ant: AntClient, session_id: str) -> tuple[list[float], list[float]]:
    """Milliseconds of keys through the server, and of others on a bare PTY, by turns.

    There, as in the server's terminal, the kernel echoes them.
    """
    through: list[float] = []
    bare: list[float] = []
    ends = time.perf_counter() + SECONDS
    with on_a_pty(["cat"]) as ours:

        async def type_bare() -> None:
            os.write(ours, b"x")
            await trio.lowlevel.wait_readable(ours)
            os.read(ours, 4096)

        async with typing(ant, session_id) as type_one:
            while time.perf_counter() < ends:
                for times, one in ((through, type_one), (bare, type_bare)):
                    start = time.perf_counter()
                    await one()
                    times.append(1000 * (time.perf_counter() - start))
                    await trio.sleep(BETWEEN_S)
    return through, bare


def busy_s(server: Server) -> float:
    """Processor seconds of the server until now, all its threads."""
    stat = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / _TICKS


async def printed(ant: AntClient, floods: list[str]) -> int:
    """Bytes that the server has had of them."""
    rows = [await ant.call("GET", f"/api/sessions/{each}") for each in floods]
    return sum(row["terminal"]["end"] for row in rows)


def shown(times: list[float]) -> str:
    """Percentiles of milliseconds."""
    cuts = sorted(times)
    p50, p95, p99 = (cuts[int(len(cuts) * part)] for part in (0.5, 0.95, 0.99))
    return f"p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms of {len(times)}"


async def beside(server: Server, ant: AntClient, count: int) -> None:
    """So many floods, and what else is done meanwhile."""
    alone = await trio.to_thread.run_sync(read_bare, count)
    echo = await ant.create(f"key beside {count}", command=["cat"])
    floods = [
        (await ant.create(f"flood {number} of {count}", command=PROGRAM))["id"]
        for number in range(count)
    ]
    await trio.sleep(1)
    before, start, busy = (
        await printed(ant, floods),
        time.perf_counter(),
        busy_s(server),
    )
    through, bare = await time_keys(ant, echo["id"])
    size, took = await printed(ant, floods) - before, time.perf_counter() - start
    busy = busy_s(server) - busy
    made: list[float] = []
    for number in range(CREATED):
        begun = time.perf_counter()
        await ant.create(f"new {number} beside {count}", command=["cat"])
        made.append(1000 * (time.perf_counter() - begun))
    for each in floods:
        await ant.call("DELETE", f"/api/sessions/{each}")
    print(f"{count} floods, unwatched, load {os.getloadavg()[0]:.1f}:")
    print(f"  a key through the server: {shown(through)}")
    print(f"  a key on a bare PTY:      {shown(bare)}")
    print(
        f"  {size / took / _MB:.1f} MB/s in all, {size / took / alone:.2f} of the "
        f"{alone / _MB:.1f} that a plain loop reads; "
        f"{1000 * busy / (size / _MB):.1f} ms of processor time a MB"
    )
    creations = ", ".join(f"{each:.0f}" for each in made)
    print(f"  creating a terminal: {creations} ms", flush=True)
