"""From a prompt being drawn to the event that tells of it, on a socket.

Agents by turns, half of them drawing their spinner meanwhile, and a shell that asks one
question after another. First nothing else happens, then another session floods at full
speed and is watched, by a process of its own.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import trio

from ant.client import AntClient
from benchmarks.bench_fanout import FLOOD
from benchmarks.rawsocket import RawSocket
from tests.live.server import running_server
from tests.mocks.looks import DIALOGS

PROMPTS = 200
PATIENCE_S = 140.0
PAUSE_S = 0.15
"""At most, by chance, before the next prompt: the clock of looks is not to be met."""

AGENTS = {
    "claude": "claude-code",
    "codex": "codex-cli",
    "gemini": "gemini-cli",
    "copilot": "copilot-cli",
    "qwen": "qwen-cli",
}
"""What the mock looks like, and the driver that knows it."""

ASK = """
while true; do
  read -r -p "Delete file $((++n)), seen at $EPOCHREALTIME? [y/n] " answer
done
"""
ROOT = Path(__file__).parents[1]


class Events:
    """What one socket is told, of all sessions."""

    def __init__(self, socket: RawSocket) -> None:
        self._socket = socket
        self.prompts: dict[str, str] = {}
        """Which prompt each session shows, by its question; none where it is gone."""

    async def until(self, session_id: str, shows: bool) -> float:
        """Read on until that session asks, or no longer does; when that was told."""
        at = time.time()
        while (session_id in self.prompts) is not shows:
            frame = await self._socket.receive()
            at = time.time()
            if frame.startswith(b'{"type":"prompt_detected"'):
                told = orjson.loads(frame)
                self.prompts[told["sessionId"]] = told["prompt"]["question"]
            elif frame.startswith(b'{"type":"session_input_resolved"'):
                self.prompts.pop(orjson.loads(frame)["sessionId"], None)
        return at


class Agent:
    """A mock agent in a session, and the line by which it is ordered about."""

    def __init__(self, session_id: str, control: trio.SocketStream) -> None:
        self.id, self._control = session_id, control

    @classmethod
    async def open(cls, ant: AntClient, folder: Path, style: str, name: str) -> "Agent":
        path = folder / f"{name} {time.time()}.sock"
        given = ["--style", style, "--control", str(path)]
        command = [sys.executable, "-m", "tests.mocks.agent", *given]
        row = await ant.create(
            name, command=command, root_dir=str(ROOT), cli_flag=AGENTS[style]
        )
        while True:
            try:
                return cls(row["id"], await trio.open_unix_socket(path))
            except OSError:
                await trio.sleep(0.05)

    async def order(self, line: str) -> None:
        """It is drawn when this returns."""
        await self._control.send_all(line.encode() + b"\n")
        while b"\n" not in await self._control.receive_some():
            pass


async def agents_ask(ant: AntClient, events: Events, folder: Path) -> list[float]:
    """Milliseconds from the order to draw a dialog to its event."""
    agents = [await Agent.open(ant, folder, style, style) for style in AGENTS]
    times, chance = [], random.Random(5)
    for turn in range(PROMPTS):
        agent = agents[turn % len(agents)]
        await events.until(agent.id, shows=False)
        await trio.sleep(chance.uniform(0, PAUSE_S))
        start = time.time()
        await agent.order(f"dialog {turn % len(DIALOGS)}")
        times.append(1e3 * (await events.until(agent.id, shows=True) - start))
        await agent.order("busy" if turn % 2 else "rest")
    for agent in agents:
        await ant.call("DELETE", f"/api/sessions/{agent.id}", hard="true")
    return times


async def shell_asks(ant: AntClient, events: Events, folder: Path) -> list[float]:
    """Milliseconds from the moment that a question of `read` names to its event."""
    row = await ant.create("shell", command=["bash", "-c", ASK])
    times, chance = [], random.Random(5)
    for _ in range(PROMPTS):
        at = await events.until(row["id"], shows=True)
        question = events.prompts.pop(row["id"])
        drawn = float(question.split(" at ")[1].split("?")[0])
        times.append(1e3 * (at - drawn))
        await trio.sleep(chance.uniform(0, PAUSE_S))
        await ant.type(row["id"], "y\n")
    await ant.call("DELETE", f"/api/sessions/{row['id']}", hard="true")
    return times


@asynccontextmanager
async def flooding(ant: AntClient) -> AsyncIterator[None]:
    """Another session puts out all it can, and a process reads all of it."""
    command = [sys.executable, "-c", FLOOD, "9999", "inf"]
    row = await ant.create("flood", command=command)
    watch = [sys.executable, "-m", "benchmarks.bench_fanout", ant.url, row["id"], "1"]
    process = await trio.lowlevel.open_process(watch, stdout=subprocess.PIPE)
    assert process.stdout
    await process.stdout.receive_some()
    start = time.perf_counter()
    await ant.type(row["id"], "g")
    try:
        yield
        row = await ant.call("GET", f"/api/sessions/{row['id']}")
        rate = row["terminal"]["end"] / (time.perf_counter() - start) / 1e6
        print(f"  the flood: {rate:.1f} MB/s")
    finally:
        process.kill()
        await process.wait()


async def measured(ant: AntClient, folder: Path, name: str) -> None:
    """Both kinds of prompts, one after the other."""
    for ask in (agents_ask, shell_asks):
        socket = await RawSocket.open(ant.url)
        try:
            with trio.fail_after(PATIENCE_S):
                times = await ask(ant, Events(socket), folder)
        finally:
            await socket.close()
        cuts = statistics.quantiles(times, n=100)
        print(
            f"{name}, {ask.__name__.replace('_', ' ')}: {len(times)} prompts: "
            f"p50 {cuts[49]:.0f} ms   p95 {cuts[94]:.0f} ms   p99 {cuts[98]:.0f} ms   "
            f"worst {max(times):.0f} ms",
            flush=True,
        )


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            running_server(folder / "data") as server,
            AntClient(server.url) as ant,
        ):
            await measured(ant, folder, "at rest")
            async with flooding(ant):
                await measured(ant, folder, "flooded")
