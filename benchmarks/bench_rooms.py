"""A room of 100,000 messages: pages and searches by one reader."""

import statistics
import tempfile
import time
from pathlib import Path

from ant.api.message_requests import PostMessage
from ant.api.session_requests import CreateSession
from ant.client import AntClient
from ant.core import clock
from ant.messages import messages
from ant.model.sessions import SessionId, SessionType
from ant.sessions import sessions
from ant.store import Job, Store, Unit
from benchmarks.rawhttp import RawHttp, request
from tests.live.server import running_server

MESSAGES = 100_000
LOOKS = 200

TEXT = "the quick brown fox jumps over the lazy dog while codex runs its tests"
WORDS = TEXT.split(" ")


def content(number: int) -> str:
    """A line of text that differs from its neighbours."""
    picked = " ".join(WORDS[(number * step) % len(WORDS)] for step in range(1, 12))
    return f"{picked} #{number}"


def fill(path: Path, count: int) -> SessionId:
    """A database with a room of that many messages in it, made through the rules."""
    store = Store.open(path)
    ask = CreateSession(name="big", type=SessionType.CHAT)
    room = store.transact(sessions.create_session, ask, None).id

    def many(unit: Unit, first: int) -> None:
        for number in range(first, first + 1000):
            unit.now = clock.now()
            post = PostMessage(content=content(number), sender_id="bench")
            messages.post_message(unit, room, post)

    for first in range(0, count, 1000):
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
        room = fill(data / "ant.db", MESSAGES)
        print(f"{MESSAGES} messages made in {time.perf_counter() - start:.1f} s")
        async with running_server(data) as server, AntClient(server.url) as ant:
            await looks(ant, room)


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
