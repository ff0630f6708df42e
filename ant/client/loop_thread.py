"""An event loop in a thread of its own, for callers without one."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent import futures
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Self, TypeVar

from ant.core.errors import AntError

if TYPE_CHECKING:
    import trio

    from ant.client.feeds import AsyncFeed

P = ParamSpec("P")
T = TypeVar("T")
Row = TypeVar("Row")


class Closed(AntError):
    """The client was closed, or it belongs to another process."""


class LoopThread:
    """Runs trio in a thread, with a client that is open there.

    Any thread may call. A call that Ctrl-C interrupts is cancelled in the loop, too.
    """

    def __init__(self, client: AbstractAsyncContextManager[Any]) -> None:
        import trio
        from anyio.from_thread import BlockingPortal

        opened: futures.Future[BlockingPortal] = futures.Future()

        async def serve() -> None:
            async with client, BlockingPortal() as portal:
                self._token = trio.lowlevel.current_trio_token()
                if opened.set_running_or_notify_cancel():
                    opened.set_result(portal)
                    await portal.sleep_until_stopped()

        def run() -> None:
            try:
                trio.run(serve)
            except Exception as exc:
                if opened.done():
                    raise
                opened.set_exception(exc)

        self._pid = os.getpid()
        self._is_closed = False
        self._new_scope = trio.CancelScope
        self._scopes: set[trio.CancelScope] = set()
        self._thread = threading.Thread(target=run, name="ant", daemon=True)
        self._thread.start()
        try:
            self._portal = opened.result()
        finally:
            opened.cancel()  # After Ctrl-C; else it is done.
        # A daemon is frozen in the end of Python, in whatever it does.
        atexit.register(self.close)

    def call(
        self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call a function in the loop and await what it returns.

        Raises what that raises, and `Closed`.
        """
        with self._scope() as scope:

            async def run() -> T:
                with scope:
                    return await function(*args, **kwargs)
                raise _closed()

            return self._portal.start_task_soon(run).result()

    @contextmanager
    def entered(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """Enter an asynchronous context in the loop. Raises `Closed`."""
        with self._scope() as scope:

            @asynccontextmanager
            async def run() -> AsyncIterator[T]:
                with scope:
                    async with manager as found:
                        yield found
                if scope.cancelled_caught:
                    raise _closed()

            with self._portal.wrap_async_context_manager(run()) as found:
                yield found

    @contextmanager
    def _scope(self) -> Iterator[trio.CancelScope]:
        """A scope for one task in the loop, which is cancelled if its caller leaves.

        Ctrl-C may come before the task has begun: then it is cancelled as it begins.
        """
        if self._pid != os.getpid():
            raise Closed(
                "This client belongs to the process that opened it: open another one "
                "after a fork."
            )
        scope = self._new_scope()
        self._scopes.add(scope)
        is_over = False
        try:
            if self._is_closed:
                raise _closed()
            yield scope
            is_over = True
        except (RuntimeError, futures.CancelledError) as exc:
            if self._is_closed:
                raise _closed() from exc
            raise
        finally:
            self._scopes.discard(scope)
            if not is_over:
                self._cancel(scope)

    def _cancel(self, scope: trio.CancelScope) -> None:
        with suppress(RuntimeError):  # The loop has ended, and so has the task.
            self._token.run_sync_soon(scope.cancel)

    def close(self) -> None:
        """Cancel the calls that still run, and end the thread. More than once is fine.

        The calls of other threads raise `Closed`.
        """
        if self._pid != os.getpid():
            return  # The thread is in the process that opened the client.
        self._is_closed = True
        for scope in tuple(self._scopes):
            self._cancel(scope)
        with suppress(RuntimeError):  # It has stopped already.
            self._portal.call(self._portal.stop, True)
        self._thread.join()
        atexit.unregister(self.close)


def _closed() -> Closed:
    return Closed("This client is closed: open another one with Ant().")


class Synchronous:
    """The base of a class whose methods run those of an object in the loop.

    A subclass gives the type of `_inner`.
    """

    def __init__(self, inner: Any, thread: LoopThread) -> None:
        self._inner = inner
        self._thread = thread

    def __repr__(self) -> str:
        return repr(self._inner).replace("Async", "", 1)


class Feed(Synchronous, Generic[Row]):
    """An iterator of rows. `with` or `close` ends it before its end.

    A connection that ends is opened again after the last row, for up to a minute; then
    the iterator raises `Unreachable`. Threads that share a feed take its rows in turn.
    """

    _inner: AsyncFeed[Row]

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        try:
            return self._thread.call(self._inner.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None

    def begin(self) -> None:
        """Read where it begins, so that nothing is missed until the first row is read.

        Else that is done with the first row.
        """
        self._thread.call(self._inner.begin)

    def close(self) -> None:
        """End the iterator; its connection is closed."""
        self._thread.call(self._inner.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
