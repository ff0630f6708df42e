"""A program in tmux: input, foreground program, notifications, and hard ends."""

import hashlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from ant.core.errors import Invalid, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host import processes
from ant.terminal.host.host_terminal import ControlSeen, ExitStatus, Skipped, Spec
from ant.terminal.tmux.exit_status import writer_of
from ant.terminal.tmux.pane import TmuxPane
from ant.terminal.tmux.tmux_server import Tmux
from tests.live.waiting import eventually
from tests.terminal.contract import read_rest, read_until, write_all
from tests.terminal.private_tmux import command, needs_tmux, running_tmux

pytestmark = needs_tmux

ENV = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PS1": "$ "}
ENV |= {"ANT_SESSION_ID": "s", "ANT_RUN": "r"}


@pytest.fixture
async def tmux(tmp_path: Path) -> AsyncIterator[Tmux]:
    """A tmux of this test's own."""
    with trio.fail_after(30):
        async with running_tmux(tmp_path) as tmux:
            yield tmux


async def start(tmux: Tmux, *argv: str) -> TmuxPane:
    """Start a program in it; its output counts as stored at once."""
    return await tmux.open(Spec(argv, "/", ENV, 80, 24), "s", "r", 0, lambda: 1 << 60)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-ISc", code)


def sh(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


@pytest.mark.slow
async def test_every_input_byte_arrives(tmux: Tmux) -> None:
    """NUL, LF and bytes that are not UTF-8, more than the line discipline holds."""
    code = (
        "import hashlib, os, tty\n"
        "tty.setraw(0)\n"
        "os.write(1, b'R')\n"
        "left, seen = 100_000, hashlib.sha256()\n"
        "while left:\n"
        "    data = os.read(0, 4096); left -= len(data); seen.update(data)\n"
        "os.write(1, seen.hexdigest().encode())\n"
    )
    data = bytes(range(256)) + os.urandom(100_000 - 256)
    pane = await start(tmux, *python(code))
    await read_until(pane, b"R")
    await write_all(pane, data)
    assert await read_rest(pane) == hashlib.sha256(data).hexdigest().encode()


@pytest.mark.slow
async def test_a_flood_arrives_whole(tmux: Tmux) -> None:
    """Over several segments, which are removed as they are read."""
    pane = await start(tmux, *sh("stty raw; exec head -c 20000000 /dev/zero"))
    count = 0
    while data := await pane.read():
        assert len(data) <= MAX_READ
        count += len(data)
    assert count == 20_000_000
    assert len(list(tmux.folder("s").glob("*.spool"))) <= 2
    assert await pane.wait_exit() == ExitStatus(code=0)


@pytest.mark.parametrize("rest", ["", "; printf over; sleep 1000"])
async def test_dropped_bytes_are_counted_exactly(rest: str, tmp_path: Path) -> None:
    """While the reader does not read; also at the end of the output."""
    with trio.fail_after(30):
        async with running_tmux(tmp_path, spool_max=40_000) as tmux:
            script = f"stty raw; head -c 1000000 /dev/zero; touch {tmp_path}/done{rest}"
            pane = await start(tmux, *sh(script))
            await eventually((tmp_path / "done").exists)
            if not rest:
                await pane.wait_exit()
            seen = lost = 0
            while seen + lost < 1_000_000:
                try:
                    seen += len(await pane.read())
                except Skipped as hole:
                    lost += hole.count
            assert seen + lost - 1_000_000 in (0, 4)
            assert min(seen, lost) >= 30_000
            if not rest:
                assert await pane.read() == b""
            await pane.aclose(0)


@pytest.mark.slow
async def test_input_waits_for_a_program_that_does_not_read(tmux: Tmux) -> None:
    """Some input is written, then none; Ctrl-C is sent as a signal."""
    pane = await start(tmux, *sh("stty -echo; echo R; exec sleep 1000"))
    await read_until(pane, b"R")
    sent = 0
    with trio.move_on_after(1) as patience:
        while True:
            sent += await pane.write(b"abcdefg\n" * 100)
    assert patience.cancelled_caught
    assert 1000 < sent < 20_000
    assert pane.write_nowait(b"x") == 0
    pane.interrupt()
    assert await pane.wait_exit() == ExitStatus(signal=signal.SIGINT)


async def test_the_line_discipline_and_the_foreground_program(tmux: Tmux) -> None:
    """As on a PTY: a shell that reads, a job without echo."""
    pane = await start(tmux, "/bin/bash", "--norc", "--noediting")
    await read_until(pane, b"$ ")
    await eventually(lambda: (tty := pane.tty()) and tty.reading)
    tty = pane.tty()
    assert tty is not None
    assert (tty.foreground, tty.leader, tty.echo) == ("bash", True, True)
    await write_all(pane, b"stty -echo; sleep 1000\n")
    await eventually(lambda: (tty := pane.tty()) and tty.foreground == "sleep")
    tty = pane.tty()
    assert tty is not None
    assert (tty.leader, tty.echo) == (False, False)
    await pane.aclose(0)
    assert pane.tty() is None


async def test_the_leader_owns_a_terminal_session(tmux: Tmux) -> None:
    """Its pid is the one reported; a close ends all of its session."""
    script = "trap '' HUP; set -m; sleep 1000 & echo $$; exec cat"
    pane = await start(tmux, "/bin/bash", "-c", script)
    pid = int(await read_until(pane, b"\n"))
    assert pane.identity == processes.identify(pid)
    assert len(processes.members(pid)) == 2
    assert (await pane.aclose(grace_s=0.1)).signal is not None
    assert processes.members(pid) == []
    assert await tmux.surviving_panes() == {}


async def test_the_size_is_that_of_ant(tmux: Tmux) -> None:
    """From the first moment; ANT changes it, and refuses an impossible one."""
    pane = await start(tmux, *sh("stty size; read x; stty size; read x; stty size"))
    await read_until(pane, b"24 80\r\n")
    pane.resize(100, 41)
    notice = await pane.notice()
    while notice.kind != "layout-change":
        notice = await pane.notice()
    assert notice.data["layout"].partition(",")[2].startswith("100x41")
    await write_all(pane, b"\n")
    await read_until(pane, b"41 100\r\n")
    with pytest.raises(Invalid):
        pane.resize(0, 10)


async def test_only_notices_of_its_own_session(tmux: Tmux, tmp_path: Path) -> None:
    """In order, without those of another session in the same tmux."""
    pane = await start(tmux, "/bin/cat")
    notices: list[ControlSeen] = []

    async def hear(wanted: str) -> ControlSeen:
        while True:
            notices.append(await pane.notice())
            if notices[-1].kind == wanted:
                return notices[-1]

    await hear("session-changed")
    command(tmp_path, "new-session", "-d", "-s", "other", "cat")
    command(tmp_path, "rename-window", "-t", "=other:", "theirs")
    command(tmp_path, "copy-mode", "-t", "=other:")
    command(tmp_path, "kill-session", "-t", "=other:")
    command(tmp_path, "rename-window", "-t", "=s:", "ours")
    assert (await hear("window-renamed")).data["name"] == "ours"
    command(tmp_path, "copy-mode", "-t", "=s:")
    assert (await hear("pane-mode-changed")).data["pane_id"] == 0
    await pane.aclose(0)
    assert (await hear("exit")).data == {}
    assert not [
        each for each in notices if "theirs" in str(each) or "other" in str(each)
    ]


@pytest.mark.slow
async def test_a_detached_client_is_replaced(tmux: Tmux, tmp_path: Path) -> None:
    """`detach-client` for all clients is notified, and the session goes on."""
    pane = await start(tmux, "/bin/cat")
    command(tmp_path, "detach-client", "-s", "=s:")
    while (await pane.notice()).kind != "ctrl-exit":
        pass
    await eventually(lambda: command(tmp_path, "list-clients", "-t", "=s:") != "")
    await eventually(lambda: not pane._client.over.is_set())
    await write_all(pane, b"again\n")
    await read_until(pane, b"again\r\n")
    assert (await pane.aclose()).signal == signal.SIGHUP


async def test_a_session_that_a_user_kills_has_ended(
    tmux: Tmux, tmp_path: Path
) -> None:
    """By `kill-session`: a hang-up, with all output."""
    pane = await start(tmux, *sh("echo up; exec cat"))
    await read_until(pane, b"up")
    command(tmp_path, "kill-session", "-t", "=s:")
    assert await pane.wait_exit() == ExitStatus(signal=signal.SIGHUP)
    await read_rest(pane)
    with pytest.raises(NotRunning):
        await pane.write(b"x")
    assert await pane.aclose() == ExitStatus(signal=signal.SIGHUP)


async def test_a_killed_tmux_ends_its_programs(tmux: Tmux) -> None:
    """Also a program that ignores the hang-up."""
    pane = await start(tmux, *sh("trap '' HUP; echo up; while :; do sleep 0.05; done"))
    await read_until(pane, b"up")
    assert pane.identity is not None
    (server,) = [
        each.ppid for each in processes.snapshot() if each.pid == pane.identity.pid
    ]
    os.kill(server, signal.SIGKILL)
    assert (await pane.aclose(grace_s=0.1)).signal is not None
    assert processes.members(pane.identity.pid) == []


@pytest.mark.slow
async def test_no_descriptor_and_no_child_is_left(tmux: Tmux) -> None:
    """After a close, and after a detach."""

    def ours() -> tuple[int, int]:
        children = [p for p in processes.snapshot() if p.ppid == os.getpid()]
        return len(os.listdir("/proc/self/fd")), len(children)

    before = ours()
    for ends in (True, False):
        pane = await start(tmux, "/bin/cat")
        await write_all(pane, b"x\n")
        await read_until(pane, b"x\r\n")
        writer = writer_of(tmux.folder("s"))
        if ends:
            await pane.aclose()
            assert writer is not None
            await eventually(lambda w=writer: processes.identify(w) is None)
        else:
            await pane.detach()
            with pytest.raises(NotRunning):
                pane.write_nowait(b"x")
            assert await pane.read() in (b"", b"x\r\n")
        assert ours() == before


async def test_what_it_remembers_outlives_the_server(
    tmux: Tmux, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that refuses it is logged once, and ends nothing."""
    pane = await start(tmux, *sh("read x"))
    assert b"" == pane.remembered()
    pane.remember(b"1 2")
    (surviving,) = (await tmux.surviving_panes()).values()
    again = await tmux.attach(surviving, 0, lambda: 0)
    assert b"1 2" == again.remembered()
    await again.detach()
    folder = tmux.folder("s")
    folder.rename(folder.with_name("gone"))
    for _ in range(2):
        pane.remember(b"3 4")
    assert 1 == caplog.text.count("Cannot keep the marks of a shell")
    folder.with_name("gone").rename(folder)
    pane.remember(b"5 6")
    assert b"5 6" == pane.remembered()
    await pane.aclose(0)
