"""Requests beside an empty route of the same stack, by eight clients in turn.

Each round asks the empty route and ANT for the same number of answers. The result is
the ratio of the processor times that the two servers took for an answer: other work on
the machine disturbs it less than the second ratio, that of the rates.
"""

import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import httpx
import orjson
import trio

from ant.client import AntClient
from ant.model.sessions import SessionId
from benchmarks.bench_rooms import content, fill
from benchmarks.rawhttp import hammer, request
from tests.live.server import Server, running_server

MESSAGES = 20_000
CLIENTS = 8
REQUESTS = 1_000
ROUNDS = 5
FEW, MANY = 10, 100
"""Sessions in the two lists."""


@attrs.frozen
class Target:
    """A server that answers, and the process that it is."""

    url: str
    pid: int

    def cpu_s(self) -> float:
        """The processor time of all its threads so far, in seconds."""
        # The clock of a process, as `clock_getcpuclockid` makes it on Linux.
        return time.clock_gettime((~self.pid << 3) | 2)


@attrs.frozen
class Case:
    """One kind of request: `make` returns its bytes for a number.

    `prepare` runs before each request, also before those of the empty route, since it
    takes time of the clients.
    """

    name: str
    make: Callable[[int], bytes]
    prepare: Callable[[], object] = lambda: None

    def request(self, number: int) -> bytes:
        """Prepare the request with that number, and return its bytes."""
        self.prepare()
        return self.make(number)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        room = fill(data / "ant.db", MESSAGES)
        empty = await trio.lowlevel.open_process(
            [sys.executable, "-m", "benchmarks.empty"], stdout=subprocess.PIPE
        )
        try:
            assert empty.stdout
            url = (await empty.stdout.receive_some()).decode().strip()
            bare = Target(url, empty.pid)
            async with running_server(data) as server, AntClient(server.url) as ant:
                await measure(bare, server, ant, room, data / "ant.db")
        finally:
            empty.kill()
            await empty.wait()


async def measure(
    bare: Target, server: Server, ant: AntClient, room: SessionId, database: Path
) -> None:
    """All cases with few sessions, and the list of sessions with many."""
    path = f"/api/sessions/{room}/messages"
    newest = (await ant.call("GET", path, limit=1000))["messages"]
    middle = newest[0]["id"]
    ours = Target(server.url, server.pid)

    def get(target: str) -> Callable[[int], bytes]:
        message = request(server.url, "GET", target)
        return lambda _: message

    def post(number: int) -> bytes:
        body = orjson.dumps({"content": content(number), "sender_id": "bench"})
        return request(server.url, "POST", path, body)

    other = sqlite3.connect(database, isolation_level=None)

    def commit() -> None:
        """Commit by a connection of another process than the server."""
        change = "INSERT OR REPLACE INTO settings (key, value) VALUES ('bench', ?)"
        other.execute(change, (str(time.monotonic_ns()),))

    await create(ant, FEW - 1)
    await in_turn(
        bare,
        ours,
        Case("health", get("/api/health")),
        Case(f"list {FEW} sessions", get("/api/sessions")),
        Case("sessions after a commit", get("/api/sessions"), commit),
        Case("list 50 messages", get(f"{path}?limit=50")),
        Case("messages after a commit", get(f"{path}?limit=50"), commit),
        Case("50 messages before one", get(f"{path}?limit=50&before={middle}")),
        Case("search room, 50 matches", get(f"{path}/search?q=quick&limit=50")),
        Case("search room, 1 match", get(f"{path}/search?q=%2312345&limit=50")),
        Case("search all, 50 matches", get("/api/search?q=quick&limit=50")),
        Case("POST message", post),
    )
    other.close()
    await create(ant, MANY - FEW)
    await in_turn(bare, ours, Case(f"list {MANY} sessions", get("/api/sessions")))
    await by_httpx(bare, ours, path)


async def create(ant: AntClient, count: int) -> None:
    """That many more sessions: terminals that do not run, each with its chat."""
    for _ in range(count // 2):
        name = f"terminal {time.monotonic_ns()}"
        body = {"name": name, "type": "terminal", "start": False}
        await ant.call("POST", "/api/sessions", body)
    if count % 2:
        name = f"chat {time.monotonic_ns()}"
        await ant.call("POST", "/api/sessions", {"name": name, "type": "chat"})


async def rate(target: Target, make: Callable[[int], bytes]) -> tuple[float, float]:
    """Answers a second, and the server's milliseconds of processor time for one."""
    before = target.cpu_s()
    answers = await hammer(target.url, make, CLIENTS, REQUESTS)
    return answers, 1000 * (target.cpu_s() - before) / REQUESTS


async def in_turn(bare: Target, ours: Target, *cases: Case) -> None:
    """Measure every case in every round, each right after the empty route."""
    message = request(bare.url, "GET", "/")
    measured: dict[str, list[tuple[float, float, float, float]]] = {}
    for _ in range(ROUNDS):
        for case in cases:
            empty = attrs.evolve(case, make=lambda _: message)
            empty_rate, empty_ms = await rate(bare, empty.request)
            our_rate, our_ms = await rate(ours, case.request)
            figures = empty_rate, empty_ms, our_rate, our_ms
            measured.setdefault(case.name, []).append(figures)
    for name, rounds in measured.items():
        empty_rates, empty_mss, our_rates, our_mss = zip(*rounds, strict=True)
        ratios = [ours / empty for empty, _, ours, _ in rounds]
        cpu_ratios = [empty / ours for _, empty, _, ours in rounds]
        print(
            f"{name:24} {statistics.median(cpu_ratios):.2f} of an empty route by "
            f"processor time ({min(cpu_ratios):.2f} to {max(cpu_ratios):.2f}): "
            f"{statistics.median(our_mss):.2f} ms against "
            f"{statistics.median(empty_mss):.2f}; by rate "
            f"{statistics.median(ratios):.2f}: "
            f"{statistics.median(our_rates):5.0f}/s against "
            f"{statistics.median(empty_rates):5.0f}",
            flush=True,
        )


async def by_httpx(bare: Target, ours: Target, path: str) -> None:
    """Post with httpx, as a program would; its own work is a part of each request."""

    async def rate_of(
        url: str, ask: Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]
    ) -> float:
        numbers = iter(range(REQUESTS))

        async def client() -> None:
            async with httpx.AsyncClient(base_url=url) as http:
                for number in numbers:
                    (await ask(http, number)).raise_for_status()

        start = time.perf_counter()
        async with trio.open_nursery() as nursery:
            for _ in range(CLIENTS):
                nursery.start_soon(client)
        return REQUESTS / (time.perf_counter() - start)

    def post(http: httpx.AsyncClient, number: int) -> Awaitable[httpx.Response]:
        json = {"content": content(number), "sender_id": "bench"}
        return http.post(path, json=json)

    ratios = []
    for _ in range(ROUNDS):
        empty = await rate_of(bare.url, lambda http, _: http.get("/"))
        ratios.append(await rate_of(ours.url, post) / empty)
    print(f"{'POST message by httpx':24} {statistics.median(ratios):.2f}")
