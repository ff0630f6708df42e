"""The event log, for clients that want no WebSocket: pages, or a stream of them."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import trio
from quart import Response, request
from quart.wrappers.response import ResponseBody

from ant.api import codec
from ant.api.terminal_requests import ListEvents
from ant.core.counters import Limit, increment
from ant.core.wakeup import Wakeup
from ant.http.contract.endpoint import endpoint
from ant.journal import event_log
from ant.model.events import Envelope
from ant.model.transcript import EventPage
from ant.runtime.system import System

EVENT_STREAM = "text/event-stream"

BEAT_S = 10.0
"""Between two comments on a stream that has nothing else to say."""

PAGE = 64
"""Events read from the log at once."""


@endpoint("GET", "/api/events")
async def list_events(system: System, query: ListEvents) -> EventPage | Response:
    """A page of the event log after `since`, oldest first.

    With `Accept: text/event-stream` it does not end: a client that comes back says
    `Last-Event-ID`; one that names no event gets what happens from now on.
    """
    if request.accept_mimetypes.best != EVENT_STREAM:
        return await system.journal.read_in_thread(
            event_log.list_events, query, system.epoch
        )
    last, seq = request.headers.get("Last-Event-ID", ""), system.bus.seq
    if last.isascii() and last.isdecimal():
        seq = min(int(last), seq)
    elif "since" in request.args:
        seq = min(query.since, seq)
    response = Response(b"", content_type=EVENT_STREAM)
    response.response = EventStream(system, query, seq)
    response.headers.pop("Content-Length", None)
    response.headers["Cache-Control"] = "no-store"
    response.timeout = None
    return response


class EventStream(ResponseBody):
    """Everything after `seq` in order, for as long as the client listens.

    It pulls from the log, so one that is slow keeps nothing here. It ends when the
    server stops. *Cancellation:* the bell is taken off the bus.
    """

    def __init__(self, system: System, query: ListEvents, seq: int) -> None:
        self._system, self._query, self._seq = system, query, seq
        self._wakeup, self._scope = Wakeup(), ExitStack()

    async def __aenter__(self) -> AsyncIterator[bytes]:
        self._scope.enter_context(self._system.bus.subscribed(self._wakeup))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._scope.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """What is next, as one piece; a comment when there is nothing for long."""
        while not self._system.bus.closed:
            page, oldest = await self._system.journal.read_in_thread(
                event_log.missed_events, self._seq, PAGE
            )
            pieces = []
            if oldest > self._seq + 1:
                gap = {"scope": "events", "from": self._seq + 1, "to": oldest}
                increment(Limit.EVENT_GAP)
                pieces.append(_event("gap", gap))
                self._seq = oldest - 1
            for envelope in page:
                self._seq = envelope.seq or self._seq
                if self._wants(envelope):
                    body = codec.event_body(envelope)
                    pieces.append(_event(body["type"], body, self._seq))
            if pieces:
                return b"".join(pieces)
            if not page.more:
                with trio.move_on_after(BEAT_S) as patience:
                    await self._wakeup.wait()
                if patience.cancelled_caught:
                    return b": still here\n\n"
        raise StopAsyncIteration

    def _wants(self, envelope: Envelope) -> bool:
        event, query = envelope.event, self._query
        return query.session in (None, event.session_id) and query.type in (
            None,
            codec.event_tag(event),
        )


def _event(kind: str, body: dict[str, Any], seq: int | None = None) -> bytes:
    ident = b"" if seq is None else f"id: {seq}\n".encode()
    return ident + f"event: {kind}\ndata: ".encode() + codec.dumps(body) + b"\n\n"
