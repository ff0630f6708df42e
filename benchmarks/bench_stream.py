"""A full-speed child through all of it to one socket, against a bare read loop.

Transcript and detector are on. Both sides read `cat` of the same file from a PTY, in
turn, so that the ratio holds when the machine's speed drifts.
"""

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from ant.client import AntClient
from benchmarks.rawsocket import RawSocket
from tests.live.server import running_server

MEGABYTES = 64
ROUNDS = 5


def make_text(path: Path) -> int:
    """Lines of ordinary text; how many bytes they are once the tty added \\r."""
    line = b"the quick brown fox jumps over the lazy dog 0123456789 \xe2\x9c\x93 done\n"
    count = (MEGABYTES << 20) // len(line)
    path.write_bytes(line * count)
    return (len(line) + 1) * count


def bare_read(path: Path) -> float:
    """Seconds that a loop of `os.read` needs for what `cat` puts into a PTY."""
    master, slave = os.openpty()
    child = subprocess.Popen(["cat", path], stdout=slave, stdin=slave)
    os.close(slave)
    start = time.perf_counter()
    try:
        while os.read(master, 65536):
            pass
    except OSError:
        pass
    took = time.perf_counter() - start
    child.wait()
    os.close(master)
    return took


async def through_ant(ant: AntClient, path: Path, size: int) -> float:
    """Seconds from the key that starts `cat` to its last byte in a socket."""
    session = await ant.create(
        f"stream {time.time()}", command=["sh", "-c", f"stty -echo; read x; cat {path}"]
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


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text")
        size = make_text(text)
        async with (
            running_server(Path(folder, "data")) as server,
            AntClient(server.url) as ant,
        ):
            bare_read(text)
            ratios = []
            for _ in range(ROUNDS):
                bare = bare_read(text)
                ours = await through_ant(ant, text, size)
                ratios.append(bare / ours)
                print(
                    f"bare {size / bare / 1e6:6.1f} MB/s   ant {size / ours / 1e6:6.1f}"
                    f" MB/s   ratio {bare / ours:.2f}",
                    flush=True,
                )
            print(f"ratio median of {ROUNDS}: {statistics.median(ratios):.2f}")
