"""The PTY reader alone: its order, its back-pressure and what it does in a flood."""

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.fair_turns import LARGE, FairTurns
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ, Tail
from ant.terminal.host.host_terminal import ExitStatus, HostTerminal
from ant.terminal.observations import Observation, OutputSeen
from ant.terminal.pty_reader import PtyReader
from tests.cancel import cancel_at_every_step
from tests.fakes import FakeTerminal
from tests.terminal.skipping import SkippingTerminal

ROOM = 2 * MAX_READ


class Bench:
    """A reader on a terminal, with a small buffer that nothing empties by itself."""

    def __init__(self, terminal: HostTerminal, turns: FairTurns | None = None) -> None:
        self.flow = OutputFlow(Tail(0, capacity=ROOM, keep=ROOM), turns)
        self.ends: list[int] = []
        self.detected = 0
        self.reader = PtyReader(terminal, self.flow, self.observe, self.detect)

    def observe(self, observation: Observation) -> None:
        assert isinstance(observation, OutputSeen)
        self.ends.append(observation.end)

    def detect(self) -> None:
        self.detected += 1

    @property
    def bytes(self) -> bytes:
        tail = self.flow.tail
        return tail.read(tail.base, ROOM)

    def pass_on(self) -> None:
        """Store and detect everything."""
        self.flow.mark_stored(self.flow.tail.end)
        self.flow.mark_seen(self.flow.tail.end)


async def test_it_reads_to_the_end(autojump_clock: MockClock) -> None:
    """Every piece is announced once, in order; then `at_end` is set."""
    terminal = FakeTerminal(b"one ", b"two ", b"three")
    terminal.end(ExitStatus(code=0))
    bench = Bench(terminal)
    await bench.reader.run()
    assert bench.bytes == b"one two three"
    assert bench.ends == [4, 8, 13]
    assert bench.reader.at_end.is_set()
    assert bench.detected == 0, "what is no flood is left to the detector's task"


async def test_a_full_buffer_is_back_pressure(autojump_clock: MockClock) -> None:
    """The terminal is not read while there is no room for a whole read."""
    terminal = FakeTerminal(*[bytes(MAX_READ)] * 4)
    bench = Bench(terminal)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.reader.run)
        await wait_all_tasks_blocked()
        assert bench.ends == [MAX_READ, 2 * MAX_READ]
        bench.reader.read_available()
        assert len(terminal._output) == 2
        bench.pass_on()
        await wait_all_tasks_blocked()
        assert bench.ends[-1] == 4 * MAX_READ
        assert not bench.reader.at_end.is_set()
        nursery.cancel_scope.cancel()


def test_what_is_there_is_read_at_once() -> None:
    """Without waiting, and with no announcement where there is nothing."""
    terminal = FakeTerminal(b"one", b"two")
    bench = Bench(terminal)
    bench.reader.read_available()
    bench.reader.read_available()
    assert (bench.bytes, bench.ends) == (b"onetwo", [3, 6])


async def test_dropped_bytes_leave_their_offsets_out(autojump_clock: MockClock) -> None:
    """Reading goes on behind them, once all before is stored and detected."""
    terminal = SkippingTerminal(b"before", 1000, b"after")
    bench = Bench(terminal)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(bench.reader.run)
        await wait_all_tasks_blocked()
        assert bench.ends == [6]
        bench.pass_on()
        await wait_all_tasks_blocked()
        assert bench.ends == [6, 1006, 1011]
        assert bench.bytes == b"after"
        nursery.cancel_scope.cancel()


async def test_in_a_flood_it_runs_the_detector(autojump_clock: MockClock) -> None:
    """The detector's task need take no turn then."""
    terminal = FakeTerminal(bytes(LARGE), b"x")
    turns = FairTurns()
    bench = Bench(terminal, turns)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(turns.run)
        nursery.start_soon(bench.reader.run)
        while bench.flow.tail.end < LARGE + 1:
            assert await bench.flow.wait_beyond(bench.flow.tail.end)
        nursery.cancel_scope.cancel()
    assert bench.flow.floods
    assert (bench.ends, bench.detected) == ([LARGE, LARGE + 1], 1)


async def test_cancelled_anywhere_it_loses_no_byte() -> None:
    """What was not read is still in the terminal."""
    benches: list[tuple[Bench, FakeTerminal]] = []

    async def read() -> None:
        terminal = FakeTerminal(b"one", b"two")
        terminal.end(ExitStatus(code=0))
        benches.append((Bench(terminal), terminal))
        await benches[-1][0].reader.run()

    async def check() -> None:
        bench, terminal = benches[-1]
        assert bench.bytes + b"".join(terminal._output) == b"onetwo"
        assert bench.ends == [3, 6][: len(bench.ends)]

    assert await cancel_at_every_step(read, check) > 1
