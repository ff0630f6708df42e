"""Our private tmux: a server of its own for each data directory, beside the user's.

Rule 1: its socket is named by the data directory, its configuration is none but ours.
Rule 2: a session of ours is named by its id and marked with its run; what is not marked
is somebody else's, and is left alone.
Rule 3: a program is started, and what it puts out is spooled, in one turn of tmux: no
byte comes before the spool.
"""

import hashlib
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

from ant.errors import CapacityReached, Invalid
from ant.terminal import processes, spool, spooler, starter
from ant.terminal.attached import Client, open_client
from ant.terminal.host import Spec
from ant.terminal.pane import TmuxPane
from ant.terminal.place import Place, check_size
from ant.terminal.pty import check
from ant.terminal.spool import RESTART_SKIP, Spool

log = logging.getLogger(__name__)

OLDEST = (3, 3)
"""The first version that tells by which signal a program has ended."""

MISSING = (
    "there is no tmux on this machine: install "
    f"{'.'.join(map(str, OLDEST))} or newer at $.host"
)

ASK_S = 10.0
"""What tmux is given to answer a command: it needs milliseconds, unless it hangs."""

SPOOL_MAX = 256 << 20
"""Bytes of one session that wait in its spool; then the newest are dropped."""

SEGMENT = 4 << 20
"""Bytes of one file of a spool: it can go when all of it is stored."""

TRIES = 5
"""A server that has just lost its last session refuses us while it ends."""

RETRY_S = 0.1

_PYTHON = (sys.executable, "-IS")

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

_FORM = "#{session_id} #{window_id} #{pane_id} #{pane_pid} #{pane_tty}"
_MARKS = "#{@ant_session} #{@ant_run} #{@ant_pane} #{pane_pipe} #{pane_dead}"


@attrs.frozen
class Survivor:
    """A session of ours that tmux has; `spooled` is whether its output is kept."""

    place: Place
    spooled: bool
    dead: bool


class Tmux:
    """The door to it; `found` is the version of tmux, once somebody asked."""

    def __init__(
        self,
        data_dir: Path,
        env: dict[str, str],
        spool_max: int = SPOOL_MAX,
    ) -> None:
        self.name = name_of(data_dir)
        self.found: str | None = None
        self._nursery: trio.Nursery | None = None
        self._env = _clean(env)
        self._folder, self._cap = data_dir / "spool", spool_max
        self._segment = max(min(SEGMENT, spool_max // 4), 1)
        self._checked = False

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Panes may be opened and attached inside; the sessions end inside, too.

        Leaving it lets go of every pane, as it is. *Cancellation:* the same.
        """
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            yield
            nursery.cancel_scope.cancel()

    def folder(self, session_id: str) -> Path:
        """Where that session's spool is, or would be."""
        return self._folder / session_id

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

    async def open(
        self,
        spec: Spec,
        session_id: str,
        run: str,
        offset: int,
        stored: Callable[[], int],
    ) -> TmuxPane:
        """Start a program, whose first byte has that offset.

        `stored` tells up to where its bytes may be forgotten. Raises `Invalid` if it,
        its folder or tmux is not there, `CapacityReached` when the machine has no more
        to give. *Cancellation:* nothing was created; it may take `ASK_S`.
        """
        check(spec)
        check_size(spec.cols, spec.rows)
        _check_passable(spec)
        await self.check()
        await trio.lowlevel.checkpoint()
        pane: TmuxPane | None = None
        begun = False
        try:
            # Cut off in between, nobody would know whether it runs.
            with trio.CancelScope(shield=True):
                pane = await self._begin(spec, session_id, run, offset, stored)
            await trio.lowlevel.checkpoint()
            begun = True
            return pane
        finally:
            if not begun:
                with trio.CancelScope(shield=True, deadline=_soon()):
                    if pane is not None:
                        await pane.aclose(0)
                self.forget(session_id)

    async def _begin(
        self,
        spec: Spec,
        session_id: str,
        run: str,
        offset: int,
        stored: Callable[[], int],
    ) -> TmuxPane:
        if (stale := (await self.survivors()).get(session_id)) is not None:
            await self.end(stale, 0)  # What somebody made of that name is in the way.
        folder = self._prepare(session_id, offset)
        start = folder / "start"
        words = (shutil.which("env") or "/usr/bin/env", "-C", spec.cwd, "--")
        starter.write(str(start), (*words, *spec.argv), spec.env)
        size = ("-x", str(spec.cols), "-y", str(spec.rows))
        first = (*_PYTHON, starter.__file__, str(start))
        said = await self._start(
            *("new-session", "-d", "-P", "-F", _FORM, "-s", session_id, *size),
            *("-c", "/", "--", *first, ";"),
            *("set-option", "-w", "window-size", "manual", ";"),
            *("set-option", "@ant_session", session_id, ";"),
            *("set-option", "@ant_run", run, ";"),
            *("set-option", "-F", "@ant_pane", "#{pane_id}", ";"),
            *("pipe-pane", "-O", self._pipe(folder, offset)),
        )
        place = _place(session_id, run, said.split())
        return await self._hold(place, offset, stored)

    async def attach(
        self, survivor: Survivor, offset: int, stored: Callable[[], int]
    ) -> TmuxPane:
        """Take up a program that went on without us; reading goes on at `offset`.

        Raises `Invalid` where it has gone meanwhile.
        """
        place = survivor.place
        folder = self.folder(place.name)
        if not (survivor.spooled or survivor.dead):
            log.warning("The spool of session %s was cut off.", place.name)
            again = spool.end_of(folder) + RESTART_SKIP
            spool.begin(folder, again)
            pane = f"%{place.pane}"
            await self.ask("pipe-pane", "-O", "-t", pane, self._pipe(folder, again))
        return await self._hold(place, offset, stored)

    async def survivors(self) -> dict[str, Survivor]:
        """The sessions of ours that there are, by their ids."""
        if await self.version() is None:
            return {}
        said = await self.ask("list-panes", "-a", "-F", f"{_MARKS} {_FORM}")
        found = {}
        for line in (said or "").splitlines():
            words = line.split(" ")
            if len(words) != 10 or words[2] != words[7]:
                continue  # Not marked, or a pane that somebody added.
            place = _place(words[0], words[1], words[5:])
            found[place.name] = Survivor(place, words[3] == "1", words[4] == "1")
        return found

    async def end(self, survivor: Survivor, grace_s: float) -> None:
        """End a session that nobody knows any more, and all it left."""
        place = survivor.place
        identity = processes.identify(place.pid)
        if identity is not None and not survivor.dead:
            for sid in processes.find_lost(place.name, identity, place.run):
                await processes.end_session(sid, grace_s)
        await self.ask("kill-session", "-t", f"${place.session}")

    def forget(self, session_id: str) -> None:
        """Remove a spool of which everything is stored, or nothing is wanted."""
        shutil.rmtree(self.folder(session_id), ignore_errors=True)

    def spooled(self) -> list[str]:
        """The sessions that have a spool."""
        return sorted(os.listdir(self._folder)) if self._folder.is_dir() else []

    async def ask(self, *words: str) -> str | None:
        """See `place.Server`."""
        program = _program()
        if program is None:
            return None
        done = await self._run(program, *self._server(), *words)
        if done.returncode:
            return None
        return done.stdout.decode("utf-8", "replace").rstrip("\n")

    async def client(self, session: int) -> Client | None:
        """See `place.Server`."""
        program = _program()
        known = await self.ask("has-session", "-t", f"${session}")
        if program is None or known is None:
            return None
        flags = "no-output,ignore-size"
        words = ("-N", "-C", "attach-session", "-f", flags, "-t", f"${session}")
        return await open_client([program, *self._server(), *words], self._env)

    async def _hold(
        self, place: Place, offset: int, stored: Callable[[], int]
    ) -> TmuxPane:
        client = await self.client(place.session)
        if client is None:
            raise Invalid("the tmux session is gone at $.host")
        reader = Spool(self.folder(place.name), offset)
        pane = TmuxPane(place, reader, stored, client, self)
        assert self._nursery is not None, "nobody holds it"
        self._nursery.start_soon(self._guarded, pane)
        return pane

    async def _guarded(self, pane: TmuxPane) -> None:
        """A bug in one pane is that pane's end with us, and nobody else's."""
        try:
            await pane.run()
        except Exception:
            log.exception("A tmux pane crashed.")

    async def _start(self, *words: str) -> str:
        """Start a session in the server, which is started for that if need be."""
        program = _program()
        if program is None:
            raise Invalid(MISSING)
        setup = [word for option in _OPTIONS for word in ("set-option", *option, ";")]
        said = ""
        for _ in range(TRIES):
            done = await self._run(
                program, *self._server(), "start-server", ";", *setup, *words
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
        with trio.move_on_after(ASK_S):
            return await trio.run_process(
                argv,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
                env=self._env,
                cwd="/",
                start_new_session=True,
            )
        log.error("tmux did not answer: %s", words)
        return subprocess.CompletedProcess(argv, 1, b"", b"no answer")

    def _server(self) -> Sequence[str]:
        return ("-L", self.name, "-f", "/dev/null")

    def _prepare(self, session_id: str, offset: int) -> Path:
        """An empty spool, that begins at an offset."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = self.folder(session_id)
        self.forget(session_id)
        folder.mkdir(mode=0o700)
        os.mkfifo(folder / "bell", 0o600)
        spool.begin(folder, offset)
        return folder

    def _pipe(self, folder: Path, offset: int) -> str:
        writer = (*_PYTHON, spooler.__file__, str(folder))
        numbers = map(str, (offset, self._cap, self._segment))
        return "exec " + _line((*writer, *numbers))


def _soon() -> float:
    return trio.current_time() + ASK_S


def name_of(data_dir: Path) -> str:
    """The socket's name for `tmux -L`: that of the folder, hashed, for it is short."""
    path = os.fsencode(data_dir.resolve())
    return f"ant-{hashlib.sha256(path).hexdigest()[:12]}"


def is_old(version: str) -> bool:
    """Whether a version is older than we need; one that is not numbered is not."""
    number = re.search(r"(\d+)\.(\d+)", version)
    return number is not None and (int(number[1]), int(number[2])) < OLDEST


def _program() -> str | None:
    return shutil.which("tmux")


def _clean(env: dict[str, str]) -> dict[str, str]:
    """Without what would lead to another tmux, or lead us to another socket."""
    strangers = ("TMUX", "TMUX_PANE", "TMUX_TMPDIR")
    return {name: value for name, value in env.items() if name not in strangers}


def _check_passable(spec: Spec) -> None:
    pairs = (f"{name}={value}" for name, value in spec.env.items())
    for text in (*spec.argv, spec.cwd, *pairs):
        if "\0" in text:
            raise Invalid("Cannot pass this on: embedded null byte at $.command")
        try:
            os.fsencode(text)
        except UnicodeEncodeError as exc:
            raise Invalid(f"Cannot pass this on: {exc} at $.command") from exc
    if any("=" in name or not name for name in spec.env):
        raise Invalid("Cannot pass this on: illegal environment name at $.command")


def _line(words: Sequence[str]) -> str:
    """These words for the shell, by way of tmux, which expands `#` and `%`."""
    return shlex.join(words).replace("#", "##").replace("%", "%%")


def _place(name: str, run: str, words: Sequence[str]) -> Place:
    session, window, pane = (int(word[1:]) for word in words[:3])
    return Place(name, run, session, window, pane, int(words[3]), words[4])
