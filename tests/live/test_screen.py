"""Attach without a wall of text: real programs, real ends, long histories."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ant.client import AntClient
from ant.terminal.screen.display import Display, Picture
from tests.live.server import running_server, shared_server, start_server
from tests.live.test_programs import BASH, needs
from tests.live.viewer import Viewer, watching
from tests.live.waiting import PATIENCE_S, eventually

MEGABYTES = 100
ATTACH_S = 0.1

FLOOD_S = 60.0
"""What two floods of so many bytes are given, where others work on both cores."""


async def look(ant: AntClient, session_id: str) -> Any:
    """The screen by REST."""
    return await ant.call("GET", f"/api/sessions/{session_id}/terminal/screen")


async def shows(
    ant: AntClient, session_id: str, text: str, patience_s: float = PATIENCE_S
) -> Any:
    """The screen, once that is on it."""

    async def found() -> Any:
        page = await look(ant, session_id)
        return page if any(text in line for line in page["lines"]) else None

    return await eventually(found, patience_s)


def screen_of(view: Viewer) -> dict[str, Any]:
    """The `screen` frame that a viewer got."""
    return next(frame for frame in view.frames if frame["type"] == "screen")


def redrawn(view: Viewer, end: int) -> tuple[Any, ...]:
    """What a fresh terminal shows that was given the screen and the bytes after it."""
    frame = screen_of(view)
    assert view.start in (None, frame["offset"])
    offset, data = frame["offset"], frame["data"].encode()
    display = Display.of(Picture(offset, frame["cols"], frame["rows"], data))
    assert len(view.data) >= end - offset
    display.feed(view.data[: end - offset], end)
    drawn = display.drawing()
    cursor = drawn.cursor._asdict()
    return list(drawn.lines), cursor, drawn.title, drawn.modes.alternate


def told(page: Any) -> tuple[Any, ...]:
    """The same of the server's screen."""
    return page["lines"], page["cursor"], page["title"], page["modes"]["alternate"]


PROGRAMS = [
    pytest.param(
        [shutil.which("vim") or "vim", "-u", "NONE", "-N", "text"],
        ("5j", "ihello\x1b", "\x06", "dd:set number\r"),
        marks=needs("vim"),
        id="vim",
    ),
    pytest.param(["less", "text"], ("f", "/line 77\r", "b"), marks=needs("less")),
    pytest.param(
        BASH, ("seq 100\r", "printf '\\e[2J\\e[5;9Hx'\r", "echo \u6f22\r"), id="bash"
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "keys"), PROGRAMS)
async def test_a_screen_and_what_follows_it(
    tmp_path: Path, command: list[str], keys: tuple[str, ...]
) -> None:
    """Joined at any moment, drawn anew, it is what the server sees, to the end."""
    lines = "".join(f"line {n}\n" for n in range(300))
    (tmp_path / "text").write_text(lines)
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("p", command=command, root_dir=str(tmp_path))

        async def begun() -> bool:
            return any((await look(ant, row["id"]))["lines"])

        await eventually(begun)
        for key in keys:
            async with watching(ant, row["id"], from_=None, screen=True) as view:
                await view.until(lambda v: any(f["type"] == "screen" for f in v.frames))
                before = screen_of(view)["offset"]
                await view.type(key)
                await view.until(lambda v, end=before: reaches(v, end + 1))
                page = await look(ant, row["id"])
                await view.until(lambda v, end=page["offset"]: reaches(v, end))
                assert told(page) == redrawn(view, page["offset"])


def reaches(view: Viewer, end: int) -> bool:
    """Whether it has come that far."""
    if view.end is not None:
        return view.end >= end
    return any(f["type"] == "screen" and f["offset"] >= end for f in view.frames)


@pytest.mark.slow
async def test_after_the_end_it_shows_what_was_there(tmp_path: Path) -> None:
    """An exit, and a kill -9 of the server; with a size that had changed."""
    server = await start_server(tmp_path)
    async with server.client() as ant:
        exits = await ant.create("exits", command=["sh", "-c", "echo bye; exit 3"])
        stays = await ant.create(
            "stays",
            command=["sh", "-c", "printf '\\033[?1049h\\033[3;4Hhere'; sleep 1000"],
        )
        await shows(ant, exits["id"], "bye")
        await shows(ant, stays["id"], "here")
        path = f"/api/sessions/{stays['id']}/terminal/resize"
        await ant.call("POST", path, {"cols": 50, "rows": 11})
        await eventually(lambda: keyframe_size(tmp_path, stays["id"]) == (50, 11))
        before = await look(ant, stays["id"])
        await server.kill()
    async with running_server(tmp_path) as server, server.client() as ant:
        page = await look(ant, exits["id"])
        assert ("exited", "bye") == (page["status"], page["lines"][0])
        page = await look(ant, stays["id"])
        assert ("lost", 50, 11) == (page["status"], page["cols"], page["rows"])
        assert told(before) == told(page)
        async with watching(ant, stays["id"], from_=None, screen=True) as view:
            await view.until(lambda v: any(f["type"] == "screen" for f in v.frames))
            assert told(before) == redrawn(view, before["offset"])


def keyframe_size(folder: Path, session_id: str) -> tuple[int, int] | None:
    """Columns and rows of the screen that is stored."""
    with closing(sqlite3.connect(folder / "ant.db")) as database:
        query = "SELECT cols, rows FROM keyframes WHERE session_id = ?"
        size: tuple[int, int] | None = database.execute(query, [session_id]).fetchone()
        return size


async def attach_s(ant: AntClient, session_id: str) -> float:
    """Seconds from the join to the screen: the least of some, machines are noisy."""
    return min([await attach_once_s(ant, session_id) for _ in range(5)])


async def attach_once_s(ant: AntClient, session_id: str) -> float:
    async with ant.socket() as socket:
        view = Viewer(socket, session_id)
        await view.take()
        start = time.perf_counter()
        await socket.send("join_session", sessionId=session_id, screen=True)
        await view.until(lambda v: any(f["type"] == "screen" for f in v.frames))
        return time.perf_counter() - start


@pytest.mark.slow
@pytest.mark.soak
async def test_a_long_history_costs_nothing(tmp_path: Path) -> None:
    """Running, lost and redrawn, or ended: the way to its screen is short."""
    script = f"yes 0123456789012345678901234567890 | head -c {MEGABYTES << 20}; "
    script += "echo; echo the end; read x"
    server = await start_server(tmp_path)
    async with server.client() as ant:
        row = await ant.create("long", command=["sh", "-c", script])
        lost = await ant.create("lost", command=["sh", "-c", script])
        for each in (row, lost):
            await shows(ant, each["id"], "the end", FLOOD_S)
        assert await attach_s(ant, row["id"]) < ATTACH_S
        await ant.type(row["id"], "\n")

        async def ended() -> bool:
            page = await look(ant, row["id"])
            return bool(page["status"] == "exited")

        await eventually(ended, FLOOD_S)
        assert await attach_s(ant, row["id"]) < ATTACH_S
        end = (await look(ant, lost["id"]))["offset"]

        async def stored() -> bool:
            page = await ant.history(lost["id"], limit=1)
            return bool(page["end"] >= end)

        await eventually(stored, FLOOD_S)
        await server.kill()
    async with running_server(tmp_path) as server, server.client() as ant:
        for each in (row, lost):
            assert await attach_s(ant, each["id"]) < ATTACH_S
            assert "the end" in (await look(ant, each["id"]))["lines"]
