"""The first program of a pane, on a terminal as tmux gives it one."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from ant.terminal.host import processes
from ant.terminal.host.host_terminal import SECRET_FD, ExitStatus, Spec
from ant.terminal.host.pty import PtyTerminal, open_pty
from ant.terminal.tmux import starter
from tests.terminal.contract import read_rest, read_until, write_all

ENV = {"TMUX": "sock,1,2", "TERM": "tmux-256color", "SECRET": "of the server"}


@pytest.fixture
async def opened() -> AsyncIterator[list[PtyTerminal]]:
    """The terminals that a test has opened; they are closed."""
    terminals: list[PtyTerminal] = []
    with trio.fail_after(20):
        yield terminals
        for terminal in terminals:
            await terminal.aclose(0)


async def start(
    opened: list[PtyTerminal], folder: Path, *words: str, secret: str = "", **env: str
) -> PtyTerminal:
    """Have the starter start these words."""
    starter.write(str(folder / "start"), words, env, secret)
    argv = (sys.executable, "-IS", starter.__file__, str(folder))
    opened.append(await open_pty(Spec(argv, "/", ENV, 80, 24)))
    return opened[-1]


async def test_it_starts_the_program(opened: list[PtyTerminal], tmp_path: Path) -> None:
    """With these words and variables, tmux's own, and nothing else;

    the file is removed.
    """
    terminal = await start(opened, tmp_path, "/usr/bin/env", A="b=c\nd", TERM="x")
    said = await read_rest(terminal)
    assert said == b"A=b=c\r\nd\r\nTERM=tmux-256color\r\nTMUX=sock,1,2\r\n"
    assert not (tmp_path / "start").exists()


async def test_the_program_leads_the_terminal(
    opened: list[PtyTerminal], tmp_path: Path
) -> None:
    """A session of its own, in the foreground, with default signals;

    its pid is written.
    """
    script = "echo $$; grep -E 'Sig(Ign|Blk)' /proc/self/status; read x; exit 7"
    terminal = await start(opened, tmp_path, "/bin/sh", "-c", script)
    said = await read_until(terminal, b"SigIgn:\t0000000000000000\r\n")
    pid = int(said.split()[0])
    assert int((tmp_path / "pid").read_text()) == pid
    assert b"SigBlk:\t0000000000000000" in said
    (leader,) = [each for each in processes.members(pid) if each.pid == pid]
    assert leader.tty_nr != 0
    assert processes.foreground_of(pid) == os.getpgid(pid) == pid
    assert terminal.identity is not None
    assert leader.ppid == terminal.identity.pid
    assert not processes.members(leader.ppid)[0].tty_nr
    await write_all(terminal, b"\n")
    assert await terminal.wait_exit() == ExitStatus(code=7)


@pytest.mark.slow
async def test_it_ends_as_the_program_did(
    opened: list[PtyTerminal], tmp_path: Path
) -> None:
    """Also by the same signal, once the terminal is closed, or is silent."""
    script = "kill -SEGV $$"
    terminal = await start(opened, tmp_path, "/bin/sh", "-c", script)
    assert await terminal.wait_exit() == ExitStatus(signal=signal.SIGSEGV)
    terminal = await start(opened, tmp_path, "/bin/sh", "-c", "kill -KILL $$")
    assert await terminal.wait_exit() == ExitStatus(signal=signal.SIGKILL)


async def test_an_error_at_the_start_is_printed(
    opened: list[PtyTerminal], tmp_path: Path
) -> None:
    """On the terminal; the exit code is that of shells."""
    terminal = await start(opened, tmp_path, "/no/such")
    said = await read_rest(terminal)
    assert said == b"ant: cannot start the program: No such file or directory\r\n"
    assert await terminal.wait_exit() == ExitStatus(code=127)


async def test_the_program_can_read_the_secret_once(
    opened: list[PtyTerminal], tmp_path: Path
) -> None:
    """As on any other host; no argument and no variable has it."""
    show = (
        f"cat <&{SECRET_FD} && cat <&{SECRET_FD} && env; tr '\\0' ' ' </proc/$$/cmdline"
    )
    words = ("/bin/sh", "-c", show)
    terminal = await start(opened, tmp_path, *words, secret="5ecret\n", A="b")
    said = await read_rest(terminal)
    assert said.startswith(b"5ecret\r\n")
    assert b"A=b" in said
    assert 1 == said.count(b"5ecret")
    assert starter.SECRET_FD == SECRET_FD
