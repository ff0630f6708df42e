"""`/ws`: one task reads commands, one sends; everything that is sent, it pulls.

commands   reads a frame, acts, leaves an answer in the outbox; waits when that is full
sender     answers first, then events, then one frame of each joined terminal, again
"""

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from quart import websocket

from ant import clock, evidence, runs, sessions, wire
from ant.bell import Bell
from ant.errors import AntError, Conflict, Invalid, TooLarge
from ant.events import Envelope, SessionExited
from ant.frames import (
    CheckHealth,
    Frame,
    JoinSession,
    LeaveSession,
    PresencePing,
    Resume,
    SendInput,
    SendResize,
)
from ant.http.joins import Join, Joins
from ant.http.output import Cursor, Outputs, scrollback_start
from ant.http.problems import GOING_AWAY, INTERNAL_ERROR, error_frame
from ant.http.routes.terminal import live_terminal, resize_terminal
from ant.http.screens import draw, screen_frames
from ant.model import Session, Status
from ant.prompt_events import AgentStatusUpdated
from ant.system import System
from ant.terminal.display import Drawing
from ant.websocket import MAX_FRAME, OVERSIZE, Encoded

log = logging.getLogger(__name__)

OUTBOX = 256
"""Answers that may wait for the socket; then no further command is read."""

EVENTS_AT_ONCE = 64
"""Events sent before terminals get their turn, and how many are read from the log."""

LOBBY = "__ant_sessions__"
"""What the original's clients join to hear `sessions_changed`; here everybody does."""


class Socket:
    """One `/ws` connection. Nothing in it grows with what the client does not read."""

    def __init__(self, system: System, outputs: Outputs) -> None:
        self._system, self._outputs = system, outputs
        self._bell, self._space = Bell(), Bell()
        self._outbox: deque[bytes] = deque()
        self._joins = Joins(system, self._bell)
        self._position = system.bus.end
        self._seq = system.bus.seq
        self._replay: int | None = None
        self._answers: dict[type[Frame], Callable[[Any], Awaitable[dict[str, Any]]]] = {
            JoinSession: self._join,
            Resume: self._resume,
            LeaveSession: self._leave,
            SendInput: self._input,
            SendResize: self._resize,
            CheckHealth: self._health,
            PresencePing: self._ping,
        }

    async def run(self) -> None:
        """Serve until the server stops; a client that leaves cancels us.

        *Cancellation:* every session is left, presence with it.
        """
        self._say(type="build_id", buildId=self._system.build_id)
        seq = self._seq
        oldest, _ = await self._system.journal.read(evidence.log_bounds)
        self._say(type="hello", epoch=self._system.epoch, seq=seq, oldest=oldest)
        with self._system.bus.subscribed(self._bell):
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._read)
                    await self._send()
                    nursery.cancel_scope.cancel()
            finally:
                self._joins.leave_all()

    # Commands.

    async def _read(self) -> None:
        while True:
            while len(self._outbox) >= OUTBOX:
                await self._space.wait()
            message = await websocket.receive()
            await self._obey(message)

    async def _obey(self, message: str | bytes | None) -> None:
        """Do what a frame says; whatever is wrong costs an answer, not the socket."""
        ref = None
        try:
            if message is OVERSIZE:
                raise TooLarge(f"A frame may have {MAX_FRAME} bytes; this had more.")
            if not message:
                raise Invalid("expected a JSON object, got an empty frame at $")
            ref = wire.ref_of(message)
            frame = wire.read_frame(message)
            answer = await self._answers[type(frame)](frame)
        except Exception as exc:  # noqa: BLE001  It is answered, and a bug is logged.
            self._put(error_frame(exc, ref))
        else:
            if ref is not None:
                self._say(type="ack", ref=ref, **answer)

    def _put(self, frame: bytes) -> None:
        self._outbox.append(frame)
        self._bell.ring()

    def _say(self, **frame: Any) -> None:
        self._put(wire.render(frame))

    async def _join(self, ask: JoinSession) -> dict[str, Any]:
        if ask.session_id == LOBBY:
            return {"sessionId": LOBBY}
        session, reserved = await self._system.journal.read(runs.look, ask.session_id)
        if not session.active and ask.spawn_pty and session.terminal is not None:
            self._say_health(session, unavailable=True)
            return {"sessionId": session.id}
        if not session.active:
            await self._system.journal.read(sessions.need_active, session.id)
        if ask.spawn_pty and session.terminal is not None:
            await self._spawn(ask, session)
        drawing = None
        if ask.screen and session.terminal is not None:
            drawing = await draw(self._system, session.id)
        return self._enter_at(ask, session, reserved, drawing)

    async def _spawn(self, ask: JoinSession, session: Session) -> None:
        try:
            await self._system.supervisor.start(session.id, ask.cols, ask.rows, ask.cwd)
        except AntError:
            self._say_health(session)
            raise
        if ask.cols is not None and ask.rows is not None:
            await resize_terminal(self._system, session.id, ask.cols, ask.rows)

    def _watch(
        self,
        ask: JoinSession,
        session: Session,
        reserved: int,
        drawing: Drawing | None,
    ) -> dict[str, Any]:
        """Choose where to begin and begin; synchronous, so no byte comes in between."""
        assert session.terminal is not None
        flow = self._system.stage.flows.get(session.id)
        end = flow.tail.end if flow else session.terminal.end
        latest = flow.tail.end if flow else max(reserved, end)
        if ask.from_ is not None and ask.from_ > latest:
            raise Invalid(f"expected at most {latest}, got {ask.from_} at $.from")
        join = self._joins.get(session.id)
        if ask.from_ is not None:
            seen: int | None = ask.from_
        else:
            seen = join.cursor.offset if join and join.cursor else None
        if drawing is not None:
            start = drawing.offset
            end = max(end, start)
        elif seen is not None:
            start = seen
        elif flow is not None and ask.spawn_pty:
            start = scrollback_start(flow, session.terminal.oldest)
        else:
            start = end
        self._say_health(session)
        self._joins.enter(
            session.id, ask.handle, Cursor(session.id, start), ask.spawn_pty
        )
        for frame in screen_frames(session.id, drawing, seen) if drawing else ():
            self._put(frame)
        return {"sessionId": session.id, "offset": start, "end": end}

    async def _resume(self, ask: Resume) -> dict[str, Any]:
        """Go back to an event and to bytes; what was missed follows, then what is new.

        The sender turns back by itself, so that nothing it is sending gets in between.
        """
        if ask.epoch not in (None, self._system.epoch):
            raise Conflict("This is another event log; begin anew.")
        newest = self._system.bus.seq
        if ask.seq > newest:
            raise Invalid(f"expected at most {newest}, got {ask.seq} at $.seq")
        looks = []
        for session_id, offset in ask.sessions.items():
            try:
                await self._system.journal.read(sessions.check_active, session_id)
                look = await self._system.journal.read(runs.look, session_id)
            except AntError as exc:
                self._put(error_frame(exc, ask.ref, sessionId=session_id))
            else:
                looks.append((offset, *look))
        oldest, _ = await self._system.journal.read(evidence.log_bounds)
        self._replay = ask.seq
        for offset, session, reserved in looks:
            join = JoinSession(session_id=session.id, from_=offset, handle=ask.handle)
            try:
                self._enter_at(join, session, reserved)
            except AntError as exc:
                self._put(error_frame(exc, ask.ref, sessionId=session.id))
        self._bell.ring()
        return {"seq": ask.seq, "oldest": oldest}

    def _enter_at(
        self,
        ask: JoinSession,
        session: Session,
        reserved: int,
        drawing: Drawing | None = None,
    ) -> dict[str, Any]:
        if session.terminal is not None:
            answer = self._watch(ask, session, reserved, drawing)
            status = self._system.stage.clerk.status(session.id)
            if status is not None:
                event = AgentStatusUpdated(session.id, status)
                self._put(wire.event_frame(Envelope(clock.now(), event)))
            return answer
        self._joins.enter(session.id, ask.handle, None)
        return {"sessionId": session.id}

    async def _leave(self, ask: LeaveSession) -> dict[str, Any]:
        self._joins.leave(ask.session_id)
        return {"sessionId": ask.session_id}

    async def _input(self, ask: SendInput) -> dict[str, Any]:
        data = ask.data.encode()
        live = self._system.supervisor.find(ask.session_id)
        if live is None:
            live = await live_terminal(self._system, ask.session_id)
        live.type_nowait(data)
        return {"sessionId": ask.session_id, "size": len(data)}

    async def _resize(self, ask: SendResize) -> dict[str, Any]:
        await resize_terminal(self._system, ask.session_id, ask.cols, ask.rows)
        self._joins.become_typist(ask.session_id)
        return {"sessionId": ask.session_id, "cols": ask.cols, "rows": ask.rows}

    async def _health(self, ask: CheckHealth) -> dict[str, Any]:
        session = await self._system.journal.read(sessions.get_session, ask.session_id)
        self._say_health(session, unavailable=not session.active)
        return {"sessionId": session.id}

    async def _ping(self, ask: PresencePing) -> dict[str, Any]:
        for join in self._joins.values():
            join.seat.last_seen = clock.now()
        return {}

    def _say_health(self, session: Session, unavailable: bool = False) -> None:
        live = self._system.supervisor.find(session.id)
        alive = live is not None and not live.flow.finished and not unavailable
        frame: dict[str, Any] = {
            "type": "session_health",
            "sessionId": session.id,
            "alive": alive,
            "status": Status.RUNNING if alive else session.status,
        }
        self._say(**frame, **({"unavailable": True} if unavailable else {}))

    # Sending.

    async def _send(self) -> None:
        """Answers, events, bytes. While an answer waits, nothing newer overtakes it.

        An `ack` says where a stream begins, so all of that must come after it.
        """
        while not self._system.bus.closed:
            busy = await self._send_answers()
            busy |= await self._send_events()
            for join in list(self._joins.values()):
                if self._outbox or self._is_behind:
                    break  # Events come before bytes.
                busy |= await self._send_output(join)
            if not busy:
                await self._bell.wait()

    @property
    def _is_behind(self) -> bool:
        """Whether events are to be read from the log: sent back to it, or too late."""
        return self._replay is not None or self._position < self._system.bus.start

    async def _send_answers(self) -> bool:
        sent = False
        while self._outbox:
            await websocket.send(Encoded(self._outbox.popleft()))
            self._space.ring()
            sent = True
        return sent

    async def _send_output(self, join: Join) -> bool:
        cursor = join.cursor
        if cursor is None:
            return False
        start = cursor.offset
        frame = await self._outputs.advance(cursor)
        if frame is None:
            return False
        # Until it is sent, who joins anew goes on before this frame, which is dropped.
        end, cursor.offset = cursor.offset, start
        await self._send_answers()  # Those to this join come before its bytes.
        if self._joins.get(cursor.session_id) is not join:
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
        envelopes, oldest = await self._system.journal.read(
            evidence.missed_events, self._seq, EVENTS_AT_ONCE
        )
        if self._turned():
            return
        if oldest > self._seq + 1:
            gap = {
                "type": "gap",
                "scope": "events",
                "from": self._seq + 1,
                "to": oldest,
            }
            self._seq = oldest - 1
            await websocket.send(Encoded(wire.render(gap)))
        for envelope in envelopes:
            if self._turned():
                return
            await self._send_event(envelope)
        if len(envelopes) < EVENTS_AT_ONCE and not self._turned():
            self._position = position

    def _turned(self) -> bool:
        """Whether the client asked to go back, which may be during any wait."""
        return self._replay is not None

    async def _send_event(self, envelope: Envelope) -> None:
        event = envelope.event
        if envelope.seq is not None:
            if envelope.seq <= self._seq:
                return
            self._seq = envelope.seq
        join = self._joins.get(event.session_id) if event.session_id else None
        if join is None and not event.to_all:
            return
        if join is not None and isinstance(event, SessionExited):
            while join.is_before(event.end) and await self._send_output(join):
                pass
        await websocket.send(Encoded(wire.event_frame(envelope)))


async def serve_socket(system: System, outputs: Outputs) -> None:
    """Accept and serve one `/ws` connection; close it with 1001 when the server stops.

    A bug closes it with 1011. *Cancellation:* the client has left, or the time is up.
    """
    await websocket.accept()
    try:
        await Socket(system, outputs).run()
    except Exception:
        log.exception("A socket failed.")
        await websocket.close(INTERNAL_ERROR)
    else:
        await websocket.close(GOING_AWAY)
