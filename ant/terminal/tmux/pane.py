"""A program in a pane of our private tmux: a host that outlives the server.

Rule 1: bytes come from the spool, where each has its offset; tmux tells all else.
Rule 2: the program is dead when its process is, and tmux knows how it ended; all it put
out is in the spool when tmux has had a turn and the spool's writer waits for more.
Rule 3: tmux takes all input there is, so it gets no more than the program reads.
"""

import contextlib
import errno
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
from ant.terminal.host.base import HANG_UP_GRACE_S, ControlSeen, Exit, Identity, Skipped
from ant.terminal.host.line_discipline import CTRL_C, INPUT_UNREAD_MAX
from ant.terminal.model.tty import Tty
from ant.terminal.tmux.control_client import ControlClient, TmuxCommand
from ant.terminal.tmux.control_parser import Notice, SessionFilter
from ant.terminal.tmux.exit_status import ExitWatcher
from ant.terminal.tmux.pane_ids import PaneIds, Server, check_size
from ant.terminal.tmux.spool_reader import SpoolReader

KEYS = 1024
"""Bytes of input in one command: as hexadecimal words they fit a line."""

UNDER_WAY = 4
"""Input commands that tmux has not answered yet."""

READS_AGAIN_S = 0.01
"""Between two looks whether the program has read its input: nobody tells."""

ANSWER_S = 0.5
"""What tmux is given to answer before that is looked at again."""

STORED_S = 0.25
"""After this the last bytes are stored, as a rule, and their file can go."""

RETRY_S = 0.2
"""Before a control client that somebody ended is replaced."""

DRAIN_S = 5.0
"""What tmux and the writer are given to pass on the last bytes."""

CLOSE_S = 3.0
"""What an end waits for tmux to let go of the session, when that has died."""


NOTICES = 256
"""Notifications that wait to be taken; then the oldest go."""


class TmuxPane:
    """A `host.Terminal` in tmux; made by `tmux.Tmux`, which also runs its task."""

    outlives_server = answers_queries = True

    def __init__(
        self,
        place: PaneIds,
        spool: SpoolReader,
        stored: Callable[[], int],
        client: ControlClient,
        server: "Server",
    ) -> None:
        self._place, self._spool, self._stored = place, spool, stored
        self._client, self._server = client, server
        self._identity = processes.identify(place.pid)
        self._own = SessionFilter(place.session, place.pane, {place.window})
        self._notices: deque[ControlSeen] = deque(maxlen=NOTICES)
        self._noticed = trio.lowlevel.ParkingLot()
        self._keys: deque[TmuxCommand] = deque()
        self._wakeup = os.open(spool.folder / "bell", os.O_RDWR | os.O_NONBLOCK)
        self._exit: Exit | None = None
        self._has_exit, self._drained = trio.Event(), trio.Event()
        self._closing, self._finish, self._closed = False, trio.Event(), trio.Event()
        self._told_hole = 0
        self._size: tuple[int, int] | None = None
        self._life = trio.CancelScope()

    @property
    def identity(self) -> Identity | None:
        return self._identity

    async def read(self) -> bytes:
        """See `Terminal.read`. *Cancellation:* comes before a byte is taken, or not."""
        while True:
            await trio.lowlevel.checkpoint()
            at_end = self._drained.is_set()
            if data := self._spool.take(MAX_READ, self._stored()):
                return data
            if hole := self._spool.hole():
                if not self._told_hole:
                    self._told_hole = hole
                    raise Skipped(hole)
                self._spool.pass_over(self._told_hole)
                self._told_hole = 0
            elif at_end:
                return b""
            else:
                await self._wait_bell(STORED_S if self._spool.keeps else math.inf)

    async def _wait_bell(self, patience_s: float) -> None:
        try:
            with trio.move_on_after(patience_s):
                await trio.lowlevel.wait_readable(self._wakeup)
        except trio.ClosedResourceError:
            return
        if not self._closed.is_set():
            with contextlib.suppress(BlockingIOError):
                os.read(self._wakeup, MAX_READ)

    def read_nowait(self) -> bytes:
        """See `Terminal.read_nowait`."""
        return self._spool.take(MAX_READ, self._stored())

    def tty(self) -> Tty | None:
        """See `Terminal.tty`."""
        try:
            with self._line() as fd:
                group = processes.foreground_of(self._place.pid)
                return foreground.look_at(fd, self._place.pid, group)
        except (OSError, termios.error):
            return None

    @contextlib.contextmanager
    def _line(self) -> Iterator[int]:
        """The program's end of the terminal, for a moment: held, it would not end."""
        if self._exit is not None:
            raise OSError(errno.EIO, "The program has ended.")
        fd = os.open(self._place.tty, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            yield fd
        finally:
            os.close(fd)

    def shows_input(self) -> bool:
        """See `Terminal.shows_input`."""
        try:
            with self._line() as fd:
                return line_discipline.read_modes(fd).shows_input
        except (OSError, termios.error):
            return False

    def has_environ(self, variable: str, value: str) -> bool:
        """See `Terminal.has_environ`."""
        return processes.has_environ(self._place.pid, **{variable: value})

    async def write(self, data: bytes) -> int:
        """See `Terminal.write`. *Cancellation:* comes before a byte is written."""
        await trio.lowlevel.checkpoint()
        while not (count := self.write_nowait(data)) and data:
            if self._keys:
                with trio.move_on_after(ANSWER_S):
                    await self._keys[0].done.wait()
            else:
                await trio.sleep(READS_AGAIN_S)
        return count

    def write_nowait(self, data: bytes) -> int:
        """See `Terminal.write_nowait`."""
        self._check_running()
        while self._keys and self._keys[0].done.is_set():
            self._keys.popleft()
        part = data[:KEYS]
        if not part or len(self._keys) >= UNDER_WAY or self._is_full():
            return 0
        try:
            self._keys.append(self._press(part))
        except (CapacityReached, NotRunning):  # Full, or the client is replaced.
            return 0
        return len(part)

    def _press(self, data: bytes) -> TmuxCommand:
        # In copy mode, where a person who is attached may be, keys would go to tmux.
        pane = f"%{self._place.pane}"
        keys = data.hex(" ")
        return self._client.give(
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
        """See `Terminal.interrupt`."""
        self._check_running()
        if (self._keys or self._is_full()) and self._signal():
            return
        try:
            self._press(CTRL_C)
        except (CapacityReached, NotRunning):  # Full, or the client is replaced.
            self._signal()

    def _signal(self) -> bool:
        """Interrupt who is in front, past all input, where Ctrl-C would do that."""
        with contextlib.suppress(OSError, termios.error), self._line() as fd:
            if line_discipline.read_modes(fd).interrupts:
                group = processes.foreground_of(self._place.pid)
                processes.signal_group(group, signal.SIGINT)
                return True
        return False

    def resize(self, cols: int, rows: int) -> None:
        """See `Terminal.resize`."""
        check_size(cols, rows)
        self._check_running()
        self._size = cols, rows
        self._set_size()

    def _set_size(self) -> None:
        """Tell tmux; where the client is being replaced, the next one does."""
        if self._size is not None:
            (cols, rows), window = self._size, f"@{self._place.window}"
            with contextlib.suppress(CapacityReached, NotRunning):
                self._client.give(f"resize-window -t {window} -x {cols} -y {rows}")

    def _check_running(self) -> None:
        if self._closing:
            raise NotRunning("The terminal is closed.")
        if self._exit is not None:
            raise NotRunning("The program has ended.")

    async def notice(self) -> ControlSeen:
        """See `Terminal.notice`. *Cancellation:* none is taken."""
        await trio.lowlevel.checkpoint()
        while not self._notices:
            await self._noticed.park()
        return self._notices.popleft()

    def _tell(self, notice: Notice) -> None:
        if (seen := self._own.seen(notice)) is not None:
            self._note(seen)

    def _note(self, seen: ControlSeen) -> None:
        self._notices.append(seen)
        self._noticed.unpark()

    async def wait_exit(self) -> Exit:
        """See `Terminal.wait_exit`."""
        await self._has_exit.wait()
        return self._how_it_ended()

    def _how_it_ended(self) -> Exit:
        return self._exit or Exit(signal=signal.SIGKILL)

    async def detach(self) -> None:
        """See `Terminal.detach`."""
        self._closing = True
        self._life.cancel()
        await self._closed.wait()

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> Exit:
        """See `Terminal.aclose`. *Cancellation:* the task of the pane ends it."""
        first, self._closing = not self._closing, True
        if first:
            try:
                await persist(self._what, self._end_program, grace_s)
            finally:
                self._finish.set()
        with trio.move_on_after(DRAIN_S + CLOSE_S):
            await self._closed.wait()
        return self._how_it_ended()

    async def _end_program(self, grace_s: float) -> None:
        # Its pid is tmux's to give back, so it is looked for by all we know.
        for sid in self._left():
            await processes.end_session(sid, grace_s)

    @property
    def _what(self) -> str:
        return f"tmux session {self._place.name}"

    def _left(self) -> set[int]:
        if self._identity is None:
            return set()
        place = self._place
        return processes.find_lost(place.name, self._identity, place.run)

    async def run(self) -> None:
        """Keep the client, learn how the program ends, and let go when told to.

        *Cancellation:* the program is left as it is.
        """
        try:
            with self._life:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(persist, self._what, self._converse)
                    await persist(self._what, self._learn_exit)
                    await self._finish.wait()
                    await persist(self._what, self._kill)
                    nursery.cancel_scope.cancel()
        finally:
            self._closing = True
            self._has_exit.set()
            self._drained.set()
            self._closed.set()
            trio.lowlevel.notify_closing(self._wakeup)
            os.close(self._wakeup)

    async def _kill(self) -> None:
        async with self._server.attach_lock:
            await self._ask("kill-session", "-t", f"${self._place.session}")
            with trio.move_on_after(CLOSE_S):
                await self._client.over.wait()  # It says that it leaves.

    async def _converse(self) -> None:
        """Have a control client; another when it was ended and the session was not."""
        while True:
            if not self._client.over.is_set():
                try:
                    await self._client.run(self._tell)
                finally:
                    await self._client.aclose()
            if self._finish.is_set():
                return
            self._note(ControlSeen("ctrl-exit", {}))
            await trio.sleep(RETRY_S)
            client = await self._server.client(self._place.session)
            if client is None:
                return
            self._client = client
            self._set_size()

    async def _learn_exit(self) -> None:
        words = ExitWatcher(self._place, self._identity, self._spool.folder, self._ask)
        self._exit = await words.exit()
        with trio.move_on_after(DRAIN_S):
            await words.wait_drained()
        self._has_exit.set()
        self._drained.set()
        with contextlib.suppress(BlockingIOError):  # It has been rung already.
            os.write(self._wakeup, b"\0")

    async def _ask(self, *words: str) -> str | None:
        """As `Server.ask`, by the client while there is one."""
        try:
            answer = await self._client.ask(" ".join(f"'{word}'" for word in words))
        except AntError:
            answer = None
        if answer is None:
            return await self._server.ask(*words)
        return "\n".join(answer.lines) if answer.ok else None
