"""From a join to the screen, of a session with a long history: running, then ended.

The history is on disk and its length must not matter. The reader costs next to nothing.
"""

import statistics
import tempfile
import time
from pathlib import Path

import trio

from ant.client import AntClient
from benchmarks.rawsocket import RawSocket
from tests.live.server import running_server

MEGABYTES = 64
ROUNDS = 20


async def attach_s(url: str, session_id: str) -> float:
    """Seconds from the join to the `screen` frame, on a socket that is open."""
    socket = await RawSocket.open(url)
    try:
        while not (await socket.receive()).startswith(b'{"type":"hello"'):
            pass
        start = time.perf_counter()
        await socket.send(type="join_session", sessionId=session_id, screen=True)
        while not (await socket.receive()).startswith(b'{"type":"screen"'):
            pass
        return time.perf_counter() - start
    finally:
        await socket.close()


async def measured(url: str, session_id: str, what: str) -> None:
    """Attach several times, and print how long it took."""
    took = [await attach_s(url, session_id) * 1e3 for _ in range(ROUNDS)]
    print(
        f"{what:18} median {statistics.median(took):6.1f} ms   "
        f"first {took[0]:6.1f}   worst {max(took):6.1f}",
        flush=True,
    )


async def until(ant: AntClient, session_id: str, status: str, text: str) -> None:
    """Wait till it has that status and shows that line."""
    while True:
        page = await ant.call("GET", f"/api/sessions/{session_id}/terminal/screen")
        if page["status"] == status and text in page["lines"]:
            return
        await trio.sleep(0.05)


async def main() -> None:
    text = "the quick brown fox jumps over the lazy dog"
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_server(Path(folder, "data")) as server,
            AntClient(server.url) as ant,
        ):
            for megabytes in (0, MEGABYTES):
                script = (
                    f"yes {text} | head -c {megabytes << 20}; echo; echo done; read x"
                )
                row = await ant.create(f"{megabytes}", command=["sh", "-c", script])
                await until(ant, row["id"], "running", "done")
                await measured(server.url, row["id"], f"{megabytes} MB, running")
                await ant.type(row["id"], "\n")
                await until(ant, row["id"], "exited", "done")
                await measured(server.url, row["id"], f"{megabytes} MB, ended")
