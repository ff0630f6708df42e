"""Programs in our private tmux: started, found again, ended.

Rule 1: a session of ours is named by its id and marked with its run; what is not marked
is somebody else's, and is left alone.
Rule 2: a program is started, and what it puts out is spooled, in one turn of tmux: no
byte comes before the spool.
"""

import logging
import os
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import attrs
import trio

from ant.core.counters import Limit, increment
from ant.core.descriptors import check_terminal
from ant.core.errors import CapacityReached, Invalid, StorageFailed
from ant.terminal.host import processes
from ant.terminal.host.base import Spec
from ant.terminal.host.pty import OUT_OF_RESOURCES, cannot_open, check_spec, env_program
from ant.terminal.tmux import spool_reader, spool_writer, starter
from ant.terminal.tmux.commands import ASK_S, TmuxCommands, is_old
from ant.terminal.tmux.pane import TmuxPane
from ant.terminal.tmux.pane_ids import PaneIds, check_size
from ant.terminal.tmux.spool_reader import RESTART_SKIP, SpoolReader

log = logging.getLogger(__name__)

STARTS_S = 0.005
"""Between two looks whether a program was started: it takes some 20 ms."""

SPOOL_MAX = 256 << 20
"""Bytes of one session that wait in its spool; then the newest are dropped."""

SEGMENT = 4 << 20
"""Bytes of one file of a spool: it can go when all of it is stored."""

_PYTHON = (sys.executable, "-IS")

_FORM = "#{session_id} #{window_id} #{pane_id} #{pane_tty}"
_MARKS = "#{@ant_session} #{@ant_run} #{@ant_pane} #{pane_pipe} #{pane_dead}"


@attrs.frozen
class SurvivingPane:
    """A session of ours that tmux has; `spooled` is whether its output is kept."""

    pane_ids: PaneIds
    spooled: bool
    dead: bool


class Tmux:
    """The sessions of one data directory; `door` is where tmux is asked."""

    def __init__(
        self,
        data_dir: Path,
        env: dict[str, str],
        spool_max: int = SPOOL_MAX,
    ) -> None:
        self.tmux_commands = TmuxCommands(data_dir, env)
        self._nursery: trio.Nursery | None = None
        self._folder, self._cap = data_dir / "spool", spool_max
        self._segment = max(min(SEGMENT, spool_max // 4), 1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
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
        to give, `StorageFailed` when its spool cannot be made.
        *Cancellation:* nothing was created; it may take `ASK_S`.
        """
        check_spec(spec)
        check_size(spec.cols, spec.rows)
        _check_passable(spec)
        check_terminal()
        spent: OSError | None = None
        try:
            await self.tmux_commands.check()
            await trio.lowlevel.checkpoint()
            # Cut off in between, nobody would know whether it runs; each step is
            # bounded.
            with trio.CancelScope(shield=True):
                pane = await self._begin(spec, session_id, run, offset, stored)
        except OSError as exc:
            if exc.errno not in OUT_OF_RESOURCES:
                raise
            spent = exc
        if spent is not None:
            increment(Limit.TERMINALS)
            await self._undo(session_id)
            raise CapacityReached(f"No terminal to be had: {spent.strerror}.")
        begun = False
        try:
            await trio.lowlevel.checkpoint()
            begun = True
            return pane
        finally:
            if not begun:
                with trio.CancelScope(shield=True, deadline=_soon()):
                    await pane.aclose(0)
                self.forget(session_id)

    async def _undo(self, session_id: str) -> None:
        """End what was begun; where that fails too, the next server run ends it."""
        with suppress(OSError), trio.CancelScope(shield=True, deadline=_soon()):
            await self._kill(f"={session_id}")
        self.forget(session_id)

    async def _begin(
        self,
        spec: Spec,
        session_id: str,
        run: str,
        offset: int,
        stored: Callable[[], int],
    ) -> TmuxPane:
        if (
            await self.tmux_commands.ask("has-session", "-t", f"={session_id}")
            is not None
        ):
            # What was left of an earlier run, or somebody made, is in the way.
            if (stale := (await self.surviving_panes()).get(session_id)) is not None:
                await self.end(stale, 0)
            await self._kill(f"={session_id}")
        words = (shutil.which("env") or "/usr/bin/env", "-C", spec.cwd, "--")
        try:
            folder = self._prepare(session_id, offset)
            starter.write(str(folder / "start"), (*words, *spec.argv), spec.env)
        except OSError as exc:
            raise StorageFailed(f"No spool can be made: {exc}.") from exc
        size = ("-x", str(spec.cols), "-y", str(spec.rows))
        first = (*_PYTHON, starter.__file__, str(folder))
        said = await self.tmux_commands.start(
            *("new-session", "-d", "-P", "-F", _FORM, "-s", session_id, *size),
            *("-c", "/", "--", *first, ";"),
            *("set-option", "-w", "window-size", "manual", ";"),
            *("set-option", "@ant_session", session_id, ";"),
            *("set-option", "@ant_run", run, ";"),
            *("set-option", "-F", "@ant_pane", "#{pane_id}", ";"),
            *("pipe-pane", "-O", self._pipe(folder, offset)),
        )
        place = _place(session_id, run, said.split(), await _wait_pid(folder))
        return await self._hold(place, offset, stored)

    async def attach(
        self, surviving: SurvivingPane, offset: int, stored: Callable[[], int]
    ) -> TmuxPane:
        """Take up a program that went on without us; reading goes on at `offset`.

        Raises `Invalid` where it has gone meanwhile.
        """
        place = surviving.pane_ids
        folder = self.folder(place.name)
        if not (surviving.spooled or surviving.dead):
            log.warning("The spool of session %s was cut off.", place.name)
            again = spool_reader.end_of(folder) + RESTART_SKIP
            spool_reader.begin(folder, again)
            pane = f"%{place.pane}"
            await self.tmux_commands.ask(
                "pipe-pane", "-O", "-t", pane, self._pipe(folder, again)
            )
        return await self._hold(place, offset, stored)

    async def surviving_panes(self) -> dict[str, SurvivingPane]:
        """The sessions of ours that there are, by their ids."""
        version = await self.tmux_commands.version()
        if version is None or is_old(version):
            return {}
        self.tmux_commands.end_stuck_clients()
        said = await self.tmux_commands.ask(
            "list-panes", "-a", "-F", f"{_MARKS} {_FORM}"
        )
        found = {}
        for line in (said or "").splitlines():
            words = line.split(" ")
            if len(words) != 9 or words[2] != words[7]:
                continue  # Not marked, or a pane that somebody added.
            pid = pid_of(self.folder(words[0])) or 0
            place = _place(words[0], words[1], words[5:], pid)
            found[place.name] = SurvivingPane(place, words[3] == "1", words[4] == "1")
        return found

    async def end(self, surviving: SurvivingPane, grace_s: float) -> None:
        """End a session that nobody knows any more, and all it left."""
        place = surviving.pane_ids
        identity = processes.identify(place.pid)
        if identity is not None and not surviving.dead:
            for sid in processes.find_lost(place.name, identity, place.run):
                await processes.end_session(sid, grace_s)
        await self._kill(f"${place.session}")

    async def _kill(self, session: str) -> None:
        async with self.tmux_commands.attach_lock:
            await self.tmux_commands.ask("kill-session", "-t", session)

    def forget(self, session_id: str) -> None:
        """Remove a spool of which everything is stored, or nothing is wanted."""
        shutil.rmtree(self.folder(session_id), ignore_errors=True)

    def spooled(self) -> list[str]:
        """The sessions that have a spool."""
        return sorted(os.listdir(self._folder)) if self._folder.is_dir() else []

    async def _hold(
        self, place: PaneIds, offset: int, stored: Callable[[], int]
    ) -> TmuxPane:
        client = await self.tmux_commands.client(place.session)
        if client is None:
            raise Invalid("the tmux session is gone at $.host")
        reader = SpoolReader(self.folder(place.name), offset)
        pane = TmuxPane(place, reader, stored, client, self.tmux_commands)
        assert self._nursery is not None, "nobody holds it"
        self._nursery.start_soon(self._guarded, pane)
        return pane

    async def _guarded(self, pane: TmuxPane) -> None:
        """A bug in one pane is that pane's end with us, and nobody else's."""
        try:
            await pane.run()
        except Exception:
            log.exception("A tmux pane crashed.")

    def _prepare(self, session_id: str, offset: int) -> Path:
        """An empty spool, that begins at an offset."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = self.folder(session_id)
        self.forget(session_id)
        folder.mkdir(mode=0o700)
        os.mkfifo(folder / "bell", 0o600)
        spool_reader.begin(folder, offset)
        return folder

    def _pipe(self, folder: Path, offset: int) -> str:
        writer = (*_PYTHON, spool_writer.__file__, str(folder))
        numbers = map(str, (offset, self._cap, self._segment))
        return "exec " + _line((*writer, *numbers))


def _soon() -> float:
    return trio.current_time() + ASK_S


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


def _place(name: str, run: str, words: Sequence[str], pid: int) -> PaneIds:
    session, window, pane = (int(word[1:]) for word in words[:3])
    return PaneIds(name, run, session, window, pane, pid, words[3])


def pid_of(folder: Path) -> int | None:
    """The program's process, as `starter` tells; None before it has."""
    try:
        return int((folder / "pid").read_text())
    except (OSError, ValueError):
        return None


async def _wait_pid(folder: Path) -> int:
    deadline = _soon()
    while trio.current_time() < deadline:
        if (pid := pid_of(folder)) is not None:
            return pid
        await trio.sleep(STARTS_S)
    raise CapacityReached("The program did not start within 10 s.")
