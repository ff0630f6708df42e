"""Ways between a browser and a server: a relay that can be cut, and an HTTPS proxy."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

import attrs
import trio

Value = TypeVar("Value")


@attrs.define(eq=False)
class Relay:
    """Forwards TCP connections to a port of this host until it is cut.

    `cut` ends the connections that there are and accepts no other before `mend`.
    """

    url: str
    _target: int
    _listener: socket.socket
    _is_cut: bool = False
    _open: list[socket.socket] = attrs.field(factory=list)
    _lock: threading.Lock = attrs.field(factory=threading.Lock)

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def run(self) -> None:
        """Accept until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                self._accepted(self._listener.accept()[0])

    def _accepted(self, near: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                near.close()
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += [near, far]
        for ends in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def relay(port: int) -> Iterator[Relay]:
    """A relay to a port of this host, for the length of a block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        one = Relay(url, port, listener)
        thread = threading.Thread(target=one.run)
        thread.start()
        try:
            yield one
        finally:
            one.cut()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def beside(
    make: Callable[[], AbstractAsyncContextManager[Value]],
) -> Iterator[Value]:
    """Hold an async context manager open in another thread, for tests of the page."""
    is_ready = threading.Event()
    held: list[tuple[Value, trio.lowlevel.TrioToken, trio.Event]] = []

    async def hold() -> None:
        async with make() as value:
            stop = trio.Event()
            held.append((value, trio.lowlevel.current_trio_token(), stop))
            is_ready.set()
            await stop.wait()

    def run() -> None:
        try:
            trio.run(hold)
        finally:
            is_ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    is_ready.wait()
    value, token, stop = held[0]
    try:
        yield value
    finally:
        token.run_sync_soon(stop.set)
        thread.join()
