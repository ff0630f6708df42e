"""The life of a session, on a mock clock."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.counters import Limit, counted
from ant.core.errors import CapacityReached, Conflict, NotRunning
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ, Tail
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.detect.verdict import ActivitySeen
from ant.terminal.host.host_terminal import (
    HANG_UP_GRACE_S,
    ControlSeen,
    ExitStatus,
    HostTerminal,
)
from ant.terminal.input.queue import INBOX, INBOX_BYTES
from ant.terminal.observations import Observation, OutputSeen, Resized
from ant.terminal.run_session import run_session
from ant.terminal.screen.display import Display
from ant.terminal.session import LiveTerminal
from ant.terminal.view import CATCH_UP
from tests.fakes import HUNG_UP, INTERRUPTED, KILLED, FakeTerminal
from tests.terminal.skipping import SkippingTerminal

LIMIT = 4 * MAX_READ


class Recorder:
    """An observer that keeps everything; it stores at once, unless it `lags`."""

    def __init__(self, terminal: FakeTerminal, lags: bool = False) -> None:
        self.terminal, self.lags = terminal, lags
        self.flow = OutputFlow(Tail(0, capacity=LIMIT, keep=0))
        self.display: Display | None = Display.blank(20, 3, 0)
        self.alone = True
        self.seen: list[Observation] = []
        self.ends: list[tuple[ExitStatus | None, str | None]] = []
        self.stored = b""
        self.opened = 0
        self.began_fails: Exception | None = None
        self.at_end: Callable[[], None] = lambda: None

    async def open(self) -> tuple[HostTerminal, OutputFlow, Display | None]:
        await trio.lowlevel.checkpoint()
        self.opened += 1
        return self.terminal, self.flow, self.display

    async def on_started(self, live: LiveTerminal) -> None:
        await trio.lowlevel.checkpoint()
        if self.began_fails is not None:
            raise self.began_fails

    def on_observation(self, observation: Observation) -> None:
        self.seen.append(observation)
        if isinstance(observation, OutputSeen) and not self.lags:
            self.store()

    def should_answer_queries(self) -> bool:
        return self.alone

    async def on_ended(self, exit_: ExitStatus | None, reason: str | None) -> None:
        await trio.lowlevel.checkpoint()
        self.at_end()
        self.store()
        self.ends.append((exit_, reason))

    async def on_detached(self) -> None:
        await trio.lowlevel.checkpoint()
        self.store()
        self.ends.append((None, "left"))

    def store(self) -> None:
        """Store everything that waits."""
        tail = self.flow.tail
        self.stored += b"".join(data for _, data in tail.pending(tail.end))
        self.flow.mark_stored(tail.end)


async def start(nursery: trio.Nursery, recorder: Recorder) -> LiveTerminal:
    """Start a session in the background."""
    live: LiveTerminal = await nursery.start(run_session, PromptDetector(), recorder)
    return live


async def test_all_output_arrives_and_then_the_exit(autojump_clock: MockClock) -> None:
    """Output is stored and reported in order, before the exit is."""
    terminal = FakeTerminal(b"one ", b"two ", b"three")
    recorder = Recorder(terminal)
    terminal.end(ExitStatus(code=3))
    await run_session(PromptDetector(), recorder)
    assert b"one two three" == recorder.stored
    assert [(ExitStatus(code=3), None)] == recorder.ends
    assert recorder.flow.finished
    assert OutputSeen(13) in recorder.seen
    assert isinstance(recorder.seen[0], ActivitySeen | OutputSeen)
    assert terminal.closed


@pytest.mark.meets(Limit.TAIL)
async def test_a_lagging_store_is_waited_for(autojump_clock: MockClock) -> None:
    """With a full buffer the terminal is not read; later no byte is missing."""
    pieces = [bytes([n]) * MAX_READ for n in range(20)]
    terminal = FakeTerminal(*pieces)
    recorder = Recorder(terminal, lags=True)
    async with trio.open_nursery() as nursery:
        await start(nursery, recorder)
        await wait_all_tasks_blocked()
        assert LIMIT == recorder.flow.tail.end
        assert 20 - LIMIT // MAX_READ == len(terminal._output)
        while len(recorder.stored) < len(pieces) * MAX_READ:
            recorder.store()
            await wait_all_tasks_blocked()
            assert recorder.flow.tail.end - recorder.flow.tail.stored <= LIMIT
        terminal.end(ExitStatus(code=0))
    assert b"".join(pieces) == recorder.stored


async def test_a_slow_store_gets_all_bytes_of_an_exited_program(
    autojump_clock: MockClock,
) -> None:
    """The exit is not reported before all is read, however long the store takes."""
    pieces = [bytes([n]) * MAX_READ for n in range(12)]
    terminal = FakeTerminal(*pieces)
    recorder = Recorder(terminal, lags=True)
    terminal.end(ExitStatus(code=0))
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        for _ in range(30):
            await trio.sleep(0.2)
            assert len(recorder.stored) < 12 * MAX_READ or live.over.is_set()
            recorder.store()
    assert b"".join(pieces) == recorder.stored


async def test_a_terminal_that_outlives_the_server_is_detached(
    autojump_clock: MockClock,
) -> None:
    """By `detach` or by cancellation; no exit is reported."""
    for cancels in (False, True):
        terminal = FakeTerminal(b"hello")
        terminal.outlives_server = True
        recorder = Recorder(terminal)
        async with trio.open_nursery() as nursery:
            live = await start(nursery, recorder)
            await wait_all_tasks_blocked()
            if cancels:
                nursery.cancel_scope.cancel()
            else:
                live.detach()
        assert live.over.is_set()
        assert terminal.left
        assert [(None, "left")] == recorder.ends
        assert recorder.stored == b"hello"


async def test_a_terminal_that_outlives_the_server_can_be_stopped(
    autojump_clock: MockClock,
) -> None:
    """`stop` ends the program on every host."""
    terminal = FakeTerminal()
    terminal.outlives_server = True
    recorder = Recorder(terminal)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        live.stop()
    assert not terminal.left
    assert [(HUNG_UP, None)] == recorder.ends


@pytest.mark.meets(Limit.SPOOL)
async def test_dropped_bytes_keep_their_offsets(
    autojump_clock: MockClock,
) -> None:
    """Once all before is stored and seen; screen and transcript have no such bytes."""
    terminal = SkippingTerminal(b"before", 1000, b"after")
    recorder = Recorder(terminal, lags=True)
    before = counted(Limit.SPOOL)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await trio.sleep(1)
        assert recorder.flow.tail.end == 6
        recorder.store()
        await trio.sleep(1)
        assert (recorder.flow.tail.base, recorder.flow.tail.end) == (1006, 1011)
        assert live.look().lines[0] == "beforeafter"
        assert live.snapshot()[0].end == 1011
        recorder.store()
        assert recorder.stored == b"beforeafter"
        live.stop()
    assert counted(Limit.SPOOL) - before == 1000


async def test_queries_are_left_to_a_host_that_answers_them(
    autojump_clock: MockClock,
) -> None:
    """The program gets no second reply."""
    terminal = FakeTerminal(b"\x1b[5n\x1b[c")
    terminal.answers_queries = True
    async with trio.open_nursery() as nursery:
        live = await start(nursery, Recorder(terminal))
        await trio.sleep(1)
        assert live.look().offset == 7
        assert terminal.written == b""
        live.stop()


async def test_notices_of_the_host_are_observed(autojump_clock: MockClock) -> None:
    """In order."""

    class Notifying(FakeTerminal):
        async def notice(self) -> ControlSeen:
            await trio.sleep(1)
            return ControlSeen("exit", {"at": trio.current_time()})

    recorder = Recorder(Notifying())
    begun = trio.current_time()
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await trio.sleep(2.5)
        live.stop()
    notices = [each for each in recorder.seen if isinstance(each, ControlSeen)]
    assert [ControlSeen("exit", {"at": begun + n}) for n in (1, 2)] == notices


async def test_a_bug_in_a_detector_ends_its_own_session_only(
    autojump_clock: MockClock,
) -> None:
    """The terminal is closed, the reason is `crashed`, other sessions run on."""

    class Broken(PromptDetector):
        def feed(self, data: bytes, end: int, at: float) -> list[Observation]:
            raise ZeroDivisionError

    sibling = Recorder(FakeTerminal(b"hello"))
    broken = Recorder(FakeTerminal(b"hello"))
    async with trio.open_nursery() as nursery:
        live = await start(nursery, sibling)
        with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
            await run_session(Broken(), broken)
        assert [(HUNG_UP, "crashed")] == broken.ends
        assert b"hello" == broken.stored
        assert broken.terminal.closed
        assert not live.over.is_set()
        live.stop()
    assert [(HUNG_UP, None)] == sibling.ends


async def test_a_stop_hangs_up_and_waits(autojump_clock: MockClock) -> None:
    """A program that ignores HUP gets its grace, then KILL; then `over` is set."""
    recorder = Recorder(FakeTerminal(b"x", stubborn=True))
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        begun = trio.current_time()
        live.stop()
        live.stop(HANG_UP_GRACE_S + 5)
        await live.over.wait()
        assert HANG_UP_GRACE_S <= trio.current_time() - begun < HANG_UP_GRACE_S + 1
    assert [(KILLED, None)] == recorder.ends


async def test_a_stop_with_a_full_buffer_is_bounded(autojump_clock: MockClock) -> None:
    """A store that never answers delays the end, but does not prevent it."""
    recorder = Recorder(FakeTerminal(*[bytes(MAX_READ)] * 9), lags=True)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            live = await start(nursery, recorder)
            await wait_all_tasks_blocked()
            live.stop()
            await live.over.wait()
    assert [(HUNG_UP, None)] == recorder.ends


async def test_input_is_written_in_order_by_one_writer(
    autojump_clock: MockClock,
) -> None:
    """Large inputs are written in parts."""
    terminal = FakeTerminal()
    recorder = Recorder(terminal)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        first = live.type_nowait(b"a" * (MAX_READ + 7))
        second = live.type_nowait(b"bc")
        assert MAX_READ + 7 == await first.wait(1)
        assert 2 == await second.wait(1)
        assert b"a" * (MAX_READ + 7) + b"bc" == terminal.written
        nothing = live.type_nowait(b"")
        assert 0 == await nothing.wait(0)
        assert [(0, 0)] == [(live._input_queue._queued, nothing.written)]
        live.stop()


async def test_a_key_is_written_at_once(autojump_clock: MockClock) -> None:
    """While the queue is empty no task has to wake; else the key waits in order."""
    terminal = FakeTerminal(room=4)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, Recorder(terminal))
        typed = live.type_nowait(b"abc")
        assert (b"abc", 3, True) == (
            terminal.written,
            typed.written,
            typed.over.is_set(),
        )
        assert 1 == live.type_nowait(b"def").written
        assert 0 == live.type_nowait(b"ghi").written
        terminal.drink()
        await wait_all_tasks_blocked()
        assert b"abcdefghi" == terminal.written
        terminal.end(ExitStatus(code=0))
        with pytest.raises(NotRunning):
            live.type_nowait(b"x")


async def test_patience_ends_and_the_input_stays(autojump_clock: MockClock) -> None:
    """`wait` returns what the program has read; the rest stays queued."""
    terminal = FakeTerminal(room=3)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, Recorder(terminal))
        typed = live.type_nowait(b"abcdef")
        assert 3 == await typed.wait(5)
        terminal.drink()
        assert 6 == await typed.wait(5)
        assert b"abcdef" == terminal.written
        live.stop()


@pytest.mark.meets(Limit.INPUT_QUEUE)
async def test_a_full_queue_refuses_input(autojump_clock: MockClock) -> None:
    """By count and by bytes; nothing of a refused input is typed."""
    terminal = FakeTerminal(room=0)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, Recorder(terminal))
        live.type_nowait(b"x")
        await wait_all_tasks_blocked()
        for _ in range(INBOX):
            live.type_nowait(b"y")
        with pytest.raises(CapacityReached):
            live.type_nowait(b"z")
        terminal.drink()
        await wait_all_tasks_blocked()
        assert b"x" + b"y" * INBOX == terminal.written
        terminal.drink(0)
        for _ in range(INBOX_BYTES >> 20):
            live.type_nowait(bytes(1 << 20))
        with pytest.raises(CapacityReached):
            live.type_nowait(b"z")
        live.stop()


async def test_an_interrupt_passes_a_full_queue(autojump_clock: MockClock) -> None:
    """Ctrl-C does not wait behind input; queued input fails at the end."""
    terminal = FakeTerminal(room=0)
    recorder = Recorder(terminal)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        waiting = [live.type_nowait(b"x") for _ in range(3)]
        await wait_all_tasks_blocked()
        live.interrupt()
        for typed in waiting:
            with pytest.raises(NotRunning):
                await typed.wait(60)
        await live.over.wait()
        with pytest.raises(NotRunning):
            live.interrupt()
    assert [(INTERRUPTED, None)] == recorder.ends


async def test_input_after_the_end_is_refused(autojump_clock: MockClock) -> None:
    """Typing and resizing raise `NotRunning`."""
    recorder = Recorder(FakeTerminal())
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        live.stop()
        await live.over.wait()
        with pytest.raises(NotRunning):
            live.type_nowait(b"x")
        with pytest.raises(NotRunning):
            live.resize(80, 24)


async def test_queued_input_fails_at_a_stop(autojump_clock: MockClock) -> None:
    """The input being written, and those behind it."""
    terminal = FakeTerminal(room=1)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, Recorder(terminal))
        waiting = [live.type_nowait(b"ab"), live.type_nowait(b"cd")]
        await wait_all_tasks_blocked()
        live.stop()
        for typed in waiting:
            with pytest.raises(NotRunning):
                await typed.wait(60)
        assert [1, 0] == [typed.written for typed in waiting]


async def test_a_resize_is_observed(autojump_clock: MockClock) -> None:
    """The terminal gets the size, and the observer an observation."""
    terminal = FakeTerminal()
    recorder = Recorder(terminal)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        live.resize(100, 50)
        live.stop()
    assert (100, 50) == terminal.sizes[-1]
    assert Resized(100, 50) in recorder.seen


async def test_a_look_shows_all_output(autojump_clock: MockClock) -> None:
    """Also what the detector has not processed; each byte is drawn once."""
    terminal = FakeTerminal()
    recorder = Recorder(terminal)
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await wait_all_tasks_blocked()
        recorder.flow.append(b"one\r\n")
        drawing = live.look()
        assert (5, 0) == (drawing.offset, recorder.flow.tail.seen)
        await wait_all_tasks_blocked()
        recorder.flow.append(b"two")
        await wait_all_tasks_blocked()
        assert ("one", "two", "") == live.look().lines
        picture = live.picture()
        assert picture is not None
        assert 8 == picture.offset == recorder.flow.tail.seen
        live.stop()


async def test_a_look_draws_a_bounded_number_of_bytes(
    autojump_clock: MockClock,
) -> None:
    """The drawing's offset shows how far it is."""
    recorder = Recorder(FakeTerminal())
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await wait_all_tasks_blocked()
        recorder.flow.append(b"x" * (CATCH_UP + 5))
        assert CATCH_UP == live.look().offset
        assert CATCH_UP + 5 == live.look().offset
        live.stop()


async def test_a_resize_applies_to_later_bytes(autojump_clock: MockClock) -> None:
    """Output from before the resize is drawn in the old size."""
    recorder = Recorder(FakeTerminal())
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await wait_all_tasks_blocked()
        recorder.flow.append(b"x" * 20 + b"\r\nab")
        live.resize(30, 2)
        drawing = live.look()
        assert (30, 2, 24) == (drawing.cols, drawing.rows, drawing.offset)
        assert "ab" in drawing.lines
        live.stop()


@pytest.mark.parametrize("alone", [True, False])
async def test_queries_are_answered_where_no_client_does(
    autojump_clock: MockClock, alone: bool
) -> None:
    """A reply is never sent late."""
    terminal = FakeTerminal(b"ab\x1b[6n")
    recorder = Recorder(terminal)
    recorder.alone = alone
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await wait_all_tasks_blocked()
        assert (b"\x1b[1;3R" if alone else b"") == terminal.written
        recorder.alone = True
        terminal.say(b"c")
        await wait_all_tasks_blocked()
        assert (b"\x1b[1;3R" if alone else b"") == terminal.written
        live.stop()


async def test_without_a_screen_library(autojump_clock: MockClock) -> None:
    """The session works; only a look is refused."""
    terminal = FakeTerminal(b"hello")
    recorder = Recorder(terminal)
    recorder.display = None
    async with trio.open_nursery() as nursery:
        live = await start(nursery, recorder)
        await wait_all_tasks_blocked()
        live.resize(30, 2)
        assert live.picture() is None
        with pytest.raises(Conflict, match="library"):
            live.look()
        live.stop()
    assert b"hello" == recorder.stored
