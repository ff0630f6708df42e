"""Create and destroy 100 shells; memory of the idle server and of each session."""

import tempfile
import time
from pathlib import Path
from typing import Any

import trio

from ant.client import AntClient
from tests.live.server import running_server

SESSIONS = 100
MEMORY_SESSIONS = 50


def rss_mib(pid: int) -> float:
    """Resident memory of a process; shared pages count too."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


async def create_at_prompt(ant: AntClient, name: str) -> Any:
    """A bash that has drawn its first prompt."""
    session = await ant.create(name, command=["bash", "--norc"])
    with trio.fail_after(10):
        while not (await ant.history(session["id"]))["end"]:
            pass
    return session


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            running_server(Path(folder, "data")) as server,
            AntClient(server.url) as ant,
        ):
            first = await create_at_prompt(ant, "warm")
            await ant.call("DELETE", f"/api/sessions/{first['id']}", hard="true")
            idle = rss_mib(server.pid)
            print(f"idle server: {idle:.1f} MiB RSS")
            sessions = [
                await create_at_prompt(ant, f"m{n}") for n in range(MEMORY_SESSIONS)
            ]
            each = (rss_mib(server.pid) - idle) / MEMORY_SESSIONS
            print(f"per session at its first prompt: {each:.3f} MiB of server RSS")
            for session in sessions:
                await ant.call("DELETE", f"/api/sessions/{session['id']}", hard="true")

            start = time.perf_counter()
            ids = [
                (await ant.create(f"s{n}", command=["bash", "--norc"]))["id"]
                for n in range(SESSIONS)
            ]
            created = time.perf_counter() - start
            for session_id in ids:
                await ant.call("DELETE", f"/api/sessions/{session_id}", hard="true")
            took = time.perf_counter() - start
            print(
                f"{SESSIONS} sessions, one after another: created in {created:.2f} s, "
                f"created and destroyed in {took:.2f} s "
                f"({1000 * took / SESSIONS:.1f} ms each)"
            )
