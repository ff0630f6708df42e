"""What the fakes do beyond the contract, and on a clock of their own."""

import pytest
import trio
import trio.testing

from ant.core.errors import NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host.host_terminal import ExitStatus
from tests.fakes import HUNG_UP, KILLED, FakeTerminal


async def test_a_script_is_read_piece_by_piece() -> None:
    """Each piece is one read; one over the maximum is cut."""
    terminal = FakeTerminal(b"one", b"two", b"x" * (MAX_READ + 1))
    terminal.end(ExitStatus(code=3))
    reads = [await terminal.read() for _ in range(5)]
    assert reads == [b"one", b"two", b"x" * MAX_READ, b"x", b""]
    assert await terminal.wait_exit() == ExitStatus(code=3)


async def test_the_grace_is_virtual(autojump_clock: trio.testing.MockClock) -> None:
    """A stubborn program takes the whole grace, and no real time."""
    begun = trio.current_time()
    assert await FakeTerminal(stubborn=True).aclose(grace_s=600) == KILLED
    assert trio.current_time() - begun == 600
    assert await FakeTerminal().aclose(grace_s=600) == HUNG_UP
    assert trio.current_time() - begun == 600


async def test_a_full_queue_blocks_a_write_but_no_interrupt() -> None:
    """It takes what it has room for; then an interrupt ends the blocked write."""
    terminal = FakeTerminal(room=3)
    assert await terminal.write(b"abcdef") == 3
    async with trio.open_nursery() as nursery:

        async def write() -> None:
            with pytest.raises(NotRunning):
                await terminal.write(b"def")

        nursery.start_soon(write)
        await trio.testing.wait_all_tasks_blocked()
        terminal.interrupt()
    assert terminal.written == b"abc"


async def test_a_full_queue_drains() -> None:
    """A blocked write goes on when the program takes input again."""
    terminal = FakeTerminal(room=0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.write, b"abc")
        await trio.testing.wait_all_tasks_blocked()
        assert terminal.written == b""
        terminal.drink()
    assert terminal.written == b"abc"


async def test_sizes_are_remembered() -> None:
    """The first size and every one set."""
    terminal = FakeTerminal(size=(10, 5))
    terminal.resize(20, 6)
    assert terminal.sizes == [(10, 5), (20, 6)]
