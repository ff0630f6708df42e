"""A disk that fills up under output: the program waits and nothing is lost."""

import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import attrs
import pytest
import trio

from ant.client import AntClient
from ant.core.errors import StorageFailed
from tests.live.server import Server, left_of, running_server
from tests.live.test_transcripts import counted, counting
from tests.live.viewer import read_raw, watching
from tests.live.waiting import eventually
from tests.mounts import small_disk
from tests.soak import soak

SIZE = 48 << 20
FREE = 6 << 20
LINES = 1_200_000
"""12 MB: more than what is free and what the tail holds, together."""


class Disk(Protocol):
    """A folder in which the room for a server's files can be taken and given back."""

    folder: Path

    def fill(self, server: Server) -> None:
        """Leave about `FREE` bytes."""

    def free(self, server: Server) -> None:
        """Give all of it back."""


@attrs.frozen
class SmallDisk:
    """A small file system with ballast on it: the write fails with ENOSPC."""

    folder: Path

    def fill(self, server: Server) -> None:
        room = os.statvfs(self.folder)
        with (self.folder / "ballast").open("wb") as file:
            size = room.f_bavail * room.f_frsize - FREE
            os.posix_fallocate(file.fileno(), 0, size)

    def free(self, server: Server) -> None:
        (self.folder / "ballast").unlink()


@attrs.frozen
class Limit:
    """No file of the server may grow beyond a size: the write fails with EFBIG."""

    folder: Path

    def fill(self, server: Server) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (FREE, SIZE))

    def free(self, server: Server) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (SIZE, SIZE))


@pytest.fixture(params=["small disk", soak("limit")])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """One of the two; the first needs the right to mount."""
    if request.param == "limit":
        yield Limit(tmp_path)
        return
    with small_disk(tmp_path, SIZE):
        yield SmallDisk(tmp_path)


async def health_is(ant: AntClient, status: str) -> None:
    """Wait till health says so."""

    async def look() -> Any:
        return (await ant.call("GET", "/api/health"))["status"] == status

    await eventually(look, 30)


@pytest.mark.slow
async def test_a_full_disk_makes_the_program_wait_until_there_is_room(
    disk: Disk,
) -> None:
    """Degraded while full, ok afterwards; every byte is stored and was shown once."""
    async with running_server(disk.folder / "data") as server, server.client() as ant:
        row = await ant.create("count", command=counting(LINES, 0), start=False)
        calm = await ant.create("calm", command=["cat"])
        disk.fill(server)
        async with watching(ant, row["id"], spawnPty=True) as view:
            await health_is(ant, "degraded")
            await view.until(lambda v: (v.end or 0) > FREE // 2)
            # The program waits: it lives, and its output has come to a halt.
            with trio.fail_after(20):
                while True:
                    with trio.move_on_after(1) as silence:
                        await view.take()
                    if silence.cancelled_caught:
                        break
            assert len(left_of(row["id"])) == 1
            assert (view.end or 0) < 10 * LINES
            async with watching(ant, calm["id"]) as other:
                await other.type("hello\r")
                await other.until_text("hello\r\nhello\r\n")
            # What is small may still fit; that does not make the disk well.
            with contextlib.suppress(StorageFailed):
                await ant.create("small", "chat")
            assert (await ant.call("GET", "/api/health"))["status"] == "degraded"
            disk.free(server)
            await view.until_exit()
            await health_is(ant, "ok")
        assert view.data == counted(LINES)
        data, gaps = await read_raw(ant, row["id"])
        assert (gaps, data == counted(LINES)) == ([], True)
        assert (await read_raw(ant, calm["id"]))[0] == b"hello\r\nhello\r\n"
        await ant.create("accepted", "chat")


@pytest.mark.slow
async def test_what_is_stored_is_read_at_once_while_the_disk_is_full(
    disk: Disk,
) -> None:
    """History waits for no bytes that cannot be stored, and the log stays short."""
    async with running_server(disk.folder / "data") as server, server.client() as ant:
        row = await ant.create("count", command=counting(LINES, 0), start=False)
        disk.fill(server)
        async with watching(ant, row["id"], spawnPty=True) as view:
            await health_is(ant, "degraded")
            await view.until(lambda v: (v.end or 0) > FREE // 2)
            # Until the program waits for the disk, what it puts out may be stored.
            server.log.write_bytes(b"")
            asked = trio.current_time()
            for _ in range(10):
                path = f"/api/sessions/{row['id']}/terminal/history"
                page = await ant.call("GET", path, limit=1)
                assert page["rows"]
            # Each of them waited for five seconds.
            assert trio.current_time() - asked < 10
            await trio.sleep_until(asked + 10)
            waits = [
                line
                for line in server.log.read_text().splitlines()
                if "wait for the disk" in line
            ]
            assert len(waits) <= 4, waits
            disk.free(server)
            await view.until_exit()


@pytest.mark.soak
async def test_a_server_leaves_in_time_when_the_disk_is_full(disk: Disk) -> None:
    """A stop that cannot store the rest still ends all there is, in bounded time."""
    async with running_server(disk.folder / "data") as server, server.client() as ant:
        row = await ant.create("count", command=counting(LINES, 0), start=False)
        disk.fill(server)
        async with watching(ant, row["id"], spawnPty=True) as view:
            await health_is(ant, "degraded")
            await view.until(lambda v: (v.end or 0) > FREE // 2)
        with trio.fail_after(25):
            await server.stop()
        assert left_of(row["id"]) == []
        if isinstance(disk, SmallDisk):
            disk.free(server)
    async with running_server(disk.folder / "data") as server, server.client() as ant:
        again = await ant.call("GET", f"/api/sessions/{row['id']}")
        assert again["status"] in ("exited", "lost")
        data, gaps = await read_raw(ant, row["id"])
        assert (gaps, data) == ([], counted(LINES)[: len(data)])
        seen = view.end
        async with watching(ant, row["id"], from_=seen, spawnPty=True) as view:
            await view.until(lambda v: v.start is not None)
        assert view.start >= seen, "no offset is given to two bytes"
