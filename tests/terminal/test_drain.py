"""Waiting for the rest of an exited program's output, on a mock clock."""

import trio
from trio.testing import MockClock

from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from ant.terminal.drain import DRAIN_QUIET_S, drain
from tests.fakes import FakeTerminal


async def test_silence_is_the_end(autojump_clock: MockClock) -> None:
    """Each byte restarts the wait for `DRAIN_QUIET_S` of silence."""
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


async def test_silence_with_a_full_buffer_is_not_the_end(
    autojump_clock: MockClock,
) -> None:
    """The terminal is not read then, so its silence means nothing."""
    flow = OutputFlow(Tail(0, capacity=1))
    with trio.move_on_after(60) as patience:
        await drain(FakeTerminal(), flow, trio.Event())
    assert patience.cancelled_caught


async def test_a_terminal_that_outlives_the_server_is_read_to_its_end(
    autojump_clock: MockClock,
) -> None:
    """However long it is silent before."""
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
