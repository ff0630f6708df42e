"""One flood to fifty sockets, one of which never reads; how long a key takes meanwhile.

And one, ten and fifty floods that nobody watches, each with a control: `floods`.

The sockets live in a process of their own, so that the key's socket is not timed behind
them. Each checks that its bytes follow one another from the first to the last.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import trio

from ant.client import AntClient
from benchmarks import floods
from benchmarks.rawsocket import RawSocket
from tests.live.server import Server, running_server
from tests.live.waiting import eventually

SOCKETS = 50
SECONDS = 10.0
PATIENCE_S = 120.0
STUCK_S = 40.0
"""By then the server must have cut who never reads: a guess above its own patience."""

FLOOD = """
import os, sys, time, tty
tty.setraw(1)
sys.stdin.read(1)
ends, data = time.monotonic() + float(sys.argv[1]), b""
pause, at = 4096 / float(sys.argv[2]), 0
while time.monotonic() < ends:
    at += 1
    data = (b"%015d\\n" % at) * 256
    while data:
        data = data[os.write(1, data):]
    if pause:
        time.sleep(pause)
"""
"""Prints 4 KiB at a time from the first key on, at so many bytes a second at most."""

RATES = ((500_000, "0.5 MB/s"), (float("inf"), "all it can"))

UNWATCHED = (1, 10, 50)
"""Floods side by side that nobody has joined."""

_SPAN = re.compile(rb'"offset":(\d+),"end":(\d+)\}\Z')


class Seat:
    """One socket that reads all, and knows whether it did."""

    def __init__(self) -> None:
        self.end = 0
        self.size = 0
        self.seams = 0

    async def run(self, url: str, session_id: str, joined: trio.Event) -> None:
        """Read up to the exit of the program."""
        socket = await RawSocket.open(url)
        try:
            await socket.send(
                type="join_session", sessionId=session_id, ref="j", **{"from": 0}
            )
            exited = f'"sessionId":"{session_id}"'.encode()
            while True:
                frame = await socket.receive()
                if frame.startswith(b'{"type":"terminal_output"'):
                    match = _SPAN.search(frame, len(frame) - 60)
                    assert match
                    self.seams += int(match[1]) != self.end
                    self.size += int(match[2]) - self.end
                    self.end = int(match[2])
                elif b'"ack"' in frame[:20]:
                    joined.set()
                elif frame.startswith(b'{"type":"session_exited"') and exited in frame:
                    return
        finally:
            await socket.close()


async def read_all(url: str, session_id: str, count: int) -> None:
    """The other process: says when all have joined, and at the end what each has."""
    seats, start = [Seat() for _ in range(count)], 0.0
    async with trio.open_nursery() as nursery:
        events = [trio.Event() for _ in seats]
        for seat, joined in zip(seats, events, strict=True):
            nursery.start_soon(seat.run, url, session_id, joined)
        for joined in events:
            await joined.wait()
        start = time.perf_counter()
        print("joined", flush=True)
    took = time.perf_counter() - start
    sizes, seams = [seat.size for seat in seats], sum(seat.seams for seat in seats)
    print(orjson.dumps({"took": took, "sizes": sizes, "seams": seams}).decode())


async def type_keys(ant: AntClient, session_id: str, times: list[float]) -> None:
    """Milliseconds of one echo after another, till cancelled."""
    socket = await RawSocket.open(ant.url)
    try:
        await socket.send(type="join_session", sessionId=session_id, ref="here")
        while b'"ack"' not in await socket.receive():
            pass
        while True:
            start = time.perf_counter()
            await socket.send(type="terminal_input", sessionId=session_id, data="x")
            while b'"terminal_output"' not in await socket.receive():
                pass
            times.append(1000 * (time.perf_counter() - start))
            await trio.sleep(0.01)
    finally:
        await socket.close()


def shown(times: list[float]) -> str:
    """Percentiles of milliseconds."""
    if len(times) < 2:
        return "none came"
    cuts = statistics.quantiles(times, n=100)
    return (
        f"{len(times)} keys: p50 {cuts[49]:.1f} ms   p95 {cuts[94]:.1f} ms   "
        f"p99 {cuts[98]:.1f} ms   worst {max(times):.1f} ms"
    )


async def cut_off(server: Server, socket: RawSocket) -> float | None:
    """Seconds until the kernel says that the server has left, without reading."""
    port, start = socket._stream.socket.getsockname()[1], time.perf_counter()
    try:
        await eventually(lambda: not _is_open(server.port, port), STUCK_S)
    except trio.TooSlowError:
        return None
    return time.perf_counter() - start


def _is_open(server_port: int, port: int) -> bool:
    """Whether the server's end of a connection is established."""
    ends = (f":{server_port:04X}", f":{port:04X}")
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, state, *_ = line.split()
        if (local[-5:], remote[-5:], state) == (*ends, "01"):
            return True
    return False


async def one(server: Server, ant: AntClient, rate: float, name: str) -> None:
    """One flood."""
    command = [sys.executable, "-c", FLOOD, str(SECONDS), str(rate)]
    flood = await ant.create(f"flood {name}", command=command)
    echo = await ant.create(f"echo {name}", command=["cat"])
    stuck = await RawSocket.open(ant.url)
    join = {"sessionId": flood["id"], "from": 0}
    await stuck.send(type="join_session", **join)
    readers = [sys.executable, "-m", "benchmarks.bench_fanout", ant.url, flood["id"]]
    process = await trio.lowlevel.open_process(
        [*readers, str(SOCKETS - 1)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout
        while b"joined" not in await process.stdout.receive_some():
            pass
        times: list[float] = []
        said, cut = b"", None
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(type_keys, ant, echo["id"], times)
                await ant.type(flood["id"], "g")
                while part := await process.stdout.receive_some():
                    said += part
                nursery.cancel_scope.cancel()
            cut = await cut_off(server, stuck)
        await report(ant, flood["id"], orjson.loads(said), name)
        print(f"  echo meanwhile: {shown(times)}")
        print(
            f"  who never reads was {'cut' if cut is not None else 'NOT CUT'}"
            f"{f' {cut:.1f} s after the flood' if cut else ''}",
            flush=True,
        )
    finally:
        process.kill()
        await process.wait()
        await stuck.close()


async def report(ant: AntClient, session_id: str, read: dict, name: str) -> None:
    """What the fifty have, against what there is."""
    row = await ant.call("GET", f"/api/sessions/{session_id}")
    end, sizes = row["terminal"]["end"], read["sizes"]
    total = sum(sizes)
    lost = sum(size != end for size in sizes)
    print(
        f"{name}: {len(sizes)} sockets, {end / 1e6:.1f} MB each, in all "
        f"{total / read['took'] / 1e6:.1f} MB/s over {read['took']:.1f} s; "
        f"seams {read['seams']}, sockets that lack bytes {lost}"
    )


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_server(Path(folder, "data")) as server,
            AntClient(server.url) as ant,
        ):
            for rate, name in RATES:
                await one(server, ant, rate, name)
            for count in UNWATCHED:
                await floods.beside(server, ant, count)


if __name__ == "__main__":
    trio.run(read_all, sys.argv[1], sys.argv[2], int(sys.argv[3]))
