"""The foreground program of a terminal, and whether it is reading input.

A process that blocks in `read` of its terminal waits for a person. One that sleeps or
computes does not, whatever its last line looks like. Linux shows which: `wchan`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from ant.terminal.agents.driver import driver_of
from ant.terminal.agents.not_agents import INTERPRETERS, repeats, stem
from ant.terminal.host import line_discipline, processes
from ant.terminal.host.npm_package import commands_of
from ant.terminal.model.tty import Tty

_READING = {"wait_woken", "n_tty_read"}
"""The kernel functions that wait for a terminal's input: in newer and older kernels."""

_LENDERS = frozenset(
    ["sh", "bash", "dash", "zsh", "fish", "git", "sudo", "env", "man", "npm"]
)
"""Programs that let a child in their own group use the terminal, and wait for it."""

_NO_SCRIPT = frozenset("ceip")
"""Option letters of interpreters that run a text, or read on after a script."""

_DEPTH = 8
"""Children that are followed from one lender to the next, at most."""


def look_at(fd: int, leader: int, group: int) -> Tty:
    """The line discipline and the foreground program of a PTY; `fd` is either end.

    `leader` is the pid of the session's first process, `group` the foreground group.
    Raises `OSError` or `termios.error` when the terminal is gone. What cannot be known
    of the process is left out.
    """
    modes = line_discipline.read_modes(fd)
    pid, name = foreground_process(group)
    program, interprets = program_of(pid, name)
    return Tty(
        echo=modes.echo,
        canonical=modes.canonical,
        foreground=program,
        interprets=interprets,
        leader=pid == leader,
        reading=is_reading(pid),
        icrnl=modes.icrnl,
    )


def program_of(pid: int, name: str) -> tuple[str, bool]:
    """The program's name for a process, and whether it interprets what it reads.

    An agent's script has the agent's name, whatever interprets it. A shell or a proxy
    has its own name, whatever name it was started by.
    """
    file = Path(_link(pid, "exe").removesuffix(" (deleted)")).name
    is_agent = driver_of(name) is not None
    for each in (file, name):
        if each and repeats(each):
            return each if is_agent else name, True
    if not {stem(file), stem(name)} & INTERPRETERS:
        return name, not name
    words = _file(pid, "cmdline").rstrip("\0").split("\0")
    if is_agent and words == [name]:
        return name, False  # The process has set its title, which hides its arguments.
    script = _script(words[1:])
    for each in _names(pid, script):
        if driver_of(each) is not None:
            return each, False
    if is_agent and script is None:
        return file or name, True
    return name, script is None or stem(name) in INTERPRETERS


def _names(pid: int, script: str | None) -> Iterator[str]:
    """The names of a script: its file's, and those of its package's commands."""
    if script:
        yield Path(script).name.rsplit(".", 1)[0]
        if folder := _link(pid, "cwd"):
            yield from commands_of(Path(folder, script))


def _script(words: list[str]) -> str | None:
    """The path of the script that an interpreter with these arguments runs.

    None if it runs none, or reads further input after it. The value of an option is
    taken for the script's path.
    """
    for word in words:
        if not word.startswith("-"):
            return word
        if word.startswith("--"):
            if word.split("=")[0] in ("--eval", "--print", "--interactive"):
                return None
        elif _NO_SCRIPT & set(word):
            return None
    return None


def foreground_process(group: int) -> tuple[int, str]:
    """The process of a foreground group that uses the terminal, and its name."""
    pid, name = group, _name(group)
    if group and not name:  # The group's leader has ended: `head text | less`.
        pids = (int(each.name) for each in Path("/proc").glob("[0-9]*"))
        pid = max((each for each in pids if _group(each) == group), default=group)
        name = _name(pid)
    for _ in range(_DEPTH):
        if not _lends(pid, name):
            break
        own = [child for child in _children(pid) if _group(child) == group]
        if not own:
            break
        pid, name = own[-1], _name(own[-1])
    return pid, name


def _lends(pid: int, name: str) -> bool:
    """Whether a process may wait for a child that uses the terminal.

    A shell that was started by an agent's name may, too.
    """
    if name.split(" ")[0] in _LENDERS:  # `npm exec NAME`.
        return True
    return driver_of(name) is not None and Path(_link(pid, "exe")).name in _LENDERS


def is_reading(pid: int) -> bool | None:
    """Whether a process waits in `read` of a terminal; None where that is unknown.

    A process that polls may be waiting for anything.
    """
    where = _file(pid, "wchan")
    if where in _READING:
        return True
    if "poll" in where or "select" in where:
        return None
    is_running = _file(pid, "stat").rpartition(")")[2].split()[:1] == ["R"]
    return False if is_running or where not in ("", "0") else None


def _children(pid: int) -> list[int]:
    return list(map(int, _file(pid, f"task/{pid}/children").split()))


def _name(pid: int) -> str:
    return _file(pid, "comm").rstrip("\n")


def _link(pid: int, name: str) -> str:
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except OSError:
        return ""  # The process has ended, or belongs to another user.


def _file(pid: int, name: str) -> str:
    return processes.read_proc(pid, name).decode("utf-8", "replace")


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0
