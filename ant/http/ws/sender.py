"""What one socket is sent: answers first, then events, then bytes; all of it is pulled.

answers   from the outbox, which is bounded: who has more to say waits for room in it
events    from the bus, or from the log when behind it or sent back to it
bytes     one frame of each joined terminal, again and again
"""

from collections import deque
from typing import Any

from quart import websocket

from ant.api import codec
from ant.core.counters import Limit, increment
from ant.core.errors import Forbidden, Unauthorized
from ant.core.wakeup import Wakeup
from ant.http.server.websocket import Encoded
from ant.http.ws.joins import JoinedSession, JoinedSessions
from ant.http.ws.output import Outputs
from ant.identity import tokens
from ant.identity.tokens import Caller
from ant.journal.event_log import missed_events
from ant.model.events import Envelope, Event, MessageRead, SessionExited
from ant.runtime.system import System

OUTBOX = 256
"""Answers that may wait for the socket; whoever has another waits for room first."""

EVENTS_AT_ONCE = 64
"""Events sent before terminals get their turn, and how many are read from the log."""


class Sender:
    """One socket's sending side. Nothing in it grows with what the client leaves."""

    def __init__(
        self, system: System, outputs: Outputs, caller: Caller | None = None
    ) -> None:
        self._system, self._outputs, self._caller = system, outputs, caller
        self.is_dismissed = False
        self._wakeup, self._space = Wakeup(), Wakeup()
        self._outbox: deque[bytes] = deque()
        self.joins = JoinedSessions(system, self._wakeup)
        self._position = system.bus.end
        self._seq = system.bus.seq
        self._replay: int | None = None
        self._held = False

    @property
    def seq(self) -> int:
        """The last event that was sent, or that there was before the first."""
        return self._seq

    def put(self, frame: bytes) -> None:
        """An answer, to be sent before anything else; look for `room` first."""
        self._outbox.append(frame)
        self._wakeup.set()

    def say(self, **frame: Any) -> None:
        """The same, rendered."""
        self.put(codec.render(frame))

    async def room(self) -> None:
        """Wait until another answer may be put. *Cancellation:* nothing to undo."""
        if len(self._outbox) >= OUTBOX:
            increment(Limit.OUTBOX)
        while len(self._outbox) >= OUTBOX:
            await self._space.wait()

    def turn_back(self, seq: int) -> None:
        """Go back to the event after `seq`, once `go_on` is called; send answers only.

        The sender turns by itself, so that nothing it is sending gets in between.
        """
        self._replay, self._held = seq, True

    def go_on(self) -> None:
        """Send events and bytes again; what was put until now comes before them."""
        self._held = False
        self._wakeup.set()

    async def run(self) -> None:
        """Send until the bus closes, or the caller's terminal ends (`is_dismissed`).

        While an answer waits, nothing newer overtakes it.

        An `ack` says where a stream begins, so all of that must come after it.
        """
        with self._system.bus.subscribed(self._wakeup):
            await self._send()

    async def _send(self) -> None:
        while not (self._system.bus.closed or self.is_dismissed):
            busy = await self._send_answers()
            if not self._held:
                busy |= await self._send_events()
            for join in list(self.joins.values()):
                if self._outbox or self._is_behind:
                    break  # Events come before bytes.
                busy |= await self._send_output(join)
            if not busy:
                await self._wakeup.wait()

    @property
    def _is_behind(self) -> bool:
        """Whether events are to be read from the log: sent back to it, or too late."""
        return self._replay is not None or self._position < self._system.bus.start

    async def _send_answers(self) -> bool:
        sent = False
        while self._outbox:
            await websocket.send(Encoded(self._outbox.popleft()))
            self._space.set()
            sent = True
        return sent

    async def _send_output(self, join: JoinedSession) -> bool:
        cursor = join.cursor
        if cursor is None:
            return False
        if self._outputs.is_large(cursor):
            await self._system.services.turns.take()
        start = cursor.offset
        frame = await self._outputs.advance(cursor)
        if frame is None:
            return False
        # Until it is sent, who joins anew goes on before this frame, which is dropped.
        end, cursor.offset = cursor.offset, start
        await self._send_answers()  # Those to this join come before its bytes.
        if self.joins.get(cursor.session_id) is not join:
            return False
        cursor.offset = end
        await websocket.send(Encoded(frame))
        return True

    async def _send_events(self) -> bool:
        """From the window, or a page from the log while it is behind that."""
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
        """A page of the log; what was pruned from it is said."""
        if self._replay is not None:
            self._seq, self._replay, self._position = self._replay, None, -1
        # What is published while we send may leave the window before we look there.
        position = self._system.bus.end
        envelopes, oldest = await self._system.journal.read_in_thread(
            missed_events, self._seq, EVENTS_AT_ONCE
        )
        if self._turned():
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
            if self._turned():
                return
            await self._send_event(envelope)
        if not envelopes.more and not self._turned():
            self._position = position

    def _turned(self) -> bool:
        """Whether the client asked to go back, which may be during any wait."""
        return self._replay is not None

    async def _send_event(self, envelope: Envelope) -> None:
        if envelope.seq is not None:
            if envelope.seq <= self._seq:
                return
            self._seq = envelope.seq
        event: Event | None = envelope.event
        if self._caller is not None:
            event = await self._heard(self._caller, envelope.event)
        if event is None:
            return
        if event is not envelope.event:  # The others' rendering is not for this one.
            envelope = Envelope(envelope.at, event, envelope.seq)
        join = self.joins.get(event.session_id) if event.session_id else None
        if join is None and not event.to_all:
            return
        if join is not None and isinstance(event, SessionExited):
            while join.is_before(event.end) and await self._send_output(join):
                pass
        await websocket.send(Encoded(codec.event_frame(envelope)))

    async def _heard(self, caller: Caller, event: Event) -> Event | None:
        """What a terminal's token is told of it: its rooms' events only, still today.

        A room that it was taken out of is left; the end of its own run ends it all.
        """
        room_id, journal = event.session_id, self._system.journal
        if room_id is None:
            return None
        try:
            if room_id in self.joins:
                # All readers of the message are checked, however many there are.
                many = isinstance(event, MessageRead)
                read = journal.read_in_thread if many else journal.read
                return await read(tokens.visible_event, caller, room_id, event)
            if room_id == caller.session_id and isinstance(event, SessionExited):
                await journal.read(tokens.check_alive, caller)
        except Unauthorized:
            self.is_dismissed = True
        except Forbidden:
            self.joins.leave(room_id)
        return None
