"""The output of one terminal, over lost connections: `AntClient.follow`.

Rule 1: bytes come in the order of their offsets, each once. What is missing is a `Gap`,
or is part of a `Screen`.
Rule 2: a lost connection changes nothing of that: the next one continues at the next
byte. The caller sees `ConnectionLost` and, once all missed bytes came, `Connected`.
Rule 3: nothing that the caller types is kept for a later connection.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Protocol, Self

import attrs
import httpx
import trio

from ant.api.problem import error_of
from ant.client.errors import Disconnected, Unreachable
from ant.client.event_socket import EventSocket
from ant.client.reconnection import RETRIED, Reconnection
from ant.core import errors

FAR_BEHIND: Final = 64 << 10
"""A stream with `screen` that missed more bytes than these gets a drawing instead, as
after a `resume` with `screen`."""

LEAVE_S: Final = 0.5
"""The most seconds that `leave` waits for the server."""


@attrs.frozen
class Output:
    """Bytes of a terminal, exactly as its program wrote them."""

    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """The offset after the last byte."""
        return self.offset + len(self.data)


@attrs.frozen
class Gap:
    """Offsets without bytes, from `start` up to but not including `end`."""

    start: int
    end: int


@attrs.frozen
class Screen:
    """A drawing of the screen, for a fresh terminal of this size.

    The bytes from `offset` on continue it.
    """

    offset: int
    cols: int
    rows: int
    data: str


@attrs.frozen
class SizeChanged:
    """The terminal has this size; `owner` is `self`, `other` or `nobody`."""

    cols: int
    rows: int
    owner: str


@attrs.frozen
class ConnectionLost:
    """The connection has ended, for this reason; the stream opens another one."""

    reason: str


@attrs.frozen
class Connected:
    """A connection is open; it has brought all bytes that were missed, up to `offset`.

    It is the first item of a stream, and comes after each `ConnectionLost`.
    """

    offset: int


@attrs.frozen
class Exit:
    """The program has ended, and all its output came before.

    `status` is `exited` or `lost`. Both `exit_code` and `exit_signal` are None if the
    outcome is not known.
    """

    status: str
    exit_code: int | None
    exit_signal: int | None
    reason: str | None


Item = Output | Gap | Screen | SizeChanged | ConnectionLost | Connected | Exit


class _Client(Protocol):
    """What a stream uses of an `AntClient`."""

    def stream(self) -> AbstractAsyncContextManager[EventSocket]: ...

    async def call(self, method: str, path: str) -> Any: ...

    async def start(self, session_id: str) -> Any: ...

    async def type(self, session_id: str, data: str | bytes) -> Any: ...


@attrs.define(eq=False)
class _Answer:
    """The answer to a command, once `over` is set."""

    over: trio.Event = attrs.field(factory=trio.Event)
    error: Exception | None = None


@attrs.define(eq=False)
class _Run:
    """The run of a program that a connection follows.

    `end` is where its output ends, or ended when the connection joined. `is_behind` is
    whether bytes up to there were missed, `is_other` whether it is not the run that the
    stream began with.
    """

    is_alive: bool
    end: int
    screen: Screen | None
    started_at: str | None = None
    is_behind: bool = False
    is_other: bool = False
    outcome: Exit | None = None

    def has_ended(self, offset: int | None) -> bool:
        """Whether the program has ended, and all its output came."""
        return not self.is_alive and offset is not None and offset >= self.end


_JOIN, _TAKE, _LEAVE = "join", "take", "leave"
"""The `ref`s of commands that no task waits for."""


class TerminalStream:
    """One terminal, followed until its program ends; iterate over its `Item`s.

    Other tasks may type and resize meanwhile. They wait for answers that the iteration
    receives, so a caller that types must also iterate. `offset` is that of the next
    byte; None before the first connection. Errors: those of `AntClient.stream`, and of
    a session that is gone.
    """

    def __init__(
        self,
        client: _Client,
        session_id: str,
        from_: int | None,
        screen: bool,
        size: tuple[int, int] | None,
        start: bool,
        retry_s: float,
    ) -> None:
        self.offset = from_
        self._client, self._session_id, self._starts = client, session_id, start
        self._wants_screen, self._size = screen, size
        self._taken: tuple[int, int] | None = None
        self._reconnection = Reconnection(retry_s)
        self._socket: EventSocket | None = None
        self._refs = itertools.count(1)
        self._answers: dict[str, _Answer] = {}
        self._run: _Run | None = None
        self._error: Exception | None = None
        self._channel: trio.abc.ReceiveChannel[Item] | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Self]:
        """Connect while the context is open."""
        async with self._items() as self._channel:
            yield self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        try:
            return await self.receive()
        except trio.EndOfChannel:
            raise StopAsyncIteration from None

    async def receive(self) -> Item:
        """The next item. Raises `trio.EndOfChannel` after `Exit`.

        *Cancellation:* no item is lost; the next call returns it.
        """
        assert self._channel is not None
        try:
            return await self._channel.receive()
        except trio.EndOfChannel:
            if self._error is not None:
                raise self._error from None
            raise

    @property
    def is_connected(self) -> bool:
        """Whether input reaches the server now."""
        return self._socket is not None

    async def type(self, data: bytes) -> None:
        """Type bytes, exactly as they are; the server has taken them then.

        Raises `Disconnected` where the connection is lost: perhaps they were typed.
        Raises `CapacityReached` if the program does not read, and `NotRunning`; then
        nothing of them was typed.
        *Cancellation:* perhaps they were typed.
        """
        try:
            text = data.decode()
        except UnicodeDecodeError:  # Such as the reports of an old mouse protocol.
            self._connected()
            try:
                await self._client.type(self._session_id, data)
            except httpx.TransportError as exc:
                raise Disconnected(_reason(exc)) from exc
        else:
            await self._ask("terminal_input", data=text)

    async def resize(self, cols: int, rows: int) -> None:
        """Set the size that the stream wants; while it owns the size, the terminal's.

        A lost connection is no error: the next one sets this size. Raises as `type`.
        """
        self._size = (cols, rows)
        if self._socket is not None:
            await self._ask("terminal_resize", cols=cols, rows=rows)

    async def leave(self) -> None:
        """Leave the session, so that its size has gone back when this returns.

        It waits `LEAVE_S` at most. Nothing comes from the stream afterwards.
        """
        with trio.move_on_after(LEAVE_S):
            await trio.lowlevel.checkpoint()
            try:
                if self._socket is not None:
                    await self._socket.send(
                        "leave_session", sessionId=self._session_id, ref=_LEAVE
                    )
                    while True:
                        await self.receive()
            except (errors.AntError, httpx.TransportError, trio.EndOfChannel):
                pass

    def _connected(self) -> EventSocket:
        if self._socket is None:
            raise Disconnected("the connection has ended")
        return self._socket

    async def _ask(self, kind: str, **fields: Any) -> None:
        """Send a command and wait for its answer."""
        from trio_websocket import ConnectionClosed

        socket = self._connected()
        ref = f"c{next(self._refs)}"
        answer = self._answers[ref] = _Answer()
        try:
            await socket.send(kind, sessionId=self._session_id, ref=ref, **fields)
            await answer.over.wait()
        except ConnectionClosed:
            raise Disconnected("the connection has ended") from None
        finally:
            self._answers.pop(ref, None)
        if answer.error is not None:
            raise answer.error

    def _settle(self, ref: Any, error: Exception | None) -> None:
        if (answer := self._answers.get(ref)) is not None:
            answer.error = error
            answer.over.set()

    @trio.as_safe_channel
    async def _items(self) -> AsyncGenerator[Item, None]:
        """All items, until the program has ended."""
        while True:
            try:
                # A handshake with what ends connections, such as a proxy without its
                # server, only times out. So a request goes first.
                row = await self._row()
                async with self._client.stream() as socket:
                    self._run = await self._join(socket, row)
                    self._socket = socket
                    if not self._run.is_behind:
                        await self._resize_again(socket)
                        yield Connected(self.offset or 0)
                    if self._run.screen is not None:
                        yield self._run.screen
                    while not self._run.has_ended(self.offset):
                        await self._catch_up(socket)
                        frame = await socket.receive()
                        if (item := self._item(frame)) is not None:
                            yield item
                        elif frame.get("ref") == _LEAVE:
                            return
                    yield await self._outcome(socket)
                    return
            except RETRIED as exc:
                lost, was_open = exc, self._reconnection.was_open
                if not self._reconnection.is_worth_a_try(exc):
                    is_ours = isinstance(exc, errors.AntError)
                    self._error = exc if is_ours else Unreachable(_reason(exc))
                    return
            except errors.AntError as exc:
                self._error = exc
                return
            finally:
                self._disconnect()
            if was_open:
                yield ConnectionLost(_reason(lost))
            await self._reconnection.pause()

    def _disconnect(self) -> None:
        self._socket = None
        for ref in list(self._answers):
            self._settle(ref, Disconnected("the connection has ended"))

    async def _join(self, socket: EventSocket, row: Any) -> _Run:
        """Join the terminal at the next byte; start the program if that is asked.

        The size is taken first, so that a drawing is made for it. After a lost
        connection it is taken once the missed bytes came: what the caller's terminal
        replies to a query in them must not reach the program, since the server has
        replied meanwhile.
        """
        is_again = self._run is not None
        if self._size is not None and not is_again:
            await socket.send("join_session", sessionId=self._session_id, ref=_JOIN)
            await socket.expect("ack", ref=_JOIN)
            await self._take(socket)
            await socket.expect("ack", ref=_TAKE)
        missed_from = self.offset
        run = await self._join_at(socket, self._wants_screen and not is_again)
        missed = run.end - (run.end if missed_from is None else missed_from)
        if is_again and self._wants_screen and missed > FAR_BEHIND:
            run = await self._join_at(socket, screen=True)
        if self._starts:
            self._starts = False
            row = await self._client.start(self._session_id)
            run.is_alive = True
        run.started_at = row["terminal"]["started_at"]
        if self._run is not None and self._run.started_at != run.started_at:
            # The program ended while nobody listened, and another one runs.
            run.is_alive, run.end, run.is_other = False, 0, True
        run.is_behind = is_again
        self._reconnection.opened()
        return run

    async def _join_at(self, socket: EventSocket, screen: bool) -> _Run:
        """Join at the next byte, or at a drawing of the screen.

        Output of an earlier join of this socket is skipped: the new one repeats it.
        """
        ask: dict[str, Any] = {"binary": True, "screen": screen, "ref": _JOIN}
        if self.offset is not None:
            ask["from"] = self.offset
        await socket.send("join_session", sessionId=self._session_id, **ask)
        is_alive, drawing = False, None
        while True:
            frame = await socket.receive()
            if frame.get("ref") == _JOIN:
                if frame["type"] == "error":
                    raise error_of(frame)
                self.offset = int(frame["offset"])
                return _Run(is_alive, frame["end"], drawing)
            if frame["type"] == "session_health":
                is_alive = frame["alive"]
            elif frame["type"] == "screen":
                drawing = Screen(
                    frame["offset"], frame["cols"], frame["rows"], frame["data"]
                )

    async def _resize_again(self, socket: EventSocket) -> None:
        """Send a size that the caller changed while the stream was joining."""
        if self._size is not None and self._size != self._taken:
            cols, rows = self._size
            ask = {"sessionId": self._session_id, "cols": cols, "rows": rows}
            await socket.send("terminal_resize", **ask)

    async def _take(self, socket: EventSocket) -> None:
        assert self._size is not None
        self._taken = self._size
        size = {"cols": self._size[0], "rows": self._size[1], "take": True}
        await socket.send(
            "terminal_resize", sessionId=self._session_id, ref=_TAKE, **size
        )

    async def _catch_up(self, socket: EventSocket) -> None:
        """Take the size again once all missed bytes came."""
        run = self._run
        assert run is not None
        assert self.offset is not None
        if run.is_behind and self.offset >= run.end:
            run.is_behind = False
            if self._size is not None:
                await self._take(socket)
            else:  # Its answer is one, too.
                ask = {"sessionId": self._session_id, "ref": _TAKE}
                await socket.send("check_health", **ask)

    def _item(self, frame: dict[str, Any]) -> Item | None:
        """The item that a frame is; answers to commands are none."""
        kind, ref, run = frame["type"], frame.get("ref"), self._run
        assert run is not None
        if kind in ("ack", "error") and ref is not None:
            if ref == _TAKE and self.offset is not None:
                return Connected(self.offset)
            self._settle(ref, error_of(frame) if kind == "error" else None)
        elif frame.get("sessionId") != self._session_id:
            return None
        elif kind == "terminal_output":
            self.offset = frame["end"]
            return Output(frame["offset"], frame["raw"])
        elif kind == "gap":
            self.offset = frame["to"]
            return Gap(frame["from"], frame["to"])
        elif kind == "terminal_size":
            return SizeChanged(frame["cols"], frame["rows"], frame["owner"])
        elif kind == "session_exited":
            run.is_alive, run.end = False, frame["end"]
            run.outcome = Exit(
                frame["status"],
                frame["exit_code"],
                frame["exit_signal"],
                frame["reason"],
            )
        return None

    async def _outcome(self, socket: EventSocket) -> Exit:
        """How the program ended, as the event or the server told it.

        The server notices the end before it records it; then the event is to come.
        """
        run = self._run
        assert run is not None
        if run.is_other:
            return Exit("exited", None, None, "Another run has begun since.")
        if run.outcome is None:
            row = await self._row()
            if row["status"] not in ("starting", "running"):
                terminal = row["terminal"]
                return Exit(
                    row["status"],
                    terminal["exit_code"],
                    terminal["exit_signal"],
                    terminal["status_reason"],
                )
            while run.outcome is None:
                self._item(await socket.receive())
        return run.outcome

    async def _row(self) -> Any:
        row = await self._client.call("GET", f"/api/sessions/{self._session_id}")
        if row["terminal"] is None:
            raise errors.NotRunning(f"{row['name']} is a room and has no terminal.")
        return row


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
