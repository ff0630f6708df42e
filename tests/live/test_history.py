"""Terminal text as lines, on a real server: found at once, and after a crash."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ant.client import AntClient
from tests.live.server import running_server
from tests.live.viewer import watching
from tests.live.waiting import eventually

BUILD = r"""
import sys
count = int(sys.argv[1])
for n in range(count):
    print(f"[{n:5}] compiling module {n * 7919 % count}")
for n in range(0, 101, 5):
    sys.stdout.write(f"\rlinking {n:3}%\033[K")
print("\r\nBuild finished: needle_in_a_haystack")
sys.stdin.readline()
for n in range(count):
    print("again", n)
sys.stdin.readline()
"""


async def building(ant: AntClient, count: int) -> str:
    """A terminal whose program has put out all of it, and waits."""
    row = await ant.create("build", command=[sys.executable, "-c", BUILD, str(count)])
    async with watching(ant, row["id"]) as view:
        await view.until_text("needle")
    return str(row["id"])


async def found(ant: AntClient, session_id: str, text: str, **query: Any) -> list[Any]:
    """Number and text of each line."""
    page = await ant.history(session_id, grep=text, **query)
    assert page["indexed_to"] == page["end"]
    return [(row["line"], row["text"]) for row in page["rows"]]


@pytest.mark.slow
async def test_lines_are_found_at_once_and_after_a_crash(tmp_path: Path) -> None:
    """What was put out is found, a progress bar as it ended; after kill -9 the same."""
    async with running_server(tmp_path) as server, server.client() as ant:
        session_id = await building(ant, 40_000)
        assert [(40001, "linking 100%")] == await found(ant, session_id, "linking")
        expected = [(40002, "Build finished: needle_in_a_haystack")]
        assert expected == await found(ant, session_id, "NEEDLE".lower())
        assert [] == await found(ant, session_id, "NEEDLE")
        (row,) = (await ant.history(session_id, grep="re:compiling module 42$"))["rows"]
        page = await ant.history(session_id, from_=row["start"], raw=1, limit=1)
        size = row["end"] - row["start"]
        assert page["rows"][0]["raw"][:size] == row["text"]
        # What was stored and rendered in part when it is killed is in no line twice.
        async with watching(ant, session_id) as view:
            await ant.type(session_id, "\n")
            await view.until_text("again 39999")
        await server.kill()
    async with running_server(tmp_path) as server, server.client() as ant:
        assert expected == await found(ant, session_id, "needle")
        again = await found(ant, session_id, "re:compiling module 42$")
        assert [(row["line"], row["text"])] == again
        assert 1000 == len(await found(ant, session_id, "module", limit=1000))
        first = await found(
            ant, session_id, "again", limit=1000, since="0", order="asc"
        )
        assert [(40004 + n, f"again {n}") for n in range(len(first))] == first
        last = await found(ant, session_id, "again", limit=1000)
        assert {number - int(text.split()[1]) for number, text in last} == {40004}
        everywhere = await ant.call("GET", "/api/search", q="needle", scope="terminals")
        assert [40002] == [line["line"] for line in everywhere["terminals"]]


@pytest.mark.slow
async def test_what_is_removed_for_good_leaves_no_text(tmp_path: Path) -> None:
    """Neither lines nor what the index knows of them, a moment later."""
    async with running_server(tmp_path) as server, server.client() as ant:
        session_id = await building(ant, 5_000)
        await found(ant, session_id, "needle")
        await ant.call("DELETE", f"/api/sessions/{session_id}", hard="true")
        body = await ant.call("GET", "/api/search", q="compiling", scope="terminals")
        assert [] == body["terminals"]

        def nothing() -> bool:
            with closing(sqlite3.connect(tmp_path / "ant.db")) as db:
                query = "SELECT count(*) FROM line_texts"
                return not db.execute(query).fetchone()[0]

        await eventually(nothing)
        with closing(sqlite3.connect(tmp_path / "ant.db")) as db:
            query = "SELECT count(*) FROM lines_fts WHERE lines_fts MATCH '\"com\"'"
            assert 0 == db.execute(query).fetchone()[0]
