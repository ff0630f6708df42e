"""The rest of an ended program's output, on a clock of its own."""

import trio
from trio.testing import MockClock

from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from ant.terminal.drain import DRAIN_QUIET_S, drain
from tests.fakes import FakeTerminal


async def test_silence_is_the_end(autojump_clock: MockClock) -> None:
    """As long as bytes come it goes on; then it is quiet once, and that is all."""
    flow, begun = OutputFlow(Tail(0)), trio.current_time()
    async with trio.open_nursery() as nursery:

        async def speak() -> None:
            for _ in range(4):
                flow.append(b"x")
                await trio.sleep(DRAIN_QUIET_S * 0.9)

        nursery.start_soon(speak)
        await drain(FakeTerminal(), flow, trio.Event())
    assert flow.tail.end == 4
    assert trio.current_time() - begun == 4 * DRAIN_QUIET_S


async def test_silence_before_a_full_tail_is_none(autojump_clock: MockClock) -> None:
    """Nothing is read then, so nobody knows; the store makes room in the end."""
    flow = OutputFlow(Tail(0, capacity=1))
    with trio.move_on_after(60) as patience:
        await drain(FakeTerminal(), flow, trio.Event())
    assert patience.cancelled_caught


async def test_what_has_an_end_is_read_to_it(autojump_clock: MockClock) -> None:
    """However long a silence before it takes."""
    terminal, at_end = FakeTerminal(), trio.Event()
    terminal.outlives_server = True
    begun = trio.current_time()
    async with trio.open_nursery() as nursery:

        async def end() -> None:
            await trio.sleep(60)
            at_end.set()

        nursery.start_soon(end)
        await drain(terminal, OutputFlow(Tail(0)), at_end)
    assert trio.current_time() - begun == 60
