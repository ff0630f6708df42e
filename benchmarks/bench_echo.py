"""One key through `/ws` into a shell's tty and its echo back: latency, at rest."""

import statistics
import tempfile
import time
from pathlib import Path

from ant.client import AntClient
from benchmarks.rawsocket import RawSocket
from tests.live.server import running_server

KEYS = 2000


async def echo_times(ant: AntClient, session_id: str, keys: int) -> list[float]:
    """Milliseconds from sending a key to having its echo, one key at a time."""
    socket = await RawSocket.open(ant.url)
    await socket.send(type="join_session", sessionId=session_id, ref="here")
    while b'"ack"' not in await socket.receive():
        pass
    times = []
    for _ in range(keys):
        start = time.perf_counter()
        await socket.send(type="terminal_input", sessionId=session_id, data="x")
        while b'"terminal_output"' not in await socket.receive():
            pass
        times.append(1000 * (time.perf_counter() - start))
    await socket.close()
    return times


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_server(Path(folder, "data")) as server,
            AntClient(server.url) as ant,
        ):
            session = await ant.create("echo", command=["cat"])
            await echo_times(ant, session["id"], 100)
            await ant.type(session["id"], "\n")
            times = await echo_times(ant, session["id"], KEYS)
            cuts = statistics.quantiles(times, n=100)
            print(
                f"{KEYS} keys: p50 {cuts[49]:.2f} ms   p95 {cuts[94]:.2f} ms   "
                f"p99 {cuts[98]:.2f} ms   worst {max(times):.2f} ms"
            )
