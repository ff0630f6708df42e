"""The way to our private tmux: one server for each data directory, beside the user's.

Rule 1: its socket is named by the data directory, its configuration is none but ours.
Rule 2: every ask is bounded: a tmux that hangs is one that is gone.
Rule 3: while a client is greeted, no session of ours begins or ends, and no client
leaves: tmux 3.5a tells the one that is not there yet, and falls. All hold `calm`.
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
"""The first version that tells by which signal a program has ended."""

MISSING = (
    "there is no tmux on this machine: install "
    f"{'.'.join(map(str, OLDEST))} or newer at $.host"
)

ASK_S = 10.0
"""What tmux is given to answer a command: it needs milliseconds, unless it hangs."""

CLIENT = "ANT_TMUX_CLIENT"
"""In the environment of our control clients: of which tmux and process they are."""

TRIES = 5
"""A server that has just lost its last session refuses us while it ends."""

RETRY_S = 0.1

_OPTIONS = (
    ("-g", "remain-on-exit", "on"),  # Else nobody could tell how a program ended.
    ("-g", "status", "off"),
    ("-g", "default-terminal", "tmux-256color"),
    ("-g", "history-limit", "2000"),  # For who attaches; the transcript is ours.
    ("-g", "update-environment", ""),
    ("-s", "escape-time", "0"),
    ("-s", "focus-events", "on"),
    ("-s", "exit-empty", "on"),
)


class TmuxCommands:
    """Where commands are given; `found` is the version of tmux, once somebody asked."""

    def __init__(self, data_dir: Path, env: dict[str, str]) -> None:
        self.name = name_of(data_dir)
        self.found: str | None = None
        self._env = _clean(env)
        self._checked = False
        self.attach_lock = trio.Lock()

    async def version(self) -> str | None:
        """What tmux calls its version; None where there is no tmux."""
        program = _program()
        if program is None:
            return None
        done = await self._run(program, "-V")
        said = done.stdout.decode("utf-8", "replace").strip()
        self.found = said.removeprefix("tmux ")
        return self.found

    async def check(self) -> None:
        """Raise `Invalid` where there is no tmux, or one that is too old."""
        if self._checked:
            return
        version, wanted = await self.version(), ".".join(map(str, OLDEST))
        if version is None:
            raise Invalid(MISSING)
        if is_old(version):
            raise Invalid(f"tmux {version} is too old: {wanted} is needed at $.host")
        self._checked = True

    async def ask(self, *words: str) -> str | None:
        """See `place.Server`."""
        program = _program()
        if program is None:
            return None
        done = await self._run(program, *self._server(), *words)
        if done.returncode:
            return None
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    async def client(self, session: int) -> ControlClient | None:
        """See `place.Server`."""
        program = _program()
        known = await self.ask("has-session", "-t", f"${session}")
        if program is None or known is None:
            return None
        flags = "no-output,ignore-size"
        words = ("-N", "-C", "attach-session", "-f", flags, "-t", f"${session}")
        env = self._env | {CLIENT: self._mark()}
        return await open_client(
            [program, *self._server(), *words], env, self.attach_lock
        )

    async def start(self, *words: str) -> str:
        """Start a session in the server, which is started for that if need be."""
        program = _program()
        if program is None:
            raise Invalid(MISSING)
        setup = [word for option in _OPTIONS for word in ("set-option", *option, ";")]
        first = _limited(program, for_children())
        said = ""
        for _ in range(TRIES):
            async with self.attach_lock:
                done = await self._run(
                    *first, *self._server(), "start-server", ";", *setup, *words
                )
            if done.returncode == 0:
                return done.stdout.decode()
            said = done.stderr.decode("utf-8", "replace").strip()
            if "server" not in said:
                break
            await trio.sleep(RETRY_S)
        raise CapacityReached(f"tmux did not start the program: {said}.")

    async def _run(
        self, program: str, *words: str
    ) -> "subprocess.CompletedProcess[bytes]":
        argv = [program, *words]
        with trio.move_on_after(ASK_S), children.starting():
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
        log.error("tmux did not answer: %s", words)
        return subprocess.CompletedProcess(argv, 1, b"", b"no answer")

    def _server(self) -> Sequence[str]:
        return ("-L", self.name, "-f", "/dev/null")

    def _mark(self) -> str:
        return f"{self.name} {os.getpid()}"

    def end_stuck_clients(self) -> None:
        """End our clients of an earlier server that was killed.

        One with something to say at that moment never ends, nor does its tmux then: one
        that was told to end would refuse us for ever, and to tell us of its clients.
        """
        for each in processes.snapshot():
            mark = processes.environ_of(each.pid).get(CLIENT, "")
            if mark.startswith(f"{self.name} ") and mark != self._mark():
                processes.kill(each.pid)


def name_of(data_dir: Path) -> str:
    """The socket's name for `tmux -L`: that of the folder, hashed, for it is short."""
    path = os.fsencode(data_dir.resolve())
    return f"ant-{hashlib.sha256(path).hexdigest()[:12]}"


def is_old(version: str) -> bool:
    """Whether a version is older than we need; one that is not numbered is not."""
    number = re.search(r"(\d+)\.(\d+)", version)
    return number is not None and (int(number[1]), int(number[2])) < OLDEST


def _limited(program: str, descriptors: int | None) -> tuple[str, ...]:
    """Words that run a program with a soft limit of descriptors: its children have it.

    Only a shell can do that without Python. What it adds to the environment no program
    in a pane sees: each is given its own.
    """
    if descriptors is None:
        return (program,)
    return ("/bin/sh", "-c", 'ulimit -Sn "$0" && exec "$@"', str(descriptors), program)


def _program() -> str | None:
    return shutil.which("tmux")


def _clean(env: dict[str, str]) -> dict[str, str]:
    """Without what would lead to another tmux, or lead us to another socket."""
    strangers = ("TMUX", "TMUX_PANE", "TMUX_TMPDIR")
    return {name: value for name, value in env.items() if name not in strangers}
