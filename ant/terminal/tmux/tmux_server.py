"""Starts programs in ANT's private tmux, finds them again after a restart, ends them.

Rule 1: a tmux session of ANT has ANT's session id as its name, and is marked with its
run. ANT leaves a session without the mark alone.
Rule 2: one turn of tmux starts the program and its spool, so no byte is printed before
the spool is there.
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
from ant.terminal.host.end_session import end_session
from ant.terminal.host.host_terminal import Spec
from ant.terminal.host.pty import OUT_OF_RESOURCES, cannot_open, check_spec, env_program
from ant.terminal.tmux import spool_reader, spool_writer, starter
from ant.terminal.tmux.pane import TmuxPane
from ant.terminal.tmux.pane_ids import PaneIds, check_size, read_pid, tag_of_pane
from ant.terminal.tmux.spool_reader import RESTART_SKIP, SpoolReader
from ant.terminal.tmux.spool_writer import WAKEUP
from ant.terminal.tmux.tmux_commands import COMMAND_S, TmuxCommands, is_old

log = logging.getLogger(__name__)

STARTS_S = 0.005
"""Between two polls whether a program has started: it takes about 20 ms."""

SPOOL_MAX = 256 << 20
"""Bytes of one session that may wait in its spool; then new ones are dropped."""

SEGMENT = 4 << 20
"""Bytes of one file of a spool: the file can go when all of it is stored."""

_PYTHON = (sys.executable, "-IS")

_FORM = "#{session_id} #{window_id} #{pane_id} #{pane_tty}"
_MARKS = "#{@ant_session} #{@ant_run} #{@ant_pane} #{pane_pipe} #{pane_dead}"


@attrs.frozen
class SurvivingPane:
    """A session of ANT that tmux still has.

    `spooled`: its spool's writer runs. `dead`: its program has ended.
    """

    pane_ids: PaneIds
    spooled: bool
    dead: bool


class Tmux:
    """The tmux sessions of one data directory; `tmux_commands` runs tmux commands.

    `spool_max` limits the spool of one session, in bytes.
    """

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
        """Run the tasks of panes. Open, reattach and close panes inside.

        On leaving, ANT detaches from every pane; the programs go on.
        *Cancellation:* the same.
        """
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            yield
            nursery.cancel_scope.cancel()

    def folder(self, session_id: str) -> Path:
        """The folder of a session's spool, whether it exists or not."""
        return self._folder / session_id

    async def open(
        self,
        spec: Spec,
        session_id: str,
        run: str,
        offset: int,
        stored: Callable[[], int],
    ) -> TmuxPane:
        """Start a program; the first byte of its output gets this offset.

        `stored` returns the offset up to which output is in the database. Raises
        `Invalid` if the program, its folder or tmux does not exist, `CapacityReached`
        when the machine is out of resources, `StorageFailed` when ANT cannot make the
        spool. *Cancellation:* nothing was created; this may take `COMMAND_S`.
        """
        check_spec(spec)
        check_size(spec.cols, spec.rows)
        _check_encodable(spec)
        check_terminal()
        failure: OSError | None = None
        try:
            await self.tmux_commands.check()
            await trio.lowlevel.checkpoint()
            # Cancelled in between, ANT would not know whether the program runs. Each
            # step has a time limit.
            with trio.CancelScope(shield=True):
                pane = await self._start(spec, session_id, run, offset, stored)
        except OSError as exc:
            if exc.errno not in OUT_OF_RESOURCES:
                raise
            failure = exc
        if failure is not None:
            increment(Limit.TERMINALS)
            await self._undo(session_id)
            raise CapacityReached(cannot_open(failure))
        cancelled = True
        try:
            await trio.lowlevel.checkpoint()
            cancelled = False
            return pane
        finally:
            if cancelled:
                with trio.CancelScope(shield=True, deadline=_soon()):
                    await pane.aclose(0)
                self.forget(session_id)

    async def _undo(self, session_id: str) -> None:
        """End what was started; where that fails too, the next server run ends it."""
        with suppress(OSError), trio.CancelScope(shield=True, deadline=_soon()):
            await self._kill(f"={session_id}")
        self.forget(session_id)

    async def _start(
        self,
        spec: Spec,
        session_id: str,
        run: str,
        offset: int,
        stored: Callable[[], int],
    ) -> TmuxPane:
        if (
            await self.tmux_commands.run("has-session", "-t", f"={session_id}")
            is not None
        ):
            # A session of an earlier run, or one that ANT did not make, has this name.
            if (stale := (await self.surviving_panes()).get(session_id)) is not None:
                await self.end(stale, 0)
            await self._kill(f"={session_id}")
        words = (env_program(), "-C", spec.cwd, "--")
        try:
            folder = self._prepare(session_id, offset)
            start = str(folder / "start")
            starter.write(start, (*words, *spec.argv), spec.env, spec.secret)
        except OSError as exc:
            raise StorageFailed(f"Cannot make a spool: {exc}.") from exc
        size = ("-x", str(spec.cols), "-y", str(spec.rows))
        first = (*_PYTHON, starter.__file__, str(folder))
        output = await self.tmux_commands.start_session(
            *("new-session", "-d", "-P", "-F", _FORM, "-s", session_id, *size),
            *("-c", "/", "--", *first, ";"),
            *("set-option", "-w", "window-size", "manual", ";"),
            *("set-option", "@ant_session", session_id, ";"),
            *("set-option", "@ant_run", run, ";"),
            *("set-option", "-F", "@ant_pane", "#{pane_id}", ";"),
            *("pipe-pane", "-O", self._pipe(folder, offset)),
        )
        pane_ids = _pane_ids(session_id, run, output.split(), await _wait_pid(folder))
        return await self._connect(pane_ids, offset, stored)

    async def attach(
        self, surviving: SurvivingPane, offset: int, stored: Callable[[], int]
    ) -> TmuxPane:
        """Reattach to a program that outlived a server run; read on at `offset`.

        Raises `Invalid` where it has ended meanwhile.
        """
        pane_ids = surviving.pane_ids
        folder = self.folder(pane_ids.name)
        if not (surviving.spooled or surviving.dead):
            log.warning(
                "The spool writer of session %s was killed; its output has a gap.",
                pane_ids.name,
            )
            start = spool_reader.end_of(folder) + RESTART_SKIP
            spool_reader.begin(folder, start)
            pane = f"%{pane_ids.pane}"
            await self.tmux_commands.run(
                "pipe-pane", "-O", "-t", pane, self._pipe(folder, start)
            )
        return await self._connect(pane_ids, offset, stored)

    async def surviving_panes(self) -> dict[str, SurvivingPane]:
        """The sessions of ANT that tmux has, by session id."""
        version = await self.tmux_commands.version()
        if version is None or is_old(version):
            return {}
        self.tmux_commands.end_stuck_clients()
        output = await self.tmux_commands.run(
            "list-panes", "-a", "-F", f"{_MARKS} {_FORM}"
        )
        found = {}
        for line in (output or "").splitlines():
            words = line.split(" ")
            if len(words) != 9 or words[2] != words[7]:
                continue  # Not marked, or a pane that a user has added.
            pid = read_pid(self.folder(words[0]) / "pid") or 0
            pane_ids = _pane_ids(words[0], words[1], words[5:], pid)
            found[pane_ids.name] = SurvivingPane(
                pane_ids, words[3] == "1", words[4] == "1"
            )
        return found

    async def end(self, surviving: SurvivingPane, grace_s: float) -> None:
        """End a session that is not in the database any more, and all it left."""
        pane_ids = surviving.pane_ids
        identity = processes.identify(pane_ids.pid)
        if identity is not None and not surviving.dead:
            tag = tag_of_pane(pane_ids, identity)
            for sid in processes.find_lost(pane_ids.name, identity, pane_ids.run):
                await end_session(sid, grace_s, tag)
        await self._kill(f"${pane_ids.session}")

    async def _kill(self, session: str) -> None:
        async with self.tmux_commands.attach_lock:
            await self.tmux_commands.run("kill-session", "-t", session)

    def forget(self, session_id: str) -> None:
        """Remove a session's spool: all of it is stored, or none of it is wanted."""
        shutil.rmtree(self.folder(session_id), ignore_errors=True)

    def spooled(self) -> list[str]:
        """The ids of the sessions that have a spool."""
        return sorted(os.listdir(self._folder)) if self._folder.is_dir() else []

    async def _connect(
        self, pane_ids: PaneIds, offset: int, stored: Callable[[], int]
    ) -> TmuxPane:
        client = await self.tmux_commands.open_client(pane_ids.session)
        if client is None:
            raise Invalid("the tmux session has ended at $.host")
        reader = SpoolReader(self.folder(pane_ids.name), offset)
        pane = TmuxPane(pane_ids, reader, stored, client, self.tmux_commands)
        assert self._nursery is not None, "not inside `running`"
        self._nursery.start_soon(self._run_pane, pane)
        return pane

    async def _run_pane(self, pane: TmuxPane) -> None:
        """Run a pane's task; a bug in one pane must not end the others."""
        try:
            await pane.run()
        except Exception:
            log.exception("A tmux pane crashed.")

    def _prepare(self, session_id: str, offset: int) -> Path:
        """Make an empty spool that begins at an offset."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = self.folder(session_id)
        self.forget(session_id)
        folder.mkdir(mode=0o700)
        os.mkfifo(folder / WAKEUP, 0o600)
        spool_reader.begin(folder, offset)
        return folder

    def _pipe(self, folder: Path, offset: int) -> str:
        writer = (*_PYTHON, spool_writer.__file__, str(folder))
        numbers = map(str, (offset, self._cap, self._segment))
        return "exec " + _quoted((*writer, *numbers))


def _soon() -> float:
    return trio.current_time() + COMMAND_S


def _check_encodable(spec: Spec) -> None:
    pairs = (f"{name}={value}" for name, value in spec.env.items())
    for text in (*spec.argv, spec.cwd, *pairs):
        if "\0" in text:
            raise Invalid(
                "Cannot pass this to a program: embedded null byte at $.command"
            )
        try:
            os.fsencode(text)
        except UnicodeEncodeError as exc:
            raise Invalid(f"Cannot pass this to a program: {exc} at $.command") from exc
    if any("=" in name or not name for name in spec.env):
        raise Invalid(
            "Cannot pass this to a program: illegal environment variable name "
            "at $.command"
        )


def _quoted(words: Sequence[str]) -> str:
    """Words quoted for the shell, and for tmux, which expands `#` and `%`."""
    return shlex.join(words).replace("#", "##").replace("%", "%%")


def _pane_ids(name: str, run: str, words: Sequence[str], pid: int) -> PaneIds:
    session, window, pane = (int(word[1:]) for word in words[:3])
    return PaneIds(name, run, session, window, pane, pid, words[3])


async def _wait_pid(folder: Path) -> int:
    """Wait until `starter` has written the pid of the program."""
    deadline = _soon()
    while trio.current_time() < deadline:
        if (pid := read_pid(folder / "pid")) is not None:
            return pid
        await trio.sleep(STARTS_S)
    raise CapacityReached(f"The program did not start within {COMMAND_S:g} s.")
