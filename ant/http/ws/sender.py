"""The sending side of one socket. It pulls what it sends; nothing is queued for it.

What is sent, in this order of precedence:

answers   from the outbox, which holds at most `OUTBOX` frames. A command that has
          another answer waits until there is room.
events    from the bus, which keeps the newest events in memory. A socket that has
          fallen behind the bus, or that resumes, reads from the event log instead.
output    one frame of each joined terminal in turn, from its cursor. If the size of
          the terminal or its owner changed, a `terminal_size` comes before it. A
          terminal may also be joined for its rows in place of its output (`ws.rows`).

The socket has a position in the events and a cursor in each transcript, and no queue of
either. Sending a frame waits until the client has room, and then the sender reads on
from its positions. So a slow client costs no memory and delays no other client. If
what it has not read is pruned meanwhile, it gets a `gap`. The listener resets a
connection that accepts no data for 15 s, and the socket of a client that does not even
answer a ping is closed with 4408.

Resuming: the client names the last event it has and, for each session, the first byte
it lacks. `begin_resume` pauses events and output, the joins set the cursors, and
`end_resume` lets the sender go on. It first sends the logged events after that event,
and then catches up with the bus. If the log no longer has the next event, a `gap` with
the scope `events` names the missing range. An event whose content was deleted is a
`tombstone`.
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import trio
from quart import websocket

from ant.api import codec
from ant.core.counters import Limit, increment
from ant.core.errors import Forbidden, Unauthorized
from ant.core.wakeup import Wakeup
from ant.http.server.websocket import Encoded
from ant.http.ws.joins import JoinedSession, JoinedSessions
from ant.http.ws.output import OutputRenderer
from ant.http.ws.screen_rows import RowsRenderer
from ant.http.ws.screens import size_frame
from ant.identity import terminal_tokens
from ant.identity.live_tokens import TokenWatch
from ant.identity.terminal_tokens import Caller
from ant.journal.event_log import missed_events
from ant.model.access_tokens import AccessToken
from ant.model.events import (
    Envelope,
    Event,
    MessageRead,
    SessionExited,
    Tombstone,
)
from ant.model.sessions import SessionId
from ant.runtime.system import System

OUTBOX = 256
"""Answers that may wait for the socket. Until one is sent, no command is read."""

EVENTS_AT_ONCE = 64
"""Events sent before output gets a turn, and events read from the log in one query."""


class Sender:
    """Sends answers, events and output to one socket.

    Its memory is bounded, whatever the client does not read.
    """

    def __init__(
        self,
        system: System,
        renderer: OutputRenderer,
        rows_renderer: RowsRenderer,
        caller: Caller | None = None,
    ) -> None:
        self._system, self._renderer, self._caller = system, renderer, caller
        self._rows_renderer = rows_renderer
        self._is_token_dead = False
        self._watch: TokenWatch | None = None
        self._wakeup, self._room = Wakeup(), Wakeup()
        self._outbox: deque[bytes] = deque()
        self.joins = JoinedSessions(system, self._wakeup)
        self._position = system.bus.end
        self._seq = system.bus.seq
        self._resume_after: int | None = None
        self._resumed: frozenset[SessionId] = frozenset()
        self._is_paused = False

    @property
    def is_token_dead(self) -> bool:
        """Whether the token of the socket is no longer valid.

        The terminal has ended, or the access token was revoked or has expired.
        """
        is_over = self._watch is not None and self._watch.is_over
        return self._is_token_dead or is_over

    @contextmanager
    def watching(self, access_token: AccessToken) -> Iterator[TokenWatch]:
        """Inside, `run` also ends when this token does."""
        live_tokens = self._system.live_tokens
        with live_tokens.watching(access_token, self._wakeup) as self._watch:
            yield self._watch

    @property
    def seq(self) -> int:
        """The last event that was sent, or the newest one when the socket opened."""
        return self._seq

    def put(self, frame: bytes) -> None:
        """Put an answer into the outbox; call `wait_for_room` first."""
        self._outbox.append(frame)
        self._wakeup.set()

    def put_fields(self, **fields: Any) -> None:
        """Render a frame with these fields and put it into the outbox."""
        self.put(codec.render(fields))

    async def wait_for_room(self) -> None:
        """Wait until the outbox has room. *Cancellation:* nothing to undo."""
        if len(self._outbox) >= OUTBOX:
            increment(Limit.OUTBOX)
        while len(self._outbox) >= OUTBOX:
            await self._room.wait()

    def begin_resume(self, seq: int, sessions: Iterable[SessionId] = ()) -> None:
        """Continue with the event after `seq` once `end_resume` is called.

        Tombstones of `sessions` are sent even if these can no longer be joined.
        Until then only answers are sent. The sender moves its own position, so that no
        event or output that it is sending now comes in between.
        """
        self._resume_after, self._is_paused = seq, True
        self._resumed = frozenset(sessions)

    def end_resume(self) -> None:
        """Send events and output again, after the answers that are in the outbox."""
        self._is_paused = False
        self._wakeup.set()

    async def run(self) -> None:
        """Send until the bus closes, or the caller's token ends (`is_token_dead`).

        An `ack` says where a stream begins, so the stream comes after it: while an
        answer waits, no newer event or output is sent.
        """
        with self._system.bus.subscribed(self._wakeup):
            await self._send()

    async def _send(self) -> None:
        while not (self._system.bus.closed or self.is_token_dead):
            busy = await self._send_answers()
            if not self._is_paused:
                busy |= await self._send_events()
            for join in list(self.joins.values()):
                if self._outbox or self._is_behind:
                    break  # Events come before output.
                busy |= await self._send_size(join)
                busy |= await self._send_output(join)
                busy |= await self._send_rows(join)
            if not busy:
                with trio.move_on_at(self._next_look()):
                    await self._wakeup.wait()

    @property
    def _is_behind(self) -> bool:
        """Whether events come from the log: it resumes, or fell behind the bus."""
        return self._is_resuming() or self._position < self._system.bus.start

    def _is_resuming(self) -> bool:
        """Whether a resume is requested, which may happen during any wait."""
        return self._resume_after is not None

    async def _send_answers(self) -> bool:
        sent = False
        while self._outbox:
            await websocket.send(Encoded(self._outbox.popleft()))
            self._room.set()
            sent = True
        return sent

    async def _send_output(self, join: JoinedSession) -> bool:
        cursor = join.cursor
        if cursor is None:
            return False
        if self._renderer.is_large(cursor):
            await self._system.services.turns.take()
        start = cursor.offset
        frame = await self._renderer.advance(cursor)
        if frame is None:
            return False
        # Put the cursor back until the frame is sent: if the client joins again before
        # that, the new join continues before this frame, and the frame is dropped.
        end, cursor.offset = cursor.offset, start
        await self._send_answers()  # The answer to this join comes before its output.
        if self.joins.get(cursor.session_id) is not join:
            return False
        cursor.offset = end
        await websocket.send(frame)
        return True

    async def _send_rows(self, join: JoinedSession) -> bool:
        """Send the rows that the socket does not have, if it is time to."""
        cursor = join.rows_cursor
        if cursor is None or self.joins.get(cursor.session_id) is not join:
            return False
        frame = await self._rows_renderer.advance(cursor)
        if frame is None:
            return False
        await self._send_answers()  # The answer to this join comes before its rows.
        if self.joins.get(cursor.session_id) is join:
            await websocket.send(frame)
        return True

    def _next_look(self) -> float:
        """When rows of a terminal are to be looked at, though nothing wakes the socket.

        What waits for something else is woken by it.
        """
        if self._outbox or self._is_behind:
            return math.inf
        cursors = (join.rows_cursor for join in self.joins.values())
        dues = (self._rows_renderer.due(each) for each in cursors if each is not None)
        return min(dues, default=math.inf)

    async def _send_size(self, join: JoinedSession) -> bool:
        """Send the size of a terminal and its owner, if they changed."""
        if join.view is None or self.joins.get(join.view.session_id) is not join:
            return False
        state = self._system.services.sizes.state(join.view)
        if state.version == join.size_version:
            return False
        join.size_version = state.version
        await websocket.send(Encoded(size_frame(join.view.session_id, state)))
        return True

    async def _send_events(self) -> bool:
        """Send events from the bus, or a page from the log while behind the bus."""
        if self._is_behind:
            await self._send_missed()
            return True
        bus = self._system.bus
        count = min(bus.end - self._position, EVENTS_AT_ONCE)
        for _ in range(count):
            if self._outbox or self._is_behind:
                break
            envelope = bus.at(self._position)
            self._position += 1
            await self._send_event(envelope)
        return count > 0

    async def _send_missed(self) -> None:
        """Send a page of the log, after a `gap` for events that were pruned from it."""
        if self._resume_after is not None:
            self._seq, self._resume_after = self._resume_after, None
            self._position = -1
        # Events that are published from here on may leave the bus before the page is
        # sent; the next page has them.
        position = self._system.bus.end
        envelopes, oldest = await self._system.journal.read_in_thread(
            missed_events, self._seq, EVENTS_AT_ONCE
        )
        if self._is_resuming():
            return
        if oldest > self._seq + 1:
            increment(Limit.EVENT_GAP)
            gap = {
                "type": "gap",
                "scope": "events",
                "from": self._seq + 1,
                "to": oldest,
            }
            self._seq = oldest - 1
            await websocket.send(Encoded(codec.render(gap)))
        for envelope in envelopes:
            if self._is_resuming():
                return
            await self._send_event(envelope)
        if not envelopes.more and not self._is_resuming():
            self._position = position

    async def _send_event(self, envelope: Envelope) -> None:
        if self.is_token_dead:
            return
        if envelope.seq is not None:
            if envelope.seq <= self._seq:
                return
            self._seq = envelope.seq
        event: Event | None = envelope.event
        if self._caller is not None:
            event = await self._visible_event(self._caller, envelope.event)
        if event is None:
            return
        if event is not envelope.event:  # Do not share the cached rendering.
            envelope = Envelope(envelope.at, event, envelope.seq)
        join = self.joins.get(event.session_id) if event.session_id else None
        if join is None and not self._is_for_all(event):
            return
        if join is not None and isinstance(event, SessionExited):
            while join.is_before(event.end) and await self._send_output(join):
                pass
        await websocket.send(Encoded(codec.event_frame(envelope)))

    def _is_for_all(self, event: Event) -> bool:
        """Whether the socket gets an event of a session that it has not joined."""
        if isinstance(event, Tombstone):
            former: Any = codec.TAGS.get(event.event_type)
            was_for_all = former is not None and former.to_all
            return was_for_all or event.session_id in self._resumed
        return event.to_all

    async def _visible_event(self, caller: Caller, event: Event) -> Event | None:
        """An event as a terminal's token may see it; None if it may not.

        A token sees events of its rooms, as of now. If the terminal is no longer in a
        room, the room is left. If the terminal's run has ended, so has the socket.
        """
        room_id, journal = event.session_id, self._system.journal
        if room_id is None:
            return None
        try:
            if room_id in self.joins:
                # All readers of the message are checked, however many there are.
                many = isinstance(event, MessageRead)
                read = journal.read_in_thread if many else journal.read
                return await read(terminal_tokens.visible_event, caller, room_id, event)
            if room_id == caller.session_id and isinstance(event, SessionExited):
                await journal.read(terminal_tokens.check_alive, caller)
        except Unauthorized:
            self._is_token_dead = True
        except Forbidden:
            self.joins.leave(room_id)
        return None
