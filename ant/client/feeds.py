"""Iterators over what a server goes on to say: events and messages.

A feed has no task and no scope of its own: a read of one row is one call. So a feed may
be read by one task after another, also from the thread of a synchronous client.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

import httpx
import trio

from ant.client.errors import RETRY_S, Unreachable
from ant.client.reconnection import RETRIED, Reconnection

if TYPE_CHECKING:
    from ant.client.json_rows import EventRow, MessageRow

Row = TypeVar("Row")

PAGE: Final = 200
"""Messages in one request; a page of the server has at most 4 MiB in any case."""


class AsyncFeed(Generic[Row]):
    """An iterator of rows. `async with` or `aclose` ends it before its end.

    A connection that ends is opened again after the last row, for up to a minute; then
    the iterator raises `Unreachable`. Tasks that share a feed take its rows in turn.
    """

    def __init__(self) -> None:
        self._lock = trio.Lock()
        self._is_over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Row:
        async with self._lock:
            if not self._is_over:
                try:
                    return await self._next()
                except StopAsyncIteration:
                    self._is_over = True
            raise StopAsyncIteration

    async def begin(self) -> None:
        """Read where it begins, so that nothing is missed until the first row is read.

        Else that is done with the first row.
        """

    async def _next(self) -> Row:
        """The next row. Raises `StopAsyncIteration` at the end."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """End the iterator; its connection is closed."""
        self._is_over = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


Open = Callable[[int], Awaitable[httpx.Response]]
"""Opens the stream of events after a `seq`."""

Newest = Callable[[], Awaitable[int]]
"""Reads the `seq` of the newest event."""


class AsyncEvents(AsyncFeed["EventRow"]):
    """The logged events after a `seq`; without one, from the first read on.

    Events that the server has deleted are an event of the type `gap`, with `from` and
    `to`. With `until` the event of that type is the last one.
    """

    def __init__(
        self,
        open_stream: Open,
        newest: Newest,
        since: int | None,
        until: str | None = None,
        retry_s: float = RETRY_S,
    ) -> None:
        super().__init__()
        self._open = open_stream
        self._newest = newest
        self._last = since
        self._until = until
        self._reconnection = Reconnection(retry_s)
        self._is_whole = True
        self._response: httpx.Response | None = None
        self._lines: Any = None

    async def begin(self) -> None:
        """Read the `seq` after which the events come. Raises what is in `RETRIED`."""
        if self._last is None:
            self._last = await self._newest()

    async def _next(self) -> EventRow:
        while not self._is_over:
            try:
                event = await self._read()
            except RETRIED as exc:
                if not self._reconnection.is_worth_a_try(exc):
                    raise
                if not self._is_over:
                    await self._reconnection.pause()
                continue
            if event["type"] == self._until:
                await self.aclose()
            return event
        raise StopAsyncIteration

    async def _read(self) -> EventRow:
        """The next event of an open stream. Raises what is in `RETRIED`."""
        if not self._is_whole:
            await self._drop()
        if self._response is None:
            await self.begin()
            assert self._last is not None
            self._response = await self._open(self._last)
            self._lines = self._response.aiter_lines()
            self._reconnection.opened()
        last = self._last
        # An error or a cancellation in the middle of an event leaves it so.
        self._is_whole = False
        async for line in self._lines:
            name, _, value = line.partition(": ")
            if name == "id":
                last = int(value)
            elif name == "data":
                event: EventRow = json.loads(value)
                self._last, self._is_whole = last, True
                return {"type": "gap", **event}
        raise Unreachable("the connection has ended")

    async def _drop(self) -> None:
        """Close the connection. The next read opens another."""
        self._is_whole = True
        response, self._response, self._lines = self._response, None, None
        if response is not None:
            await response.aclose()

    async def aclose(self) -> None:
        """End the iterator; its connection is closed."""
        await super().aclose()
        await self._drop()


ReadPage = Callable[[str | None], Awaitable[Any]]
"""Reads the page of a room's messages after the id of one, oldest first."""


class AsyncMessages(AsyncFeed["MessageRow"]):
    """The messages of a room after the one with the id `since`, else from its first.

    With `events`, which reports posts in that room, the iterator does not end: it goes
    on with what is posted.
    """

    def __init__(
        self,
        read_page: ReadPage,
        since: str | None,
        events: AsyncFeed[EventRow] | None,
    ) -> None:
        super().__init__()
        self._read_page = read_page
        self._since = since
        self._events = events
        self._rows: deque[MessageRow] = deque()
        self._has_more = True
        self._reconnection = Reconnection(RETRY_S)

    async def begin(self) -> None:
        """Read from where posts are followed. Raises what is in `RETRIED`."""
        if self._events is not None:
            await self._events.begin()

    async def _next(self) -> MessageRow:
        await self.begin()
        while not self._rows:
            if self._has_more:
                page = await self._page()
                self._rows.extend(page["messages"])
                self._has_more = page["next"] is not None
            elif self._events is None:
                raise StopAsyncIteration
            else:
                await anext(self._events)
                self._has_more = True
        row = self._rows.popleft()
        self._since = row["id"]
        return row

    async def _page(self) -> Any:
        """The next page. A server that answered before may be lost for a while."""
        while True:
            try:
                page = await self._read_page(self._since)
            except RETRIED as exc:
                if not self._reconnection.is_worth_a_try(exc):
                    raise
                await self._reconnection.pause()
            else:
                self._reconnection.opened()
                return page

    async def aclose(self) -> None:
        """End the iterator; its connection is closed."""
        await super().aclose()
        if self._events is not None:
            await self._events.aclose()
