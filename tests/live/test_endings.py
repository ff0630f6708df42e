"""How programs begin and end, and what is left of them: nothing."""

import signal
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from ant.core.errors import Conflict, Gone
from tests.live.daemons import (
    check_ended,
    copied_outside,
    daemon,
    daemons,
    is_alive,
    pid_in,
    with_daemons,
)
from tests.live.server import left_of, running_server, shared_server
from tests.live.viewer import read_raw, watching
from tests.live.waiting import eventually
from tests.soak import soak

STUBBORN = ["sh", "-c", "trap '' HUP TERM INT; echo up; while :; do sleep 1; done"]

CHILD_GRACE_S = 2.0


async def row_when(ant: AntClient, session_id: str, status: str) -> Any:
    """The row, once its process state is this."""

    async def look() -> Any:
        row = await ant.call("GET", f"/api/sessions/{session_id}")
        return row if row["status"] == status else None

    return await eventually(look)


@pytest.mark.slow
async def test_a_program_that_ignores_every_signal_is_killed_after_the_grace(
    tmp_path: Path,
) -> None:
    """DELETE ends it with KILL, after its grace and not much later."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("stubborn", command=STUBBORN)
        async with watching(ant, row["id"]) as view:
            await view.until_text("up")
            assert len(left_of(row["id"])) >= 1
            began = trio.current_time()
            await ant.call("DELETE", f"/api/sessions/{row['id']}")
            took = trio.current_time() - began
            frame = await view.until_exit()
        assert frame["exit_signal"] == signal.SIGKILL
        assert CHILD_GRACE_S <= took < CHILD_GRACE_S + 2
        assert left_of(row["id"]) == []
        await eventually(lambda: server.children() == [])
        gone = await ant.call("GET", f"/api/sessions/{row['id']}")
        assert (gone["status"], gone["deleted_at"] is None) == ("exited", False)
        with pytest.raises(Gone):
            await ant.type(row["id"], "x")


@pytest.mark.slow
@pytest.mark.parametrize("trap", ["", "trap '' HUP TERM;"])
async def test_a_grandchild_that_keeps_the_terminal_does_not_keep_the_session(
    tmp_path: Path, trap: str
) -> None:
    """The session is reported exited with the child's code, the grandchild ended."""
    program = f"({trap} echo in; sleep 1000; echo never) & read x; echo bye; exit 5"
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("parent", command=["sh", "-c", program])
        async with watching(ant, row["id"]) as view:
            await view.until_text("in\r\n")
            await view.type("\r")
            frame = await view.until_exit()
        assert (frame["exit_code"], view.text) == (5, "in\r\n\r\nbye\r\n")
        assert left_of(row["id"]) == []
        # The server reaps an orphan a moment after it has ended.
        await eventually(lambda: server.children() == [])


@pytest.mark.slow
@pytest.mark.parametrize("end", ["exit", soak("delete"), soak("stop"), "kill"])
async def test_what_left_the_terminal_ends_with_the_session(
    tmp_path: Path, end: str
) -> None:
    """Daemons of each sort; not one that was made to stay, and none from outside."""
    async with running_server(tmp_path / "data") as server, server.client() as ant:
        command = ["sh", "-c", with_daemons(tmp_path)]
        row = await ant.create("daemons", command=command)
        pids = await daemons(tmp_path)
        with copied_outside(row["terminal"]["pid"]) as outside:
            match end:
                case "exit":
                    await ant.type(row["id"], "\r")
                    await row_when(ant, row["id"], "exited")
                case "delete":
                    await ant.call("DELETE", f"/api/sessions/{row['id']}")
                case "stop":
                    assert await server.stop() == 0
                case "kill":
                    await server.kill()
                    async with running_server(tmp_path / "data"):
                        pass
            check_ended(pids, outside, is_orphan_found=end in ("delete", "stop"))


@pytest.mark.slow
async def test_a_daemon_of_an_earlier_run_is_no_longer_there(tmp_path: Path) -> None:
    """The end of a run touches no other run of the session."""
    async with running_server(tmp_path / "data") as server, server.client() as ant:
        script = f"{daemon(tmp_path, 'once')}; read x"
        row = await ant.create("again", command=["sh", "-c", script])
        first = await pid_in(tmp_path / "once")
        await ant.type(row["id"], "\r")
        await row_when(ant, row["id"], "exited")
        assert not is_alive(first)
        (tmp_path / "once").unlink()
        await ant.call("POST", f"/api/sessions/{row['id']}/terminal/start", {})
        second = await pid_in(tmp_path / "once")
        assert is_alive(second)
        await ant.call("DELETE", f"/api/sessions/{row['id']}")
        assert not is_alive(second)


@pytest.mark.slow
async def test_exit_codes_and_signals_are_told_everywhere() -> None:
    """What ended the program is in `session_exited` and in the row."""
    ends = [
        ("exit 0", 0, None),
        ("exit 3", 3, None),
        ("exit 255", 255, None),
        ("kill -SEGV $$", None, signal.SIGSEGV),
        ("kill -TERM $$", None, signal.SIGTERM),
        ("kill -KILL $$", None, signal.SIGKILL),
    ]
    async with shared_server() as server, server.client() as ant:
        for number, (script, code, signum) in enumerate(ends):
            command = ["sh", "-c", f"echo {number}; {script}"]
            row = await ant.create(f"end-{number}", command=command, start=False)
            async with watching(ant, row["id"], spawnPty=True) as view:
                frame = await view.until_exit()
            assert view.text == f"{number}\r\n"
            assert (frame["exit_code"], frame["exit_signal"]) == (code, signum)
            terminal = (await row_when(ant, row["id"], "exited"))["terminal"]
            assert (terminal["exit_code"], terminal["exit_signal"]) == (code, signum)
            assert terminal["exited_at"] > terminal["started_at"]


@pytest.mark.slow
async def test_an_exited_terminal_takes_no_input_and_can_be_started_again() -> None:
    """Input meanwhile is refused; a new run's bytes follow the old one's."""
    async with shared_server() as server, server.client() as ant:
        command = ["sh", "-c", "echo $$; read x; echo got-$x"]
        row = await ant.create("again", command=command)
        path = f"/api/sessions/{row['id']}/terminal"
        async with watching(ant, row["id"]) as view:
            for run in range(1, 4):
                await view.type(f"{run}\r")
                await view.until_text(f"got-{run}\r\n")
                frame = await view.until_exit()
                assert frame["end"] == view.end
                await row_when(ant, row["id"], "exited")
                for action, body in (("input", {"data": "x"}), ("stop", {})):
                    with pytest.raises(Conflict, match="no running"):
                        await ant.call("POST", f"{path}/{action}", body)
                await view.socket.send(
                    "terminal_input", sessionId=row["id"], data="x", ref=f"late-{run}"
                )
                await view.until(
                    lambda v, n=run: v.frames[-1].get("ref") == f"late-{n}"
                )
                assert view.answer(f"late-{run}")["status"] == 409
                started = await ant.call("POST", f"{path}/start", {"cols": 90 + run})
                terminal = started["terminal"]
                assert (started["status"], terminal["cols"]) == ("running", 90 + run)
                assert (terminal["exit_code"], terminal["exited_at"]) == (None, None)
            same = await ant.call("POST", f"{path}/start", {})
            assert same["terminal"]["pid"] == terminal["pid"], "it runs already"
            await ant.call("DELETE", f"/api/sessions/{row['id']}")
            await view.until_exit()
            assert view.gaps == []
            assert view.text.count("got-") == 3


@pytest.mark.slow
async def test_a_deferred_terminal_starts_when_it_is_used(tmp_path: Path) -> None:
    """With `start: false` nothing runs till the first input or `spawnPty` join."""
    command = ["sh", "-c", "read line; echo got-$line"]
    async with running_server(tmp_path) as server, server.client() as ant:
        typed = await ant.create("typed", command=command, start=False)
        joined = await ant.create("joined", command=command, start=False)
        for row in (typed, joined):
            assert (row["status"], row["terminal"]["pid"]) == ("none", None)
        await eventually(lambda: server.children() == [])
        async with watching(ant, typed["id"]) as view:
            await ant.type(typed["id"], "one\r")
            await view.until_exit()
            assert "got-one" in view.text
        async with watching(ant, joined["id"], spawnPty=True, cols=70, rows=20) as view:
            await view.type("two\r")
            await view.until_exit()
            assert "got-two" in view.text
        row = await ant.call("GET", f"/api/sessions/{joined['id']}")
        assert (row["terminal"]["cols"], row["terminal"]["rows"]) == (70, 20)


@pytest.mark.slow
async def test_an_agent_gets_the_driver_of_its_program(tmp_path: Path) -> None:
    """`claude` is driven as claude-code unless the caller says otherwise."""
    claude = tmp_path / "claude"
    claude.write_text("#!/bin/sh\necho agent-here; read x\n")
    claude.chmod(0o755)
    async with shared_server() as server, server.client() as ant:
        for number, (kind, flag, driver) in enumerate(
            [
                ("agent", None, "claude-code"),
                ("agent", "codex-cli", "codex-cli"),
                ("terminal", None, None),
            ]
        ):
            row = await ant.create(
                f"a{number}", kind, command=[str(claude)], cli_flag=flag
            )
            assert (row["cli_flag"], row["handle"]) == (driver, f"@a{number}")
            chat = await ant.call("GET", f"/api/sessions/{row['linked_chat_id']}")
            assert (chat["type"], chat["handle"]) == ("chat", f"@a{number}-chat")
            async with watching(ant, row["id"]) as view:
                await view.until_text("agent-here")


@pytest.mark.slow
async def test_a_session_can_be_deleted_while_it_floods(tmp_path: Path) -> None:
    """DELETE under output ends the flood; all that was shown can still be listed."""
    async with running_server(tmp_path) as server, server.client() as ant:
        soft = await ant.create("soft", command=["yes", "soft"])
        hard = await ant.create("hard", command=["yes", "hard"])
        async with watching(ant, soft["id"]) as view:
            await view.until(lambda v: len(v.outputs) > 20)
            await ant.call("DELETE", f"/api/sessions/{soft['id']}")
            frame = await view.until_exit()
            assert frame["end"] == view.end
            assert view.data == (b"soft\r\n" * (view.end // 6 + 1))[: view.end]
        async with watching(ant, hard["id"]) as view:
            await view.until(lambda v: len(v.outputs) > 20)
            await ant.call("DELETE", f"/api/sessions/{hard['id']}", hard="true")
        for row in (soft, hard):
            assert left_of(row["id"]) == []
        await eventually(lambda: server.children() == [])
        assert (await ant.call("GET", "/api/sessions"))["sessions"] == []
        fresh = await ant.create("hard", command=["echo", "new"])
        async with watching(ant, fresh["id"]) as view:
            await view.until_text("new\r\n")
        assert await read_raw(ant, fresh["id"]) == (b"new\r\n", [])
