"""The life of one terminal session: the child nursery and its tasks.

    pipeline   detector   tail -> observations and the screen; a whole tail behind, it
                          is waited for
      ends     reader     terminal -> tail, only while there is room; wakes viewers and
                          the transcript writer; in a flood it does the detector's work
                          in the turn that it has
               writer     inbox -> terminal
               watcher    looks at the screen when output pauses -> verdicts

The ends leave first; the pipeline runs dry; then, under a shield with a deadline, the
terminal is ended and the last word written.
"""

import math
from contextlib import suppress
from typing import Protocol

import trio

from ant.core.background import is_of_system, persist, sentence
from ant.core.errors import (
    AntError,
    CapacityReached,
    NotRunning,
    PromptChanged,
    Stalled,
)
from ant.core.wakeup import Wakeup
from ant.terminal.agents.driver import Driver, driver_for
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.drain import DRAIN_MAX_S, drain
from ant.terminal.host.base import HANG_UP_GRACE_S, Exit, Skipped, Terminal
from ant.terminal.input.addressee import Check, at_prompt
from ant.terminal.input.answer_prompt import give, is_gone
from ant.terminal.input.queue import ENDED, InputQueue, QueuedInput
from ant.terminal.input.type_message import TypeResult, reacts, say
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.observations import InputSeen, Observation, OutputSeen, Resized
from ant.terminal.screen.display import Display, Drawing, Picture
from ant.terminal.screen.modes import Modes
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.view import Piece, ScreenView

TEARDOWN_S = 10.0
"""Deadline of the shield: grace, KILL and the last commit are well within it."""


class RunObserver(Protocol):
    """Who is told of the session's life, and writes it down."""

    async def open(self) -> tuple[Terminal, OutputFlow, Display | None]:
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

    async def left(self) -> None:
        """We let go of it, and it goes on. Runs under the shield."""
        ...


class LiveTerminal:
    """A running session as others hold it: they ask, its own tasks do.

    `since` is when we began to look at it (monotonic seconds).
    """

    def __init__(
        self,
        terminal: Terminal,
        flow: OutputFlow,
        observer: RunObserver,
        display: Display | None = None,
        detector: PromptDetector | None = None,
    ) -> None:
        self.terminal, self.flow = terminal, flow
        self.since = trio.current_time()
        self.over = trio.Event()
        self._detector = detector or PromptDetector()
        self._view = ScreenView(terminal, flow, display, self._detector)
        self._input_queue = InputQueue(terminal, self._typed)
        self._stirred = Wakeup()
        self._observer = observer
        self._stop, self.leaving = trio.Event(), False
        self._grace_s = HANG_UP_GRACE_S

    @property
    def verdict(self) -> Verdict | None:
        """What is held true of the program; None before the first look."""
        return self._detector.verdict

    def recall(self, past: list[Piece]) -> None:
        """See `ScreenView.recall`; what is new of it is told."""
        self._view.recall(past)
        self._tell()

    def set_driver(self, flag: str | None) -> None:
        """Judge by this driver from now on."""
        self._detector.flag = flag
        self._stir()

    def type_nowait(
        self, data: bytes, source: str = "terminal_input", by: str | None = None
    ) -> QueuedInput:
        """Write it, or what there is no room for yet behind what is queued already.

        `source` and `by` are the way and who, as it is recorded. Raises `NotRunning`,
        or `CapacityReached` when the program does not read.
        """
        self._stir()
        self.flow.hurry()
        shown = self._view.shows(data)
        typed = self._input_queue.type_nowait(data)
        # What waits may be read by whoever asks for a secret by then.
        still = typed.over.is_set() and self.terminal.shows_input()
        self._observer.saw(InputSeen(data, source, shown if still else False, by))
        return typed

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """Answer the prompt that has this fingerprint, and watch it go.

        Raises `PromptChanged` when another screen is shown, `NotAnOption` when the
        choice means nothing to it, `Conflict` when it cannot be done: in all of these
        nothing was chosen. Also `NotRunning` and `CapacityReached`.
        *Cancellation:* the answer is given wholly or not at all; at most the marker of
        a menu has moved or a line stands there unsent.
        """
        lines = self._detector.lines
        async with self._input_queue.exclusive():
            if self._detector.lines != lines:
                raise PromptChanged("A line was typed meanwhile; nothing was chosen.")
            given = await give(self, fingerprint, choice)
            end = self.flow.tail.end
        self._stir()
        gone = await is_gone(self, fingerprint, given)
        if gone:
            self._detector.expect_new_prompt(trio.current_time())
            self._stirred.set()
        return Outcome(given.chosen, gone, end)

    def snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        """See `Hands.glance`."""
        if self.flow.finished:
            raise NotRunning(ENDED)
        while self.flow.has_room and (data := self.terminal.read_nowait()):
            self._take(data)
        while self._view.end < self.flow.tail.end:  # A whole tail, at most.
            self._catch_up()
        return self._view.snapshot(trio.current_time())

    def is_repeated_prompt(self, snapshot: ScreenSnapshot, verdict: Verdict) -> bool:
        """See `Hands.is_repeated_prompt`."""
        while self.flow.tail.seen < self.flow.tail.end:
            self._observe()
        return self._detector.is_repeated_prompt(snapshot, verdict)

    async def say(self, text: str, check: Check | None = None) -> TypeResult:
        """Type a text and send it, where the program is free to take it; `check` says
        who may be told (`addressee`): anybody without it, as by a person's own hand.

        Raises `Withheld` with a reason when nothing was typed; see `saying.say`.
        *Cancellation:* at most the text stands there unsent.
        """
        async with self._input_queue.exclusive():
            said = await say(self, self._driver, text, check)
        self._stir()
        return said

    async def note(self, line: str) -> TypeResult:
        """Give a shell a comment, at an empty command line where it takes one.

        Raises `Withheld` when nothing was typed. *Cancellation:* as `say`.
        """
        async with self._input_queue.exclusive():
            said = await say(self, None, line, at_prompt())
        self._stir()
        return said

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        """The offset by which the program was seen to take a text; None if it was not.

        Raises `NotRunning`. *Cancellation:* nothing to undo.
        """
        return await reacts(self, self._driver, end, text, patience_s)

    def tty(self) -> Tty | None:
        """See `ScreenView.tty`."""
        return self._view.tty()

    def modes(self) -> Modes:
        """What the program has switched on. Raises `Conflict` without a screen."""
        return self._view.look(trio.current_time()).modes

    @property
    def _driver(self) -> Driver | None:
        tty = self.terminal.tty()
        return driver_for(self._detector.flag, tty.foreground if tty else "")

    @property
    def settle_s(self) -> float:
        """See `Hands`."""
        driver = self._driver
        return driver.settle_ms / 1000 if driver else 0.0

    @property
    def end(self) -> int:
        """See `Hands`."""
        return self.flow.tail.end

    async def write(self, data: bytes) -> None:
        """See `Hands.write`."""
        await self._input_queue.write(data)

    def press(self, data: bytes) -> None:
        """See `Hands.press`."""
        self._input_queue.press(data)

    async def wait_output(self, patience_s: float) -> bool:
        """See `Hands.wait_output`."""
        end = self.flow.tail.end
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(patience_s):
            return await self.flow.wait_beyond(end)
        return False

    def interrupt(self) -> None:
        """What Ctrl-C does, past anything queued. Raises `NotRunning`."""
        self.terminal.interrupt()

    def resize(self, cols: int, rows: int) -> None:
        """Set the window size; the last one set wins. Raises `NotRunning`."""
        self.terminal.resize(cols, rows)
        self._catch_up()
        self._view.resize(cols, rows)
        self._stir()
        self._observer.saw(Resized(cols, rows))

    def look(self) -> Drawing:
        """What is shown now, or as many bytes ago as are too many to take at once.

        Raises `Conflict` where no screen library is installed.
        """
        self._catch_up()
        return self._view.drawing()

    def picture(self) -> Picture | None:
        """What draws the screen as it is; None where there is no library for it."""
        return self._view.picture()

    def leave(self) -> None:
        """Begin to let go of a program that outlives us; `over` tells when we have."""
        self.leaving = True
        self._stop.set()

    def stop(self, grace_s: float = HANG_UP_GRACE_S) -> None:
        """Begin to end the session; `over` tells when it has."""
        self._grace_s = min(self._grace_s, grace_s)
        self._stop.set()

    async def _read(self, at_end: trio.Event) -> None:
        while True:
            data = self.terminal.read_nowait() if await self.flow.wait_room() else b""
            try:
                data = data or await self.terminal.read()
            except Skipped as hole:
                await self.flow.skip(hole.count)
                self._take(b"")
                continue
            if not data:
                return at_end.set()
            self._take(data)

    async def _hear(self) -> None:
        while True:
            self._observer.saw(await self.terminal.notice())

    def _take(self, data: bytes) -> None:
        self.flow.append(data)
        self._observer.saw(OutputSeen(self.flow.tail.end))
        if self.flow.floods:
            self._observe()  # In the turn that it has: no other task need take one.

    def _observe(self) -> None:
        """Show and judge the next piece of what is in the tail, if there is any."""
        seen = self.flow.tail.seen  # It goes ahead where offsets are left out.
        data = self.flow.tail.read(seen, MAX_READ)
        seen += len(data)
        now = trio.current_time()
        self._answer_queries(self._view.feed(data, seen, now))
        self._tell()
        due = self._detector.next_due
        for observation in self._detector.feed(data, seen, now):
            self._observer.saw(observation)
        if self._detector.next_due != due:
            self._stirred.set()
        self.flow.mark_seen(seen)

    async def _detect(self) -> None:
        while await self.flow.wait_beyond(self.flow.tail.seen):
            if self.flow.tail.seen < self.flow.tail.end:
                self._observe()
                await trio.lowlevel.checkpoint()

    async def _watch(self) -> None:
        """Look when it is due; a flood is looked at now and then."""
        while True:
            now = trio.current_time()
            due = self._detector.due(now)
            if due is None or due > now:
                with trio.move_on_at(math.inf if due is None else due):
                    await self._stirred.wait()
                continue
            await self.flow.wait_turn()
            now = trio.current_time()
            for observation in self._view.judge(now):
                self._observer.saw(observation)
            await trio.lowlevel.checkpoint()

    def _catch_up(self) -> None:
        self._answer_queries(self._view.catch_up(trio.current_time()))
        self._tell()

    def _tell(self) -> None:
        """The commands that have ended; by now their bytes are in the flow."""
        for observation in self._view.blocks():
            self._observer.saw(observation)

    def _typed(self, data: bytes) -> None:
        if b"\r" in data or b"\n" in data:
            self._detector.submit(self.flow.tail.end, trio.current_time())
            self._stirred.set()

    def _stir(self) -> None:
        self._detector.request_snapshot(trio.current_time())
        self._stirred.set()

    def _answer_queries(self, replies: bytes) -> None:
        if replies and not self.terminal.answers_queries and self._observer.is_alone():
            with suppress(NotRunning, CapacityReached):
                self._input_queue.type_nowait(replies)

    async def _until_exit(self) -> bool:
        """Whether it ended of itself; False when it was asked to stop."""
        async with trio.open_nursery() as nursery:

            async def exited() -> None:
                await self.terminal.wait_exit()
                nursery.cancel_scope.cancel()

            nursery.start_soon(persist, "A terminal's end", exited)
            await self._stop.wait()
            nursery.cancel_scope.cancel()
        return not self._stop.is_set()

    async def run(self) -> None:
        """Run the tasks until the program has ended and all it wrote is read."""
        at_end = trio.Event()
        async with trio.open_nursery() as pipeline:
            pipeline.start_soon(persist, "A detector", self._detect)
            async with trio.open_nursery() as ends:
                ends.start_soon(persist, "A terminal's reader", self._read, at_end)
                ends.start_soon(persist, "A terminal's writer", self._input_queue.run)
                ends.start_soon(persist, "A screen's watcher", self._watch)
                ends.start_soon(persist, "A host's news", self._hear)
                if await self._until_exit():
                    await drain(self.terminal, self.flow, at_end)
                if not self.leaving:
                    await self.terminal.aclose(self._grace_s)
                    with trio.move_on_after(DRAIN_MAX_S):
                        await drain(self.terminal, self.flow, at_end)
                ends.cancel_scope.cancel()
            self.flow.finish()

    def close(self, goes_on: bool) -> None:
        """Nothing more is typed; what waits is told so. What ran ended if all did."""
        self._input_queue.close()
        self.flow.finish()
        if not goes_on:
            self._view.finish(trio.current_time())
        self._tell()


async def run_session(
    detector: PromptDetector,
    observer: RunObserver,
    task_status: trio.TaskStatus[LiveTerminal] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Open a terminal, report it started, and return when its life is over.

    Raises what opening raises, and whatever a bug in a task raises; the terminal is
    ended all the same. *Cancellation:* the program is killed without grace, or left
    where it outlives us, the last word is written, no process or descriptor is left
    with us; bounded by `TEARDOWN_S`.
    """
    terminal: Terminal | None = None
    live: LiveTerminal | None = None
    reason: str | None = "crashed"
    try:
        terminal, flow, display = await observer.open()
        live = LiveTerminal(terminal, flow, observer, display, detector)
        await observer.began(live)
        task_status.started(live)
        await live.run()
        reason = None
    except AntError as exc:
        reason = str(exc)
        raise
    except Exception as exc:
        if is_of_system(exc):
            reason = sentence(exc)
        raise
    finally:
        cancelled = trio.current_effective_deadline() <= trio.current_time()
        if cancelled:
            reason = "stopped"
        try:
            with trio.CancelScope(shield=True) as shield:
                shield.deadline = trio.current_time() + TEARDOWN_S
                exit_, leaves = None, False
                if live is not None:
                    leaves = live.leaving or (cancelled and live.terminal.outlives_us)
                if terminal is not None:
                    exit_ = await (terminal.leave() if leaves else terminal.aclose(0))
                if live is not None:
                    live.close(leaves)
                await (observer.left() if leaves else observer.ended(exit_, reason))
        finally:
            if live is not None:
                live.over.set()
        if shield.cancelled_caught:
            raise Stalled(f"A session's end took more than {TEARDOWN_S:g} s.")
