"""The tmux host: a program in a pane of ANT's private tmux, which outlives the server.

Rule 1: output comes from the spool, where each byte has its offset. Everything else
comes from tmux.
Rule 2: the program has ended when its process has; tmux then knows the exit status. Its
output is wholly in the spool when tmux has had a turn and the spool's writer waits for
input (`exit_status`).
Rule 3: tmux would buffer any amount of input, so ANT sends it no more than the program
reads.
"""

import contextlib
import errno
import logging
import math
import os
import signal
import termios
from collections import deque
from collections.abc import Callable, Iterator

import trio

from ant.core.background import persist
from ant.core.errors import AntError, CapacityReached, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host import foreground, line_discipline, processes
from ant.terminal.host.end_session import end_session
from ant.terminal.host.host_terminal import (
    HANG_UP_GRACE_S,
    ControlSeen,
    ExitStatus,
    Identity,
    Skipped,
)
from ant.terminal.host.line_discipline import CTRL_C, INPUT_UNREAD_MAX
from ant.terminal.model.tty import Tty
from ant.terminal.tmux.control_client import ControlClient, TmuxCommand
from ant.terminal.tmux.control_parser import Notice, SessionFilter
from ant.terminal.tmux.exit_status import ExitWatcher
from ant.terminal.tmux.pane_ids import PaneIds, check_size, tag_of_pane
from ant.terminal.tmux.spool_reader import SpoolReader
from ant.terminal.tmux.spool_writer import WAKEUP
from ant.terminal.tmux.tmux_commands import TmuxCommands

log = logging.getLogger(__name__)

KEYS = 1024
"""Bytes of input in one command: in hexadecimal they fit into one line."""

UNANSWERED_MAX = 4
"""Input commands without an answer of tmux, at most."""

READS_AGAIN_S = 0.01
"""Between two polls whether the program has read its input: there is no event."""

ANSWER_S = 0.5
"""How long to wait for tmux's answer before checking again."""

STORED_S = 0.25
"""After this time the last bytes are usually stored, so that their file can go."""

RETRY_S = 0.2
"""Pause before ANT replaces a control client that has ended."""

DRAIN_S = 5.0
"""Time limit for tmux and the writer to pass on the last bytes."""

CLOSE_S = 3.0
"""Time limit for tmux to release a session that ANT has killed."""

NOTICES = 256
"""Notifications in the queue; when it is full, the oldest is dropped."""


class TmuxPane:
    """A `HostTerminal` in tmux. `server.Tmux` makes it, and runs its task.

    `stored` returns the offset up to which the output is in the database: spool files
    below it can go.
    """

    outlives_server = answers_queries = True

    def __init__(
        self,
        pane_ids: PaneIds,
        spool: SpoolReader,
        stored: Callable[[], int],
        client: ControlClient,
        tmux: TmuxCommands,
    ) -> None:
        self._pane_ids, self._spool, self._stored = pane_ids, spool, stored
        self._client, self._tmux = client, tmux
        self._identity = processes.identify(pane_ids.pid)
        self._tag = tag_of_pane(pane_ids, self._identity)
        self._filter = SessionFilter(pane_ids.session, pane_ids.pane, {pane_ids.window})
        self._notices: deque[ControlSeen] = deque(maxlen=NOTICES)
        self._noticed = trio.lowlevel.ParkingLot()
        self._keys: deque[TmuxCommand] = deque()
        self._wakeup = os.open(spool.folder / WAKEUP, os.O_RDWR | os.O_NONBLOCK)
        self._exit: ExitStatus | None = None
        self._has_exit, self._drained = trio.Event(), trio.Event()
        self._closing, self._finish, self._closed = False, trio.Event(), trio.Event()
        self._reported_gap = 0
        self._keeps = True
        self._size: tuple[int, int] | None = None
        self._life = trio.CancelScope()

    @property
    def identity(self) -> Identity | None:
        return self._identity

    async def read(self) -> bytes:
        """See `HostTerminal.read`. *Cancellation:* only before a byte is taken."""
        while True:
            await trio.lowlevel.checkpoint()
            at_end = self._drained.is_set()
            if data := self._spool.take(MAX_READ, self._stored()):
                return data
            if gap := self._spool.hole():
                if not self._reported_gap:
                    self._reported_gap = gap
                    raise Skipped(gap)
                self._spool.pass_over(self._reported_gap)
                self._reported_gap = 0
            elif at_end:
                return b""
            else:
                await self._wait_wakeup(STORED_S if self._spool.keeps else math.inf)

    async def _wait_wakeup(self, patience_s: float) -> None:
        try:
            with trio.move_on_after(patience_s):
                await trio.lowlevel.wait_readable(self._wakeup)
        except trio.ClosedResourceError:
            return
        if not self._closed.is_set():
            with contextlib.suppress(BlockingIOError):
                os.read(self._wakeup, MAX_READ)

    def read_nowait(self) -> bytes:
        """See `HostTerminal.read_nowait`."""
        return self._spool.take(MAX_READ, self._stored())

    def tty(self) -> Tty | None:
        """See `HostTerminal.tty`."""
        try:
            with self._line() as fd:
                group = processes.foreground_of(self._pane_ids.pid)
                return foreground.look_at(fd, self._pane_ids.pid, group)
        except (OSError, termios.error):
            return None

    @contextlib.contextmanager
    def _line(self) -> Iterator[int]:
        """A descriptor of the program's end of the terminal, for a moment.

        While ANT held it, tmux would never see the end of the terminal.
        """
        if self._exit is not None:
            raise OSError(errno.EIO, "The program has ended.")
        fd = os.open(self._pane_ids.tty, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)

    def shows_input(self) -> bool:
        """See `HostTerminal.shows_input`."""
        try:
            with self._line() as fd:
                return line_discipline.read_modes(fd).shows_input
        except (OSError, termios.error):
            return False

    def has_environ(self, variable: str, value: str) -> bool:
        """See `HostTerminal.has_environ`."""
        return processes.has_environ(self._pane_ids.pid, **{variable: value})

    def remember(self, data: bytes) -> None:
        """See `HostTerminal.remember`. What was not written is written next time."""
        try:
            self._spool.keep(data)
            self._keeps = True
        except OSError as exc:
            if self._keeps:
                log.warning("Cannot keep the marks of a shell: %s.", exc)
            self._keeps = False

    def remembered(self) -> bytes:
        """See `HostTerminal.remembered`."""
        return self._spool.kept()

    async def write(self, data: bytes) -> int:
        """See `HostTerminal.write`. *Cancellation:* only before a byte is written."""
        await trio.lowlevel.checkpoint()
        while not (count := self.write_nowait(data)) and data:
            if self._keys:
                with trio.move_on_after(ANSWER_S):
                    await self._keys[0].done.wait()
            else:
                await trio.sleep(READS_AGAIN_S)
        return count

    def write_nowait(self, data: bytes) -> int:
        """See `HostTerminal.write_nowait`."""
        self._check_running()
        while self._keys and self._keys[0].done.is_set():
            self._keys.popleft()
        part = data[:KEYS]
        if not part or len(self._keys) >= UNANSWERED_MAX or self._is_full():
            return 0
        try:
            self._keys.append(self._send_keys(part))
        except (CapacityReached, NotRunning):  # Full, or the client is being replaced.
            return 0
        return len(part)

    def _send_keys(self, data: bytes) -> TmuxCommand:
        # An attached user may have entered copy mode, where keys would go to tmux.
        pane = f"%{self._pane_ids.pane}"
        keys = data.hex(" ")
        return self._client.send(
            f"copy-mode -q -t {pane}", f"send-keys -H -t {pane} {keys}"
        )

    def _is_full(self) -> bool:
        return self._unread() > INPUT_UNREAD_MAX

    def _unread(self) -> int:
        try:
            with self._line() as fd:
                return line_discipline.count_unread(fd)
        except OSError:
            return 0

    def interrupt(self) -> None:
        """See `HostTerminal.interrupt`."""
        self._check_running()
        if (self._keys or self._is_full()) and self._signal():
            return
        try:
            self._send_keys(CTRL_C)
        except (CapacityReached, NotRunning):  # Full, or the client is being replaced.
            self._signal()

    def _signal(self) -> bool:
        """Send SIGINT to the foreground group, ahead of all input; whether it was sent.

        It is not, where Ctrl-C would not interrupt.
        """
        with contextlib.suppress(OSError, termios.error), self._line() as fd:
            if line_discipline.read_modes(fd).interrupts:
                group = processes.foreground_of(self._pane_ids.pid)
                processes.signal_group(group, signal.SIGINT)
                return True
        return False

    def resize(self, cols: int, rows: int) -> None:
        """See `HostTerminal.resize`."""
        check_size(cols, rows)
        self._check_running()
        self._size = cols, rows
        self._set_size()

    def _set_size(self) -> None:
        """Send the size to tmux; if the client is being replaced, the next one does."""
        if self._size is not None:
            (cols, rows), window = self._size, f"@{self._pane_ids.window}"
            with contextlib.suppress(CapacityReached, NotRunning):
                self._client.send(f"resize-window -t {window} -x {cols} -y {rows}")

    def _check_running(self) -> None:
        if self._closing:
            raise NotRunning("The terminal is closed.")
        if self._exit is not None:
            raise NotRunning("The program has ended.")

    async def notice(self) -> ControlSeen:
        """See `HostTerminal.notice`. *Cancellation:* no notification is taken."""
        await trio.lowlevel.checkpoint()
        while not self._notices:
            await self._noticed.park()
        return self._notices.popleft()

    def _on_notice(self, notice: Notice) -> None:
        if (seen := self._filter.seen(notice)) is not None:
            self._queue_notice(seen)

    def _queue_notice(self, seen: ControlSeen) -> None:
        self._notices.append(seen)
        self._noticed.unpark()

    async def wait_exit(self) -> ExitStatus:
        """See `HostTerminal.wait_exit`."""
        await self._has_exit.wait()
        return self._get_exit()

    def _get_exit(self) -> ExitStatus:
        return self._exit or ExitStatus(signal=signal.SIGKILL)

    async def detach(self) -> None:
        """See `HostTerminal.detach`."""
        self._closing = True
        self._life.cancel()
        await self._closed.wait()

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> ExitStatus:
        """See `HostTerminal.aclose`. *Cancellation:* the pane's task still ends it."""
        first, self._closing = not self._closing, True
        if first:
            try:
                await persist(self._task_name, self._end_program, grace_s)
            finally:
                self._finish.set()
        with trio.move_on_after(DRAIN_S + CLOSE_S):
            await self._closed.wait()
        return self._get_exit()

    async def _end_program(self, grace_s: float) -> None:
        # tmux reaps the program, so its pid may be reused: compare its identity, too.
        for sid in self._surviving_sids() or {None}:
            await end_session(sid, grace_s, self._tag)

    @property
    def _task_name(self) -> str:
        return f"tmux session {self._pane_ids.name}"

    def _surviving_sids(self) -> set[int | None]:
        if self._identity is None:
            return set()
        pane_ids = self._pane_ids
        return {*processes.find_lost(pane_ids.name, self._identity, pane_ids.run)}

    async def run(self) -> None:
        """Keep a control client, watch for the exit, and kill the session at a close.

        *Cancellation:* the program goes on.
        """
        try:
            with self._life:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(persist, self._task_name, self._keep_client)
                    await persist(self._task_name, self._watch_exit)
                    await self._finish.wait()
                    await persist(self._task_name, self._kill)
                    nursery.cancel_scope.cancel()
        finally:
            self._closing = True
            self._has_exit.set()
            self._drained.set()
            self._closed.set()
            trio.lowlevel.notify_closing(self._wakeup)
            os.close(self._wakeup)

    async def _kill(self) -> None:
        async with self._tmux.attach_lock:
            await self._run_command("kill-session", "-t", f"${self._pane_ids.session}")
            with trio.move_on_after(CLOSE_S):
                await self._client.over.wait()  # The client then ends by itself.

    async def _keep_client(self) -> None:
        """Run the control client; replace it when it ended before the session."""
        while True:
            if not self._client.over.is_set():
                try:
                    await self._client.run(self._on_notice)
                finally:
                    await self._client.aclose()
            if self._finish.is_set():
                return
            self._queue_notice(ControlSeen("ctrl-exit", {}))
            await trio.sleep(RETRY_S)
            client = await self._tmux.open_client(self._pane_ids.session)
            if client is None:
                return
            self._client = client
            self._set_size()

    async def _watch_exit(self) -> None:
        watcher = ExitWatcher(
            self._pane_ids, self._identity, self._spool.folder, self._run_command
        )
        self._exit = await watcher.exit()
        with trio.move_on_after(DRAIN_S):
            await watcher.wait_drained()
        self._has_exit.set()
        self._drained.set()
        with contextlib.suppress(BlockingIOError):  # The FIFO holds wake-ups already.
            os.write(self._wakeup, b"\0")

    async def _run_command(self, *words: str) -> str | None:
        """As `TmuxCommands.run`, through the client while there is one."""
        try:
            answer = await self._client.request(" ".join(f"'{word}'" for word in words))
        except AntError:
            answer = None
        if answer is None:
            return await self._tmux.run(*words)
        return "\n".join(answer.lines) if answer.ok else None
