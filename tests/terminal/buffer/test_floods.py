"""Floods beside a key: counted in bytes, steps and turns of the loop, not in time."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import attrs
import pytest
import trio
from trio.abc import Instrument
from trio.lowlevel import Task
from trio.testing import MockClock

from ant.core.fair_turns import HOLD, LARGE, WIDTH, FairTurns
from ant.terminal.buffer.flow import CALM_BYTES_S, OutputFlow
from ant.terminal.buffer.tail import MAX_READ, Tail
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.observations import Observation, OutputSeen
from ant.terminal.run_session import run_session
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.session import LiveTerminal
from tests.fakes import FakeTerminal
from tests.terminal.test_session import Recorder

FLOODS = 10
PATIENCE_S = 20.0

PAGE = (b"%015d\n" % 7) * (MAX_READ // 16)


@attrs.define(eq=False)
class Work(Instrument):
    """The work done: large things by turn of the loop, and all steps of tasks."""

    turn: int = 0
    steps: int = 0
    bytes: int = 0
    looks: int = 0
    large: Counter[int] = attrs.field(factory=Counter)

    def after_io_wait(self, timeout: float) -> None:
        self.turn += 1

    def before_task_step(self, task: Task) -> None:
        self.steps += 1

    def did_read(self, size: int) -> None:
        self.bytes += size
        self.large[self.turn] += size > LARGE

    @contextmanager
    def counting(self) -> Iterator[None]:
        trio.lowlevel.add_instrument(self)
        try:
            yield
        finally:
            trio.lowlevel.remove_instrument(self)


class Flooding(FakeTerminal):
    """A program that prints without end, and without waiting."""

    def __init__(self, work: Work, piece: bytes = PAGE) -> None:
        super().__init__()
        self._work, self._piece = work, piece

    async def read(self) -> bytes:
        await trio.lowlevel.checkpoint()
        return self.read_nowait()

    def read_nowait(self) -> bytes:
        if self._exit is not None:
            return b""
        self._work.did_read(len(self._piece))
        return self._piece


class Looking(PromptDetector):
    """Counts its looks among the large things."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self._work = work

    def judge(self, snapshot: ScreenSnapshot, at: float) -> list[Observation]:
        self._work.looks += 1
        self._work.large[self._work.turn] += 1
        return super().judge(snapshot, at)


class Brief(Recorder):
    """Keeps nothing; reports new bytes."""

    def __init__(self, terminal: FakeTerminal, turns: FairTurns) -> None:
        super().__init__(terminal)
        self.flow = OutputFlow(Tail(0, keep=0), turns)
        self.spoke = trio.Event()

    def on_observation(self, observation: Observation) -> None:
        if isinstance(observation, OutputSeen):
            self.flow.mark_stored(self.flow.tail.end)
            self.spoke.set()

    def store(self) -> None:
        self.flow.mark_stored(self.flow.tail.end)


@asynccontextmanager
async def flooded(
    work: Work, count: int = FLOODS, piece: bytes = PAGE
) -> AsyncIterator[tuple[LiveTerminal, Brief]]:
    """A terminal that echoes, beside `count` floods in the same loop."""
    turns = FairTurns()
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            typed = Brief(FakeTerminal(), turns)
            live = await nursery.start(run_session, PromptDetector(), typed)
            for _ in range(count):
                flood = Brief(Flooding(work, piece), turns)
                await nursery.start(run_session, Looking(work), flood)
            with work.counting():
                yield live, typed
            nursery.cancel_scope.cancel()


@pytest.mark.slow
async def test_a_key_and_its_echo_wait_for_one_turn_of_floods() -> None:
    """Between key and echo, ten floods read no more than one turn's bytes."""
    work, most = Work(), 0
    async with flooded(work) as (live, typed):
        for number in range(40):
            for _ in range(number % 7 + HOLD):
                await trio.lowlevel.checkpoint()
            before, typed.spoke = work.bytes, trio.Event()
            live.type_nowait(b"x")
            await typed.spoke.wait()
            most = max(most, work.bytes - before)
    assert work.bytes > 40 * MAX_READ, "they flood meanwhile"
    assert most <= WIDTH * MAX_READ


@pytest.mark.slow
async def test_an_echo_is_sent_before_floods_are_read() -> None:
    """Output that is no flood has the next turns for its sockets."""
    work, most = Work(), 0
    async with flooded(work) as (_, typed):
        for number in range(20):
            for _ in range(number % 7 + 2 * HOLD):
                await trio.lowlevel.checkpoint()
            typed.spoke = trio.Event()
            typed.terminal.say(b"x")
            await typed.spoke.wait()
            before = work.bytes  # In this turn, which is the sender's, too.
            for _ in range(HOLD - 1):
                await trio.lowlevel.checkpoint()
            most = max(most, work.bytes - before)
    assert most <= WIDTH * MAX_READ


@pytest.mark.slow
async def test_a_mebibyte_takes_few_steps_and_turns(mock_clock: MockClock) -> None:
    """A read and its processing are one step of one task; a turn has two.

    Time stands still, so that no look is due.
    """
    work, size = Work(), 32 << 20
    async with flooded(work):
        work.steps = work.turn = work.bytes = 0
        while work.bytes < size:
            await trio.lowlevel.checkpoint()
    reads = size // MAX_READ
    assert work.steps <= 3.5 * reads
    assert work.turn <= 0.6 * reads


@pytest.mark.slow
async def test_looks_take_turns_as_reads_do(mock_clock: MockClock) -> None:
    """Of fifty floods that need a look now, one turn has a few."""
    work = Work()
    async with flooded(work, 50):
        for _ in range(400):
            await trio.lowlevel.checkpoint()
        work.looks = 0
        work.large.clear()
        mock_clock.jump(1)
        while work.looks < 40:
            await trio.lowlevel.checkpoint()
    assert max(work.large.values()) <= WIDTH


async def test_many_small_writes_are_a_flood(mock_clock: MockClock) -> None:
    """They take turns, and gather meanwhile; a redraw never does."""
    work = Work()
    async with flooded(work, piece=b"x" * 512):
        for _ in range(200):
            await trio.lowlevel.checkpoint()
        work.turn = work.bytes = 0
        for _ in range(200):
            await trio.lowlevel.checkpoint()
    assert work.bytes <= 512 * WIDTH * (work.turn + 1)


async def test_when_a_flood_is_over(mock_clock: MockClock) -> None:
    """It lasts while more than `CALM_BYTES_S` comes, and ends a moment after."""
    flow = OutputFlow(Tail(0), FairTurns())
    for _ in range(100):
        flow.append(bytes(LARGE // 4))
        mock_clock.jump(LARGE / 4 / CALM_BYTES_S)
    assert not flow.floods, "sixty-four small redraws in a quarter of a second"
    flow.append(bytes(MAX_READ))
    assert flow.floods
    mock_clock.jump(math.ceil(100 * LARGE / CALM_BYTES_S) / 100)
    flow.append(b"x")
    assert not flow.floods


async def test_a_flood_that_waited_for_room_waits_for_its_turn() -> None:
    """A commit makes room for many at once: they do not all read in one turn."""
    work, turns = Work(), FairTurns()
    flows = [OutputFlow(Tail(0, capacity=MAX_READ), turns) for _ in range(20)]

    async def read(flow: OutputFlow) -> None:
        await flow.wait_room()
        work.did_read(MAX_READ)

    with trio.fail_after(PATIENCE_S), work.counting():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await trio.lowlevel.checkpoint()
            async with trio.open_nursery() as readers:
                for flow in flows:
                    flow.append(bytes(MAX_READ))
                    readers.start_soon(read, flow)
                for _ in range(40):
                    await trio.lowlevel.checkpoint()
                assert not work.large
                for flow in flows:
                    flow.mark_seen(MAX_READ)
                    flow.mark_stored(MAX_READ)
            nursery.cancel_scope.cancel()
    assert max(work.large.values()) <= WIDTH
    assert 20 == sum(work.large.values())
