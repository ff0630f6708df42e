"""A room of 100,000 messages: pages, search and posts, beside an empty route."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import orjson
import trio

from ant.api.message_requests import PostMessage
from ant.api.session_requests import CreateSession
from ant.client import AntClient
from ant.core import clock
from ant.messages import messages
from ant.model.sessions import SessionId, SessionType
from ant.sessions import sessions
from ant.store import Job, Store, Unit
from benchmarks.rawhttp import RawHttp, hammer, request
from tests.live.server import running_server

MESSAGES = 100_000
CLIENTS = 8
REQUESTS = 2_000
ROUNDS = 5
LOOKS = 200

TEXT = "the quick brown fox jumps over the lazy dog while codex runs its tests"
WORDS = TEXT.split(" ")


def content(number: int) -> str:
    """A line of text that differs from its neighbours."""
    picked = " ".join(WORDS[(number * step) % len(WORDS)] for step in range(1, 12))
    return f"{picked} #{number}"


def fill(path: Path) -> SessionId:
    """A database with the room in it, made through the rules."""
    store = Store.open(path)
    ask = CreateSession(name="big", type=SessionType.CHAT)
    room = store.transact(sessions.create_session, ask, None).id

    def many(unit: Unit, first: int) -> None:
        for number in range(first, first + 1000):
            unit.now = clock.now()
            post = PostMessage(content=content(number), sender_id="bench")
            messages.post_message(unit, room, post)

    for first in range(0, MESSAGES, 1000):
        job = Job(many, (first,))
        store.transact_group([job])
        job.outcome()
    store.close()
    return room


async def median_ms(connection: RawHttp, message: bytes) -> tuple[float, int]:
    """Median milliseconds of one request after another, and the answer's size."""
    times, size = [], 0
    for _ in range(LOOKS):
        start = time.perf_counter()
        size = len(await connection.ask(message))
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times), size


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        start = time.perf_counter()
        room = fill(data / "ant.db")
        print(f"{MESSAGES} messages made in {time.perf_counter() - start:.1f} s")
        empty = await trio.lowlevel.open_process(
            [sys.executable, "-m", "benchmarks.empty"], stdout=subprocess.PIPE
        )
        try:
            assert empty.stdout
            empty_url = (await empty.stdout.receive_some()).decode().strip()
            async with running_server(data) as server, AntClient(server.url) as ant:
                await looks(ant, room)
                await against(empty_url, server.url, room)
        finally:
            empty.kill()
            await empty.wait()


async def looks(ant: AntClient, room: SessionId) -> None:
    """One reader: how long a page or a search takes."""
    path = f"/api/sessions/{room}/messages"
    middle = (await ant.call("GET", path, limit=1000))["messages"][0]["id"]
    connection = await RawHttp.open(ant.url)
    for name, target in (
        ("newest 50", f"{path}?limit=50"),
        ("50 in the middle", f"{path}?limit=50&before={middle}"),
        ("search, many matches", f"{path}/search?q=quick&limit=50"),
        ("search, one match", f"{path}/search?q=%2354321&limit=50"),
        ("search everywhere", "/api/search?q=lazy+dog&limit=50"),
    ):
        took, size = await median_ms(connection, request(ant.url, "GET", target))
        print(f"{name:22} median {took:5.2f} ms   {size} bytes")
    await connection.close()


async def with_client(
    url: str, ask: Callable[[httpx.AsyncClient, int], Awaitable[httpx.Response]]
) -> float:
    """Answers a second by eight of httpx's clients, as a program would ask."""
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


async def against(empty_url: str, url: str, room: SessionId) -> None:
    """Eight clients, in turn with the empty route, so that a ratio holds.

    First httpx, whose own work is a part of every request, then sockets that cost next
    to nothing, which shows what the server itself does.
    """
    path = f"/api/sessions/{room}/messages"
    search = f"{path}/search?q=quick&limit=50"

    def post(number: int) -> bytes:
        body = orjson.dumps({"content": content(number), "sender_id": "bench"})
        return request(url, "POST", path, body)

    def post_json(http: httpx.AsyncClient, n: int) -> Awaitable[httpx.Response]:
        return http.post(path, json={"content": content(n), "sender_id": "bench"})

    def get(target: str) -> Callable[..., Awaitable[httpx.Response]]:
        return lambda http, _: http.get(target)

    def raw(base: str, target: str) -> Callable[[int], bytes]:
        message = request(base, "GET", target)
        return lambda _: message

    for name, json_ask, raw_ask in (
        ("POST message", post_json, post),
        ("list 50", get(f"{path}?limit=50"), raw(url, f"{path}?limit=50")),
        ("search", get(search), raw(url, search)),
    ):
        ratios, raw_ratios = [], []
        for _ in range(ROUNDS):
            bare = await with_client(empty_url, get("/"))
            ours = await with_client(url, json_ask)
            ratios.append(ours / bare)
            raw_bare = await hammer(empty_url, raw(empty_url, "/"), CLIENTS, REQUESTS)
            raw_ours = await hammer(url, raw_ask, CLIENTS, REQUESTS)
            raw_ratios.append(raw_ours / raw_bare)
            print(
                f"  httpx: empty {bare:5.0f}/s, {name} {ours:5.0f}/s   "
                f"sockets: empty {raw_bare:5.0f}/s, {name} {raw_ours:5.0f}/s",
                flush=True,
            )
        print(
            f"{name}: ratio median of {ROUNDS}: {statistics.median(ratios):.2f} "
            f"(bare sockets {statistics.median(raw_ratios):.2f})"
        )
