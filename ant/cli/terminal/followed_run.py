"""A command in a terminal of ANT that `ant run` starts and follows."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import attrs
import trio
from httpx import TransportError

from ant import client
from ant.cli.runner import ServerCall, note
from ant.cli.terminal.attachment import Attachment
from ant.cli.terminal.detach_key import DetachKey
from ant.cli.terminal.endings import Detached, Signalled
from ant.cli.terminal.local_terminal import LocalTerminal
from ant.client import Exit, TerminalStream
from ant.core.errors import AntError

TWICE_S: Final = 2.0
"""A second Ctrl-C within so many seconds ends the program."""

INTERRUPT: Final = b"\x03"


@attrs.define(eq=False)
class FollowedRun:
    """A command in a terminal that was made for it, and is not started yet."""

    _call: ServerCall
    _row: dict[str, Any]
    _retry_s: float
    _keeps: bool
    _interrupted_at: float = -math.inf
    _result: Exit | Signalled | None = None

    async def on_terminal(self, key: DetachKey) -> Exit | Detached | Signalled:
        """Start it on the terminal of the caller, and follow it there."""
        with LocalTerminal.opened() as terminal:
            async with self._follow(terminal.size) as stream:
                shown = Attachment(
                    self._call,
                    self._row,
                    terminal,
                    stream,
                    key,
                    is_inline=True,
                    on_typed=self._see_typed,
                )
                return await shown.run()

    async def in_pipe(self) -> Exit | Signalled:
        """Start it, and print its output byte by byte."""
        failure: Exception | None = None
        async with self._follow(None) as stream, trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_signals, nursery.cancel_scope)
            try:
                async for item in stream:
                    if isinstance(item, client.Output):
                        sys.stdout.buffer.write(item.data)
                        sys.stdout.buffer.flush()
                    elif isinstance(item, client.ConnectionLost):
                        note(f"The connection has ended ({item.reason}).")
                    elif isinstance(item, client.Exit):
                        self._result = item
            except (AntError, TransportError, OSError) as exc:
                failure = exc
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure
        assert self._result is not None
        return self._result

    def _follow(
        self, size: tuple[int, int] | None
    ) -> AbstractAsyncContextManager[TerminalStream]:
        return self._call.ant.follow(
            self._row["id"], from_=0, size=size, start=True, retry_s=self._retry_s
        )

    async def _watch_signals(self, scope: trio.CancelScope) -> None:
        """Interrupt the program at Ctrl-C; leave it at another signal."""
        ends = (signal.SIGTERM, signal.SIGHUP)
        with trio.open_signal_receiver(signal.SIGINT, *ends) as signals:
            async for number in signals:
                if number in ends:
                    self._result = Signalled(number)
                    scope.cancel()
                elif self._is_second():
                    await self._try(self._end())
                else:
                    await self._try(self._call.ant.interrupt(self._row["id"]))

    async def _see_typed(self, data: bytes) -> None:
        """End the program at a second Ctrl-C, if the first one was for its terminal.

        A program that reads keys one by one decides itself about both.
        """
        if data == INTERRUPT and self._is_second():
            await self._try(self._end_if_canonical())

    def _is_second(self) -> bool:
        before, self._interrupted_at = self._interrupted_at, trio.current_time()
        return self._interrupted_at - before < TWICE_S

    async def _end_if_canonical(self) -> None:
        tty = (await self._call.ant.explain(self._row["id"]))["tty"]
        if tty is not None and tty["canonical"]:
            await self._end()

    async def _end(self) -> None:
        """End the program, and put its terminal away."""
        if self._keeps:
            await self._call.ant.change(self._row["id"], archived=True)
        else:
            await self._call.ant.remove(self._row["id"])

    async def _try(self, call: Coroutine[Any, Any, Any]) -> None:
        """Make a call whose failure does not end the run: the person sees no effect."""
        try:
            await call
        except (AntError, TransportError) as exc:
            if not sys.stdin.isatty():
                note(str(exc))
