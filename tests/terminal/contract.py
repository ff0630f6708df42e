"""The contract of every terminal host, as checks that do not depend on the host.

A check gets a function that opens a terminal on an *echo program*: it prints `READY`,
then sends back what it reads, unchanged. `\x04` ends it with code 0, `\x03` by SIGINT,
a hang-up by any signal.
"""

from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest
import trio
import trio.testing

from ant.core.errors import NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host.host_terminal import ExitStatus, HostTerminal

READY = b"READY\n"


class Opener(Protocol):
    """Opens an echo program; the fixture behind it closes what a check leaves open."""

    async def __call__(self) -> HostTerminal: ...


Check = Callable[[Opener], Awaitable[None]]


async def read_until(terminal: HostTerminal, end: bytes) -> bytes:
    """All output up to the read with `end` in it; fails at the end of the output."""
    seen = b""
    while end not in seen:
        data = await terminal.read()
        assert data, f"ended after {seen[-200:]!r}"
        assert len(data) <= MAX_READ
        seen += data
    return seen


async def read_rest(terminal: HostTerminal) -> bytes:
    """All output that is left."""
    seen = b""
    while data := await terminal.read():
        seen += data
    return seen


async def write_all(terminal: HostTerminal, data: bytes) -> None:
    """Write all of it, part by part."""
    while data:
        data = data[await terminal.write(data) :]


async def open_ready(opener: Opener) -> HostTerminal:
    """An echo program that has printed that it is ready."""
    terminal = await opener()
    assert await read_until(terminal, READY) == READY
    return terminal


async def input_comes_back(opener: Opener) -> None:
    """Every byte but the two keys, unchanged."""
    terminal = await open_ready(opener)
    data = bytes(set(range(256)) - {3, 4}) + b"end"
    await write_all(terminal, data)
    assert await read_until(terminal, b"end") == data


async def an_empty_write_is_nothing(opener: Opener) -> None:
    """It writes nothing, and does not wait."""
    terminal = await open_ready(opener)
    assert await terminal.write(b"") == 0
    assert terminal.write_nowait(b"") == 0


async def input_written_at_once_comes_back(opener: Opener) -> None:
    """`write_nowait` does not yield to other tasks, and keeps the order."""
    terminal = await open_ready(opener)
    assert terminal.write_nowait(b"one ") == 4
    await write_all(terminal, b"two ")
    assert terminal.write_nowait(b"end") == 3
    assert await read_until(terminal, b"end") == b"one two end"


async def output_outlives_the_program(opener: Opener) -> None:
    """Output from before the end is read after it, then `b""`, again and again."""
    terminal = await open_ready(opener)
    await write_all(terminal, b"last words\x04")
    assert await terminal.wait_exit() == ExitStatus(code=0)
    assert await read_rest(terminal) == b"last words"
    assert await terminal.read() == b""


async def an_interrupt_ends_the_program(opener: Opener) -> None:
    """`interrupt` is Ctrl-C, and the exit has the signal."""
    terminal = await open_ready(opener)
    terminal.interrupt()
    assert await terminal.wait_exit() == ExitStatus(signal=2)
    assert await terminal.aclose() == ExitStatus(signal=2)


async def after_the_exit_calls_are_refused(opener: Opener) -> None:
    """They raise `NotRunning`."""
    terminal = await open_ready(opener)
    await write_all(terminal, b"\x04")
    await terminal.wait_exit()
    await asks_are_refused(terminal)


async def after_the_close_calls_are_refused(opener: Opener) -> None:
    """They raise `NotRunning`, and `read` returns `b""`."""
    terminal = await open_ready(opener)
    await terminal.aclose()
    await asks_are_refused(terminal)
    assert await terminal.read() == b""


async def output_outlives_the_close(opener: Opener) -> None:
    """Output from before the close can be read after it."""
    terminal = await open_ready(opener)
    await write_all(terminal, b"last words\x04")
    await terminal.wait_exit()
    await terminal.aclose()
    assert await read_rest(terminal) == b"last words"


async def asks_are_refused(terminal: HostTerminal) -> None:
    with pytest.raises(NotRunning):
        await terminal.write(b"x")
    with pytest.raises(NotRunning):
        terminal.write_nowait(b"x")
    with pytest.raises(NotRunning):
        terminal.interrupt()
    with pytest.raises(NotRunning):
        terminal.resize(90, 30)


async def a_resize_is_accepted(opener: Opener) -> None:
    """A size, the same again and another one do not disturb the program."""
    terminal = await open_ready(opener)
    for size in ((100, 40), (100, 40), (20, 5)):
        terminal.resize(*size)
    await write_all(terminal, b"here")
    assert await read_until(terminal, b"here") == b"here"


async def many_tasks_wait_for_one_exit(opener: Opener) -> None:
    """If one is cancelled, the others still get the exit."""
    terminal = await open_ready(opener)
    heard: list[ExitStatus] = []

    async def wait() -> None:
        heard.append(await terminal.wait_exit())

    async with trio.open_nursery() as nursery:
        impatient = trio.CancelScope()

        async def give_up() -> None:
            with impatient:
                await terminal.wait_exit()

        nursery.start_soon(give_up)
        await trio.testing.wait_all_tasks_blocked()
        for _ in range(3):
            nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        impatient.cancel()
        await write_all(terminal, b"\x04")
    assert heard == [ExitStatus(code=0)] * 3
    assert await terminal.wait_exit() == ExitStatus(code=0)


async def a_close_is_idempotent(opener: Opener) -> None:
    """Two closes at once and one later return the same exit."""
    terminal = await open_ready(opener)
    exits: list[ExitStatus] = []

    async def close() -> None:
        exits.append(await terminal.aclose())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(close)
        nursery.start_soon(close)
    await close()
    assert len(set(exits)) == 1
    assert exits[0].signal is not None
    assert await terminal.wait_exit() == exits[0]


async def a_close_wakes_waiting_tasks(opener: Opener) -> None:
    """A blocked reader and a task that waits for the exit return."""
    terminal = await open_ready(opener)
    rest: list[bytes] = []

    async def read() -> None:
        rest.append(await read_rest(terminal))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        nursery.start_soon(terminal.wait_exit)
        await trio.testing.wait_all_tasks_blocked()
        await terminal.aclose()
    assert rest == [b""]


async def a_cancelled_close_is_a_close(opener: Opener) -> None:
    """Cancelled before it began, it still ends the program at once."""
    terminal = await open_ready(opener)
    with trio.CancelScope() as scope:
        scope.cancel()
        await terminal.aclose(grace_s=1000)
    assert (await terminal.wait_exit()).signal is not None
    assert await terminal.read() == b""
    await asks_are_refused(terminal)


async def a_cancelled_read_takes_nothing(opener: Opener) -> None:
    """However often reading is cancelled, every byte arrives, once."""
    terminal = await open_ready(opener)
    data = bytes(range(32, 127)) * 200 + b"\x04"
    seen = b""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write_all, terminal, data)
        for count in range(1000):
            with trio.CancelScope() as scope:
                if count % 2:
                    scope.cancel()
                part = await terminal.read()
                seen += part
                if not part:
                    break
    assert seen == data[:-1]


async def a_cancelled_write_writes_nothing(opener: Opener) -> None:
    """The program gets none of it."""
    terminal = await open_ready(opener)
    with trio.CancelScope() as scope:
        scope.cancel()
        await terminal.write(b"never")
    assert scope.cancelled_caught
    await write_all(terminal, b"end")
    assert await read_until(terminal, b"end") == b"end"


async def a_program_that_edits_lines_itself_shows_no_input(opener: Opener) -> None:
    """The line discipline echoes nothing; nor does it after the program's end."""
    terminal = await open_ready(opener)
    assert not terminal.shows_input()
    await terminal.aclose(0)
    assert not terminal.shows_input()


CHECKS: list[Check] = [
    input_comes_back,
    an_empty_write_is_nothing,
    input_written_at_once_comes_back,
    output_outlives_the_program,
    an_interrupt_ends_the_program,
    after_the_exit_calls_are_refused,
    after_the_close_calls_are_refused,
    output_outlives_the_close,
    a_program_that_edits_lines_itself_shows_no_input,
    a_resize_is_accepted,
    many_tasks_wait_for_one_exit,
    a_close_is_idempotent,
    a_close_wakes_waiting_tasks,
    a_cancelled_close_is_a_close,
    a_cancelled_read_takes_nothing,
    a_cancelled_write_writes_nothing,
]
