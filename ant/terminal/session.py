"""The life of one terminal session: the child nursery with its three tasks.

    pipeline   detector   tail -> observations and the screen; a whole tail behind, it
                          is waited for
      ends     reader     terminal -> tail, only while there is room; wakes viewers and
                          the transcript writer
               writer     inbox -> terminal; who types while nothing waits there writes
                          at once, since each task on a key's way costs a turn

The ends leave first; the pipeline runs dry; then, under a shield with a deadline, the
terminal is ended and the last word written.
"""

from contextlib import suppress
from typing import Protocol

import attrs
import trio

from ant.errors import AntError, CapacityReached, Conflict, NotRunning, Stalled
from ant.tally import Limit, met
from ant.terminal.detector import Detector
from ant.terminal.display import Display, Drawing, Picture
from ant.terminal.flow import Flow
from ant.terminal.host import HANG_UP_GRACE_S, MAX_READ, Exit, Terminal
from ant.terminal.observations import Observation, OutputSeen, Resized

INBOX = 64
"""Inputs that may wait for the program to read; the next is refused, not dropped."""

INBOX_BYTES = 4 << 20
"""And their bytes together: four of the largest inputs."""

CATCH_UP = 256 << 10
"""Bytes fed to the screen at once for who asks to see it: some milliseconds. What is
beyond them follows the drawing as live bytes."""

ENDED = "The program of this session has ended."

NO_LIBRARY = "No screen library is installed on this server."

DRAIN_QUIET_S = 0.25
"""After the program's exit, silence of this length means that all it wrote was read."""

DRAIN_MAX_S = 5.0
"""What a stop grants the rest of the output when storage does not keep up."""

TEARDOWN_S = 10.0
"""Deadline of the shield: grace, KILL and the last commit are well within it."""


class Witness(Protocol):
    """Who is told of the session's life, and writes it down."""

    async def open(self) -> tuple[Terminal, Flow, Display | None]:
        """Start the program; the flow is where its bytes go and get their numbers.

        The display is blank, or None where there is no library for it.
        """
        ...

    async def began(self, live: "LiveTerminal") -> None:
        """The program runs; nothing of it has been read yet."""
        ...

    def saw(self, observation: Observation) -> None:
        """Something was observed. Must not wait."""
        ...

    def is_alone(self) -> bool:
        """Whether nobody is there whose terminal answers the program's queries."""
        ...

    async def ended(self, exit_: Exit | None, reason: str | None) -> None:
        """It is over: every byte is in the flow; None when it was never opened.

        Runs under the shield.
        """
        ...


@attrs.define(eq=False)
class Typed:
    """An input on its way; `written` bytes of it are in the terminal."""

    data: bytes
    written: int = 0
    error: NotRunning | None = None
    over: trio.Event = attrs.field(factory=trio.Event)

    async def wait(self, patience_s: float) -> int:
        """Wait till it is written or patience ends; how much was written by then.

        Raises `NotRunning` if the terminal ended first.
        *Cancellation:* it stays queued.
        """
        with trio.move_on_after(patience_s):
            await self.over.wait()
        if self.error is not None:
            raise self.error
        return self.written


class LiveTerminal:
    """A running session as others hold it: they ask, its own tasks do."""

    def __init__(
        self,
        terminal: Terminal,
        flow: Flow,
        witness: Witness,
        display: Display | None = None,
    ) -> None:
        self.terminal, self.flow = terminal, flow
        self._display = display
        self.over = trio.Event()
        self._witness = witness
        self._stop = trio.Event()
        self._grace_s = HANG_UP_GRACE_S
        self._queued = 0
        self._ended = False
        self._send, self._inbox = trio.open_memory_channel[Typed](INBOX)

    def type_nowait(self, data: bytes) -> Typed:
        """Write it, or what there is no room for yet behind what is queued already.

        Raises `NotRunning`, or `CapacityReached` when the program does not read.
        """
        if self._ended:
            raise NotRunning(ENDED)
        typed = Typed(data)
        if not self._queued:
            typed.written = self.terminal.write_nowait(data[:MAX_READ]) if data else 0
        rest = len(data) - typed.written
        if not rest:
            typed.over.set()
            return typed
        try:
            if self._queued + rest > INBOX_BYTES:
                raise trio.WouldBlock
            self._send.send_nowait(typed)
        except trio.WouldBlock:
            met(Limit.INPUT_QUEUE)
            raise CapacityReached(
                "The program is not reading its input and the queue for it is full; "
                "nothing of this input was typed."
            ) from None
        except trio.BrokenResourceError:
            raise NotRunning(ENDED) from None
        self._queued += rest
        return typed

    def interrupt(self) -> None:
        """What Ctrl-C does, past anything queued. Raises `NotRunning`."""
        self.terminal.interrupt()

    def resize(self, cols: int, rows: int) -> None:
        """Set the window size; the last one set wins. Raises `NotRunning`."""
        self.terminal.resize(cols, rows)
        if self._display is not None:
            self._catch_up(self._display)
            self._display.resize(cols, rows)
        self._witness.saw(Resized(cols, rows))

    def look(self) -> Drawing:
        """What is shown now, or as many bytes ago as are too many to take at once.

        Raises `Conflict` where no screen library is installed.
        """
        if self._display is None:
            raise Conflict(NO_LIBRARY)
        self._catch_up(self._display)
        return self._display.drawing()

    def picture(self) -> Picture | None:
        """What draws the screen as it is; None where there is no library for it."""
        return self._display.picture() if self._display is not None else None

    def stop(self, grace_s: float = HANG_UP_GRACE_S) -> None:
        """Begin to end the session; `over` tells when it has."""
        self._grace_s = min(self._grace_s, grace_s)
        self._stop.set()

    async def _read(self, at_end: trio.Event) -> None:
        while True:
            await self.flow.wait_room()
            data = await self.terminal.read()
            if not data:
                at_end.set()
                return
            self.flow.append(data)
            self._witness.saw(OutputSeen(self.flow.tail.end))

    async def _write(self) -> None:
        async for typed in self._inbox:
            rest = memoryview(typed.data)[typed.written :]
            try:
                while rest:
                    count = await self.terminal.write(bytes(rest[:MAX_READ]))
                    typed.written += count
                    self._queued -= count
                    rest = rest[count:]
            except NotRunning as exc:
                typed.error = exc
                self._queued -= len(rest)
            finally:
                if rest and typed.error is None:
                    typed.error = NotRunning(ENDED)
                typed.over.set()

    async def _detect(self, detector: Detector) -> None:
        seen = self.flow.tail.seen
        while await self.flow.wait_beyond(seen):
            data = self.flow.tail.read(seen, MAX_READ)
            seen += len(data)
            if self._display is not None:
                self._show(self._display, data, seen)
            for observation in detector.feed(data, seen, trio.current_time()):
                self._witness.saw(observation)
            self.flow.mark_seen(seen)
            await trio.lowlevel.checkpoint()

    def _catch_up(self, display: Display) -> None:
        data = self.flow.tail.read(display.end, CATCH_UP)
        self._show(display, data, display.end + len(data))

    def _show(self, display: Display, data: bytes, end: int) -> None:
        replies = display.feed(data, end)
        if replies and self._witness.is_alone():
            with suppress(NotRunning, CapacityReached):
                self.type_nowait(replies)

    async def _until_exit(self) -> bool:
        """Whether it ended of itself; False when it was asked to stop."""
        async with trio.open_nursery() as nursery:

            async def exited() -> None:
                await self.terminal.wait_exit()
                nursery.cancel_scope.cancel()

            nursery.start_soon(exited)
            await self._stop.wait()
            nursery.cancel_scope.cancel()
        return not self._stop.is_set()

    async def _drain(self, at_end: trio.Event) -> None:
        """Until the terminal is read to its end, or is quiet while there is room.

        A grandchild may hold the terminal open for ever, so the end need not come.
        """
        while not at_end.is_set():
            before = self.flow.tail.end
            with trio.move_on_after(DRAIN_QUIET_S):
                await at_end.wait()
            if self.flow.tail.end == before and self.flow.has_room:
                return

    async def run(self, detector: Detector) -> None:
        """Run the three tasks until the program has ended and all it wrote is read."""
        at_end = trio.Event()
        async with trio.open_nursery() as pipeline:
            pipeline.start_soon(self._detect, detector)
            async with trio.open_nursery() as ends:
                ends.start_soon(self._read, at_end)
                ends.start_soon(self._write)
                if await self._until_exit():
                    await self._drain(at_end)
                await self.terminal.aclose(self._grace_s)
                with trio.move_on_after(DRAIN_MAX_S):
                    await self._drain(at_end)
                ends.cancel_scope.cancel()
            self.flow.finish()

    def close(self) -> None:
        """Nothing more is typed; what waits is told so."""
        self._ended = True
        self._send.close()
        while True:
            try:
                typed = self._inbox.receive_nowait()
            except (trio.WouldBlock, trio.EndOfChannel):
                break
            typed.error = NotRunning(ENDED)
            typed.over.set()
        self._inbox.close()
        self.flow.finish()


async def run_session(
    detector: Detector,
    witness: Witness,
    task_status: trio.TaskStatus[LiveTerminal] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Open a terminal, report it started, and return when its life is over.

    Raises what opening raises, and whatever a bug in a task raises; the terminal is
    ended all the same. *Cancellation:* the program is killed without grace, the last
    word is written, no process or descriptor is left; bounded by `TEARDOWN_S`.
    """
    terminal: Terminal | None = None
    live: LiveTerminal | None = None
    reason: str | None = "crashed"
    try:
        terminal, flow, display = await witness.open()
        live = LiveTerminal(terminal, flow, witness, display)
        await witness.began(live)
        task_status.started(live)
        await live.run(detector)
        reason = None
    except AntError as exc:
        reason = str(exc)
        raise
    finally:
        if trio.current_effective_deadline() <= trio.current_time():
            reason = "stopped"
        with trio.CancelScope(shield=True) as shield:
            shield.deadline = trio.current_time() + TEARDOWN_S
            exit_ = await terminal.aclose(0) if terminal else None
            if live is not None:
                live.close()
            await witness.ended(exit_, reason)
        if live is not None:
            live.over.set()
        if shield.cancelled_caught:
            raise Stalled(f"A session's end took more than {TEARDOWN_S:g} s.")
