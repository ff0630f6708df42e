"""A server under torture: killed, flooded, left and rejoined; is anything missing?

Actors with one seed run for some seconds: writers, programs that print what they can be
checked by, clients of every kind, and somebody who kills the server. Then it is quiet,
each client catches up, and what it put together is held against what the server has.
"""

import base64
import bisect
import json
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import httpx
import trio
from trio_websocket import ConnectionClosed, HandshakeError

from ant.client import AntClient, EventSocket
from ant.core.errors import AntError, CapacityReached, Stopping
from tests.live.rude import reset
from tests.live.server import Server, start_server
from tests.live.waiting import eventually

FLOOD = """
import os, random, sys, time, tty
folder, rate, wide = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "wide"
stop = os.path.join(folder, "stop")
tty.setraw(1)
while True:
    run = len(os.listdir(folder))
    try:
        open(os.path.join(folder, str(run)), "x").close()
        break
    except FileExistsError:
        pass
dice = random.Random(f"{folder} {run}")
line = (f"{run:04d}:%05d\\u00e9\\u6f22\\n" if wide else f"{run:04d}:%010d\\n")
at, ends = 0, time.monotonic() + dice.uniform(2, 12)
while True:
    count = dice.choice((1, 3, 64, 256, 1024, 4096, 16384))
    data = "".join(line % n for n in range(at, at + count)).encode()
    at += count
    while data:
        try:
            data = data[os.write(1, data):]
        except OSError:
            sys.exit(1)
    if os.path.exists(stop) or time.monotonic() > ends:
        sys.exit(0)
    time.sleep(min(1.0, dice.uniform(0, 2) * count * 16 / rate))
"""
"""Prints numbered lines in bursts, `rate` bytes a second; each run has a number."""

LINE = 16
MOST_LINES = 99_999
"""What a wide line can count to; the rate keeps runs below it."""

PATIENCE_S = 60.0
TROUBLE = (
    OSError,
    ConnectionClosed,
    HandshakeError,
    httpx.TransportError,
    Stopping,
    CapacityReached,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
)
"""What a client meets when the server is killed under it."""

Row = dict[str, Any]
Span = tuple[int, int]


@attrs.define
class Spans:
    """Sets of offsets as sorted, merged, half-open spans."""

    all: list[Span] = attrs.field(factory=list)

    def add(self, start: int, end: int) -> None:
        if start >= end:
            return
        first = bisect.bisect_left(self.all, (start,))
        if first and self.all[first - 1][1] >= start:
            first -= 1
        last = first
        while last < len(self.all) and self.all[last][0] <= end:
            start, end = min(start, self.all[last][0]), max(end, self.all[last][1])
            last += 1
        self.all[first:last] = [(start, end)]

    def within(self, start: int, end: int) -> list[Span]:
        """The parts of the set in a span."""
        first = max(bisect.bisect_left(self.all, (start,)) - 1, 0)
        found = []
        for low, high in self.all[first:]:
            if low >= end:
                break
            if high > start:
                found.append((max(low, start), min(high, end)))
        return found

    def size(self) -> int:
        return sum(high - low for low, high in self.all)


class Bytes:
    """Every byte of one terminal that anybody was shown, in a sparse file.

    Whoever is the first to see an offset says what stands there; all others agree.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self.known = Spans()

    def close(self) -> None:
        os.close(self._fd)

    def agree(self, offset: int, data: bytes) -> bool:
        """Whether this is what stands there, as far as anything does."""
        end, fits = offset + len(data), True
        for low, high in self.known.within(offset, end):
            part = os.pread(self._fd, high - low, low)
            fits &= part == data[low - offset : high - offset]
        os.pwrite(self._fd, data, offset)
        self.known.add(offset, end)
        return fits

    def read(self, start: int, end: int) -> bytes:
        return os.pread(self._fd, end - start, start)


@attrs.define(eq=False)
class World:
    """What all actors share. `faults` is what must be empty at the end."""

    folder: Path
    dice: random.Random
    keep: int
    counts: Counter[str] = attrs.field(factory=Counter)
    faults: list[str] = attrs.field(factory=list)
    terminals: dict[str, Bytes] = attrs.field(factory=dict)
    rooms: list[str] = attrs.field(factory=list)
    posts: dict[str, str] = attrs.field(factory=dict)
    """`client_id` of every acknowledged post, and its message id."""
    deleted: set[str] = attrs.field(factory=set)
    """Message ids that somebody wanted deleted, acknowledged or not."""
    tasks: set[str] = attrs.field(factory=set)
    marks: set[str] = attrs.field(factory=set)
    """The last messages, known from when all are posted: who has them has caught up."""
    seqs: dict[int, str | None] = attrs.field(factory=dict)
    """The session of every event that anybody heard, by `seq`."""
    quiet: bool = False
    server: Server | None = None
    _up: trio.Event = attrs.field(factory=trio.Event)

    def fault(self, text: str) -> None:
        self.counts["faults"] += 1
        if len(self.faults) < 50:
            self.faults.append(text)

    def hole(self, text: str) -> None:
        """Something is missing, and nobody was told."""
        self.counts["silent holes"] += 1
        self.fault(text)

    async def start(self) -> None:
        flags = ("--event-log-keep", str(self.keep), "--grace", "1")
        self.server = await start_server(self.folder / "data", *flags)
        self._up.set()

    async def kill(self) -> None:
        assert self.server is not None
        self._up = trio.Event()
        await self.server.kill()
        self.counts["kills"] += 1

    async def stop(self) -> None:
        """Ask it to go; it takes leave of everybody."""
        assert self.server is not None
        self._up = trio.Event()
        with trio.move_on_after(15) as patience:
            await self.server.stop()
        if patience.cancelled_caught:
            self.fault("it did not stop")
            await self.server.kill()
        self.counts["stops"] += 1

    async def client(self) -> AntClient:
        """A client of the server that is up now."""
        await self._up.wait()
        assert self.server is not None
        return AntClient(self.server.url)


async def insist(world: World, method: str, path: str, *body: Any, **query: Any) -> Any:
    """Ask until there is an answer, however many servers that takes."""
    while True:
        try:
            async with await world.client() as ant:
                return await ant.call(method, path, *body, **query)
        except TROUBLE:
            await trio.sleep(0.05)


async def all_messages(ant: AntClient, room: str) -> dict[str, Row]:
    """Every message of a room, page by page."""
    rows: dict[str, Row] = {}
    query: dict[str, Any] = {"limit": 500}
    while True:
        page = await ant.call("GET", f"/api/sessions/{room}/messages", **query)
        if not page["messages"]:
            return rows
        for row in page["messages"]:
            assert row["id"] not in rows
            rows[row["id"]] = row
        # Not by its id: the message may be deleted by now, its time stays.
        query["before"] = page["messages"][0]["created_at"]


async def all_tasks(ant: AntClient, room: str) -> dict[str, Row]:
    """Every task of a room, deleted ones too."""
    page = await ant.call("GET", f"/api/sessions/{room}/tasks")
    return {row["id"]: row for row in page["tasks"]}


# Clients.


@attrs.define(eq=False)
class Reader:
    """What one client put together of the rooms, from events and after gaps by REST."""

    world: World
    name: str
    rooms: list[str]
    seq: int = 0
    is_stale: bool = False
    """It was told of a gap and has not read anew since."""
    messages: dict[str, dict[str, Row]] = attrs.field(factory=dict)
    tasks: dict[str, dict[str, Row]] = attrs.field(factory=dict)
    seen: Spans = attrs.field(factory=Spans)
    """Of `seq`: heard, or said to be gone."""
    epoch: str | None = None
    hears_all: bool = True

    def note_event(self, frame: Row) -> None:
        """Take one durable event; the order of `seq` must be kept."""
        if frame["seq"] <= self.seq:
            return self.world.hole(
                f"{self.name}: event {frame['seq']} after {self.seq}"
            )
        self.seq = frame["seq"]
        self.seen.add(self.seq, self.seq + 1)
        self.world.counts["events"] += 1
        self.world.seqs[self.seq] = frame.get("sessionId")
        room = frame.get("sessionId")
        if room in self.rooms:
            self._apply(room, frame)
        return None

    def _apply(self, room: str, frame: Row) -> None:
        messages = self.messages.setdefault(room, {})
        tasks = self.tasks.setdefault(room, {})
        match frame["type"]:
            case "message_created":
                extra = {"type", "sessionId", "seq", "at"}
                row = {key: frame[key] for key in frame if key not in extra}
                messages[row["id"]] = row
            case "message_updated":
                messages[frame["msgId"]] = frame["message"]
            case "message_pinned":
                if frame["msgId"] in messages:
                    messages[frame["msgId"]]["pinned"] = frame["pinned"]
            case "message_deleted":
                messages.pop(frame["msgId"], None)
            case "task_created" | "task_updated":
                tasks[frame["task"]["id"]] = frame["task"]
            case "task_deleted":
                if frame["taskId"] in tasks:
                    tasks[frame["taskId"]]["status"] = "deleted"

    def note_gap(self, start: int, to: int) -> None:
        """Events are gone: what they said must be read anew."""
        if start != self.seq + 1 or to <= start:
            self.world.fault(f"{self.name}: gap {start}-{to} at {self.seq}")
        self.seen.add(start, to)
        self.seq = to - 1
        self.is_stale = True
        self.world.counts["event gaps told"] += 1

    async def read_anew(self, ant: AntClient) -> None:
        """After a gap: the rooms as they are."""
        for room in self.rooms:
            self.messages[room] = await all_messages(ant, room)
            self.tasks[room] = await all_tasks(ant, room)
        self.is_stale = False
        self.world.counts["read anew"] += 1

    @property
    def has_marks(self) -> bool:
        ids = {key for rows in self.messages.values() for key in rows}
        mine = {m for m in self.world.marks if m.partition(" ")[0] in self.rooms}
        return bool(mine) and {m.partition(" ")[2] for m in mine} <= ids

    @property
    def caught_up(self) -> bool:
        return self.has_marks and not self.is_stale

    def where(self) -> str:
        return f"{self.name} at event {self.seq}, stale {self.is_stale}"


@attrs.define(eq=False)
class Follower(Reader):
    """A client on `/ws` that resumes from its own cursors, and also takes bytes."""

    pause_s: float = 0.0
    stay_s: tuple[float, float] = (1000.0, 1000.0)
    away_s: tuple[float, float] = (0.0, 0.1)
    offsets: dict[str, int] = attrs.field(factory=dict)
    have: dict[str, Spans] = attrs.field(factory=dict)
    gaps: dict[str, list[Span]] = attrs.field(factory=dict)
    torn: list[tuple[str, int, int, str]] = attrs.field(factory=list)
    ends: dict[str, int] = attrs.field(factory=dict)

    @property
    def caught_up(self) -> bool:
        return (
            self.has_marks
            and not self.is_stale
            and bool(self.ends)
            and all(self.offsets.get(s, 0) >= end for s, end in self.ends.items())
        )

    def where(self) -> str:
        left = {s: (self.offsets.get(s, 0), end) for s, end in self.ends.items()}
        return f"{Reader.where(self)}, terminals {left}"

    async def run(self) -> None:
        """Connect and follow, again and again, until all is there."""
        dice = self.world.dice
        while not (self.world.quiet and self.caught_up):
            try:
                async with await self.world.client() as ant:
                    if self.is_stale:
                        await self.read_anew(ant)
                    with trio.CancelScope() as life:
                        async with ant.socket() as socket:
                            await self._stay(ant, socket)
                            life.cancel()  # Who reads slowly waits for no farewell.
            except TROUBLE:
                self.world.counts["cut off"] += 1
            self.world.counts["reconnects"] += 1
            await trio.sleep(0.02 if self.world.quiet else dice.uniform(*self.away_s))

    async def _stay(self, ant: AntClient, socket: EventSocket) -> None:
        """Follow for a while, then leave in one way or another."""
        dice = self.world.dice
        stay = 1000.0 if self.world.quiet else dice.uniform(*self.stay_s)
        with trio.move_on_after(stay) as leave:
            await self._follow(ant, socket)
        if leave.cancelled_caught and dice.random() < 0.5:
            self.world.counts["resets"] += 1
            # As a peer that crashed: whatever is on its way is lost.
            reset(socket._connection._stream)
        else:
            with trio.move_on_after(1):
                await socket._connection.aclose()

    async def _follow(self, ant: AntClient, socket: EventSocket) -> None:
        places = {session: self.offsets.get(session, 0) for session in self.world.rooms}
        places |= {s: self.offsets.get(s, 0) for s in self.world.terminals}
        more = {"epoch": self.epoch} if self.epoch else {}
        hello = await socket.expect("hello")
        if self.epoch not in (None, hello["epoch"]):
            self.world.fault(f"{self.name}: another epoch")
        if hello["seq"] < self.seq:
            self.world.fault(f"{self.name}: the log went back to {hello['seq']}")
        self.epoch = hello["epoch"]
        await socket.send("resume", seq=self.seq, sessions=places, ref="r", **more)
        acknowledged = False
        while not (self.world.quiet and self.caught_up):
            with trio.move_on_after(0.25):
                frame = await socket.receive()
                if acknowledged:
                    self._note(frame)
                elif frame.get("ref") == "r":
                    acknowledged = frame["type"] == "ack"
                    if not acknowledged:
                        self.world.fault(f"{self.name}: {frame}")
            if self.is_stale:
                await self.read_anew(ant)
            if self.pause_s and not self.world.quiet:
                await trio.sleep(self.pause_s)

    def _note(self, frame: Row) -> None:
        if frame["type"] == "terminal_output":
            self._note_output(frame)
        elif frame["type"] == "gap" and frame["scope"] == "events":
            self.note_gap(frame["from"], frame["to"])
        elif frame["type"] == "gap":
            self._note_terminal_gap(frame)
        elif frame["type"] == "error":
            self.world.fault(f"{self.name}: {frame}")
        elif "seq" in frame and "at" in frame:
            self.note_event(frame)

    def _note_output(self, frame: Row) -> None:
        session, start, end = frame["sessionId"], frame["offset"], frame["end"]
        at = self.offsets.get(session, 0)
        if start != at:
            self.world.hole(f"{self.name}: bytes {start}-{end} at {at}")
        self.offsets[session] = end
        self.have.setdefault(session, Spans()).add(start, end)
        self.world.counts["bytes"] += end - start
        data = frame["data"].encode()
        if "\ufffd" in frame["data"]:
            self.torn.append((session, start, end, frame["data"]))
        elif len(data) != end - start:
            self.world.fault(f"{self.name}: {len(data)} bytes as {start}-{end}")
        elif not self.world.terminals[session].agree(start, data):
            self.world.fault(f"{self.name}: other bytes at {start}-{end}")

    def _note_terminal_gap(self, frame: Row) -> None:
        session, start, to = frame["sessionId"], frame["from"], frame["to"]
        at = self.offsets.get(session, 0)
        if start != at or to <= start:
            self.world.hole(f"{self.name}: gap {start}-{to} at {at}")
        self.offsets[session] = to
        self.gaps.setdefault(session, []).append((start, to))
        self.world.counts["terminal gaps told"] += 1


@attrs.define(eq=False)
class Poller(Reader):
    """A client of `/api/events` as pages; of one room, or of all."""

    only: str | None = None

    async def run(self) -> None:
        dice = self.world.dice
        query = {"session": self.only} if self.only else {}
        while not (self.world.quiet and self.caught_up):
            try:
                async with await self.world.client() as ant:
                    limit = dice.randint(1, 200)
                    page = await ant.call(
                        "GET", "/api/events", since=self.seq, limit=limit, **query
                    )
                    self.world.counts["pages"] += 1
                    if page["gap"] is not None:
                        self.note_gap(page["gap"]["from"], page["gap"]["to"])
                    for frame in page["events"]:
                        self.note_event(frame)
                    if page["next"] < self.seq:
                        self.world.fault(f"{self.name}: next {page['next']}")
                    self.seq = max(self.seq, page["next"])
                    if self.is_stale:
                        await self.read_anew(ant)
            except TROUBLE:
                self.world.counts["cut off"] += 1
            await trio.sleep(0.05 if self.world.quiet else dice.uniform(0.05, 1.5))


@attrs.define(eq=False)
class Listener(Reader):
    """A client of `/api/events` as a stream, which goes on at its last id."""

    async def run(self) -> None:
        while not (self.world.quiet and self.caught_up):
            try:
                async with await self.world.client() as ant:
                    if self.is_stale:
                        await self.read_anew(ant)
                    stay = self.world.dice.uniform(0.5, 6)
                    with trio.move_on_after(stay):
                        await self._listen(ant)
            except TROUBLE:
                self.world.counts["cut off"] += 1
            self.world.counts["reconnects"] += 1
            await trio.sleep(0.05)

    async def _listen(self, ant: AntClient) -> None:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self.seq)}
        async with httpx.AsyncClient(base_url=ant.url, timeout=30) as http:
            stream = http.stream("GET", "/api/events", headers=headers)
            async with stream as response:
                if response.status_code != 200:
                    await response.aread()
                    return self.world.fault(f"{self.name}: {response.text}")
                self.world.counts["streams"] += 1
                fields: dict[str, str] = {}
                async for line in response.aiter_lines():
                    if line:
                        key, _, value = line.partition(": ")
                        fields[key] = value
                        continue
                    if "data" in fields:
                        self._note(fields)
                    fields = {}
                    if self.is_stale:
                        await self.read_anew(ant)
                    if self.world.quiet and self.caught_up:
                        return None
        return None

    def _note(self, fields: dict[str, str]) -> None:
        frame = json.loads(fields["data"])
        if fields.get("event") == "gap":
            return self.note_gap(frame["from"], frame["to"])
        if fields.get("event") != frame["type"]:
            self.world.fault(f"{self.name}: {fields}")
        if "id" in fields:
            if frame["seq"] != int(fields["id"]):
                self.world.fault(f"{self.name}: {fields}")
            self.note_event(frame)
        return None


# What goes on.


async def write(world: World, name: str) -> None:
    """Post, change, pin and delete, and make tasks; remember what was acknowledged.

    What was not is asked again, with the same `client_id`, or dropped.
    """
    dice, number = world.dice, 0
    mine: list[tuple[str, str]] = []
    tasks: list[tuple[str, str]] = []
    while not world.quiet:
        number += 1
        room = dice.choice(world.rooms)
        path = f"/api/sessions/{room}"
        with suppress(AntError):
            match dice.choice("ppppppmmndttu"):
                case "p":
                    client_id = f"{name}-{number}"
                    body = {"content": f"{client_id} \u6f22", "client_id": client_id}
                    row = await insist(world, "POST", f"{path}/messages", body)
                    world.posts[f"{room} {client_id}"] = row["id"]
                    mine.append((room, row["id"]))
                case "m" if mine:
                    room, which = dice.choice(mine)
                    path = f"/api/sessions/{room}/messages"
                    body = {"meta": {f"k{number % 3}": number}}
                    await insist(world, "PATCH", path, body, msgId=which)
                case "n" if mine:
                    room, which = dice.choice(mine)
                    path = f"/api/sessions/{room}/messages/{which}/pin"
                    body = {"pinned": dice.random() < 0.5}
                    await insist(world, "PATCH", path, body)
                case "d" if mine:
                    room, which = mine.pop(dice.randrange(len(mine)))
                    world.deleted.add(which)
                    path = f"/api/sessions/{room}/messages"
                    await insist(world, "DELETE", path, msgId=which)
                case "t":
                    body = {"title": f"{name} {number}"}
                    made = await insist(world, "POST", f"{path}/tasks", body)
                    tasks.append((room, made["task"]["id"]))
                    world.tasks.add(made["task"]["id"])
                case "u" if tasks:
                    room, which = dice.choice(tasks)
                    path = f"/api/sessions/{room}/tasks/{which}"
                    if dice.random() < 0.3:
                        await insist(world, "DELETE", path)
                    else:
                        await insist(world, "PATCH", path, {"status": f"s{number}"})
        world.counts["asks"] += 1
        await trio.sleep(dice.expovariate(12))


async def keep_running(world: World) -> None:
    """Start what was lost or has ended, until it is quiet."""
    while not world.quiet:
        for session in world.terminals:
            row = await insist(world, "GET", f"/api/sessions/{session}")
            if row["status"] in {"lost", "exited", "none"}:
                await start(world, session)
        await trio.sleep(world.dice.uniform(0.05, 0.4))


async def start(world: World, session: str) -> None:
    """Start a terminal's program, if it does not run."""
    with suppress(AntError):
        await insist(world, "POST", f"/api/sessions/{session}/terminal/start", {})
        world.counts["runs"] += 1


async def murder(world: World, life_s: Span) -> None:
    """Kill the server at random moments, or ask it to go, and start the next one."""
    while not world.quiet:
        await trio.sleep(world.dice.uniform(*life_s))
        if world.quiet:
            return
        if not world.counts["kills"] or world.dice.random() < 0.8:
            await world.kill()
        else:
            await world.stop()
        await trio.sleep(world.dice.uniform(0, 0.3))
        await world.start()


# The end.


async def come_to_rest(world: World) -> dict[str, int]:
    """No more writing, every program ended after one last run; where each ends."""
    for session in world.terminals:
        (world.folder / f"marks-{session}" / "stop").touch()
    ends = {}
    for session in world.terminals:

        async def exited(session: str = session) -> Any:
            row = await insist(world, "GET", f"/api/sessions/{session}")
            return row if row["status"] not in {"running", "starting"} else None

        await eventually(exited, PATIENCE_S)
        await start(world, session)
        row = await eventually(exited, PATIENCE_S)
        ends[session] = row["terminal"]["end"]
    marks = set()
    for room in world.rooms:
        made = await insist(
            world, "POST", f"/api/sessions/{room}/messages", {"content": "mark"}
        )
        marks.add(f"{room} {made['id']}")
    # All at once: who has the first of two, and knows of no other, would leave.
    world.marks |= marks
    return ends


async def check_rooms(world: World, ant: AntClient, readers: list[Reader]) -> None:
    """Messages and tasks are those of the server; every post is there once."""
    known: Counter[str] = Counter()
    ids, tasks = set(), set()
    for room in world.rooms:
        there = await all_messages(ant, room)
        ids |= set(there)
        known.update(f"{room} {row['client_id']}" for row in there.values())
        board = await all_tasks(ant, room)
        tasks |= set(board)
        for reader in readers:
            if room not in reader.rooms:
                continue
            if reader.messages.get(room, {}) != there:
                mine = reader.messages.get(room, {})
                wrong = [key for key in there if mine.get(key) != there[key]]
                extra = [key for key in mine if key not in there]
                world.hole(f"{reader.name}: messages {wrong[:3]} or {extra[:3]} differ")
            if _board(reader.tasks.get(room, {})) != _board(board):
                world.hole(f"{reader.name}: tasks differ")
    for client_id, message in world.posts.items():
        if message not in world.deleted and known[client_id] != 1:
            world.hole(f"post {client_id} is there {known[client_id]} times")
    more = [each for each, count in known.items() if count > 1]
    if more := [each for each in more if not each.endswith(" None")]:
        world.fault(f"posts {more} are there more than once")
    if lost := world.tasks - tasks:
        world.hole(f"tasks {lost} are lost")
    world.counts["messages"], world.counts["tasks"] = len(ids), len(tasks)


def _board(rows: dict[str, Row]) -> dict[str, Row]:
    """Tasks without the time of a deletion, which its event does not tell."""
    shown = {}
    for key, row in rows.items():
        row = dict(row)
        if row["status"] == "deleted":
            del row["updated_at"]
        shown[key] = row
    return shown


async def check_log(world: World, ant: AntClient, readers: list[Reader]) -> None:
    """Whatever is in the log was heard by everybody, or was told to be gone."""
    page = await ant.call("GET", "/api/events", since=0, limit=1)
    since = page["oldest"] - 1
    while True:
        page = await ant.call("GET", "/api/events", since=since, limit=1000)
        for frame in page["events"]:
            seq, room = frame["seq"], frame.get("sessionId")
            to_all = frame["type"] in {"sessions_changed", "session_exited"}
            for reader in readers:
                concerned = room in reader.rooms or (to_all and reader.hears_all)
                if seq > reader.seq or not concerned:
                    continue
                if not reader.seen.within(seq, seq + 1):
                    world.hole(f"{reader.name} never heard of event {seq}")
        if since == page["next"]:
            break
        since = page["next"]
    world.counts["newest event"] = page["newest"]


async def check_bytes(
    world: World, ant: AntClient, followers: list[Follower], session: str, end: int
) -> None:
    """Stored bytes are what was shown and what was printed; gaps are where none are."""
    there, lines, path = Spans(), Lines(world), f"/api/sessions/{session}"
    offset, record = 0, world.terminals[session]
    while True:
        page = await ant.call(
            "GET",
            f"{path}/terminal/history",
            **{"from": offset, "raw": "true", "limit": 1000, "order": "asc"},
        )
        if not page["rows"]:
            break
        for row in page["rows"]:
            data = base64.b64decode(row["raw_b64"])
            if not record.agree(row["byte_offset"], data):
                world.fault(f"{session}: other bytes stored at {row['byte_offset']}")
            if row["byte_offset"] != offset:
                lines.hole()
            lines.feed(data)
            there.add(row["byte_offset"], row["byte_offset"] + len(data))
            offset = row["byte_offset"] + len(data)
    if offset != end:
        world.fault(f"{session} ends at {end}, the history at {offset}")
    world.counts["stored bytes"] += there.size()
    for follower in followers:
        have = follower.have.get(session, Spans())
        told = follower.gaps.get(session, [])
        whole = Spans([*have.all])
        for start, to in told:
            whole.add(start, to)
            if there.within(start, to):
                world.fault(f"{follower.name}: gap {start}-{to} of what is there")
        if whole.all != [(0, follower.offsets.get(session, 0))]:
            world.hole(f"{follower.name}: {session} has {whole.all}")
        for start, to in there.all:
            if have.within(start, to) != [(start, to)]:
                world.hole(f"{follower.name}: lacks some of {start}-{to}")
        ahead = sum(
            high - low - sum(b - a for a, b in there.within(low, high))
            for low, high in have.all
        )
        world.counts["seen before they were lost"] += ahead
        for which, start, to, text in follower.torn:
            if which == session:
                world.counts["torn frames"] += 1
                if record.read(start, to).decode("utf-8", "replace") != text:
                    world.fault(f"{follower.name}: other text at {start}-{to}")


class Lines:
    """Holds what is stored against what `FLOOD` prints: whole runs, cut at holes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rest = b""
        self._last: tuple[int, int] | None = None
        self._runs: set[int] = set()

    def hole(self) -> None:
        """What follows belongs to another run."""
        self._rest, self._last = b"", None

    def feed(self, data: bytes) -> None:
        data = self._rest + data
        size = len(data) // LINE * LINE
        self._rest = data[size:]
        for at in range(0, size, LINE):
            line = data[at : at + LINE]
            try:
                run, number = (
                    int(line[:4]),
                    int(line[5:].decode().strip("\u00e9\u6f22\n")),
                )
            except ValueError:
                return self._world.fault(f"a line is {line!r} after {self._last}")
            if number == 0 and run not in self._runs:
                self._runs.add(run)
            elif self._last != (run, number - 1):
                self._world.fault(f"line {run}:{number} after {self._last}")
            self._last = (run, number)
        return None


# All of it.


@asynccontextmanager
async def prepared(folder: Path, seed: object, keep: int) -> AsyncIterator[World]:
    """A server with two rooms and three terminals; it is dead at the end."""
    world = World(folder, random.Random(str(seed)), keep)
    await world.start()
    try:
        async with await world.client() as ant:
            for name in ("one", "two"):
                world.rooms.append((await ant.create(name, "chat"))["id"])
            for name, rate, kind in (
                ("fast", "400000", "plain"),
                ("wide", "60000", "wide"),
                ("slow", "20000", "plain"),
            ):
                marks = folder / f"marks-{name}"
                marks.mkdir()
                command = [sys.executable, "-c", FLOOD, str(marks), rate, kind]
                row = await ant.create(name, command=command)
                (folder / f"marks-{row['id']}").symlink_to(marks)
                world.terminals[row["id"]] = Bytes(folder / f"bytes-{name}")
        yield world
    finally:
        with trio.CancelScope(shield=True):
            assert world.server is not None
            if world.server.process.returncode is None:
                await world.server.kill()
            for each in world.terminals.values():
                each.close()


def readers_of(world: World) -> list[Reader]:
    """Clients of every kind and temper."""
    follower = partial(Follower, world, rooms=world.rooms)
    return [
        follower("steady"),
        follower("restless", stay_s=(0.05, 1.0)),
        follower("commuter", stay_s=(0.5, 3.0), away_s=(0.5, 4.0)),
        follower("slow", pause_s=0.03),
        follower("slow and restless", pause_s=0.02, stay_s=(0.2, 4.0)),
        Poller(world, "poller", world.rooms),
        Poller(world, "poller of one", world.rooms[:1], only=world.rooms[0]),
        Listener(world, "listener", world.rooms),
    ]


async def torture(
    folder: Path,
    seed: object,
    seconds: float,
    life_s: tuple[float, float] = (1.0, 4.0),
    keep: int = 150,
) -> World:
    """All of it for so many seconds, then the reckoning: see `faults` and `counts`."""
    async with prepared(folder, seed, keep) as world:
        readers = readers_of(world)
        followers = [each for each in readers if isinstance(each, Follower)]
        for each in readers:
            each.hears_all = not (isinstance(each, Poller) and each.only)
        async with trio.open_nursery() as crowd:
            for each in readers:
                crowd.start_soon(each.run)
            async with trio.open_nursery() as actors:
                for number in range(3):
                    actors.start_soon(write, world, f"writer{number}")
                actors.start_soon(keep_running, world)
                actors.start_soon(murder, world, life_s)
                await trio.sleep(seconds)
                world.quiet = True
            ends = await come_to_rest(world)
            for follower in followers:
                follower.ends = ends
            with suppress(trio.TooSlowError):
                await eventually(lambda: all(r.caught_up for r in readers), PATIENCE_S)
            for each in readers:
                if not each.caught_up:
                    world.hole(f"it did not catch up: {each.where()}")
            crowd.cancel_scope.cancel()
        async with await world.client() as ant:
            await check_rooms(world, ant, readers)
            await check_log(world, ant, readers)
            for session, end in ends.items():
                await check_bytes(world, ant, followers, session, end)
    return world


def told(world: World) -> str:
    """The counts in a line or two, and whatever is wrong."""
    names = [
        "kills",
        "stops",
        "reconnects",
        "resets",
        "cut off",
        "asks",
        "messages",
        "tasks",
        "events",
        "pages",
        "streams",
        "bytes",
        "event gaps told",
        "terminal gaps told",
        "read anew",
        "stored bytes",
        "seen before they were lost",
        "torn frames",
        "newest event",
        "runs",
        "faults",
        "silent holes",
    ]
    shown = ", ".join(f"{name} {world.counts[name]}" for name in names)
    return "\n".join([shown, *world.faults])
