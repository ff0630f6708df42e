"""Routes of the event log for clients without a WebSocket: pages, or an SSE stream."""

from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any

import trio
from quart import Response, request
from quart.wrappers.response import ResponseBody

from ant.api import codec
from ant.api.terminal_requests import ListEvents
from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import Unauthorized
from ant.core.wakeup import Wakeup
from ant.http.contract.endpoint import endpoint
from ant.identity import access_tokens
from ant.identity.live_tokens import TokenWatch
from ant.journal import event_log
from ant.model.access_tokens import AccessToken, Scope
from ant.model.events import Envelope
from ant.model.transcript import EventPage
from ant.runtime.system import System

EVENT_STREAM = "text/event-stream"

BEAT_S = 10.0
"""Seconds between two comments on an idle stream; they keep the connection open."""

PAGE = 64
"""Events that a stream reads from the log in one query."""


@endpoint("GET", "/api/events", scope=Scope.VIEW)
async def list_events(
    system: System, query: ListEvents, access_token: AccessToken | None
) -> EventPage | Response:
    """Read a page of the event log after `since`, oldest first.

    `session` selects the events of one session, `type` those of one type. `next` is the
    `since` of the next page. If the log no longer has events between `since` and the
    page, `gap` names the missing range of `seq`. An event whose content was deleted is
    a `tombstone`. A `since` past the newest event is a 400.

    With `Accept: text/event-stream` the answer is a stream of server-sent events that
    does not end. Each event has its `seq` as `id`. A client that reconnects sends the
    last id as `Last-Event-ID`, and the stream continues after it. Without that header
    and without `since` the stream begins with the next event. `limit` has no effect on
    a stream. Pruned events are reported as a `gap` event, and an idle stream carries a
    comment every 10 seconds. The stream of an access token ends with the token.
    """
    if request.accept_mimetypes.best != EVENT_STREAM:
        return await system.journal.read_in_thread(
            event_log.list_events, query, system.epoch
        )
    last_id, seq = request.headers.get("Last-Event-ID", ""), system.bus.seq
    if last_id.isascii() and last_id.isdecimal():
        seq = min(int(last_id), seq)
    elif "since" in request.args:
        seq = min(query.since, seq)
    response = Response(b"", content_type=EVENT_STREAM)
    response.response = EventStream(system, query, seq, access_token)
    response.headers.pop("Content-Length", None)
    response.timeout = None
    return response


class EventStream(ResponseBody):
    """The events after `seq`, in order, as the body of a response that does not end.

    The stream reads from the log when the client can take more, so a slow client costs
    no memory here. It ends when the server stops or the token ends.
    *Cancellation:* unsubscribes from the bus.
    """

    def __init__(
        self,
        system: System,
        query: ListEvents,
        seq: int,
        access_token: AccessToken | None = None,
    ) -> None:
        self._system, self._query, self._seq = system, query, seq
        self._token = access_token
        self._watch: TokenWatch | None = None
        self._wakeup, self._scope = Wakeup(), ExitStack()

    async def __aenter__(self) -> AsyncIterator[bytes]:
        self._scope.enter_context(self._system.bus.subscribed(self._wakeup))
        if (token := self._token) is not None:
            watching = self._system.live_tokens.watching(token, self._wakeup)
            self._watch = self._scope.enter_context(watching)
            try:  # It may have been revoked meanwhile.
                await self._system.journal.read(access_tokens.check, token)
            except Unauthorized:
                self._watch.is_revoked = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self._scope.close()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next events in one piece, or a comment after `BEAT_S` without any."""
        while not (self._system.bus.closed or (self._watch and self._watch.is_over)):
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
                with trio.move_on_after(self._beat_s()) as patience:
                    await self._wakeup.wait()
                if patience.cancelled_caught:
                    return b": still here\n\n"
        raise StopAsyncIteration

    def _beat_s(self) -> float:
        """Seconds to the next comment, or less if the token expires before."""
        if self._token is None or self._token.expires_at is None:
            return BEAT_S
        left = self._token.expires_at - clock.now()
        return min(BEAT_S, max(left.total_seconds(), 0.0))

    def _wants(self, envelope: Envelope) -> bool:
        event, query = envelope.event, self._query
        return query.session in (None, event.session_id) and query.type in (
            None,
            codec.event_tag(event),
        )


def _event(name: str, body: dict[str, Any], seq: int | None = None) -> bytes:
    """One server-sent event."""
    id_line = b"" if seq is None else f"id: {seq}\n".encode()
    return id_line + f"event: {name}\ndata: ".encode() + codec.dumps(body) + b"\n\n"
