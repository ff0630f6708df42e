"""The input queue: ordered, one writer at a time, and bounded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.errors import CapacityReached, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.input.queue import INBOX, INBOX_BYTES, InputQueue
from tests.cancel import cancel_at_every_step
from tests.fakes import FakeTerminal


@asynccontextmanager
async def running(terminal: FakeTerminal) -> AsyncIterator[InputQueue]:
    """A queue whose writer runs; closed at the end."""
    input_queue = InputQueue(terminal)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(input_queue.run)
        yield input_queue
        nursery.cancel_scope.cancel()
    input_queue.close()


async def test_input_that_finds_room_is_written_at_once() -> None:
    """No turn of the loop is between a key and the program."""
    terminal = FakeTerminal()
    async with running(terminal) as input_queue:
        typed = input_queue.type_nowait(b"ab")
        assert (b"ab", 2, True) == (
            terminal.written,
            typed.written,
            typed.over.is_set(),
        )
        assert 0 == await input_queue.type_nowait(b"").wait(0)


@given(st.lists(st.tuples(st.binary(max_size=5), st.integers(0, 4)), max_size=20))
@settings(max_examples=20)
async def test_order_is_kept_at_any_split(inputs: list[tuple[bytes, int]]) -> None:
    """However the program reads in between, all arrives as it was typed."""
    terminal = FakeTerminal(room=0)
    async with running(terminal) as input_queue:
        for data, room in inputs:
            clean = data.translate(None, b"\x03\x04")
            input_queue.type_nowait(clean)
            terminal.drink(room)
            await wait_all_tasks_blocked()
        terminal.drink()
        await wait_all_tasks_blocked()
    expected = b"".join(data.translate(None, b"\x03\x04") for data, _ in inputs)
    assert expected == terminal.written


async def test_a_large_input_goes_in_parts(autojump_clock: MockClock) -> None:
    """What does not fit into one write follows; later input comes after it."""
    terminal = FakeTerminal()
    async with running(terminal) as input_queue:
        first = input_queue.type_nowait(b"a" * (MAX_READ + 7))
        second = input_queue.type_nowait(b"b")
        assert (MAX_READ, 0) == (first.written, second.written)
        assert (MAX_READ + 7, 1) == (await first.wait(1), await second.wait(1))
    assert b"a" * (MAX_READ + 7) + b"b" == terminal.written


async def test_patience_ends_and_the_input_stays(autojump_clock: MockClock) -> None:
    """`wait` returns what is written by then; the rest is written later."""
    terminal = FakeTerminal(room=3)
    async with running(terminal) as input_queue:
        typed = input_queue.type_nowait(b"abcdef")
        assert 3 == await typed.wait(5)
        terminal.drink()
        assert 6 == await typed.wait(5)


async def test_a_full_queue_refuses_input() -> None:
    """By count and by bytes; nothing of a refused input is typed."""
    terminal = FakeTerminal(room=0)
    async with running(terminal) as input_queue:
        input_queue.type_nowait(b"x")
        await wait_all_tasks_blocked()
        for _ in range(INBOX):
            input_queue.type_nowait(b"y")
        with pytest.raises(CapacityReached):
            input_queue.type_nowait(b"z")
        terminal.drink()
        await wait_all_tasks_blocked()
        terminal.drink(0)
        input_queue.type_nowait(bytes(INBOX_BYTES - 1))
        with pytest.raises(CapacityReached):
            input_queue.type_nowait(b"zz")
        input_queue.type_nowait(b"!")
    assert b"x" + b"y" * INBOX == terminal.written


async def test_the_holder_of_the_lock_writes_alone() -> None:
    """Other input waits, even if there is room, and follows in order."""
    terminal = FakeTerminal()
    async with running(terminal) as input_queue:
        async with input_queue.exclusive():
            waiting = [input_queue.type_nowait(b"c"), input_queue.type_nowait(b"d")]
            input_queue.press(b"a")
            await wait_all_tasks_blocked()
            input_queue.press(b"b")
            assert (b"ab", [0, 0]) == (terminal.written, [t.written for t in waiting])
        input_queue.type_nowait(b"e")
        await wait_all_tasks_blocked()
    assert b"abcde" == terminal.written


async def test_queued_input_is_written_before_the_lock_is_given() -> None:
    """All of it, and not only what is being written."""
    terminal = FakeTerminal(room=0)
    async with running(terminal) as input_queue, trio.open_nursery() as nursery:
        for each in (b"a", b"b", b"c"):
            input_queue.type_nowait(each)

        async def press() -> None:
            async with input_queue.exclusive():
                input_queue.press(b"!")

        nursery.start_soon(press)
        await wait_all_tasks_blocked()
        terminal.drink()
    assert b"abc!" == terminal.written


async def test_holders_of_the_lock_take_turns() -> None:
    """The second waits until the first is done."""
    terminal = FakeTerminal()
    async with running(terminal) as input_queue, trio.open_nursery() as nursery:

        async def press() -> None:
            async with input_queue.exclusive():
                for key in (b"a", b"b"):
                    input_queue.press(key)
                    await wait_all_tasks_blocked(0.001)

        nursery.start_soon(press)
        nursery.start_soon(press)
    assert b"abab" == terminal.written


async def test_a_press_is_whole_or_refused() -> None:
    """It does not wait for room: its screen would be an old one by then."""
    terminal = FakeTerminal(room=3)
    async with running(terminal) as input_queue, input_queue.exclusive():
        input_queue.press(b"")
        input_queue.press(b"abc")
        with pytest.raises(CapacityReached):
            input_queue.press(b"d")


async def test_after_the_end_input_is_refused(autojump_clock: MockClock) -> None:
    """Waiting input, new input and a request for the lock."""
    terminal = FakeTerminal(room=1)
    input_queue = InputQueue(terminal)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(input_queue.run)
        waiting = [input_queue.type_nowait(b"ab"), input_queue.type_nowait(b"cd")]
        await wait_all_tasks_blocked()
        terminal.end(ExitStatus(code=0))
        for typed in waiting:
            with pytest.raises(NotRunning):
                await typed.wait(60)
        nursery.cancel_scope.cancel()
    assert [1, 0] == [typed.written for typed in waiting]
    with pytest.raises(NotRunning):
        input_queue.type_nowait(b"x")
    input_queue.close()
    with pytest.raises(NotRunning):
        input_queue.type_nowait(b"x")
    with pytest.raises(NotRunning):
        async with input_queue.exclusive():
            pass


async def test_a_close_fails_all_input(autojump_clock: MockClock) -> None:
    """What is being written, what is queued, and what waits for the lock."""
    input_queue = InputQueue(FakeTerminal(room=0))
    refused = []

    async def press() -> None:
        try:
            async with input_queue.exclusive():
                raise AssertionError
        except NotRunning as exc:
            refused.append(exc)

    async with trio.open_nursery() as outer:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(input_queue.run)
            waiting = [input_queue.type_nowait(b"a"), input_queue.type_nowait(b"b")]
            outer.start_soon(press)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        input_queue.close()
    for typed in waiting:
        with pytest.raises(NotRunning):
            await typed.wait(0)
    assert 1 == len(refused)


async def test_waiting_and_the_lock_are_cancellation_safe() -> None:
    """When the holder is cancelled, other input goes on, and is written once."""
    terminal = FakeTerminal()
    async with running(terminal) as input_queue:

        async def op() -> None:
            async with input_queue.exclusive():
                input_queue.type_nowait(b"x")
                await trio.lowlevel.checkpoint()

        async def check() -> None:
            await wait_all_tasks_blocked()
            assert terminal.written in (b"", b"x")
            terminal.written.clear()
            async with input_queue.exclusive():
                pass

        assert await cancel_at_every_step(op, check) > 1
