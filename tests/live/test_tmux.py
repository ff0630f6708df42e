"""Terminals in tmux, as their user meets them: restarts, ends, company, bad luck."""

import hashlib
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from ant.core.errors import Invalid
from ant.export.verify import verify
from ant.recording.notice_limiter import BURST
from ant.terminal.host.host_terminal import Spec
from ant.terminal.host.pty import open_pty
from ant.terminal.tmux.tmux_commands import name_of
from tests.live.daemons import (
    check_ended,
    copied_outside,
    daemons,
    is_alive,
    with_daemons,
)
from tests.live.server import Server, left_of, running_server
from tests.live.test_blocks import blocks, raw, run
from tests.live.viewer import read_raw, watching
from tests.live.waiting import eventually
from tests.soak import soak
from tests.terminal.contract import read_until, write_all
from tests.terminal.private_tmux import command, ended_with_us, needs_tmux
from tests.terminal.shell.test_forgery import attack

pytestmark = pytest.mark.slow


@asynccontextmanager
async def serving(
    folder: Path, *flags: str, **env: str
) -> AsyncIterator[tuple[Server, AntClient]]:
    """A server for the length of a block, and a client of it; tmux goes on."""
    async with running_server(folder, *flags, **env) as server, server.client() as ant:
        yield server, ant


async def look(ant: AntClient, session_id: str) -> Any:
    """The session's row."""
    return await ant.call("GET", f"/api/sessions/{session_id}")


async def shows(ant: AntClient, session_id: str, text: str) -> None:
    """Wait until this is on the screen."""

    async def shown() -> bool:
        page = await ant.call("GET", f"/api/sessions/{session_id}/terminal/screen")
        # In a folder with a long name a command line goes on in the next row.
        return text in "".join(row.ljust(page["cols"]) for row in page["lines"])

    await eventually(shown)


def sessions_of(folder: Path) -> str:
    """The sessions that the private tmux has."""
    return command(folder, "list-sessions", "-F", "#{session_name}")


@needs_tmux
async def test_a_shell_goes_on_over_a_restart(tmp_path: Path) -> None:
    """Same process, same screen, same variables; what was said meanwhile is there."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (_, ant):
            row = await ant.create("kept", command=["bash", "--norc"], host="tmux")
            session_id, pid = row["id"], row["terminal"]["pid"]
            assert row["terminal"]["host"] == "tmux"
            await ant.type(session_id, "stty -echo; x=1; echo be''fore $TERM\r")
            await shows(ant, session_id, "before tmux-256color")
            go = "while [ ! -e go ]; do sleep 0.01; done; echo mean''while"
            await ant.type(session_id, f"cd {tmp_path}; {go}; touch done\r")
            await eventually(lambda: os.readlink(f"/proc/{pid}/cwd") == str(tmp_path))
        assert sessions_of(tmp_path) == session_id
        (tmp_path / "go").touch()
        await eventually((tmp_path / "done").exists)
        async with serving(tmp_path) as (_, ant):
            row = await look(ant, session_id)
            assert (row["status"], row["terminal"]["pid"]) == ("running", pid)
            await shows(ant, session_id, "before")
            await shows(ant, session_id, "meanwhile")
            await ant.type(session_id, "echo x=$x; exit 3\r")

            async def exited() -> Any:
                row = await look(ant, session_id)
                return row if row["status"] == "exited" else None

            row = await eventually(exited)
            assert row["terminal"]["exit_code"] == 3
            data, gaps = await read_raw(ant, session_id)
            assert gaps == []
            assert data.count(b"meanwhile\r\n") == data.count(b"x=1\r\n") == 1
            assert not (tmp_path / "spool" / session_id).exists()
        assert session_id not in sessions_of(tmp_path)


@needs_tmux
@pytest.mark.parametrize("killed", [soak(False), True])
async def test_commands_that_ran_over_a_restart_are_told(
    tmp_path: Path, killed: bool
) -> None:
    """One that ran on, one that was half typed, and each once; folder and hash, too."""
    wait = "while [ ! -e go ]; do sleep 0.01; done; echo over"
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            row = await ant.create(
                "told", command=["bash"], host="tmux", root_dir=str(tmp_path)
            )
            session_id = row["id"]
            await run(ant, session_id, "echo first")
            await ant.type(session_id, f"{wait}\r")
            await shows(ant, session_id, "echo over")
            data, _ = await read_raw(ant, session_id)
            assert b"echo over" in data
            if killed:
                await server.kill()
        (tmp_path / "go").touch()
        async with serving(tmp_path) as (_, ant):
            first, second = await blocks(ant, session_id, 2)
            assert ("echo first", wait) == (first["text"], second["text"])
            output = await raw(ant, session_id, second["start"], second["end"])
            assert output == b"over\r\n"
            payload = second["payload"]
            assert payload["output_sha256"] == hashlib.sha256(output).hexdigest()
            assert (payload["cwd"], payload["exit_code"]) == (str(tmp_path), 0)
            await ant.type(session_id, "echo th")
            await shows(ant, session_id, "echo th")
        async with serving(tmp_path) as (_, ant):
            await ant.type(session_id, "ird\r")
            third = (await blocks(ant, session_id, 3))[-1]
            assert ("echo third", 0) == (third["text"], third["payload"]["exit_code"])


@needs_tmux
@pytest.mark.parametrize("killed", [soak(False), True])
async def test_a_restart_makes_no_printed_mark_a_true_one(
    tmp_path: Path, killed: bool
) -> None:
    """A program prints all marks so far, while the server runs and while it is down."""
    line, seen, report = attack(tmp_path)
    wait = f"while [ ! -e {tmp_path}/go ]; do sleep 0.01; done"
    program = f"{line}; {wait}; {line}"
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            row = await ant.create("told", command=["bash"], host="tmux")
            session_id = row["id"]
            await run(ant, session_id, "true")
            seen.write_bytes((await read_raw(ant, session_id))[0])
            await ant.type(session_id, f"{program}\r")
            await shows(ant, session_id, "over")
            report.unlink()
            if killed:
                await server.kill()
        (tmp_path / "go").touch()
        await eventually(report.exists)
        async with serving(tmp_path) as (_, ant):
            first, second = await blocks(ant, session_id, 2)
            assert ("true", program) == (first["text"], second["text"])
            assert 4 == second["payload"]["exit_code"]
            (third,) = (await run(ant, session_id, "false"))[2:]
            assert ("false", "high") == (third["text"], third["trust"])


@needs_tmux
async def test_an_end_while_nobody_looks_is_told(tmp_path: Path) -> None:
    """The program ended while the server was down: its last words and its signal."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            script = "echo first; while [ ! -e go ]; do sleep 0.01; done; echo last; "
            argv = ["sh", "-c", script + "kill -KILL $$"]
            row = await ant.create(
                "ends", command=argv, host="tmux", root_dir=str(tmp_path)
            )
            await shows(ant, row["id"], "first")
            await server.kill()
        (tmp_path / "go").touch()
        await eventually(lambda: left_of(row["id"]) == [])
        async with serving(tmp_path) as (_, ant):

            async def exited() -> bool:
                return (await look(ant, row["id"]))["status"] == "exited"

            await eventually(exited)
            assert (await look(ant, row["id"]))["terminal"]["exit_signal"] == 9
            assert await read_raw(ant, row["id"]) == (b"first\r\nlast\r\n", [])


@needs_tmux
@pytest.mark.parametrize("end", [soak("exit"), soak("delete"), "restart"])
async def test_what_left_a_pane_ends_with_the_session(tmp_path: Path, end: str) -> None:
    """Daemons of each sort, also after a restart; a restart ends none."""
    data = tmp_path / "data"
    with ended_with_us(data):
        async with serving(data) as (_, ant):
            command = ["sh", "-c", with_daemons(tmp_path)]
            row = await ant.create("daemons", command=command, host="tmux")
            pids = await daemons(tmp_path)
            with copied_outside(row["terminal"]["pid"]) as outside:
                if end == "exit":
                    await ant.type(row["id"], "\r")

                    async def exited() -> bool:
                        return (await look(ant, row["id"]))["status"] == "exited"

                    await eventually(exited)
                    check_ended(pids, outside, is_orphan_found=False)
                elif end == "delete":
                    await ant.call("DELETE", f"/api/sessions/{row['id']}")
                    check_ended(pids, outside, is_orphan_found=True)
        if end == "restart":
            assert all(map(is_alive, pids.values()))
            async with serving(data) as (_, ant):
                with copied_outside(row["terminal"]["pid"]) as outside:
                    await ant.call("DELETE", f"/api/sessions/{row['id']}")
                    check_ended(pids, outside, is_orphan_found=True)


@needs_tmux
async def test_a_window_that_is_renamed_all_the_time_fills_no_log(
    tmp_path: Path,
) -> None:
    """A burst is recorded, then the last name, with the number of those between."""
    script = 'for n in $(seq 60); do tmux rename-window "n$n"; done; exit 3'
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (_, ant):
            row = await ant.create("busy", command=["bash", "-c", script], host="tmux")

            async def exited() -> bool:
                return (await look(ant, row["id"]))["status"] == "exited"

            await eventually(exited)
            base = f"/api/sessions/{row['id']}"
            path = f"{base}/run-events"
            told = (await ant.call("GET", path, q="window-renamed"))["events"]
            assert len(told) <= BURST + 1
            assert "n60" == told[-1]["payload"]["name"]
            over = sum(each["payload"].get("passed_over", 0) for each in told)
            assert len(told) + over >= 30
            health = await ant.call("GET", "/api/health")
            met = {each["name"]: each["count"] for each in health["limits"]}
            assert over <= met["host_events"]
            rows = await ant.call("GET", f"{base}/terminal/events", limit=1000)
            kinds = [each["kind"] for each in rows["rows"]]
            assert len(told) == kinds.count("window-renamed")
            assert ("exit", "start") == (kinds[0], kinds[-1])


@needs_tmux
async def test_deleted_and_archived_ones_are_ended(tmp_path: Path) -> None:
    """With all they started; a neighbour is left alone."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path, "--default-host", "tmux") as (_, ant):
            argv = ["bash", "-c", "trap '' HUP; set -m; sleep 1000 & echo up; wait"]
            rows = [await ant.create(n, command=argv) for n in ("a", "b", "c")]
            for row in rows:
                await shows(ant, row["id"], "up")
            first, second, third = (row["id"] for row in rows)
            await ant.call("DELETE", f"/api/sessions/{first}")
            await ant.call("PATCH", f"/api/sessions/{second}", {"archived": True})
            assert left_of(first) == left_of(second) == []
            assert len(left_of(third)) == 2
            assert sessions_of(tmp_path) == third
        assert len(left_of(third)) == 2


@needs_tmux
async def test_a_person_may_attach_beside_us(tmp_path: Path) -> None:
    """They see and type as we do, and when they leave or browse, nothing is lost."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (_, ant):
            row = await ant.create("shared", command=["cat"], host="tmux")
            health = await ant.call("GET", "/api/health")
            assert health["tmux"]["socket"] == name_of(tmp_path)
            tmux = ("/usr/bin/env", "tmux", "-L", health["tmux"]["socket"])
            argv = (*tmux, "attach", "-t", f"={row['id']}:")
            env = {k: v for k, v in os.environ.items() if k != "TMUX"}
            env["TERM"] = "xterm-256color"
            person = await open_pty(Spec(argv, "/", env, 60, 20))
            try:
                with trio.fail_after(15):
                    await ant.type(row["id"], "from us\r")
                    await read_until(person, b"from us")
                    await write_all(person, b"from them\r")
                    await shows(ant, row["id"], "from them")
                    await write_all(person, b"\x02[")  # Copy mode.
                    mode = ("display-message", "-p", "-t", f"={row['id']}:")
                    await eventually(
                        lambda: command(tmp_path, *mode, "#{pane_in_mode}") == "1"
                    )
                    await ant.type(row["id"], "qk\x1b[A\r")
                    await shows(ant, row["id"], "qk^[[A")
            finally:
                await person.aclose(0)
            await ant.type(row["id"], "alone\r")
            await shows(ant, row["id"], "alone")
            path = f"/api/sessions/{row['id']}/terminal/events"

            async def told() -> bool:
                rows = (await ant.call("GET", path))["rows"]
                wanted = {"start", "client-session-changed", "pane-mode-changed"}
                return wanted <= {each["kind"] for each in rows}

            await eventually(told)
            size = command(tmp_path, *mode, "#{window_width} #{window_height}")
            assert size == "120 30"


QUERY = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"\\x1b[c\\x1b[5n")
seen = b""
while b"!" not in seen:
    seen += os.read(0, 100)
os.write(1, ascii(seen).encode() + b" seen")
os.read(0, 1)
"""


@needs_tmux
async def test_queries_are_answered_once(tmp_path: Path) -> None:
    """By tmux: neither our screen nor a terminal that has joined answers, too."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (_, ant):
            argv = [sys.executable, "-Sc", QUERY]
            row = await ant.create("asks", command=argv, host="tmux")
            async with watching(ant, row["id"], spawnPty=True) as view:
                await view.until_text("\x1b[5n")
                await view.type("\x1b[?62;c")
                await view.type("!")
                await view.until_text(" seen")
            assert view.text.count("[?") == view.text.count("[0n") == 1


@needs_tmux
async def test_beyond_the_spools_cap_there_is_a_gap(tmp_path: Path) -> None:
    """With the server down a flood is dropped, counted, and told to the byte."""
    script = (
        "read x; stty raw; i=0; "
        "seq -f '%014.0f ' 0 99999; touch done; "
        "while [ ! -e go ]; do sleep 0.01; done; seq -f '%014.0f ' 100000 100999; "
        "printf over; read x"
    )
    with ended_with_us(tmp_path):
        flags = ("--spool-max-bytes", "262144")
        async with serving(tmp_path, *flags) as (server, ant):
            argv = ["sh", "-c", script]
            row = await ant.create(
                "floods", command=argv, host="tmux", root_dir=str(tmp_path)
            )
            await ant.type(row["id"], "\r")
            await server.kill()
        await eventually((tmp_path / "done").exists)
        async with serving(tmp_path, *flags) as (_, ant):
            spool = tmp_path / "spool" / row["id"]
            await eventually(lambda: len(list(spool.glob("*.spool"))) == 1)
            (tmp_path / "go").touch()
            async with watching(ant, row["id"]) as view:
                await view.until_text("over")
            assert view.gaps
            data, gaps = await read_raw(ant, row["id"])
            assert gaps == view.gaps
            whole = (
                b"\r\n" + b"".join(b"%014d \n" % n for n in range(101_000)) + b"over"
            )
            offset = 0
            for start, to in [*gaps, (len(whole), len(whole))]:
                assert data[: start - offset] == whole[offset:start]
                data, offset = data[start - offset :], to
            health = await ant.call("GET", "/api/health")
            (met,) = [each for each in health["limits"] if each["name"] == "spool"]
            assert met["count"] == sum(to - start for start, to in gaps)


@needs_tmux
async def test_what_was_dropped_last_is_told_as_well(tmp_path: Path) -> None:
    """Of a program that said no more, and of one that ended: the evidence is whole."""
    script = "while [ ! -e go ]; do sleep 0.01; done; seq 99999; touch done; "
    with ended_with_us(tmp_path):
        flags = ("--spool-max-bytes", "65536")
        rows = []
        async with serving(tmp_path, *flags) as (server, ant):
            for name, last in (("stays", "sleep 1000"), ("ends", "exit 3")):
                (tmp_path / name).mkdir()
                row = await ant.create(
                    name,
                    command=["sh", "-c", script + last],
                    host="tmux",
                    root_dir=str(tmp_path / name),
                )
                rows.append(row)
            await server.kill()
        for row in rows:
            (tmp_path / row["name"] / "go").touch()
            await eventually((tmp_path / row["name"] / "done").exists)
        size = sum(len(f"{n}\r\n") for n in range(1, 100_000))
        async with serving(tmp_path, *flags) as (_, ant):
            for row in rows:

                async def end(session_id: str = row["id"]) -> bool:
                    terminal = (await look(ant, session_id))["terminal"]
                    return bool(terminal["end"] == size)

                await eventually(end)
                data, gaps = await read_raw(ant, row["id"])
                assert [(len(data), size)] == gaps
                path = f"/api/sessions/{row['id']}/export"
                told = await ant.call("POST", path, {"target": "evidence"})
                document = told["targets"]["evidence"]["document"]
                assert verify(document.encode()).fault is None


@needs_tmux
async def test_what_tmux_took_along_is_lost_but_its_words(tmp_path: Path) -> None:
    """Where tmux itself died, the session is lost, and its spool is stored."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            script = "echo first; while [ ! -e go ]; do sleep 0.01; done; echo last; "
            row = await ant.create(
                "lost",
                command=["sh", "-c", script + "touch done; read x"],
                host="tmux",
                root_dir=str(tmp_path),
            )
            await shows(ant, row["id"], "first")
            await server.kill()
        (tmp_path / "go").touch()
        await eventually((tmp_path / "done").exists)
        spool = tmp_path / "spool" / row["id"]
        await eventually(
            lambda: any(b"last" in f.read_bytes() for f in spool.glob("*.spool"))
        )
        command(tmp_path, "kill-server")
        async with serving(tmp_path) as (_, ant):
            assert (await look(ant, row["id"]))["status"] == "lost"
            assert await read_raw(ant, row["id"]) == (b"first\r\nlast\r\n", [])
            assert left_of(row["id"]) == []
            await ant.call("POST", f"/api/sessions/{row['id']}/terminal/start", {})
            await shows(ant, row["id"], "last")


@needs_tmux
async def test_what_the_database_does_not_know_is_ended(tmp_path: Path) -> None:
    """A session of ours that nobody knows; one that a person made there stays."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            row = await ant.create("forgotten", command=["cat"], host="tmux")
            await server.kill()
        command(tmp_path, "new-session", "-d", "-s", "theirs", "cat")
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"ant.db{suffix}").unlink(missing_ok=True)
        async with serving(tmp_path):
            assert sessions_of(tmp_path) == "theirs"
            assert left_of(row["id"]) == []


@needs_tmux
async def test_a_token_and_a_prompt_outlive_the_server(tmp_path: Path) -> None:
    """The run is the same: its token opens, its shell is known to be at its prompt."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            row = await ant.create("agent", command=["bash"], host="tmux")
            path = f"/api/sessions/{row['id']}"
            await ant.type(row["id"], f"echo $ANT_TOKEN > {tmp_path}/token\r")
            await eventually(lambda: (tmp_path / "token").exists())

            async def marked() -> bool:
                page = await ant.call("GET", f"{path}/terminal/screen")
                return page["lines"][0] != ""

            await eventually(marked)
            await server.kill()
        token = (tmp_path / "token").read_text().strip()
        async with serving(tmp_path) as (server, ant):
            async with server.client(token) as terminal:
                assert (await terminal.call("GET", path))["id"] == row["id"]

            async def rests() -> bool:
                status = (await ant.call("GET", f"{path}/status"))["agent_status"]
                return bool(status and status["rule"] == "shell/mark")

            await eventually(rests)


@needs_tmux
async def test_a_prompt_is_answered_after_a_restart(tmp_path: Path) -> None:
    """It is the same one: told once, with one card, and open to an answer."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            script = 'read -p "Really go on? [y/n] " x; echo "took $x"; read x'
            row = await ant.create("asks", command=["bash", "-c", script], host="tmux")
            pending = f"/api/sessions/{row['id']}/prompt-bridge/pending"

            async def asked() -> Any:
                return (await ant.call("GET", pending))["pending"]

            prompt = await eventually(asked)
            await server.kill()
        async with serving(tmp_path) as (_, ant):
            path = f"/api/sessions/{row['id']}"

            async def looked() -> Any:
                status = await ant.call("GET", f"{path}/status")
                return status["agent_status"] and status["needs_input"]

            await eventually(looked)
            assert (await asked())["id"] == prompt["id"]
            chat = f"/api/sessions/{row['linked_chat_id']}/messages"
            assert len((await ant.call("GET", chat))["messages"]) == 1
            answer = {"prompt_id": prompt["id"], "response": "y"}
            await ant.call("POST", f"{path}/prompt-bridge/respond", answer)
            await shows(ant, row["id"], "took y")


async def test_without_tmux_all_else_works(tmp_path: Path) -> None:
    """A clear refusal, nothing created; other terminals as ever."""
    tools = tmp_path / "bin"
    tools.mkdir()
    async with serving(tmp_path / "data", PATH=str(tools)) as (_, ant):
        with pytest.raises(Invalid, match=r"there is no tmux .* at \$\.host"):
            await ant.create("none", command=["/bin/cat"], host="tmux")
        row = await ant.create("plain", command=["/bin/cat"])
        assert [row["terminal"]["host"], row["status"]] == ["pty", "running"]
        listed = (await ant.call("GET", "/api/sessions"))["sessions"]
        assert {each["id"] for each in listed} == {row["id"], row["linked_chat_id"]}
        assert (await ant.call("GET", "/api/health"))["tmux"] is None


async def test_an_old_tmux_is_refused(tmp_path: Path) -> None:
    """It could not tell by which signal a program has ended."""
    old = tmp_path / "bin" / "tmux"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho tmux 3.2a\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    path = f"{old.parent}:{os.environ['PATH']}"
    async with serving(tmp_path / "data", PATH=path) as (_, ant):
        with pytest.raises(Invalid, match=r"tmux 3.2a is too old: 3.3 is needed"):
            await ant.create("none", command=["cat"], host="tmux")


@needs_tmux
async def test_a_second_signal_leaves_tmux_alone(tmp_path: Path) -> None:
    """Stopped at once, the server lets go of what outlives it all the same."""
    with ended_with_us(tmp_path):
        async with serving(tmp_path) as (server, ant):
            argv = ["sh", "-c", "trap '' HUP; echo up; read x"]
            row = await ant.create("kept", command=argv, host="tmux")
            plain = await ant.create("ended", command=argv)
            await shows(ant, plain["id"], "up")
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGTERM)
            await server.process.wait()
            assert left_of(plain["id"]) == []
            assert len(left_of(row["id"])) == 1
