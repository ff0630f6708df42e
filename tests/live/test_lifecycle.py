"""Start and stop: one server per folder, and nothing lost or left on the way out."""

import os
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
import trio

from tests.live.rude import barge_in
from tests.live.server import left_of, run_serve, running_server, start_server
from tests.live.viewer import watching
from tests.soak import soak

COUNTING = """
import os, tty
tty.setraw(1)
at = 0
while True:
    os.write(1, "".join(f"{n:09d}\\n" for n in range(at, at + 200)).encode())
    at += 200
"""
STUBBORN = ["sh", "-c", "trap '' HUP TERM INT; echo up; while :; do sleep 1; done"]


def transcript(data_dir: Path, session_id: str) -> bytes:
    """What a stopped server has stored of a session, which has no hole."""
    with closing(sqlite3.connect(data_dir / "ant.db")) as db:
        rows = db.execute(
            'SELECT "offset", data FROM chunks WHERE session_id = ? ORDER BY 1',
            (session_id,),
        ).fetchall()
    data = b""
    for offset, part in rows:
        assert offset == len(data)
        data += part
    return data


@pytest.mark.slow
@pytest.mark.parametrize(
    "signum", [signal.SIGTERM, soak(signal.SIGINT), soak(signal.SIGHUP)]
)
async def test_a_signal_stops_gracefully_and_everything_seen_is_stored(
    tmp_path: Path, signum: int
) -> None:
    """Under a flood: sockets see 1001, what they saw is in the database, exit is 0."""
    server = await start_server(tmp_path)
    try:
        async with server.client() as ant:
            command = [sys.executable, "-c", COUNTING]
            row = await ant.create("flood", command=command)
            shell = await ant.create("shell", command=["cat"])
            async with (
                watching(ant, row["id"]) as view,
                watching(ant, shell["id"]) as quiet,
            ):
                await view.until(lambda v: len(v.outputs) > 50)
                server.signal(signum)
                for each in (view, quiet):
                    reason = (await each.until_closed()).reason
                    assert reason.code == 1001
        with trio.fail_after(10):
            assert await server.process.wait() == 0
    finally:
        await server.kill()
    data = transcript(tmp_path, row["id"])
    assert data[: view.end] == view.data
    lines = "".join(f"{n:09d}\n" for n in range(len(data) // 10 + 1))
    assert data == lines.encode()[: len(data)]
    assert left_of(row["id"]) == left_of(shell["id"]) == []
    assert not (tmp_path / "ant.db-wal").exists()
    async with running_server(tmp_path) as server, server.client() as ant:
        again = await ant.call("GET", f"/api/sessions/{row['id']}")
        assert (again["status"], again["terminal"]["end"]) == ("exited", len(data))
        started = await ant.call(
            "POST", f"/api/sessions/{row['id']}/terminal/start", {}
        )
        assert started["status"] == "running"
        async with watching(ant, row["id"], from_=len(data) - 10) as view:
            await view.until(lambda v: len(v.outputs) > 1)
            assert view.gaps == [], "a clean stop leaves no hole"


@pytest.mark.slow
async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    """Even with a long grace and a child that ignores every signal."""
    server = await start_server(tmp_path, "--grace", "30")
    try:
        async with server.client() as ant:
            row = await ant.create("stubborn", command=STUBBORN)
            async with watching(ant, row["id"]) as view:
                await view.until_text("up")
                server.signal(signal.SIGTERM)
                await view.until_closed()
        with trio.move_on_after(0.5) as waited:
            await server.process.wait()
        assert waited.cancelled_caught, "the first signal grants the program its grace"
        with trio.fail_after(3):
            server.signal(signal.SIGTERM)
            assert await server.process.wait() == 0
    finally:
        await server.kill()
    assert left_of(row["id"]) == []


@pytest.mark.slow
async def test_a_stop_kills_a_stubborn_child_after_the_grace(tmp_path: Path) -> None:
    """One signal is enough too: the child has --grace, then it is killed."""
    server = await start_server(tmp_path, "--grace", "1")
    try:
        async with server.client() as ant:
            row = await ant.create("stubborn", command=STUBBORN)
            async with watching(ant, row["id"]) as view:
                await view.until_text("up")
        with trio.fail_after(5):
            assert await server.stop() == 0
    finally:
        await server.kill()
    assert left_of(row["id"]) == []
    async with running_server(tmp_path) as server, server.client() as ant:
        again = await ant.call("GET", f"/api/sessions/{row['id']}")
        assert again["terminal"]["exit_signal"] == signal.SIGKILL


@pytest.mark.slow
async def test_a_client_that_does_not_read_does_not_hold_the_exit(
    tmp_path: Path,
) -> None:
    """A socket that stopped reading a flood costs the stop no more than the grace."""
    server = await start_server(tmp_path, "--grace", "2")
    try:
        async with server.client() as ant:
            command = [sys.executable, "-c", COUNTING]
            row = await ant.create("flood", command=command)
            stream = await barge_in(server.port, row["id"], **{"from": 0})
            async with watching(ant, row["id"]) as view:
                await view.until(lambda v: (v.end or 0) > 32 << 20)
        began = trio.current_time()
        with trio.fail_after(10):
            assert await server.stop() == 0
        assert trio.current_time() - began < 2 + 2
        await stream.aclose()
    finally:
        await server.kill()
    assert left_of(row["id"]) == []


@pytest.mark.slow
async def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """It names the holder on stderr and exits with 1; the first goes on."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("first", command=["cat"])
        code, said, error = await run_serve("--port", "0", "--data-dir", str(tmp_path))
        assert (code, said) == (1, "")
        assert error.startswith(
            f"ant: Another server (pid {server.pid}) uses {tmp_path}"
        )
        assert "Traceback" not in error
        async with watching(ant, row["id"]) as view:
            await view.type("unharmed\r")
            await view.until_text("unharmed\r\nunharmed\r\n")


@pytest.mark.slow
async def test_a_port_in_use_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """It says which address and why, exits with 1, and lets go of the folder."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        flags = ("--port", str(port), "--data-dir", str(tmp_path))
        code, said, error = await run_serve(*flags)
    assert (code, said) == (1, "")
    assert error == f"ant: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"
    async with running_server(tmp_path) as server:
        assert server.port not in (0, port)


@pytest.mark.slow
async def test_environment_variables_say_what_flags_say(tmp_path: Path) -> None:
    """ANT_HOST, ANT_PORT, ANT_DATA_DIR and the rest are read; a flag stands above."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ant", "serve"]
    env = {
        "ANT_HOST": "localhost",
        "ANT_PORT": str(port),
        "ANT_DATA_DIR": str(tmp_path / "of-env"),
        "ANT_MAX_ACTIVE_SESSIONS": "7",
        "ANT_LOG_LEVEL": "warning",
    }
    async with running_server(tmp_path, command=command, **env) as server:
        assert server.port == port
        assert (tmp_path / "of-env" / "ant.db").exists()
        async with server.client() as ant:
            assert (await ant.call("GET", "/api/health"))["session_cap"] == 7
    flags = ("--max-active-sessions", "3", "--port", "0", "--log-level", "error")
    async with running_server(tmp_path, *flags, command=command, **env) as server:
        assert server.port != port
        async with server.client() as ant:
            assert (await ant.call("GET", "/api/health"))["session_cap"] == 3
    env["ANT_PORT"] = "many"
    code, _, error = await run_serve(**env)
    assert code == 2
    assert "ANT_PORT" in error or "--port" in error


@pytest.mark.slow
async def test_the_data_folder_is_its_owners_only(tmp_path: Path) -> None:
    """A folder that the server makes is closed to others, and so is what is in it."""
    folder = tmp_path / "made" / "here"
    command = [sys.executable, "-m", "ant", "serve", "--port", "0"]
    flags = ("--data-dir", str(folder))
    async with running_server(tmp_path, *flags, command=command):
        assert os.stat(folder).st_mode & 0o777 == 0o700


AT_START = """
import gc, os, signal, sys
from pathlib import Path
import trio
from ant.config import Config
from ant.server import serve

def ready(url, make_link):
    print(len(gc.get_objects()), gc.get_freeze_count())
    os.kill(os.getpid(), signal.SIGTERM)

trio.run(serve, Config(port=0, data_dir=Path(sys.argv[1])), ready)
"""
HURRIES = """
import sys
from ant.cli.main import main
from ant.core.fair_turns import FairTurns

FairTurns.hold = lambda self: print("hurry", file=sys.stderr, flush=True)
main()
"""


@pytest.mark.slow
async def test_what_is_there_at_the_start_is_not_collected(tmp_path: Path) -> None:
    """To look through it again and again would stop the loop for 50 ms each time."""
    argv = [sys.executable, "-c", AT_START, str(tmp_path)]
    with trio.fail_after(30):
        done = await trio.run_process(argv, capture_stdout=True)
    collected, frozen = map(int, done.stdout.split())
    assert collected < frozen / 20


@pytest.mark.slow
async def test_floods_wait_for_what_a_client_asks(tmp_path: Path) -> None:
    """The listener tells who makes them wait."""
    command = [sys.executable, "-c", HURRIES, "serve", "--port", "0"]
    command += ["--data-dir", str(tmp_path)]
    async with running_server(tmp_path, command=command) as server:
        before = server.log.read_text().count("hurry")
        async with server.client() as ant:
            await ant.call("GET", "/api/health")
        assert before < server.log.read_text().count("hurry")
