"""One terminal session: its nursery, and the tasks that run in it.

The three parts of a session, and where they are:

    PTY reader       `terminal.pty_reader.PtyReader`
                     moves output from the terminal into the buffer; it stops reading
                     while the buffer is full
    prompt detector  `terminal.detect.prompt_detector.PromptDetector`
                     `LiveTerminal._detect` feeds it the buffer, in order, up to a whole
                     buffer behind the reader; `LiveTerminal._watch` asks it for a
                     verdict on the screen when output pauses
    broadcaster      `runtime.broadcaster.Broadcaster`
                     the session's `RunObserver` wakes the sockets through it, for each
                     `OutputSeen` of the reader

Two more tasks run beside them: the writer (`terminal.input.queue.InputQueue.run`)
writes queued input to the terminal, and `LiveTerminal._read_notices` takes what the
terminal's host notifies of.

At the end the reader, the writer and the watcher are cancelled first. Then the detector
works through what is left in the buffer. Then `terminal.run_session` ends the terminal
and records the end.
"""

import math
from contextlib import suppress
from typing import Protocol

import trio

from ant.core.background import persist
from ant.core.errors import CapacityReached, NotRunning, PromptChanged
from ant.core.wakeup import Wakeup
from ant.terminal.agents.driver import Driver, driver_for
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.drain import DRAIN_MAX_S, drain
from ant.terminal.host.host_terminal import HANG_UP_GRACE_S, ExitStatus, HostTerminal
from ant.terminal.input.addressee import Check, at_prompt
from ant.terminal.input.answer_prompt import send_answer, wait_gone
from ant.terminal.input.query_replies import is_reply
from ant.terminal.input.queue import ENDED, InputQueue, QueuedInput
from ant.terminal.input.type_message import TypeResult, reacts, type_message
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.observations import InputSeen, Observation, Resized
from ant.terminal.pty_reader import PtyReader
from ant.terminal.screen.display import Display, Drawing, Picture, ShownScreen
from ant.terminal.screen.modes import Modes
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.view import Piece, ScreenView


class RunObserver(Protocol):
    """Starts a session's program, and records what the session reports of it."""

    async def open(self) -> tuple[HostTerminal, OutputFlow, Display | None]:
        """Start the program. Return its terminal, the buffer for its output, a screen.

        The screen is blank; it is None where no screen library is installed.
        """
        ...

    async def on_started(self, live: "LiveTerminal") -> None:
        """The program runs, and nothing of its output has been read yet."""
        ...

    def on_observation(self, observation: Observation) -> None:
        """Record an observation. Must not wait."""
        ...

    def should_answer_queries(self) -> bool:
        """Whether ANT answers the program's queries: no client's terminal does."""
        ...

    async def on_ended(self, exit_: ExitStatus | None, reason: str | None) -> None:
        """Record the end; every byte is in the buffer. Runs under the shield.

        `exit_` is None when the terminal was never opened.
        """
        ...

    async def on_detached(self) -> None:
        """ANT has detached, and the program goes on. Runs under the shield."""
        ...


class LiveTerminal:
    """A running session, as its callers use it: they request, its own tasks act.

    `since` is when ANT began to observe the terminal (monotonic seconds). `over` is set
    when the session has ended, or ANT has detached from it.
    """

    def __init__(
        self,
        terminal: HostTerminal,
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
        self.banner = self._view.banner
        self._reader = PtyReader(
            terminal, flow, observer.on_observation, self._process_next
        )
        self._input_queue = InputQueue(terminal, self._on_typed)
        self._look_moved, self._observer = Wakeup(), observer
        self._stop, self.detaching = trio.Event(), False
        self._grace_s = HANG_UP_GRACE_S

    @property
    def verdict(self) -> Verdict | None:
        """The detector's verdict on the program; None before the first look."""
        return self._detector.verdict

    def replay(self, past: list[Piece]) -> None:
        """See `ScreenView.replay`; the commands it completes are reported."""
        self._view.replay(past)
        self._report_blocks()

    def set_driver(self, flag: str | None) -> None:
        """Judge by this agent driver from now on."""
        self._detector.flag = flag
        self._request_look()

    def type_nowait(
        self, data: bytes, source: str = "terminal_input", by: str | None = None
    ) -> QueuedInput:
        """Write input now, or queue what finds no room behind what is queued already.

        `source` (the way it came) and `by` (who typed it) go into the record. Raises
        `NotRunning`, or `CapacityReached` when the program does not read.
        """
        self._request_look()
        self.flow.hurry()
        shown = self._view.shows(data)
        typed = self._input_queue.type_nowait(data)
        # Queued input may be read later, by a program that asks for a secret by then.
        still = typed.over.is_set() and self.terminal.shows_input()
        seen = InputSeen(data, source, shown if still else False, by)
        self._observer.on_observation(seen)
        return typed

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """Answer the prompt with this fingerprint, and watch until it goes.

        Raises `PromptChanged` when the screen shows something else, `NotAnOption` when
        the choice is no answer to this prompt, `Conflict` when it cannot be carried
        out: in all of these nothing was chosen. Also `NotRunning` and
        `CapacityReached`.
        *Cancellation:* the answer is given wholly or not at all. At most the marker of
        a menu has moved, or a line stands there unsent.
        """
        lines = self._detector.lines
        async with self._input_queue.exclusive():
            if self._detector.lines != lines:
                raise PromptChanged(
                    "A line was typed before this answer; nothing was chosen."
                )
            sent = await send_answer(self, fingerprint, choice)
            end = self.flow.tail.end
            self._detector.typed(b"", end, trio.current_time())
        self._request_look()
        gone = await wait_gone(self, fingerprint, sent)
        if gone:
            self._detector.expect_new_prompt(trio.current_time())
            self._look_moved.set()
        return Outcome(sent.chosen, gone, end)

    def snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        """See `TerminalOps.snapshot`."""
        if self.flow.finished:
            raise NotRunning(ENDED)
        self._reader.read_available()
        while self._view.end < self.flow.tail.end:  # At most a whole buffer.
            self._catch_up()
        return self._view.snapshot(trio.current_time())

    def is_repeated_prompt(self, snapshot: ScreenSnapshot, verdict: Verdict) -> bool:
        """See `TerminalOps.is_repeated_prompt`."""
        while self.flow.tail.seen < self.flow.tail.end:
            self._process_next()
        return self._detector.is_repeated_prompt(snapshot, verdict)

    async def type_message(self, text: str, check: Check | None = None) -> TypeResult:
        """Type a text and send it, where the program is free to take it.

        `check` decides which program may receive it (`input.addressee`); without one,
        any program may. Raises `Withheld` with a reason when nothing was typed; see
        `input.type_message`. *Cancellation:* at most the text stands there unsent.
        """
        async with self._input_queue.exclusive():
            result = await type_message(self, self._driver, text, check)
        self._request_look()
        return result

    async def type_comment(self, line: str) -> TypeResult:
        """Type a comment at the empty command line of a shell that accepts comments.

        Raises `Withheld` when nothing was typed. *Cancellation:* as `type_message`.
        """
        async with self._input_queue.exclusive():
            result = await type_message(self, None, line, at_prompt())
        self._request_look()
        return result

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        """The offset by which the program has visibly taken a text; None if it has not.

        Raises `NotRunning`. *Cancellation:* nothing to undo.
        """
        return await reacts(self, self._driver, end, text, patience_s)

    def tty(self) -> Tty | None:
        """See `ScreenView.tty`."""
        return self._view.tty()

    def modes(self) -> Modes:
        """The modes the program has set. Raises `Conflict` without a screen library."""
        return self._view.look(trio.current_time()).modes

    @property
    def _driver(self) -> Driver | None:
        tty = self.terminal.tty()
        return driver_for(self._detector.flag, tty.foreground if tty else "")

    @property
    def settle_s(self) -> float:
        """See `TerminalOps`."""
        driver = self._driver
        return driver.settle_ms / 1000 if driver else 0.0

    def until_keys_s(self, fingerprint: str) -> float:
        """See `TerminalOps`."""
        driver = self._driver
        pause_s = driver.keys_after_ms / 1000 if driver else 0.0
        since = self._detector.asked_since(fingerprint)
        now = trio.current_time()
        return max(0.0, (now if since is None else since) + pause_s - now)

    @property
    def end(self) -> int:
        """See `TerminalOps`."""
        return self.flow.tail.end

    @property
    def is_awaited(self) -> bool:
        """See `TerminalOps`."""
        return self._input_queue.is_awaited

    async def write(self, data: bytes) -> None:
        """See `TerminalOps.write`."""
        await self._input_queue.write(data)

    def press(self, data: bytes) -> None:
        """See `TerminalOps.press`."""
        self._input_queue.press(data)

    async def wait_output(self, patience_s: float) -> bool:
        """See `TerminalOps.wait_output`."""
        end = self.flow.tail.end
        await trio.lowlevel.checkpoint()
        with trio.move_on_after(patience_s):
            return await self.flow.wait_beyond(end)
        return False

    def interrupt(self) -> None:
        """Do what Ctrl-C does, ahead of queued input. Raises `NotRunning`."""
        self.terminal.interrupt()

    def resize(self, cols: int, rows: int) -> None:
        """Set the window size. Raises `NotRunning`."""
        self.terminal.resize(cols, rows)
        self._catch_up()
        self._view.resize(cols, rows)
        self._request_look()
        self._observer.on_observation(Resized(cols, rows))

    def look(self) -> Drawing:
        """The screen, after all output or `view.CATCH_UP` more bytes of it.

        Raises `Conflict` where no screen library is installed.
        """
        self._catch_up()
        return self._view.drawing()

    def shown(self) -> ShownScreen:
        """What the screen shows, as `look` does; in a flood, that of a moment ago.

        It costs a flood no more than the look itself.
        """
        if not self.flow.floods:
            self._catch_up()
        return self._view.shown()

    def text(self) -> list[str]:
        """The rows of the screen as text, as `shown` does; none without a library."""
        if not self.flow.floods:
            self._catch_up()
        return self._view.text()

    @property
    def folder(self) -> str | None:
        """The folder that the shell reported last; None if it reported none."""
        return self._view.folder

    @property
    def state(self) -> tuple[int, int, tuple[int, int] | None]:
        """What `shown` depends on: how far the screen and the output are, and the
        size."""
        return self._view.end, self.flow.tail.end, self._view.size

    def picture(self) -> Picture | None:
        """Output that redraws the screen; None where no screen library is installed."""
        return self._view.picture()

    def detach(self) -> None:
        """Begin to detach from a program that outlives ANT; then await `over`."""
        self.detaching = True
        self._stop.set()

    def stop(self, grace_s: float = HANG_UP_GRACE_S) -> None:
        """Begin to end the session; then await `over`."""
        self._grace_s = min(self._grace_s, grace_s)
        self._stop.set()

    async def _read_notices(self) -> None:
        """Report what the host notifies of, for ever."""
        while True:
            self._observer.on_observation(await self.terminal.notice())

    def _process_next(self) -> None:
        """Feed the next piece of the buffer to the screen and the detector, if any."""
        seen = self.flow.tail.seen  # `skip` moves it past the offsets it leaves out.
        data = self.flow.tail.read(seen, MAX_READ)
        seen += len(data)
        now = trio.current_time()
        self._answer_queries(self._view.feed(data, seen, now))
        self._report_blocks()
        due = self._detector.next_due
        for observation in self._detector.feed(data, seen, now):
            self._observer.on_observation(observation)
        if self._detector.next_due != due:
            self._look_moved.set()
        self.flow.mark_seen(seen)

    async def _detect(self) -> None:
        """Feed the detector until the output has ended."""
        while await self.flow.wait_beyond(self.flow.tail.seen):
            if self.flow.tail.seen < self.flow.tail.end:
                self._process_next()
                await trio.lowlevel.checkpoint()

    async def _watch(self) -> None:
        """Judge the screen whenever the detector wants a look, for ever.

        In a flood each look waits for a turn.
        """
        while True:
            now = trio.current_time()
            due = self._detector.due(now)
            if due is None or due > now:
                with trio.move_on_at(math.inf if due is None else due):
                    await self._look_moved.wait()
                continue
            await self.flow.wait_turn()
            now = trio.current_time()
            for observation in self._view.judge(now):
                self._observer.on_observation(observation)
            await trio.lowlevel.checkpoint()

    def _catch_up(self) -> None:
        self._answer_queries(self._view.catch_up(trio.current_time()))
        self._report_blocks()

    def _report_blocks(self) -> None:
        """Report the commands that have ended; their bytes are in the buffer by now."""
        for observation in self._view.blocks():
            self._observer.on_observation(observation)

    def _on_typed(self, data: bytes) -> None:
        if not is_reply(data):
            self._detector.typed(data, self.flow.tail.end, trio.current_time())
            self._look_moved.set()

    def _request_look(self) -> None:
        self._detector.request_snapshot(trio.current_time())
        self._look_moved.set()

    def _answer_queries(self, replies: bytes) -> None:
        if not replies or self.terminal.answers_queries:
            return
        if self._observer.should_answer_queries():
            with suppress(NotRunning, CapacityReached):
                self._input_queue.type_nowait(replies)

    async def _until_exit(self) -> bool:
        """Wait for the program's exit, or for `stop`; whether the program exited."""
        async with trio.open_nursery() as nursery:

            async def exited() -> None:
                await self.terminal.wait_exit()
                nursery.cancel_scope.cancel()

            nursery.start_soon(persist, "A terminal's end", exited)
            await self._stop.wait()
            nursery.cancel_scope.cancel()
        return not self._stop.is_set()

    async def run(self) -> None:
        """Run the session's tasks until the program has exited and its output is read.

        A `stop` ends the program first. A `detach` leaves it running.
        """
        at_end = self._reader.at_end
        async with trio.open_nursery() as outer:
            outer.start_soon(persist, "A prompt detector", self._detect)
            async with trio.open_nursery() as inner:
                inner.start_soon(persist, "A PTY reader", self._reader.run)
                inner.start_soon(persist, "A terminal's writer", self._input_queue.run)
                inner.start_soon(persist, "A screen's watcher", self._watch)
                inner.start_soon(persist, "A host's notices", self._read_notices)
                if await self._until_exit():
                    await drain(self.terminal, self.flow, at_end)
                if not self.detaching:
                    await self.terminal.aclose(self._grace_s)
                    with trio.move_on_after(DRAIN_MAX_S):
                        await drain(self.terminal, self.flow, at_end)
                inner.cancel_scope.cancel()
            self.flow.finish()

    def close(self, goes_on: bool) -> None:
        """Refuse further input, and fail what is queued with `NotRunning`.

        Unless the program `goes_on`, the command that was running has ended with it.
        """
        self._input_queue.close()
        self.flow.finish()
        if not goes_on:
            self._view.finish(trio.current_time())
        self._report_blocks()
