"""What each signal does to a server, and that it leaves no program behind."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
import trio

from ant.terminal.host import processes
from tests.live.rude import barge_in
from tests.live.server import Server, left_of, start_server
from tests.live.viewer import Viewer, watching

DEAF_TO = ("", "HUP", "HUP TERM", "HUP TERM INT QUIT", "")
"""What programs ignore, by turns."""

LOOP = "echo up; while :; do sleep 1; done"

FLOOD = ["sh", "-c", "exec yes 0123456789"]

EACH_S = 0.015
"""Processor time of a server for each session that it ends: a quarter of it in the
database, a third in the screens that it stores. A look at /proc for each of them, of a
hundred, would be more than twice as much."""


def deaf(number: int) -> list[str]:
    ignored = DEAF_TO[number % len(DEAF_TO)]
    return ["sh", "-c", f"trap '' {ignored}; {LOOP}" if ignored else LOOP]


@asynccontextmanager
async def busy_server(
    folder: Path, sessions: int, *flags: str
) -> AsyncIterator[tuple[Server, list[str], list[Viewer]]]:
    """A server, its sessions, and two who watch; floods, and sockets that never read.

    Three in five of the programs ignore HUP or more.
    """
    server = await start_server(folder, *flags)
    try:
        async with AsyncExitStack() as stack, server.client() as ant:
            ids = []
            for number in range(sessions):
                row = await ant.create(f"s{number}", command=deaf(number))
                ids.append(row["id"])
            for number in range(sessions // 25):
                flood = await ant.create(f"f{number}", command=FLOOD)
                ids.append(flood["id"])
                stack.push_async_callback((await barge_in(server.port, ids[-1])).aclose)
            views = []
            for each in ids[2:4]:
                view = await stack.enter_async_context(watching(ant, each))
                await view.until_text("up")
                views.append(view)
            yield server, ids, views
    finally:
        await server.kill()


def processor_s(pid: int) -> float:
    """What a process has used so far; of one that is gone by its last line."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def ends(server: Server, bound_s: float) -> float:
    """Wait till it has ended of itself, with 0; the processor time that took."""
    before = used = processor_s(server.pid)
    with trio.fail_after(bound_s):
        async with trio.open_nursery() as nursery:

            async def look() -> None:
                nonlocal used
                while server.process.returncode is None:
                    used = max(used, processor_s(server.pid))
                    await trio.sleep(0.02)

            nursery.start_soon(look)
            assert await server.process.wait() == 0
            nursery.cancel_scope.cancel()
    return used - before


def check_nothing_is_left(ids: list[str]) -> None:
    ours = {
        each.pid
        for each in processes.snapshot()
        if each.live and processes.environ_of(each.pid).get("ANT_SESSION_ID") in ids
    }
    assert ours == set()


@pytest.mark.slow
async def test_quit_stops_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-\\: as a second Ctrl-C. Sockets see 1001, the deaf are killed."""
    async with busy_server(tmp_path, 5, "--grace", "30") as (server, ids, views):
        server.signal(signal.SIGQUIT)
        for view in views:
            assert (await view.until_closed()).reason.code == 1001
        await ends(server, 15)
        check_nothing_is_left(ids)
    assert not (tmp_path / "ant.db-wal").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "signum", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGIO]
)
async def test_a_signal_that_means_nothing_is_ignored(
    tmp_path: Path, signum: signal.Signals
) -> None:
    """The server goes on, says so, and still stops when it is told to."""
    async with busy_server(tmp_path, 1) as (server, ids, _):
        for _ in range(3):
            server.signal(signum)
        async with server.client() as ant:
            row = await ant.call("GET", f"/api/sessions/{ids[0]}")
            assert row["status"] == "running"
        assert len(left_of(ids[0])) >= 1
        server.signal(signal.SIGTERM)
        await ends(server, 30)
        check_nothing_is_left(ids)
    assert f"{signum.name} is ignored." in server.log.read_text()


@pytest.mark.slow
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
async def test_two_signals_in_a_row_still_say_goodbye(
    tmp_path: Path, second: int
) -> None:
    """The second comes before a socket could see 1001; it sees it all the same."""
    async with busy_server(tmp_path, 5, "--grace", "30") as (server, ids, views):
        server.signal(signal.SIGHUP)
        server.signal(second)
        for view in views:
            assert (await view.until_closed()).reason.code == 1001
        await ends(server, 15)
        check_nothing_is_left(ids)


async def check_stops(folder: Path, sessions: int) -> None:
    """At once when told twice, within the grace and a bit when told once.

    The bounds are those of a machine that has other work; processor time is exact.
    """
    async with busy_server(folder / "1", sessions) as (server, ids, _):
        server.signal(signal.SIGINT)
        await trio.sleep(0.3)
        server.signal(signal.SIGINT)
        assert await ends(server, 10) < 0.2 + EACH_S * sessions
        check_nothing_is_left(ids)
    async with busy_server(folder / "2", sessions, "--grace", "1") as (server, ids, _):
        server.signal(signal.SIGTERM)
        assert await ends(server, 12) < 0.2 + EACH_S * sessions
        check_nothing_is_left(ids)


@pytest.mark.slow
async def test_twenty_sessions_stop_side_by_side(tmp_path: Path) -> None:
    """With a hundred it is the same, in the long run."""
    await check_stops(tmp_path, 20)


@pytest.mark.soak
async def test_a_hundred_sessions_stop_side_by_side(tmp_path: Path) -> None:
    """And with four floods, and four sockets that never read."""
    await check_stops(tmp_path, 100)
