"""Starts the program of a pane and waits for it; tmux runs this as the first program.

This is a program of its own, without the rest of ANT: `starter.py FOLDER`. It reads the
file `start` in the folder, and removes it. The file has parts that end with a NUL: the
number of words, the secret, the words of the command, and the variables of the whole
environment. So no secret is ever in an argument list, where any process could read it.

Rule 1: the program leads a terminal session of its own, as on any other host. For that
the starter gives up the terminal that tmux gave it. It writes the program's pid into
the file `pid`.
Rule 2: tmux closes a terminal when its first program has ended, even before it has read
everything. So the starter waits until tmux has read to the end. Then it ends with the
program's exit code, or by its signal.
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
"""Variables by which tmux describes itself, as a terminal, to its programs."""

LOOK_AGAIN_S = 0.002
"""Between two polls whether tmux has closed the terminal."""

QUIET_S = 1.0
"""Silence that counts as the end, where another process holds the terminal open."""

LIMIT_S = 10.0
"""Time limit for the end, where that process goes on printing."""


SECRET_FD = 9
"""As in `host.base`, which this program does not import."""


def write(
    path: str, words: tuple[str, ...], env: dict[str, str], secret: str = ""
) -> None:
    """Make a `start` file, for its owner only."""
    parts = (str(len(words)), secret, *words, *(f"{name}={env[name]}" for name in env))
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(b"".join(os.fsencode(part) + b"\0" for part in parts))


def read(path: str) -> tuple[list[bytes], dict[bytes, bytes], bytes]:
    """The words and variables of a `start` file with tmux's own, and the secret.

    The file is removed.
    """
    with open(path, "rb") as file:
        count, secret, *parts = file.read().split(b"\0")[:-1]
    os.unlink(path)
    pairs = (each.partition(b"=") for each in parts[int(count) :])
    lent = {os.fsencode(name): os.environb.get(os.fsencode(name)) for name in LENT}
    own = {name: value for name, value in lent.items() if value is not None}
    env = {name: value for name, _, value in pairs} | own
    return parts[: int(count)], env, secret


def main(folder: str) -> NoReturn:
    """Start the program, wait for it, wait for tmux, and end as the program did."""
    words, env, secret = read(os.path.join(folder, "start"))
    tty = os.ttyname(0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # Giving up the terminal sends one.
    become_subreaper()
    ready, go = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(ready, 1)
        become(words, env, secret)
    fcntl.ioctl(0, termios.TIOCNOTTY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in range(3):
        os.dup2(nothing, fd)
    path = os.path.join(folder, "pid")
    with open(f"{path}.new", "w", opener=_private) as file:
        file.write(f"{pid}\n")
    os.rename(f"{path}.new", path)
    os.close(go)
    status = wait_for(pid)
    wait_read(tty, folder)
    end_as(status)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def become_subreaper() -> None:
    """Become the parent of orphans, so that ANT knows they are from this terminal.

    An earlier ANT may have started tmux; then no later ANT is an ancestor of them.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, ctypes.c_ulong(1), 0, 0, 0)


def wait_for(pid: int) -> int:
    """Wait for the program; its wait status. Reap the orphans that end before it."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            return status


def become(words: list[bytes], env: dict[bytes, bytes], secret: bytes) -> NoReturn:
    """Lead a session on this terminal, and execute the program.

    With a secret, the program can read it once from `SECRET_FD`.
    """
    try:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(signum, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if secret:
            reader, writer = os.pipe()
            os.write(writer, secret)
            os.dup2(reader, SECRET_FD)
        os.execve(words[0], words, env)
    except OSError as exc:
        os.write(2, f"ant: cannot start the program: {exc.strerror}\n".encode())
        os._exit(127)


def wait_read(tty: str, folder: str) -> None:
    """Wait until tmux has closed the terminal, or the spool has stopped growing."""
    created, begun = created_at(tty), time.monotonic()
    before, since = spooled(folder), begun
    while time.monotonic() < min(since + QUIET_S, begun + LIMIT_S):
        # A new terminal may have the same name by now.
        if created is None or created_at(tty) != created:
            return
        if (now := spooled(folder)) != before:
            before, since = now, time.monotonic()
        time.sleep(LOOK_AGAIN_S)


def created_at(tty: str) -> int | None:
    """When the terminal of this name was created, in ns; None when there is none."""
    try:
        return os.stat(tty).st_ctime_ns
    except OSError:
        return None


def spooled(folder: str) -> list[tuple[str, int]]:
    """The names and sizes of the spool's files; [] where the folder is gone."""
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                found.append((entry.name, entry.stat().st_size))
    return sorted(found)


def end_as(status: int) -> NoReturn:
    """End with the exit code, or by the signal, of this wait status."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signum = os.WTERMSIG(status)
        if signum != signal.SIGKILL:
            signal.signal(signum, signal.SIG_DFL)
        os.kill(os.getpid(), signum)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main(*sys.argv[1:])
