"""What a full-speed child loses by being looked at: three servers, in turn.

One looks and judges, one keeps a screen and never looks, one keeps none.
"""

import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from ant.client import AntClient
from benchmarks.bench_screen import tui
from benchmarks.bench_stream import make_text, through_ant
from tests.live.server import running_server

ROUNDS = 5
FRAMES_MIB = 48
SHUT = {"looks": [], "no looks": ["looks"], "no screen": ["screen"]}


def make_frames(path: Path) -> int:
    """What an agent draws, as fast as it can; no newline of it is changed by a tty."""
    frames = tui()
    count = (FRAMES_MIB << 20) // len(frames)
    path.write_bytes(frames * count)
    return len(frames) * count


async def open_servers(stack: AsyncExitStack, folder: Path) -> dict[str, AntClient]:
    """A server for each, all at rest but the one that is asked."""
    found = {}
    for name, shut in SHUT.items():
        data = folder / name
        command = [sys.executable, "-m", "benchmarks.blind", *shut, "serve"]
        where = ["--port", "0", "--data-dir", str(data)]
        server = await stack.enter_async_context(
            running_server(data, command=[*command, *where] if shut else None)
        )
        found[name] = await stack.enter_async_context(AntClient(server.url))
    return found


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            ants = await open_servers(stack, Path(folder))
            for make in (make_text, make_frames):
                path = Path(folder, make.__name__)
                size = make(path)
                took: dict[str, list[float]] = {name: [] for name in ants}
                for _ in range(ROUNDS):
                    for name, ant in ants.items():
                        took[name].append(await through_ant(ant, path, size))
                print(f"{make.__name__[5:]}, medians of {ROUNDS}:", flush=True)
                for name, times in took.items():
                    ratio = statistics.median(
                        there / here
                        for there, here in zip(times, took["looks"], strict=True)
                    )
                    rate = size / statistics.median(times) / 1e6
                    print(f"  {name:10}{rate:6.1f} MB/s   looks against it {ratio:.2f}")
