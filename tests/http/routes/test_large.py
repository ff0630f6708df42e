"""All routes on a database with much in it: nothing waits, and every answer is bounded.

What a step of the loop's own thread takes is measured in its processor time, so that
other programs of the machine do not count; how late the loop was, on the clock.
"""

import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from ant.http.contract.endpoint import ROUTES, Route
from ant.store import PAGE_BYTES
from tests.http.asking import Api
from tests.http.routes.test_routes import row
from tests.large import fill, rows_of
from tests.systems import Rig, running

STEP_S = 0.1
"""What a step may take: a key that is typed meanwhile waits so long."""

LATE_S = 0.5
"""How late the loop may be, on a machine that does other things as well."""

TRIES = 4
"""What holds the loop does so each time; another program of the machine does not."""

SLACK = 256 << 10
"""What an answer may have over its bound: what is estimated, and the frame of it."""

OTHER_FORMS = [
    ("GET", "/api/search", {"q": "re:fox.*zebra", "scope": "messages"}),
    ("GET", "/api/search", {"q": "re:fox", "scope": "terminals,tasks,events,messages"}),
    ("GET", "/api/search", {"q": "fox must", "sort": "rank"}),
    ("GET", "/api/search", {"q": "br", "limit": "1000"}),
    ("GET", "{chat}/messages/search", {"q": "fox", "limit": "1000"}),
    ("GET", "{chat}/messages", {"limit": "1000", "since": "2020-01-01T00:00:00Z"}),
    ("GET", "{terminal}/terminal/history", {"raw": "true", "limit": "1000"}),
    ("GET", "{terminal}/terminal/history", {"from": "0", "limit": "1000"}),
    ("GET", "{terminal}/terminal/history", {"grep": "fox", "limit": "1000"}),
    ("GET", "{terminal}/terminal/history", {"grep": "re:zebra"}),
    ("POST", "{terminal}/export", {}),
]
"""Asks of other forms than the route table says by itself."""


class Steps(trio.abc.Instrument):
    """The longest step of the loop's thread, in its processor time."""

    longest_s = 0.0
    _began = 0.0

    def before_task_step(self, task: Any) -> None:
        self._began = time.thread_time()

    def after_task_step(self, task: Any) -> None:
        self.longest_s = max(self.longest_s, time.thread_time() - self._began)


@attrs.define(eq=False)
class Probe:
    """How late the loop was, and how long its steps were, since the last look."""

    steps: Steps = attrs.field(factory=Steps)
    late_s: float = 0.0

    async def run(self) -> None:
        while True:
            due = trio.current_time() + 0.005
            await trio.sleep_until(due)
            self.late_s = max(self.late_s, trio.current_time() - due)

    def take(self) -> tuple[float, float]:
        found = self.steps.longest_s, self.late_s
        self.steps.longest_s = self.late_s = 0.0
        return found


@attrs.define(eq=False)
class Place:
    """A rig, and the terminal and the chat that have much."""

    rig: Rig
    terminal: str
    chat: str
    probe: Probe
    scale: int

    def path(self, route: Route) -> str:
        """The path to what there is."""
        own = "/terminal/" in route.path or route.path.endswith("/wait")
        whose = self.terminal if own else self.chat
        parts = {"<session_id>": whose, "<message_id>": f"{self.chat}-0"}
        return "/".join(parts.get(part, part) for part in route.path.split("/"))

    async def ask(self, method: str, path: str, **query: str) -> tuple[int, int]:
        """The status and the size of an answer."""
        client = self.rig.app.test_client()
        asked = {"json": {}} if method == "POST" else {}
        answer = await client.open(path, method=method, query_string=query, **asked)
        return answer.status_code, len(await answer.get_data(as_text=False))


@pytest.fixture(params=[3, pytest.param(8, marks=pytest.mark.soak)])
async def place(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Place]:
    """A server on a database with much, or very much."""
    scale: int = request.param
    async with running(tmp_path) as rig:
        session = await rig.create()
        await trio.to_thread.run_sync(fill, rig.store, session, scale)
        probe = Probe()
        trio.lowlevel.add_instrument(probe.steps)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(probe.run)
            chat = str(session.linked_chat_id)
            yield Place(rig, session.id, chat, probe, scale)
            nursery.cancel_scope.cancel()
        trio.lowlevel.remove_instrument(probe.steps)


def largest(route: Route) -> dict[str, str]:
    """The query that asks for most."""
    names = {f.name for f in attrs.fields(route.hints.get("query") or Place)}
    if "until" in names:
        return {"until": "output:no such text", "after": "0", "timeout": "0"}
    return {"limit": "1000"} if "limit" in names else {}


@pytest.mark.slow
async def test_no_read_holds_the_loop_and_each_is_bounded(place: Place) -> None:
    """Every GET of the route table, in several forms."""
    wrong: dict[str, object] = {}
    ids = {"terminal": place.terminal, "chat": place.chat}
    asks = [
        (each.method, place.path(each), largest(each), row(each))
        for each in ROUTES
        if each.method == "GET"
    ]
    for method, path, query in OTHER_FORMS:
        there = path.format(**{k: f"/api/sessions/{v}" for k, v in ids.items()})
        asks.append((method, there, query, f"{path} {query}"))
    for method, path, query, name in asks:
        if path == "/api/search" and not query.get("q"):
            query = {**query, "q": "fox"}
        bound = 2 * PAGE_BYTES if path.endswith("/export") else PAGE_BYTES
        for _ in range(TRIES):
            place.probe.take()
            with trio.fail_after(60):
                status, size = await place.ask(method, path, **query)
            step_s, late_s = place.probe.take()
            if step_s <= STEP_S and late_s <= LATE_S:
                break
        else:
            wrong[name] = (status, round(step_s, 3), round(late_s, 3))
        if size > bound + SLACK:
            wrong[name] = status, size
        if status >= 500 or (status >= 400 and "prompt-bridge" not in path):
            wrong[name] = status, size
    assert {} == wrong


@pytest.mark.slow
async def test_pages_have_all_rows_once(place: Place) -> None:
    """From the first to the last by `next`, for whatever answers one."""
    wrong: dict[str, object] = {}
    api, count = Api(place.rig), 200 * place.scale
    chat, terminal = f"/api/sessions/{place.chat}", f"/api/sessions/{place.terminal}"
    few = {"limit": "99"}
    cases: list[tuple[str, str, str, str, dict[str, str], int]] = [
        (f"{chat}/messages", "messages", "before", "next", {"limit": "1000"}, count),
        (f"{chat}/tasks", "tasks", "after", "next", {}, count),
        (f"{chat}/file-refs", "refs", "after", "next", {}, count),
        (f"{chat}/links", "outgoing", "after", "next", {}, count),
        (f"{chat}/participants", "all", "after", "next", {}, count * 2),
        (f"{chat}/deliveries", "deliveries", "before", "next", few, count * 2),
        (f"{terminal}/run-events", "events", "before_id", "previous", {}, count),
        (f"{terminal}/terminal/events", "rows", "before_id", "previous", {}, count),
        ("/api/sessions", "sessions", "after", "next", {}, count + 2),
    ]
    for path, field, key, next_, query, expected in cases:
        seen: list[Any] = []
        pages, at = 0, None
        while pages == 0 or at is not None:
            asked = query if at is None else {**query, key: str(at)}
            with trio.fail_after(60):
                body = await api.get(path, **asked)
            seen += [each["id"] for each in body[field]]
            pages, at = pages + 1, body[next_]
        if len(seen) < expected or len(set(seen)) != len(seen):
            wrong[path] = (len(seen), len(set(seen)), expected, pages)
    assert {} == wrong


@pytest.mark.slow
async def test_a_hard_delete_is_at_once_and_holds_nobody(place: Place) -> None:
    """No write of others waits for it; when it is done nothing is left."""
    api = Api(place.rig)
    other = await api.room("other")
    place.probe.take()
    answer = await api.call("DELETE", f"/api/sessions/{place.terminal}", hard="true")
    assert 204 == answer.status
    for route in ROUTES:
        if route.method == "GET" and "<session_id>" in route.path:
            gone = await api.call("GET", place.path(route), **largest(route))
            assert 404 == gone.status, row(route)
    found = await api.get("/api/search", q="fox", include="deleted,archived")
    rooms = {each["session_id"] for each in found["results"]}
    assert not rooms & {place.terminal, place.chat}
    listed = await api.get("/api/events", since="0", limit="1000")
    both = {place.terminal, place.chat}
    told = [each for each in listed["events"] if each.get("sessionId") in both]
    assert {each["type"] for each in told} == {"tombstone"}
    posts = 0
    with trio.fail_after(60):
        while not place.rig.system.remover.idle.is_set():
            await api.post(other, str(posts))
            posts += 1
    assert posts > 3, "others did not get between the slices"
    step_s, _ = place.probe.take()
    assert step_s < STEP_S
    left = place.rig.store.read(lambda _: rows_of(place.terminal))
    assert {} == {key: count for key, count in left.items() if count and not key[1]}


async def test_the_probe_sees_what_holds_the_loop() -> None:
    """So that what is measured above can fail."""
    probe = Probe()
    trio.lowlevel.add_instrument(probe.steps)
    try:
        await trio.lowlevel.checkpoint()
        end = time.thread_time() + 2 * STEP_S
        while time.thread_time() < end:
            pass
        await trio.lowlevel.checkpoint()
    finally:
        trio.lowlevel.remove_instrument(probe.steps)
    assert probe.take()[0] >= 2 * STEP_S
    assert threading.current_thread() is threading.main_thread()
