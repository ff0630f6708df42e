"""The event loop of a synchronous client: threads, Ctrl-C, and its end."""

import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from queue import Queue

import pytest
import trio

from ant.client import Closed
from ant.client.loop_thread import LoopThread
from ant.core.errors import Conflict

THREADS = 8


class Client:
    """A client that knows whether it is open."""

    def __init__(self) -> None:
        self.is_open = False
        self.ended: Queue[str] = Queue()

    async def __aenter__(self) -> "Client":
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False

    async def work(self, number: int, *, more: int = 0) -> int:
        await trio.lowlevel.checkpoint()
        return number + more

    async def hang(self, begun: Queue[str] | None = None) -> None:
        """Wait for ever; `ended` tells of the end."""
        try:
            if begun is None:
                os.kill(os.getpid(), signal.SIGINT)
            else:
                begun.put("begun")
            await trio.sleep_forever()
        finally:
            self.ended.put("ended")

    async def refuse(self) -> None:
        raise Conflict("Not now.")


@contextmanager
def opened() -> Iterator[tuple[Client, LoopThread]]:
    client = Client()
    thread = LoopThread(client)
    try:
        yield client, thread
    finally:
        thread.close()


def loops() -> list[threading.Thread]:
    """The threads of clients that run."""
    return [each for each in threading.enumerate() if each.name == "ant"]


def test_a_call_returns_and_raises() -> None:
    """What the function returned and raised."""
    with opened() as (client, thread):
        assert client.is_open
        assert 3 == thread.call(client.work, 1, more=2)
        with pytest.raises(Conflict, match=r"Not now\."):
            thread.call(client.refuse)
    assert not client.is_open
    assert [] == loops()


def test_several_threads_call_at_once() -> None:
    """Each gets its own answer."""
    with opened() as (client, thread):
        answers: Queue[list[int]] = Queue()

        def call(number: int) -> None:
            answers.put([thread.call(client.work, number) for _ in range(20)])

        threads = [threading.Thread(target=call, args=(n,)) for n in range(THREADS)]
        for each in threads:
            each.start()
        got = sorted(answers.get(timeout=20) for _ in threads)
        assert [[n] * 20 for n in range(THREADS)] == got


def test_ctrl_c_ends_a_call() -> None:
    """The task in the loop is cancelled, and the client can go on."""
    with opened() as (client, thread):
        with pytest.raises(KeyboardInterrupt):
            thread.call(client.hang)
        assert "ended" == client.ended.get(timeout=20)
        assert 1 == thread.call(client.work, 1)


def test_ctrl_c_ends_the_block_of_a_client() -> None:
    """The client closes on the way out."""
    with pytest.raises(KeyboardInterrupt), opened() as (client, thread):
        thread.call(client.hang)
    assert not client.is_open
    assert [] == loops()


def test_a_call_that_runs_while_the_client_is_closed() -> None:
    """It raises one sentence, and the loop does not wait for it."""
    errors: Queue[BaseException] = Queue()
    begun: Queue[str] = Queue()
    with opened() as (client, thread):

        def call() -> None:
            try:
                thread.call(client.hang, begun)
            except Closed as exc:
                errors.put(exc)

        threading.Thread(target=call).start()
        begun.get(timeout=20)
    assert "This client is closed: open another one with Ant()." == str(
        errors.get(timeout=20)
    )
    assert "ended" == client.ended.get(timeout=20)


def test_a_closed_client_says_so() -> None:
    """Closing it again does nothing."""
    with opened() as (client, thread):
        pass
    thread.close()
    with pytest.raises(Closed, match="is closed: open another"):
        thread.call(client.work, 1)
    with (
        pytest.raises(Closed, match="is closed: open another"),
        thread.entered(context()),
    ):
        pass


def test_a_client_that_cannot_open_leaves_no_thread() -> None:
    """Its error is raised."""

    @asynccontextmanager
    async def broken() -> AsyncIterator[None]:
        raise Conflict("No.")
        yield

    with pytest.raises(Conflict):
        LoopThread(broken())
    assert [] == loops()


@asynccontextmanager
async def context() -> AsyncIterator[int]:
    """A context with a scope, which one task must enter and leave."""
    with trio.CancelScope():
        yield 5


def test_a_context_is_entered_and_left() -> None:
    """Also with an error in its block, and when the client closes before."""
    with opened() as (client, thread):
        with thread.entered(context()) as value:
            assert 5 == value
            assert 1 == thread.call(client.work, 1)
        with pytest.raises(Conflict), thread.entered(context()):
            raise Conflict("In the block.")
        with pytest.raises(Closed), thread.entered(context()):  # noqa: PT012
            thread.close()
            thread.call(client.work, 1)


def test_a_fork_has_no_loop() -> None:
    """The child is told so at once; it would wait for ever."""
    with opened() as (client, thread):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                thread.call(client.work, 1)
            except Closed as exc:
                thread.close()
                code = 0 if "after a fork" in str(exc) else 2
            finally:
                os._exit(code)
        assert 0 == os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert 1 == thread.call(client.work, 1)
