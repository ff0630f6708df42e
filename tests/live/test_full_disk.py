"""A disk without a byte left: a server starts there, and what is deleted makes room."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from ant.core.errors import DiskFull, NotFound
from ant.data_dir.reserve import NAME, SIZE, START
from ant.store import Store, Unit
from tests.live.server import Server, running_server, start_server
from tests.live.viewer import read_raw, watching
from tests.live.waiting import eventually
from tests.mounts import fill, small_disk
from tests.soak import soak

DISK = 40 << 20

OUTPUT = 3_000_000
"""Bytes of the session that is deleted: the log has room for them in the reserve."""

MANY = 100
"""Posts in a row that show that there is room."""

POSTS = 100
"""What is posted in their place: each takes four pages, so there is room for 180."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 40 MiB; it needs the right to mount."""
    with small_disk(tmp_path, DISK):
        yield tmp_path


async def kept(data: Path) -> None:
    """Wait until the reserve is whole."""

    async def look() -> bool:
        return (data / NAME).exists() and (data / NAME).stat().st_size == SIZE

    await eventually(look, 30)


async def post(ant: AntClient, room: str, text: str) -> Any:
    return await ant.call("POST", f"/api/sessions/{room}/messages", {"content": text})


async def posted(ant: AntClient, room: str, size: int, at_most: int) -> int:
    """Post until the disk is full, or so often; how many were taken."""
    for count in range(at_most):
        try:
            await post(ant, room, "x" * size)
        except DiskFull:
            return count
    return at_most


async def until_refused(ant: AntClient, room: str) -> int:
    """Post until the disk is full; how many were taken."""
    count = await posted(ant, room, 5000, 3000)
    assert count < 3000, "the disk never was full"
    return count


async def with_output(ant: AntClient, name: str = "large") -> str:
    """A terminal that has put out so much and ended; its id."""
    script = f"head -c {OUTPUT} /dev/zero | tr '\\0' x"
    row = await ant.create(name, command=["sh", "-c", script], start=False)
    async with watching(ant, row["id"], spawnPty=True) as view:
        await view.until_exit()
    data, gaps = await read_raw(ant, row["id"])
    assert (len(data), gaps) == (OUTPUT, [])
    return str(row["id"])


def is_taken_apart(data: Path) -> bool:
    """Whether nothing is left of what was removed."""
    query = "SELECT COUNT(*) FROM sessions WHERE removed = 1"
    with closing(sqlite3.connect(data / "ant.db")) as db:
        try:
            return bool(db.execute(query).fetchone() == (0,))
        except sqlite3.OperationalError:  # The disk is full, or others are at work.
            return False


async def check_room_is_made(
    server: Server, data: Path, room: str, large: str, other: str
) -> None:
    """On a full disk: told so, deleted there, and then posts are taken. And again."""
    async with server.client() as ant:
        await until_refused(ant, room)
        health = await ant.call("GET", "/api/health")
        assert health["status"] == "degraded"
        assert "hard=true" in health["advice"]
        listed = (await ant.call("GET", "/api/sessions"))["sessions"]
        assert {room, large} <= {each["id"] for each in listed}
        await ant.call("DELETE", f"/api/sessions/{large}", hard="true")
        with pytest.raises(NotFound):
            await ant.call("GET", f"/api/sessions/{large}")
        # Its rows go in slices; what others write meanwhile could take their room.
        await eventually(partial(is_taken_apart, data), 60)
        sent = []
        for n in range(POSTS):

            async def taken(text: str = f"{n} " + "x" * 5000) -> Any:
                with suppress(DiskFull):  # Until the log is folded in.
                    return await post(ant, room, text)
                return None

            sent.append(await eventually(taken))
        page = await ant.call("GET", f"/api/sessions/{room}/messages", limit=POSTS)
        assert [each["id"] for each in page["messages"]] == [
            each["id"] for each in sent
        ]
        # What posts put into the log must not keep it from being folded in.
        await until_refused(ant, room)
        # The note of a delete may take a page or two, when the reserve is gone.
        ballast = data.parent / "ballast"
        os.truncate(ballast, ballast.stat().st_size - 4 * 4096)
        await ant.call("DELETE", f"/api/sessions/{other}", hard="true")
        await eventually(partial(is_taken_apart, data), 60)
        await eventually(taken)


@pytest.mark.slow
@pytest.mark.parametrize("killed", [True, soak(False)])
async def test_a_server_starts_on_a_full_disk_and_room_is_made_there(
    small: Path, killed: bool
) -> None:
    """However the last one ended. Once there is room the reserve is whole again."""
    data = small / "data"
    server = await start_server(data)
    try:
        async with server.client() as ant:
            room = (await ant.create("room", "chat"))["id"]
            await post(ant, room, "before")
            large, other = await with_output(ant), await with_output(ant, "other")
            await kept(data)
        await (server.kill() if killed else server.stop())
    finally:
        await server.kill()
    fill(small)
    with trio.fail_after(120):
        async with running_server(data) as server:
            fill(small)  # What the start left of its part of the reserve, too.
            await check_room_is_made(server, data, room, large, other)
            (small / "ballast").unlink()
            async with server.client() as ant:

                async def well() -> bool:
                    health = await ant.call("GET", "/api/health")
                    return (health["status"], health["advice"]) == ("ok", None)

                await eventually(well, 30)
                await kept(data)
                page = await ant.call("GET", f"/api/sessions/{room}/messages", limit=1)
                assert len(page["messages"]) == 1


@pytest.mark.soak
async def test_room_is_made_on_a_disk_that_became_full(small: Path) -> None:
    """Without a new start, and while a program goes on to put out what it can."""
    async with running_server(small / "data") as server, server.client() as ant:
        room = (await ant.create("room", "chat"))["id"]
        large = await with_output(ant)
        await kept(small / "data")
        await ant.create("flood", command=["yes"])
        fill(small)
        with trio.fail_after(60):
            await until_refused(ant, room)
            await ant.call("DELETE", f"/api/sessions/{large}", hard="true")
            with pytest.raises(NotFound):
                await ant.call("GET", f"/api/sessions/{large}")


def settle(unit: Unit, key: str, letter: str) -> None:
    """Work that writes some pages, and the same ones each time."""
    unit.settings.put(key, letter * 20_000)


def test_a_log_that_cannot_grow_is_written_anew(small: Path) -> None:
    """What it holds is folded in, and then its room is used again: nothing fails."""
    keys = [f"key {number}" for number in range(10)]
    path = small / "ant.db"
    store = Store.open(path)
    for key in keys:
        store.transact(settle, key, "a")
    store.close()
    store = Store.open(path)
    for key in keys:
        store.transact(settle, key, "b")
    size = path.with_name("ant.db-wal").stat().st_size
    fill(small)
    for letter in "cdefg":
        for key in keys:
            store.transact(settle, key, letter)
    assert path.with_name("ant.db-wal").stat().st_size - size < 1 << 16
    for key in keys:
        assert store.read(lambda unit, key=key: unit.settings.get(key)) == "g" * 20_000
    store.close()


async def until_nothing_fits(ant: AntClient, room: str) -> None:
    """Post until the database takes not even a word.

    A large post is refused, too, while a reader keeps the log from being folded in; and
    where the log has room for few pages only, pages that a delete freed are left. So
    each refusal halves what is posted next, until a word is refused. Where many small
    ones are taken, there is room for large ones again.
    """
    size = 5000
    for _ in range(1000):
        if await posted(ant, room, size, MANY) == MANY:
            size = 5000
        elif size == 1:
            return
        else:
            size //= 2
    raise AssertionError("there always was room for a word")


@pytest.mark.slow
async def test_an_end_on_a_full_disk_is_recorded_once_there_is_room(
    small: Path,
) -> None:
    """Of a program that ended by itself, and of one that a refused DELETE ended."""
    async with running_server(small / "data") as server, server.client() as ant:
        room = (await ant.create("room", "chat"))["id"]
        left = (await ant.create("left", command=["sh", "-c", "read x; exit 7"]))["id"]
        ended = (await ant.create("ended", command=["cat"]))["id"]
        await kept(small / "data")
        fill(small)
        with trio.fail_after(90):
            await until_nothing_fits(ant, room)
            await ant.type(left, "\r")
            with pytest.raises(DiskFull):
                await ant.call("DELETE", f"/api/sessions/{ended}")

            async def none_runs() -> bool:
                health = await ant.call("GET", "/api/health")
                return bool(health["active_session_count"] == 0)

            await eventually(none_runs, 40)
            row = await ant.call("GET", f"/api/sessions/{left}")
            assert row["status"] == "running", "the database took its end"
            (small / "ballast").unlink()

            async def told() -> bool:
                rows = [
                    await ant.call("GET", f"/api/sessions/{each}")
                    for each in (left, ended)
                ]
                return all(each["status"] == "exited" for each in rows)

            await eventually(told, 15)
        row = await ant.call("GET", f"/api/sessions/{left}")
        assert row["terminal"]["exit_code"] == 7


@pytest.mark.slow
async def test_a_stop_and_a_start_have_room_after_deletes_took_the_reserve(
    small: Path,
) -> None:
    """The stop is a clean one, and a part of the reserve is there for the start."""
    data = small / "data"
    with trio.fail_after(110):
        async with running_server(data) as server, server.client() as ant:
            room = (await ant.create("room", "chat"))["id"]
            await post(ant, room, "before")
            large = await with_output(ant)
            assert await server.stop() == 0
        # Its log is gone, so the delete needs the reserve for one.
        async with running_server(data) as server, server.client() as ant:
            await kept(data)
            fill(small)
            await until_refused(ant, room)
            await ant.call("DELETE", f"/api/sessions/{large}", hard="true")
            await eventually(partial(is_taken_apart, data), 60)
            assert START <= (data / NAME).stat().st_size < SIZE
            fill(small)
            await until_nothing_fits(ant, room)
            assert await server.stop() == 0
            assert b"Traceback" not in server.log.read_bytes()
        fill(small)
        async with running_server(data) as server, server.client() as ant:
            page = await ant.call("GET", f"/api/sessions/{room}/messages", limit=1)
            assert len(page["messages"]) == 1
