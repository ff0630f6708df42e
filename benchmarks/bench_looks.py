"""What looking costs: one look, at real screens and bad ones; a server full of agents.

Agents at rest must cost nothing: after the last look nothing wakes.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import trio

from ant.client import AntClient
from ant.terminal.detect.classify import classify
from ant.terminal.host import processes
from ant.terminal.model.tty import Tty
from ant.terminal.screen.display import Display
from ant.terminal.screen.snapshot import ScreenSnapshot
from benchmarks.bench_detection import AGENTS, Agent
from tests.live.server import Server, running_server
from tests.terminal.recorded import Recording, recordings
from tests.terminal.running import running

TIMES = 15
SECONDS = 10.0
SETTLE_S = 5.0
"""The last look comes three seconds after the last output."""

AT_REST, BUSY = 20, 10
TTY = Tty(echo=False, canonical=False, foreground="x")


def micros(call: Callable[[], object]) -> float:
    """Microseconds of one call, the median of some."""
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return 1e6 * statistics.median(took)


@attrs.frozen(order=True)
class Cost:
    """Microseconds of a look at a screen, and of the verdict on it."""

    total: float = attrs.field(init=False)
    look: float
    verdict: float
    name: str

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "total", self.look + self.verdict)

    def __str__(self) -> str:
        parts = f"look {self.look:.0f}, verdict {self.verdict:.0f}"
        return f"{self.total:8.0f} us ({parts})  {self.name}"


def cost(display: Display, driver: str | None, name: str) -> Cost:
    """Of this screen as it is."""

    def look() -> ScreenSnapshot:
        return display.look(TTY, 1.0)

    seen = look()
    return Cost(micros(look), micros(lambda: classify(seen, driver)), name)


def costs(recording: Recording) -> Iterator[Cost]:
    """Of all moments of a recording."""
    display, at = Display.blank(recording.cols, recording.rows, 0), 0
    stops = sorted({*recording.resizes, *(each.offset for each in recording.moments)})
    for stop in stops:
        display.feed(recording.data[at:stop], stop)
        if stop in recording.resizes:
            display.resize(*recording.resizes[stop])
        else:
            yield cost(display, recording.driver, recording.name)
        at = stop


def bad(cols: int, rows: int) -> Iterator[Cost]:
    """Screens that are made to be slow."""
    count = cols * rows
    colours = (f"\x1b[38;2;{n % 251};{n % 241};{n % 239}mx" for n in range(count))
    row = "│" + " " * (cols - 2) + "│"
    for text, what in (("".join(colours), "all colours"), (row * rows, "an empty box")):
        display = Display.blank(cols, rows, 0)
        display.feed(text.encode(), len(text.encode()))
        yield cost(display, None, f"{cols}x{rows}, {what}")


async def tty_cost(*argv: str) -> float:
    """Microseconds to ask who is in front, while this runs."""
    async with running(*argv) as onlooker:
        await trio.sleep(0.3)
        return micros(onlooker.live.terminal.tty)


def used(server: Server) -> tuple[float, int]:
    """Its processor seconds, and how often its first thread went to sleep."""
    ticks = next(p.cpu_ticks for p in processes.snapshot() if p.pid == server.pid)
    status = Path(f"/proc/{server.pid}/status").read_text()
    slept = status.rpartition("\nvoluntary_ctxt_switches:")[2].split()[0]
    return ticks / os.sysconf("SC_CLK_TCK"), int(slept)


async def load(server: Server, what: str) -> None:
    """Processor and wake-ups over some seconds in which the server is left alone.

    It looks at its own loop 20 times a second, whatever else there is.
    """
    await trio.sleep(SETTLE_S)
    before, slept = used(server)
    await trio.sleep(SECONDS)
    after, slept_then = used(server)
    print(
        f"{what}: {100 * (after - before) / SECONDS:.1f} % of a core, "
        f"{(slept_then - slept) / SECONDS:.1f} wake-ups a second",
        flush=True,
    )


async def full_of_agents(folder: Path) -> None:
    """A server alone, with agents at rest, and with agents that turn a spinner."""
    styles = list(AGENTS)
    async with (
        running_server(folder / "data") as server,
        AntClient(server.url) as ant,
    ):
        await load(server, "no session")
        agents = [
            await Agent.open(ant, folder, styles[n % len(styles)], f"{n}")
            for n in range(AT_REST)
        ]
        await load(server, f"{AT_REST} agents at rest")
        for agent in agents[:BUSY]:
            await agent.order("busy")
        await load(server, f"{BUSY} of them with a spinner, 10 frames a second")


async def main() -> None:
    found = sorted(each for one in recordings() for each in costs(one))
    print(f"{len(found)} moments of recordings: median, 90 and 99 of 100, worst")
    for part in (0.5, 0.9, 0.99, 1):
        print(f"  {found[int(part * (len(found) - 1))]}")
    for size in ((120, 40), (200, 60), (400, 120)):
        for each in bad(*size):
            print(f"  {each}", flush=True)
    for argv in (("bash", "--norc"), ("bash", "-c", "sleep 60; true")):
        print(f"  {await tty_cost(*argv):8.0f} us  who is in front of {argv}")
    with tempfile.TemporaryDirectory() as folder:
        await full_of_agents(Path(folder))
