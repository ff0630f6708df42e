"""Every byte once, in order: through history, live, late, replayed and trimmed."""

import random
import sys
from pathlib import Path

import pytest
import trio

from ant.client import AntClient
from tests.live.server import running_server, shared_server
from tests.live.viewer import Viewer, read_raw, watching
from tests.live.waiting import eventually

LINES = 1_000_000

KEEP = 256 << 10

COUNTING = """
import os, sys, time
at, until = 0, int(sys.argv[1])
while at < until:
    lines = range(at, min(at + 500, until))
    data = memoryview("".join(f"{n:08d}\\n" for n in lines).encode())
    while data:
        data = data[os.write(1, data):]
    at += 500
    time.sleep(float(sys.argv[2]))
"""


def counting(lines: int, pause_s: float) -> list[str]:
    """A program that prints `counted(lines)`, 5 kB at a time."""
    return [sys.executable, "-c", COUNTING, str(lines), str(pause_s)]


def counted(lines: int) -> bytes:
    """What a terminal makes of the lines that `counting` prints."""
    return "".join(f"{n:08d}\r\n" for n in range(lines)).encode()


async def offset_reached(ant: AntClient, session_id: str, offset: int) -> int:
    """Wait till the transcript is that long; how long it is."""

    async def look() -> int:
        end: int = (await ant.history(session_id, limit=1))["end"]
        return end if end >= offset else 0

    reached: int = await eventually(look)
    return reached


@pytest.mark.slow
@pytest.mark.soak
async def test_a_million_lines_are_seqs_own_everywhere(tmp_path: Path) -> None:
    """Two sockets, a late one and the history give byte for byte what seq printed."""
    seq = await trio.run_process(["seq", str(LINES)], capture_stdout=True)
    expected = seq.stdout.replace(b"\n", b"\r\n")
    views: list[Viewer] = []

    async def view_all(**join: object) -> None:
        async with watching(ant, row["id"], **join) as view:
            views.append(view)
            await view.until(lambda v: v.end == len(expected), 60)

    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("seq", command=["seq", str(LINES)], start=False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(view_all)
            await eventually(lambda: len(views) == 1)
            await ant.call("POST", f"/api/sessions/{row['id']}/terminal/start", {})
            nursery.start_soon(view_all)
            await offset_reached(ant, row["id"], 2 << 20)
            nursery.start_soon(view_all)
        for view in views:
            assert (view.start, view.gaps) == (0, [])
            assert view.data == expected
        data, gaps = await read_raw(ant, row["id"])
        assert (gaps, data == expected) == ([], True)


@pytest.mark.slow
async def test_a_replay_joins_the_live_stream_without_a_seam() -> None:
    """From any byte on, while output goes on, each byte comes once."""
    lines, seed = 150_000, random.randrange(1 << 32)
    expected, dice = counted(lines), random.Random(seed)
    done = 0

    async def view_from(start: int) -> None:
        nonlocal done
        async with watching(ant, row["id"], from_=start) as view:
            await view.until(lambda v: v.end == len(expected))
        assert (view.start, view.gaps) == (start, []), f"seed {seed}"
        assert view.data == expected[start:], f"seed {seed}"
        done += 1

    async with shared_server() as server, server.client() as ant:
        row = await ant.create("count", command=counting(lines, 0.008))
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                for part in range(1, 11):
                    wanted = len(expected) * part // 12
                    reached = await offset_reached(ant, row["id"], wanted)
                    start = dice.choice([0, reached, dice.randrange(reached)])
                    nursery.start_soon(view_from, start)
                assert reached < len(expected), "it ended before all had joined"
        assert done == 10


@pytest.mark.slow
async def test_a_viewer_may_leave_and_come_back_where_it_was() -> None:
    """One socket leaves and joins again at its own `end`; nothing is lost between."""
    lines = 60_000
    expected = counted(lines)
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("count", command=counting(lines, 0.005))
        async with watching(ant, row["id"]) as view:
            for part in range(1, 5):
                await view.until(
                    lambda v, n=part: (v.end or 0) > len(expected) * n // 6
                )
                ref = f"leave {part}"
                await view.socket.send("leave_session", sessionId=row["id"], ref=ref)
                await view.until(lambda v, ref=ref: v.answer(ref))
                end = view.end
                await offset_reached(ant, row["id"], end + 20_000)
                await view.socket.send(
                    "join_session", sessionId=row["id"], **{"from": end}
                )
            await view.until(lambda v: v.end == len(expected))
        assert view.data == expected


@pytest.mark.slow
async def test_a_client_that_does_not_read_slows_nobody(tmp_path: Path) -> None:
    """A socket that reads nothing holds up neither program nor peers."""
    lines = 1_500_000
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("count", command=counting(lines, 0), start=False)
        async with watching(ant, row["id"]) as lazy:
            async with watching(ant, row["id"], spawnPty=True) as eager:
                await eager.until(lambda v: v.end == 10 * lines, 60)
            # What piled up for the lazy one is no more than one window of sockets.
            rss = (await ant.call("GET", "/api/health"))["pressure"]["rss_bytes"]
            assert rss < 150 << 20
            await lazy.until(lambda v: v.end == 10 * lines, 60)
        assert (eager.data, lazy.data) == (lazy.data, counted(lines))


@pytest.mark.slow
async def test_retention_drops_the_oldest_chunks_and_moves_no_offset(
    tmp_path: Path,
) -> None:
    """Past its cap a transcript loses its beginning, and says so wherever one reads."""
    lines = 200_000
    expected = counted(lines)
    flags = ("--transcript-max-bytes", str(KEEP))
    async with (
        running_server(tmp_path, *flags) as server,
        server.client() as ant,
    ):
        row = await ant.create("count", command=counting(lines, 0), start=False)
        async with watching(ant, row["id"], spawnPty=True) as view:
            await view.until_exit()
        for frame in view.outputs:  # What it came too late for is a gap.
            shown = expected[frame["offset"] : frame["end"]]
            assert frame["data"].encode() == shown
        terminal = (await ant.call("GET", f"/api/sessions/{row['id']}"))["terminal"]
        oldest, end = terminal["oldest"], terminal["end"]
        assert end == len(expected)
        assert 0 < end - oldest <= KEEP
        assert end - oldest > KEEP - (128 << 10), "whole chunks, and no more of them"
        data, gaps = await read_raw(ant, row["id"])
        assert gaps == [(0, oldest)]
        assert data == expected[oldest:]
        async with watching(ant, row["id"]) as late:
            await late.until(lambda v: v.end == end)
        assert late.gaps == [(0, oldest)]
        assert late.data == expected[oldest:]
