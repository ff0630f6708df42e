"""Finding lines in 100 MB of what builds put out, and what keeping lines costs a flood.

The transcript is made, rendered and indexed first, by the rules the server uses; then
a server is asked over HTTP, all of it warm.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from ant.api.session_requests import CreateSession
from ant.client import AntClient
from ant.core import clock
from ant.history import lines as rendered
from ant.model.sessions import SessionId, SessionType
from ant.sessions import sessions
from ant.store import Store, Unit
from benchmarks.bench_stream import make_text, through_ant
from tests.live.server import running_server

MEGABYTES = 100
CHUNK = 64 << 10
ROUNDS = 5
FLOODS = 9
NEEDLE = "undefined reference to `needle_in_a_haystack'"

ASKED = {
    "one line of all": "needle_in_a_haystack",
    "the newest 100 of many": "warning: unused",
    "nothing, of frequent letters": "compiling target/src",
    "nothing, two letters": "zq",
    "re: with words in it": r"re:needle_\w+_haystack",
    "re: that finds nothing, all looked through": r"re:(panic|abort)ed at \d+:\d+$",
}


def build_log(size: int) -> bytes:
    """What a build of thousands of files puts out, progress bars and colours too."""
    chance = random.Random(7)
    letters = "abcdefghijklmnoprstuvwxy"
    words = [
        "".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(4000)
    ]
    lines, length, number = [], 0, 0
    while length < size:
        number += 1
        one, two, three, four = chance.sample(words, 4)
        kind = chance.random()
        if kind < 0.6:
            line = (
                f"[{number:7}] cc -O2 -I{one}/include -c src/{two}/{three}.c -o {four}"
            )
        elif kind < 0.8:
            line = (
                f"\x1b[1msrc/{two}/{three}.c:{number % 997}:\x1b[0m \x1b[35mwarning:"
                f"\x1b[0m unused variable {four} [-W{one}]"
            )
        elif kind < 0.9:
            line = "\r".join(
                f"{one} {'#' * (n // 4):25} {n:3}% {n * 13} kB/s"
                for n in range(0, 101, 20)
            )
        else:
            line = f"\tok {one}_{two} ({number % 89} ms)\ttest {three}"
        lines.append(line)
        length += len(line) + 2
    lines[len(lines) // 3] = NEEDLE
    return ("\r\n".join(lines) + "\r\n").encode()


def fill(unit: Unit, session_id: SessionId, data: bytes) -> None:
    """Store it as the server does."""
    at = clock.stamp(clock.now())
    chunks = [(n, data[n : n + CHUNK]) for n in range(0, len(data), CHUNK)]
    unit.lines.begin(session_id, 0, 120, 30)
    unit.transcripts.append(session_id, at, chunks, reserved=len(data))


def make(folder: Path) -> SessionId:
    """A database with the transcript in it, rendered and indexed."""
    store = Store.open(folder / "ant.db")
    ask = CreateSession(name="build", type=SessionType.TERMINAL, start=False)
    session_id = store.transact(sessions.create_session, ask, None).id
    data = build_log(MEGABYTES * 1_000_000)
    store.transact(fill, session_id, data)
    start = time.perf_counter()
    while (done := store.read(rendered.render, session_id)) is not None:
        store.transact(rendered.store_rendered, done)
    took = time.perf_counter() - start
    print(f"rendered and stored: {len(data) / took / 1e6:.1f} MB/s", flush=True)
    start = time.perf_counter()
    while store.transact(rendered.tidy):
        pass
    took = time.perf_counter() - start
    print(f"indexed: {len(data) / took / 1e6:.1f} MB/s", flush=True)
    store.close()
    size = (folder / "ant.db").stat().st_size - len(data)
    print(f"lines and index on disk: {size / len(data):.2f} of the bytes", flush=True)
    return session_id


async def look(folder: Path) -> None:
    """Ask for each, several times."""
    session_id = make(folder)
    async with running_server(folder) as server, AntClient(server.url) as ant:
        for name, asked in ASKED.items():
            times = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                page = await ant.history(session_id, grep=asked)
                times.append(time.perf_counter() - start)
            median, worst = statistics.median(times) * 1e3, max(times) * 1e3
            print(
                f"  {name:45}{page['count']:4} found, median {median:7.1f} ms, "
                f"worst {worst:.1f}",
                flush=True,
            )


def cpu_s(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def flood(folder: Path) -> None:
    """The stream case against a server that renders no lines, in turn."""
    async with AsyncExitStack() as stack:
        ants, pids = {}, {}
        for name in ("lines", "none"):
            data = folder / name
            where = ["serve", "--port", "0", "--data-dir", str(data)]
            command = [sys.executable, "-m", "benchmarks.blind", "lines", *where]
            server = await stack.enter_async_context(
                running_server(data, command=None if name == "lines" else command)
            )
            ants[name] = await stack.enter_async_context(AntClient(server.url))
            pids[name] = server.pid
        text = folder / "text"
        size = make_text(text)
        ratios, rates = [], dict[str, list[float]](lines=[], none=[])
        busy = dict[str, list[float]](lines=[], none=[])
        for number in range(FLOODS):
            # Now this one first, now that: what was deleted is swept in the next one.
            names = list(ants) if number % 2 else list(ants)[::-1]
            for name in names:
                before = cpu_s(pids[name])
                rates[name].append(size / await through_ant(ants[name], text, size))
                busy[name].append(cpu_s(pids[name]) - before)
            ratios.append(rates["lines"][-1] / rates["none"][-1])
        for name, each in rates.items():
            print(
                f"  {name:6}{statistics.median(each) / 1e6:6.1f} MB/s, processor "
                f"{statistics.median(busy[name]):.2f} s",
                flush=True,
            )
        told = " ".join(f"{ratio:.2f}" for ratio in sorted(ratios))
        print(f"  ratio median of {FLOODS}: {statistics.median(ratios):.2f} ({told})")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await look(Path(folder))
        await flood(Path(folder))
