"""kill -9 at any moment: what was stored is whole, what is numbered stays numbered."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio
from trio_websocket import ConnectionClosed, HandshakeError

from ant.client import AntClient
from ant.core.errors import Conflict
from tests.live.server import environment, left_of, running_server, start_server
from tests.live.viewer import Viewer, read_raw, watching
from tests.live.waiting import eventually
from tests.soak import soak

KILLS = (2, soak(60))

PRINTER = """
import os, signal, sys, time, tty
folder, pause_s, stubborn = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "stubborn"
if stubborn:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
tty.setraw(1)
run = len(os.listdir(folder))
open(f"{folder}/{run}", "x").close()
at = 0
while True:
    data = "".join(f"{run:04d}:{n:010d}\\n" for n in range(at, at + 64)).encode()
    try:
        os.write(1, data)
    except OSError:
        time.sleep(1000) if stubborn else sys.exit(1)
    at += 64
    time.sleep(pause_s)
"""
"""Prints numbered lines; each run has a number of its own, from a folder of marks."""

LINE = 16


def printed(run: int, size: int) -> bytes:
    """The first bytes of what `PRINTER` prints in that run."""
    count = size // LINE + 1
    return "".join(f"{run:04d}:{n:010d}\n" for n in range(count)).encode()[:size]


@attrs.define(eq=False)
class Print:
    """One session that prints, and all that is known of its offsets so far."""

    id: str
    marks: Path
    runs: list[tuple[int, int, int]] = attrs.field(factory=list)
    """Number, first offset and the end of what is known, of each run."""
    stored: list[tuple[int, bytes]] = attrs.field(factory=list)

    @property
    def seen(self) -> int:
        """One past the last byte that is known to have been."""
        return self.runs[-1][2] if self.runs else 0

    def meet(self, start: int, data: bytes) -> None:
        """Hold what was seen or stored past `seen` against what the program prints."""
        if self.runs and start == self.seen:
            run, first, _ = self.runs.pop()
        else:
            assert start >= self.seen, "an offset was given away twice"
            run, first = int(data[:4]), start
            assert run not in [number for number, _, _ in self.runs]
        end = start + len(data)
        assert data == printed(run, end - first)[start - first :], f"run {run}"
        self.runs.append((run, first, end))

    def note(self, view: Viewer) -> None:
        """What a viewer saw that joined at `seen`.

        It may begin with what was stored and not yet seen when the server died.
        """
        parts = stretches((out["offset"], out["raw"]) for out in view.outputs)
        if self.runs and parts and parts[0][0] != self.seen:
            assert view.gaps[0] == (self.seen, parts[0][0]), "the hole is not named"
        for start, data in parts:
            self.meet(start, data)

    def check_stored(self, chunks: list[tuple[int, bytes]]) -> None:
        """What was stored stays, and what is new is the part of a run that it says."""
        known = len(self.stored)
        assert chunks[:known] == self.stored
        runs = {first: run for run, first, _ in self.runs}
        position = chunks[known - 1][0] + len(chunks[known - 1][1]) if known else 0
        for start, data in stretches(chunks[known:]):
            assert start >= position, "chunks overlap"
            position = start + len(data)
            if start in runs:
                assert data == printed(runs[start], len(data)), f"run {runs[start]}"
            else:  # Nobody came to see it.
                self.meet(start, data)
        self.stored = chunks


def stretches(parts: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Offsets and bytes, those that follow each other put together."""
    made: list[tuple[int, bytearray]] = []
    for offset, data in parts:
        if not made or made[-1][0] + len(made[-1][1]) != offset:
            made.append((offset, bytearray()))
        made[-1][1].extend(data)
    return [(offset, bytes(data)) for offset, data in made]


def stored(data_dir: Path, copy_dir: Path) -> dict[str, list[tuple[int, bytes]]]:
    """Chunks by session as a crash left them, from a copy that passes its check."""
    for suffix in ("", "-wal"):
        if (data_dir / f"ant.db{suffix}").exists():
            shutil.copy(data_dir / f"ant.db{suffix}", copy_dir / f"copy.db{suffix}")
    with closing(sqlite3.connect(copy_dir / "copy.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = db.execute(
            'SELECT session_id, "offset", size, data FROM chunks ORDER BY 1, 2'
        ).fetchall()
    for each in copy_dir.glob("copy.db*"):
        each.unlink()
    chunks: dict[str, list[tuple[int, bytes]]] = {}
    for session_id, offset, size, data in rows:
        assert size == len(data)
        chunks.setdefault(session_id, []).append((offset, data))
    return chunks


async def create_print(
    ant: AntClient, tmp_path: Path, name: str, pause_s: float, kind: str
) -> Print:
    """A session that is not started yet."""
    marks = tmp_path / f"marks-{name}"
    os.mkdir(marks)
    command = [sys.executable, "-Sc", PRINTER, str(marks), str(pause_s), kind]
    row = await ant.create(name, command=command, start=False)
    return Print(row["id"], marks)


async def watch_until_killed(
    ant: AntClient, each: Print, begun: trio.Event, views: list[tuple[Print, Viewer]]
) -> None:
    """Join past what was seen before, start the program, look till the server dies.

    Every second view has its output as binary messages.
    """
    binary = {"binary": len(views) % 2 == 1, "ref": "join"}
    try:
        async with watching(
            ant, each.id, from_=each.seen, spawnPty=True, **binary
        ) as view:
            views.append((each, view))
            while True:
                frame = await view.take()
                assert frame["type"] != "error", frame
                if view.start is not None:
                    begun.set()
    except* (ConnectionClosed, HandshakeError, OSError):
        pass


async def check_recovered(ant: AntClient, prints: list[Print]) -> None:
    """After the start: nothing is called running, and no process is left."""
    rows = (await ant.call("GET", "/api/sessions"))["sessions"]
    status = {row["id"]: row["status"] for row in rows}
    for each in prints:
        assert status[each.id] in ({"lost"} if each.runs else {"lost", "none"})
        assert left_of(each.id) == []


async def die_in_recovery(data_dir: Path, dice: random.Random) -> None:
    """Start a server and kill it before it is, or just when it is, ready."""
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "ant", "serve"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(ANT_DATA_DIR=str(data_dir), ANT_PORT="0"),
    )
    await trio.sleep(dice.uniform(0.2, 0.6))
    process.kill()
    await process.wait()


async def one_life(
    tmp_path: Path, prints: list[Print], dice: random.Random, *, is_last: bool
) -> dict[str, Any]:
    """Start, check, let the programs run, kill; returns what the database then has.

    In the last life all programs have begun, so that each was seen at least once.
    """
    data_dir = tmp_path / "data"
    if prints and dice.random() < 0.2:
        await die_in_recovery(data_dir, dice)
    server = await start_server(data_dir)
    try:
        async with server.client() as ant:
            if not prints:
                for name, pause_s, kind in (
                    ("drip", 0.01, "meek"),
                    ("flood", 0.0005, "meek"),
                    ("stubborn", 0.002, "stubborn"),
                ):
                    prints.append(
                        await create_print(ant, tmp_path, name, pause_s, kind)
                    )
            await check_recovered(ant, prints)
            views: list[tuple[Print, Viewer]] = []
            begun = [trio.Event() for _ in prints]
            async with trio.open_nursery() as nursery:
                for each, event in zip(prints, begun, strict=True):
                    nursery.start_soon(watch_until_killed, ant, each, event, views)
                if is_last or dice.random() < 0.8:  # Else it dies while they start.
                    for event in begun:
                        await event.wait()
                await trio.sleep(dice.uniform(0, 0.3))
                await server.kill()
                # A handshake that the kill has cut would wait for a minute.
                nursery.cancel_scope.deadline = trio.current_time() + 2
    finally:
        if server.process.returncode is None:
            await server.kill()
    for each, view in views:
        each.note(view)
    return stored(data_dir, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kills", KILLS)
async def test_killed_at_any_moment_the_server_loses_nothing_that_was_stored(
    tmp_path: Path, kills: int
) -> None:
    """After each kill: an intact database, no orphan, no offset given twice."""
    seed = random.randrange(1 << 32)
    dice, prints = random.Random(seed), []
    print(f"seed {seed}")  # Shown by pytest when it fails.
    with trio.fail_after(30 + 9 * kills):
        for life in range(1, kills + 1):
            is_last = life == kills
            chunks = await one_life(tmp_path, prints, dice, is_last=is_last)
            for each in prints:
                each.check_stored(chunks.get(each.id, []))
        assert min(len(each.runs) for each in prints) >= kills // 2, "it tested little"
        # And the survivor of all that, over its own doors.
        async with (
            running_server(tmp_path / "data") as server,
            server.client() as ant,
        ):
            await check_recovered(ant, prints)
            for each in prints:
                data, gaps = await read_raw(ant, each.id)
                stored_parts = (part for _, part in chunks.get(each.id, []))
                is_stored = data == b"".join(stored_parts)
                assert is_stored  # Not compared here: it is megabytes.
                wanted = len(data), len(gaps)
                async with watching(ant, each.id) as view:
                    await view.until(
                        lambda v, n=wanted: (len(v.data), len(v.gaps)) == n
                    )
                is_seen = view.data == data
                assert is_seen
                assert view.gaps == gaps


@pytest.mark.slow
async def test_after_a_kill_a_terminal_goes_on_past_the_hole(tmp_path: Path) -> None:
    """A new run begins past the reserve; a join before the hole is told of it."""
    command = ["sh", "-c", "echo first; read x"]
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("holed", command=command)
        path = f"/api/sessions/{row['id']}"
        async with watching(ant, row["id"]) as view:
            await view.until_text("first\r\n")
        assert (await read_raw(ant, row["id"]))[0] == b"first\r\n"
        await server.kill()
    async with running_server(tmp_path) as server, server.client() as ant:
        lost = await ant.call("GET", path)
        assert (lost["status"], lost["terminal"]["end"]) == ("lost", 7)
        assert (lost["terminal"]["exit_code"], lost["terminal"]["exit_signal"]) == (
            None,
            None,
        )
        with pytest.raises(Conflict):
            await ant.type(row["id"], "x")
        async with watching(ant, row["id"]) as view:
            await view.until_text("first\r\n")
            await ant.call("POST", f"{path}/terminal/start", {})
            await view.until(lambda v: v.text.count("first\r\n") == 2)
            [(start, to)] = view.gaps
            assert (start, view.end) == (7, to + 7)
            assert to >= 4 << 20, "a whole tail may have been seen and not stored"
        async with watching(ant, row["id"], from_=3) as late:
            await late.until(lambda v: v.end == view.end)
        assert (late.text, late.gaps) == ("st\r\nfirst\r\n", [(7, to)])
        async with watching(ant, row["id"], from_=1000) as inside:
            await inside.until(lambda v: v.end == view.end)
        assert (inside.text, inside.gaps) == ("first\r\n", [(1000, to)])
        data, gaps = await read_raw(ant, row["id"])
        assert (data, gaps) == (b"first\r\nfirst\r\n", [(7, to)])


@pytest.mark.slow
async def test_what_ignores_the_hang_up_is_found_after_a_kill(
    tmp_path: Path,
) -> None:
    """Programs that ignore HUP, job groups too, are ended by the next server."""
    program = "trap '' HUP TERM; set -m; sleep 1000 & sleep 1001 & echo up; wait; wait"
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("hiding", command=["bash", "-c", program])
        bystander = await trio.lowlevel.open_process(["sleep", "1000"])
        try:
            async with watching(ant, row["id"]) as view:
                await view.until_text("up\r\n")
            await eventually(lambda: len(left_of(row["id"])) == 3)
            await server.kill()
            assert len(left_of(row["id"])) == 3
            async with running_server(tmp_path):
                assert left_of(row["id"]) == []
                assert bystander.poll() is None
        finally:
            bystander.kill()
            await bystander.wait()
