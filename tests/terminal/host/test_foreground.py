"""The foreground program of a real PTY, and whether it is reading a line."""

import contextlib
import json
import os
import shutil
import termios
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

import pytest
import trio

from ant.terminal.host import foreground
from ant.terminal.host.host_terminal import Spec
from ant.terminal.host.pty import PtyTerminal, open_pty
from ant.terminal.model.tty import Tty
from tests.installed import each, needs

ENV = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "PS1": "$ "}


class Opener(Protocol):
    async def __call__(self, *argv: str) -> PtyTerminal: ...


@pytest.fixture
async def opener() -> AsyncIterator[Opener]:
    """Open a program on a PTY, and end it afterwards."""
    opened: list[PtyTerminal] = []

    async def open_one(program: str, *arguments: str) -> PtyTerminal:
        path = shutil.which(program)
        assert path is not None, f"{program} is not installed"
        opened.append(await open_pty(Spec((path, *arguments), "/", ENV, 80, 24)))
        return opened[-1]

    with trio.fail_after(30):
        try:
            yield open_one
        finally:
            for terminal in opened:
                with contextlib.suppress(trio.Cancelled):
                    await terminal.aclose(grace_s=0)


def reads(tty: Tty) -> bool:
    """Whether the program is known to be reading a line."""
    return tty.reading is True


async def until(
    terminal: PtyTerminal, name: str, so: Callable[[Tty], object] = reads
) -> Tty:
    """Wait for a state of the line discipline with this program in the foreground.

    The output is read meanwhile.
    """
    while True:
        terminal.read_nowait()
        tty = terminal.tty()
        assert tty is not None
        if tty.foreground == name and so(tty):
            return tty
        await trio.lowlevel.checkpoint()


async def test_a_program_that_reads(opener: Opener) -> None:
    """`cat` reads lines, with echo, and is the first program of its session."""
    terminal = await opener("cat")
    tty = await until(terminal, "cat")
    told = Tty(True, True, "cat", leader=True, reading=True, interprets=False)
    assert told == tty


async def test_a_program_that_sleeps(opener: Opener) -> None:
    """The line discipline is the same, but no program is reading."""
    terminal = await opener("sleep", "60")
    tty = await until(terminal, "sleep", lambda tty: tty.ignores_input)
    told = Tty(True, True, "sleep", leader=True, reading=False, interprets=False)
    assert told == tty


async def test_a_program_that_computes(opener: Opener) -> None:
    """A running program is not reading."""
    terminal = await opener("bash", "-c", "while :; do :; done")
    tty = await until(terminal, "bash", lambda tty: tty.reading is False)
    assert tty.ignores_input


async def test_a_script_that_reads(opener: Opener) -> None:
    """A script's `read` leaves editing to the terminal; `-s` switches echo off."""
    terminal = await opener("bash", "-c", "read x; read -s y; sleep 60; true")
    tty = await until(terminal, "bash")
    assert (True, True) == (tty.canonical, tty.echo)
    await terminal.write(b"a\r")
    tty = await until(terminal, "bash", lambda tty: reads(tty) and not tty.echo)
    assert tty.canonical
    await terminal.write(b"b\r")
    tty = await until(terminal, "sleep", lambda tty: tty.ignores_input)
    assert not tty.leader


async def test_a_shell_at_its_prompt(opener: Opener) -> None:
    """It edits the line itself: it reads single keys, and CR stays CR."""
    terminal = await opener("bash", "--norc", "--noprofile", "-i")
    tty = await until(terminal, "bash", lambda tty: not tty.canonical)
    assert (True, False, False) == (tty.leader, tty.echo, tty.icrnl)
    assert not reads(tty)
    await terminal.write(b"cat\r")
    tty = await until(terminal, "cat")
    assert (False, True) == (tty.leader, tty.canonical)
    await terminal.write(b"\x04")
    await until(terminal, "bash", lambda tty: tty.leader and not tty.canonical)


@needs("less")
async def test_a_pager(opener: Opener) -> None:
    """`less` reads single keys, without echo."""
    terminal = await opener("less", "/etc/passwd")
    tty = await until(terminal, "less", lambda tty: not tty.canonical)
    assert (False, False) == (tty.echo, tty.ignores_input)


@needs("less")
async def test_a_pager_after_the_group_leader_has_ended(opener: Opener) -> None:
    """The first process of a pipe may have ended; the pager is found."""
    terminal = await opener("bash", "--norc", "--noprofile", "-i")
    await until(terminal, "bash", lambda tty: not tty.canonical)
    await terminal.write(b"seq 1000 | less\r")
    tty = await until(terminal, "less", lambda tty: not tty.canonical)
    assert not tty.leader


async def test_a_shell_lends_its_terminal(opener: Opener) -> None:
    """A script waits for its child, and the child is the one that reads."""
    terminal = await opener("bash", "-c", "cat; true")
    tty = await until(terminal, "cat")
    assert not tty.leader
    deep = await opener("bash", "-c", "bash -c 'sh -c \"cat; true\"; true'; true")
    await until(deep, "cat")


async def test_a_child_in_another_group_is_not_in_the_foreground(
    opener: Opener,
) -> None:
    """A background job does not use the terminal."""
    terminal = await opener("bash", "-c", "set -m; sleep 60 & read x")
    tty = await until(terminal, "bash")
    assert tty.leader


async def test_a_process_that_has_ended(opener: Opener) -> None:
    """Nothing is known of it, and nothing raises."""
    terminal = await opener("true")
    await terminal.wait_exit()
    tty = terminal.tty()
    assert tty is None or tty.reading is not True
    await terminal.aclose()
    assert terminal.tty() is None
    assert foreground.is_reading(2**22 + 1) is None
    assert (2**22 + 1, "") == foreground.foreground_process(2**22 + 1)


def test_a_terminal_without_a_foreground_group() -> None:
    """Its modes can be read; those of a closed one cannot."""
    master, slave = os.openpty()
    try:
        tty = foreground.look_at(master, 1, 0)
        assert (True, True, "", None) == (
            tty.echo,
            tty.canonical,
            tty.foreground,
            tty.reading,
        )
    finally:
        os.close(master)
        os.close(slave)
    with pytest.raises((OSError, termios.error)):
        foreground.look_at(master, 1, 0)


@pytest.mark.parametrize(
    ("name", "expected"), [("codex", "codex"), ("build.py", "python")]
)
async def test_an_agents_script_has_the_agents_name(
    opener: Opener, tmp_path: Path, name: str, expected: str
) -> None:
    """Whatever interprets it; other scripts have their interpreter's name."""
    script = tmp_path / name
    script.write_text("#!/usr/bin/env python3\nprint('up', flush=True)\ninput()\n")
    script.chmod(0o755)
    terminal = await opener(str(script))
    assert await terminal.read()
    tty = terminal.tty()
    assert tty is not None
    assert expected == tty.foreground.rstrip("0123456789.")


NAMING = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME
print("up", flush=True)
input()
"""


async def named(opener: Opener, *argv: str) -> tuple[str, bool]:
    """The foreground program once it has printed, and whether it interprets.

    A version in the name is left out.
    """
    terminal = await opener(*argv)
    assert await terminal.read()
    tty = terminal.tty()
    assert tty is not None
    return tty.foreground.rstrip("0123456789."), tty.interprets


async def test_a_program_that_sets_its_title(opener: Opener, tmp_path: Path) -> None:
    """Agents that are scripts do that; the title is their name."""
    script = tmp_path / "cli.py"
    script.write_text(NAMING)
    told = await named(opener, "python3", str(script), "claude")
    assert ("claude", False) == told
    assert ("tool", False) == await named(opener, "python3", str(script), "tool")


@pytest.mark.parametrize(
    "argv",
    [
        ["python3"],
        ["python3", "-q"],
        ["python3", "-i", "{codex}"],
        ["python3", "-c", "print('up', flush=True); input()", "codex"],
        ["python3", "{other}"],
    ],
)
async def test_an_interpreter_is_no_agent(
    opener: Opener, tmp_path: Path, argv: list[str]
) -> None:
    """Without a script, or if it reads on after one, or with another script."""
    names = {name: tmp_path / name for name in ("codex", "other")}
    for path in names.values():
        path.write_text("print('up', flush=True)\ninput()\n")
    told = await named(opener, *(word.format(**names) for word in argv))
    assert ("python", True) == told


async def test_the_script_of_a_package_has_its_commands_name(
    opener: Opener, tmp_path: Path
) -> None:
    """pnpm starts the script itself, and not a link by the name of the command."""
    package = tmp_path / "node_modules/@kilocode/cli"
    (package / "dist").mkdir(parents=True)
    script, other = package / "dist/index.js", package / "dist/other.js"
    for file in (script, other):
        file.write_text("print('up', flush=True)\ninput()\n")
    told = {"name": "@kilocode/cli", "bin": {"kilo": "./dist/index.js"}}
    (package / "package.json").write_text(json.dumps(told))
    assert ("kilo", False) == await named(opener, "python3", str(script))
    assert ("python", True) == await named(opener, "python3", str(other))
    assert ("python", True) == await named(opener, "python3", "-i", str(script))


def found(program: str) -> Path:
    """The file of a program, not a link to it."""
    return Path(shutil.which(program) or "").resolve()


@pytest.mark.parametrize("program", each("bash", "dash"))
async def test_a_shell_by_the_name_of_an_agent(
    opener: Opener, tmp_path: Path, program: str
) -> None:
    """It is a shell; the program that it runs has its own name."""
    path = found(program)
    shell = path.name
    link = tmp_path / "claude"
    link.symlink_to(path)
    assert (shell, True) == await named(opener, str(link), "-c", "echo up; read x")
    wrapper = tmp_path / "codex"
    wrapper.write_text(f"#!{path}\ncat /etc/hostname - \ntrue\n")
    wrapper.chmod(0o755)
    assert ("cat", False) == await named(opener, str(wrapper))
    named_so = tmp_path / "gemini"
    named_so.write_text(f"#!{path}\necho up\nread x\n")
    named_so.chmod(0o755)
    assert (shell, True) == await named(opener, str(named_so))


@needs("script")
async def test_a_script_of_a_shell_is_no_agent(opener: Opener) -> None:
    """Nor is a proxy, whatever program it connects to."""
    terminal = await opener("script", "-qc", "cat", "/dev/null")
    tty = await until(terminal, "script", lambda tty: True)
    assert tty.interprets
