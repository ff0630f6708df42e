"""Runs commands in ANT's private tmux server: one per data directory.

It is separate from the user's own tmux.

Rule 1: the data directory names its socket. It reads no configuration file.
Rule 2: every command has a time limit; a tmux that hangs counts as gone.
Rule 3: while a client attaches, no session of ANT begins or ends, and no client
detaches: tmux 3.5a would notify the client that is not ready yet, and crash. All of
these hold `attach_lock`.
"""

import hashlib
import logging
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import trio

from ant.core.descriptors import for_children
from ant.core.errors import CapacityReached, Invalid
from ant.terminal.host import processes, umask
from ant.terminal.host.subreaper import children
from ant.terminal.tmux.control_client import ControlClient, open_client

log = logging.getLogger(__name__)

OLDEST = (3, 3)
"""The first version that reports the signal by which a program has ended."""

MISSING = (
    "there is no tmux on this machine: install "
    f"{'.'.join(map(str, OLDEST))} or newer at $.host"
)

COMMAND_S = 10.0
"""Time limit of a command: tmux needs milliseconds, unless it hangs."""

CLIENT = "ANT_TMUX_CLIENT"
"""In the environment of ANT's control clients: the tmux socket and the server's pid."""

TRIES = 5
"""Attempts to start a session: a tmux server whose last session has just ended refuses
commands while it exits."""

RETRY_S = 0.1

_OPTIONS = (
    ("-g", "remain-on-exit", "on"),  # Else the exit status would be lost.
    ("-g", "status", "off"),
    ("-g", "default-terminal", "tmux-256color"),
    ("-g", "history-limit", "2000"),  # For a user who attaches; ANT has a transcript.
    ("-g", "update-environment", ""),
    ("-s", "escape-time", "0"),
    ("-s", "focus-events", "on"),
    ("-s", "exit-empty", "on"),
)


class TmuxCommands:
    """Runs tmux commands.

    `name` is the socket's name. `found` is the version of tmux; None before `version`.
    Hold `attach_lock` to end a session: no client may be attaching meanwhile.
    """

    def __init__(self, data_dir: Path, env: dict[str, str]) -> None:
        self.name = name_of(data_dir)
        self.found: str | None = None
        self._env = _clean(env)
        self._checked = False
        self.attach_lock = trio.Lock()

    async def version(self) -> str | None:
        """The version that tmux reports; None where there is no tmux."""
        program = _program()
        if program is None:
            return None
        done = await self._spawn(program, "-V")
        output = done.stdout.decode("utf-8", "replace").strip()
        self.found = output.removeprefix("tmux ")
        return self.found

    async def check(self) -> None:
        """Raise `Invalid` where there is no tmux, or it is too old."""
        if self._checked:
            return
        version, oldest = await self.version(), ".".join(map(str, OLDEST))
        if version is None:
            raise Invalid(MISSING)
        if is_old(version):
            raise Invalid(f"tmux {version} is too old: {oldest} is needed at $.host")
        self._checked = True

    async def run(self, *words: str) -> str | None:
        """Run a command; its output, or None if tmux refuses it or does not run."""
        program = _program()
        if program is None:
            return None
        done = await self._spawn(program, *self._server(), *words)
        if done.returncode:
            return None
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    async def open_client(self, session: int) -> ControlClient | None:
        """A new control client of a session; None when there is no such session."""
        program = _program()
        if program is None:
            return None
        if await self.run("has-session", "-t", f"${session}") is None:
            return None
        flags = "no-output,ignore-size"
        words = ("-N", "-C", "attach-session", "-f", flags, "-t", f"${session}")
        env = self._env | {CLIENT: self._mark()}
        return await open_client(
            [program, *self._server(), *words], env, self.attach_lock
        )

    async def start_session(self, *words: str) -> str:
        """Run commands that start a session, and start the tmux server if necessary.

        Return their output. Raises `Invalid` where there is no tmux, and
        `CapacityReached` when it refuses.
        """
        program = _program()
        if program is None:
            raise Invalid(MISSING)
        setup = [word for option in _OPTIONS for word in ("set-option", *option, ";")]
        first = _limited(program, for_children())
        error = ""
        for _ in range(TRIES):
            async with self.attach_lock:
                done = await self._spawn(
                    *first, *self._server(), "start-server", ";", *setup, *words
                )
            if done.returncode == 0:
                return done.stdout.decode()
            error = done.stderr.decode("utf-8", "replace").strip()
            if "server" not in error:
                break
            await trio.sleep(RETRY_S)
        raise CapacityReached(f"tmux did not start the program: {error}.")

    async def _spawn(
        self, program: str, *words: str
    ) -> "subprocess.CompletedProcess[bytes]":
        argv = [program, *words]
        with trio.move_on_after(COMMAND_S), children.starting():
            return await trio.run_process(
                argv,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
                env=self._env,
                cwd="/",
                start_new_session=True,
                umask=umask.for_programs(),
            )
        log.error("tmux did not answer within %g s: %s", COMMAND_S, words)
        return subprocess.CompletedProcess(argv, 1, b"", b"no answer")

    def _server(self) -> Sequence[str]:
        return ("-L", self.name, "-f", "/dev/null")

    def _mark(self) -> str:
        return f"{self.name} {os.getpid()}"

    def end_stuck_clients(self) -> None:
        """Kill the control clients of an earlier ANT server that was killed.

        A client that had output for its dead server never ends, and then its tmux
        cannot exit either. Such a tmux refuses every command for ever, even the one
        that lists its clients.
        """
        for each in processes.snapshot():
            mark = processes.environ_of(each.pid).get(CLIENT, "")
            if mark.startswith(f"{self.name} ") and mark != self._mark():
                processes.kill(each.pid)


def name_of(data_dir: Path) -> str:
    """The socket's name for `tmux -L`: the folder's path, hashed to keep it short."""
    path = os.fsencode(data_dir.resolve())
    return f"ant-{hashlib.sha256(path).hexdigest()[:12]}"


def is_old(version: str) -> bool:
    """Whether a version is older than `OLDEST`; one without a number is not."""
    number = re.search(r"(\d+)\.(\d+)", version)
    return number is not None and (int(number[1]), int(number[2])) < OLDEST


def _limited(program: str, descriptors: int | None) -> tuple[str, ...]:
    """The argument list that runs a program with a soft limit of descriptors.

    Its children inherit the limit. Only a shell can set it without Python. Programs in
    panes do not see what the shell adds to the environment: each gets its own.
    """
    if descriptors is None:
        return (program,)
    return ("/bin/sh", "-c", 'ulimit -Sn "$0" && exec "$@"', str(descriptors), program)


def _program() -> str | None:
    return shutil.which("tmux")


def _clean(env: dict[str, str]) -> dict[str, str]:
    """The environment without the variables that point to another tmux or socket."""
    others = ("TMUX", "TMUX_PANE", "TMUX_TMPDIR")
    return {name: value for name, value in env.items() if name not in others}
