"""The same child in tmux and on a PTY of our own: bytes to one socket, keys and back.

In turn, so that the ratio holds when the machine's speed drifts. What tmux alone makes
of it, with a `pipe-pane` into nothing, is what no host on tmux can be faster than.
"""

import statistics
import tempfile
import time
from pathlib import Path

from ant.client import AntClient
from benchmarks.bench_echo import echo_times
from benchmarks.bench_stream import make_text
from benchmarks.rawsocket import RawSocket
from tests.live.server import running_server
from tests.terminal.private_tmux import command, ended_with_us

ROUNDS = 5
KEYS = 1000


async def stream(ant: AntClient, host: str, path: Path, size: int) -> float:
    """Seconds from the key that starts `cat` to its last byte in a socket."""
    session = await ant.create(
        f"{host} {time.time()}",
        command=["sh", "-c", f"stty -echo; read x; cat {path}"],
        host=host,
    )
    socket = await RawSocket.open(ant.url)
    await socket.send(type="join_session", sessionId=session["id"], **{"from": 0})
    await ant.type(session["id"], "\n")
    start = time.perf_counter()
    await socket.receive_up_to(size)
    took = time.perf_counter() - start
    await socket.close()
    await ant.call("DELETE", f"/api/sessions/{session['id']}", hard="true")
    return took


def tmux_alone(folder: Path, path: Path) -> float:
    """Seconds that `cat` takes in a tmux which passes it on to nobody."""
    start = time.perf_counter()
    command(
        folder,
        *("-f", "/dev/null", "new-session", "-d", f"cat {path}; tmux wait-for -S over"),
        *(";", "pipe-pane", "cat > /dev/null"),
    )
    command(folder, "wait-for", "over")
    return time.perf_counter() - start


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = folder / "text"
        size = make_text(text)
        data, alone = folder / "data", folder / "alone"
        alone.mkdir()
        with ended_with_us(data), ended_with_us(alone):
            async with running_server(data) as server, AntClient(server.url) as ant:
                ratios, bounds = [], []
                for _ in range(ROUNDS):
                    bare = tmux_alone(alone, text)
                    pty = await stream(ant, "pty", text, size)
                    tmux = await stream(ant, "tmux", text, size)
                    ratios.append(pty / tmux)
                    bounds.append(bare / tmux)
                    print(
                        f"pty {size / pty / 1e6:5.1f} MB/s   "
                        f"tmux {size / tmux / 1e6:5.1f} MB/s   "
                        f"ratio {pty / tmux:.2f}   "
                        f"tmux alone {size / bare / 1e6:5.1f} MB/s",
                        flush=True,
                    )
                print(
                    f"medians of {ROUNDS}: {statistics.median(ratios):.2f} of the pty "
                    f"host, {statistics.median(bounds):.2f} of tmux alone"
                )
                for host in ("pty", "tmux"):
                    row = await ant.create(host, command=["cat"], host=host)
                    await echo_times(ant, row["id"], 100)
                    await ant.type(row["id"], "\n")
                    cuts = statistics.quantiles(
                        await echo_times(ant, row["id"], KEYS), n=100
                    )
                    print(
                        f"a key and its echo, {host}: p50 {cuts[49]:.2f} ms   "
                        f"p95 {cuts[94]:.2f} ms   p99 {cuts[98]:.2f} ms"
                    )
                    await ant.call("DELETE", f"/api/sessions/{row['id']}")
