"""Run by tmux as a pane's first program: starts the one that is asked for, and stays.

A program of its own, without the rest of ANT: `starter.py FOLDER`. The file `start` in
it, which is removed, tells what to start, in parts that end with a NUL: how many words,
these words, and the variables of the whole environment. No secret is ever in an
argument list, where anybody could read it.

Rule 1: the program leads a terminal session of its own, as on any other host. For that
we give up the terminal that tmux gave us; its pid is told in the file `pid`.
Rule 2: tmux lets go of a terminal when its first program has ended, whether it has read
all or not. So we end, in the way that the program did, when tmux has read to the end.
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import sys
import termios
import time
from typing import NoReturn

LENT = ("TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "TMUX", "TMUX_PANE")
"""What tmux tells its programs of the terminal that it is to them."""

LOOK_AGAIN_S = 0.002
"""Between two looks whether tmux has let go of the terminal."""

QUIET_S = 1.0
"""Where something else holds the terminal, the end never comes: this silence is it."""

LIMIT_S = 10.0
"""The same where what holds the terminal never falls silent."""


def write(path: str, words: tuple[str, ...], env: dict[str, str]) -> None:
    """Make a `start` file, for its owner only."""
    parts = (str(len(words)), *words, *(f"{name}={env[name]}" for name in env))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(b"".join(os.fsencode(part) + b"\0" for part in parts))


def read(path: str) -> tuple[list[bytes], dict[bytes, bytes]]:
    """Words and variables of a `start` file, which is removed; tmux's own on top."""
    with open(path, "rb") as file:
        count, *parts = file.read().split(b"\0")[:-1]
    os.unlink(path)
    pairs = (each.partition(b"=") for each in parts[int(count) :])
    lent = {os.fsencode(name): os.environb.get(os.fsencode(name)) for name in LENT}
    given = {name: value for name, value in lent.items() if value is not None}
    return parts[: int(count)], {name: value for name, _, value in pairs} | given


def main(folder: str) -> NoReturn:
    """Start it, wait for it, wait for tmux, end as it did."""
    words, env = read(os.path.join(folder, "start"))
    tty = os.ttyname(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # Giving up the terminal sends one.
    become_subreaper()
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(ready, 1)
        become(words, env)
    fcntl.ioctl(0, termios.TIOCNOTTY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nothing, fd)
    told = os.path.join(folder, "pid")
    with open(f"{told}.new", "w", opener=_own_file) as file:
        file.write(f"{pid}\n")
    os.rename(f"{told}.new", told)
    os.close(go)
    status = wait_for(pid)
    wait_read(tty, folder)
    end_as(status)


def _own_file(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def become_subreaper() -> None:
    """Keep what the program leaves behind below us: so it is known to be from here.

    tmux may have been started by an earlier server, and then nobody else would.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, ctypes.c_ulong(1), 0, 0, 0)


def wait_for(pid: int) -> int:
    """The status of our program when it has ended; what it left behind is reaped."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return status


def become(words: list[bytes], env: dict[bytes, bytes]) -> NoReturn:
    """Lead a session on this terminal, and be the program."""
    try:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(signum, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.execve(words[0], words, env)
    except OSError as exc:
        os.write(2, f"ant: cannot start this: {exc.strerror}\n".encode())
        os._exit(127)


def wait_read(tty: str, folder: str) -> None:
    """Wait until tmux has let go of the terminal, or nothing comes from it any more."""
    born, begun = made(tty), time.monotonic()
    before, since = spooled(folder), begun
    while time.monotonic() < min(since + QUIET_S, begun + LIMIT_S):
        if born is None or made(tty) != born:  # The name may be somebody else's now.
            return
        if (now := spooled(folder)) != before:
            before, since = now, time.monotonic()
        time.sleep(LOOK_AGAIN_S)


def made(tty: str) -> int | None:
    """When this terminal was made; None when there is none of that name."""
    try:
        return os.stat(tty).st_ctime_ns
    except OSError:
        return None


def spooled(folder: str) -> list[tuple[str, int]]:
    """What there is of the spool; nothing where it is gone."""
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found.append((entry.name, entry.stat().st_size))
    return sorted(found)


def end_as(status: int) -> NoReturn:
    """End with this code, or by this signal."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signum = os.WTERMSIG(status)
        if signum != signal.SIGKILL:
            signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main(*sys.argv[1:])
