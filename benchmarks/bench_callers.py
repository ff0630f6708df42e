"""How long it takes to tell who calls, beside 50 terminals of ten processes each."""

import contextlib
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ant.client import AntClient
from ant.http.access.sock_diag import SockDiag
from ant.terminal.host import processes
from ant.terminal.host.socket_holders import SocketHolders, lineage
from tests.live.server import running_server
from tests.live.waiting import eventually

TERMINALS = 50
SOCKETS = 20
LOOKS = 200

HOLD = f"""
import os, signal, socket, time
make = lambda *_: held.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
held = []
for _ in range({SOCKETS}):
    make()
signal.signal(signal.SIGUSR1, make)
open(os.environ["READY"], "w").close()
while True:
    time.sleep(1000)
"""
START = 'for n in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; exec "$@"'


def told(
    name: str,
    look: Callable[[], object],
    looks: int = LOOKS,
    now: Callable[[], float] = time.thread_time,
) -> None:
    """How long a look takes, of many; in processor time, for a machine that is busy."""
    took = []
    for _ in range(looks):
        start = now()
        look()
        took.append(1000 * (now() - start))
    tell(name, took)


def tell(name: str, took: list[float]) -> None:
    """Median, 95th percentile and best of times in ms."""
    took.sort()
    p50, p95 = statistics.median(took), took[int(0.95 * len(took))]
    print(f"{name}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, best {took[0]:.2f} ms")


def sockets_of(pid: int) -> list[int]:
    """The inodes of the sockets that a process holds."""
    found = []
    with contextlib.suppress(OSError):  # It is no more, or not ours to look into.
        for name in os.listdir(f"/proc/{pid}/fd"):
            link = os.readlink(f"/proc/{pid}/fd/{name}")
            found += [int(link[8:-1])] if link.startswith("socket:[") else []
    return found


def find(inode: int, finder: SocketHolders) -> None:
    """What the server does in its thread: the holder, then its ancestors."""
    pid = finder.find(inode).pid
    assert pid is not None
    line = lineage(pid)
    assert line
    for each in line:
        processes.environ_of(each.pid)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_server(Path(folder, "data")) as server,
            AntClient(server.url) as ant,
        ):
            for number in range(TERMINALS):
                ready = str(Path(folder, f"ready-{number}"))
                command = ["sh", "-c", START, "sh", sys.executable, "-IS", "-c", HOLD]
                await ant.create(str(number), command=command, env={"READY": ready})
                await eventually(Path(ready).exists)
            inside = [
                each.pid
                for each in processes.snapshot()
                if len(sockets_of(each.pid)) == SOCKETS
            ]
            count = len(processes.snapshot())
            print(f"{count} processes, {len(inside) * SOCKETS} sockets in terminals")
            chance, finder = random.Random(1), SocketHolders()

            def call() -> None:
                """One of the programs opens one more socket, and is found by it."""
                pid = chance.choice(inside)
                before = set(sockets_of(pid))
                os.kill(pid, signal.SIGUSR1)
                while not (new := set(sockets_of(pid)) - before):
                    pass
                start = time.thread_time()
                find(new.pop(), finder)
                took.append(1000 * (time.thread_time() - start))

            took: list[float] = []
            for _ in range(LOOKS):
                call()
            tell("any program in a terminal that connects", took[1:])
            with socket.socket() as ours:
                own = os.fstat(ours.fileno()).st_ino
                told(
                    "an old process, at its first call",
                    lambda: find(own, SocketHolders()),
                )
                told("the same, at its next", lambda: find(own, finder))
                start = subprocess.Popen
                new = start(["cat"], stdin=subprocess.PIPE, pass_fds=[ours.fileno()])
                with new:
                    ours.close()
                    told(
                        "a new process, such as curl",
                        lambda: find(own, SocketHolders()),
                    )
                    new.communicate(b"")
            kernel = SockDiag()
            address = "127.0.0.1", server.port
            with socket.create_connection(address) as one:
                places = one.getsockname(), one.getpeername()
                told("the kernel's answer", lambda: kernel.owner(*places), 2000)
            head = f"GET /api/sessions/none HTTP/1.1\r\nHost: 127.0.0.1:{server.port}"

            def ask(one: socket.socket) -> None:
                one.sendall(f"{head}\r\n\r\n".encode())
                said = b""
                while not said.endswith(b"}"):
                    said += one.recv(65536)
                assert b" 404 " in said[:20]

            def anew() -> None:
                with socket.create_connection(address) as one:
                    ask(one)

            told("a request on a new connection", anew, now=time.perf_counter)
            with socket.create_connection(address) as kept:
                again, now = "a request on one that was told", time.perf_counter
                told(again, lambda: ask(kept), now=now)
