"""`/ws`: one task reads commands and acts, one sends; what is sent, that one pulls.

A command leaves its answers in the sender's outbox; none is read while that is full.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from quart import websocket

from ant.api import codec
from ant.api.frames import (
    CheckHealth,
    Frame,
    JoinSession,
    LeaveSession,
    PresencePing,
    Resume,
    SendInput,
    SendResize,
)
from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import AntError, Conflict, Invalid, TooLarge
from ant.http.access import permissions
from ant.http.access.permissions import LOBBY
from ant.http.contract.problems import (
    DEAD_TOKEN,
    GOING_AWAY,
    INTERNAL_ERROR,
    error_frame,
)
from ant.http.server.websocket import MAX_FRAME, OVERSIZE
from ant.http.ws.output import OutputCursor, Outputs, scrollback_start
from ant.http.ws.screens import screen_frames
from ant.http.ws.sender import Sender
from ant.identity.tokens import Caller
from ant.journal.event_log import log_bounds
from ant.model.events import Envelope
from ant.model.prompt_events import AgentStatusUpdated
from ant.model.sessions import Session, SessionId, Status
from ant.runtime import run_records
from ant.runtime.system import System
from ant.runtime.terminals import draw, live_terminal, resize_terminal
from ant.sessions import sessions
from ant.terminal.input.query_replies import is_reply
from ant.terminal.screen.display import Drawing

log = logging.getLogger(__name__)

FAR_BEHIND = 64 << 10
"""Bytes that a `resume` with `screen` still gets as they are: a screen is not less."""


class SocketHandler:
    """One `/ws` connection: what a client asks, and what is done about it."""

    def __init__(
        self, system: System, outputs: Outputs, caller: Caller | None = None
    ) -> None:
        self._system, self._caller = system, caller
        self._sender = Sender(system, outputs, caller)
        self._joins = self._sender.joins
        self._answers: dict[type[Frame], Callable[[Any], Awaitable[dict[str, Any]]]] = {
            JoinSession: self._join,
            Resume: self._resume,
            LeaveSession: self._leave,
            SendInput: self._input,
            SendResize: self._resize,
            CheckHealth: self._health,
            PresencePing: self._ping,
        }

    async def run(self) -> int:
        """Serve until the server stops, or the token dies; which close code says so.

        A client that leaves cancels us.

        *Cancellation:* every session is left, presence with it.
        """
        self._sender.say(type="build_id", buildId=self._system.build_id)
        seq = self._sender.seq
        oldest, _ = await self._system.journal.read(log_bounds)
        self._sender.say(type="hello", epoch=self._system.epoch, seq=seq, oldest=oldest)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                await self._sender.run()
                nursery.cancel_scope.cancel()
        finally:
            self._joins.leave_all()
        return DEAD_TOKEN if self._sender.is_dismissed else GOING_AWAY

    # Commands.

    async def _read(self) -> None:
        while True:
            await self._sender.room()
            message = await websocket.receive()
            await self._obey(message)

    async def _obey(self, message: str | bytes | None) -> None:
        """Do what a frame says; whatever is wrong costs an answer, not the socket."""
        ref = None
        try:
            if message is OVERSIZE:
                increment(Limit.FRAME)
                raise TooLarge(f"A frame may have {MAX_FRAME} bytes; this had more.")
            if not message:
                raise Invalid("expected a JSON object, got an empty frame at $")
            ref = codec.ref_of(message)
            frame = codec.read_frame(message)
            if self._caller is not None:
                frame = await permissions.check_frame(self._system, self._caller, frame)
            answer = await self._answers[type(frame)](frame)
        except Exception as exc:  # noqa: BLE001  It is answered, and a bug is logged.
            self._sender.put(error_frame(exc, ref))
        else:
            if ref is not None:
                self._sender.say(type="ack", ref=ref, **answer)

    async def _join(self, request: JoinSession) -> dict[str, Any]:
        if request.session_id == LOBBY:
            return {"sessionId": LOBBY}
        session, reserved = await self._system.journal.read(
            run_records.session_and_reserved, request.session_id
        )
        if not session.active and request.spawn_pty and session.terminal is not None:
            self._say_health(session, unavailable=True)
            return {"sessionId": session.id}
        sessions.refuse_inactive(session)
        if request.spawn_pty and session.terminal is not None:
            await self._spawn(request, session)
        drawing = None
        if request.screen and session.terminal is not None:
            drawing = await draw(self._system, session.id)
        return self._enter_at(request, session, reserved, drawing)

    async def _spawn(self, request: JoinSession, session: Session) -> None:
        try:
            await self._system.supervisor.start(
                session.id, request.cols, request.rows, request.cwd
            )
        except AntError:
            self._say_health(session)
            raise
        if request.cols is not None and request.rows is not None:
            await resize_terminal(self._system, session.id, request.cols, request.rows)

    def _watch(
        self,
        request: JoinSession,
        session: Session,
        reserved: int,
        drawing: Drawing | None,
    ) -> dict[str, Any]:
        """Choose where to begin and begin; synchronous, so no byte comes in between."""
        assert session.terminal is not None
        flow = self._system.services.flows.get(session.id)
        end = self._latest(session)
        latest = flow.tail.end if flow else max(reserved, end)
        if request.from_ is not None and request.from_ > latest:
            raise Invalid(f"expected at most {latest}, got {request.from_} at $.from")
        join = self._joins.get(session.id)
        if request.from_ is not None:
            seen: int | None = request.from_
        else:
            seen = join.cursor.offset if join and join.cursor else None
        if drawing is not None:
            start = drawing.offset
            end = max(end, start)
        elif seen is not None:
            start = seen
        elif flow is not None and request.spawn_pty:
            start = scrollback_start(flow, session.terminal.oldest)
        else:
            start = end
        self._say_health(session)
        self._joins.enter(
            session.id,
            request.handle,
            OutputCursor(session.id, start),
            request.spawn_pty,
        )
        for frame in screen_frames(session.id, drawing, seen) if drawing else ():
            self._sender.put(frame)
        return {"sessionId": session.id, "offset": start, "end": end}

    async def _resume(self, request: Resume) -> dict[str, Any]:
        """Go back to an event and to bytes; what was missed follows, then what is new.

        The sender turns back by itself, so that nothing it is sending gets in between.
        """
        if request.epoch not in (None, self._system.epoch):
            raise Conflict("This is another event log; begin anew.")
        newest = self._system.bus.seq
        if request.seq > newest:
            raise Invalid(f"expected at most {newest}, got {request.seq} at $.seq")
        oldest, _ = await self._system.journal.read(log_bounds)
        self._sender.turn_back(request.seq)
        try:
            for session_id, offset in request.sessions.items():
                await self._sender.room()
                try:
                    await self._resume_one(request, session_id, offset)
                except AntError as exc:
                    self._sender.put(
                        error_frame(exc, request.ref, sessionId=session_id)
                    )
        finally:
            self._sender.go_on()
        return {"seq": request.seq, "oldest": oldest}

    async def _resume_one(
        self, request: Resume, session_id: SessionId, offset: int
    ) -> None:
        session, reserved = await self._system.journal.read(
            run_records.session_and_reserved, session_id
        )
        sessions.refuse_inactive(session)
        drawing = None
        if request.screen and self._latest(session) - offset > FAR_BEHIND:
            drawing = await draw(self._system, session_id)
        join = JoinSession(session_id=session_id, from_=offset, handle=request.handle)
        self._enter_at(join, session, reserved, drawing)

    def _latest(self, session: Session) -> int:
        """One past the last byte that there is; 0 for a chat."""
        flow = self._system.services.flows.get(session.id)
        if flow is not None:
            return flow.tail.end
        return session.terminal.end if session.terminal is not None else 0

    def _enter_at(
        self,
        request: JoinSession,
        session: Session,
        reserved: int,
        drawing: Drawing | None = None,
    ) -> dict[str, Any]:
        if session.terminal is not None:
            answer = self._watch(request, session, reserved, drawing)
            status = self._system.services.prompt_service.status(session.id)
            if status is not None:
                event = AgentStatusUpdated(session.id, status)
                frame = codec.event_frame(Envelope(clock.now(), event))
                self._sender.put(frame)
            return answer
        self._joins.enter(session.id, request.handle, None)
        return {"sessionId": session.id}

    async def _leave(self, request: LeaveSession) -> dict[str, Any]:
        self._joins.leave(request.session_id)
        return {"sessionId": request.session_id}

    async def _input(self, request: SendInput) -> dict[str, Any]:
        data = request.data.encode()
        live = self._system.supervisor.find(request.session_id)
        if live is None:
            live = await live_terminal(self._system, request.session_id)
        answered = live.terminal.answers_queries
        may_reply = not answered and self._joins.may_reply(request.session_id)
        if is_reply(data) and not may_reply:
            increment(Limit.REPLY)
            return {"sessionId": request.session_id, "size": 0, "dropped": True}
        join = self._joins.get(request.session_id)
        live.type_nowait(data, by=join.seat.handle if join else None)
        return {"sessionId": request.session_id, "size": len(data)}

    async def _resize(self, request: SendResize) -> dict[str, Any]:
        await resize_terminal(
            self._system, request.session_id, request.cols, request.rows
        )
        self._joins.become_typist(request.session_id)
        return {
            "sessionId": request.session_id,
            "cols": request.cols,
            "rows": request.rows,
        }

    async def _health(self, request: CheckHealth) -> dict[str, Any]:
        session = await self._system.journal.read(
            sessions.get_session, request.session_id
        )
        self._say_health(session, unavailable=not session.active)
        return {"sessionId": session.id}

    async def _ping(self, request: PresencePing) -> dict[str, Any]:
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
        self._sender.say(**frame, **({"unavailable": True} if unavailable else {}))


async def serve_socket(system: System, outputs: Outputs, caller: Caller | None) -> None:
    """Accept and serve one `/ws` connection; close it with 1001 when the server stops.

    That of a terminal's token ends with the terminal, with 4401. A bug closes it with
    1011. *Cancellation:* the client has left, or the time is up.
    """
    await websocket.accept()
    try:
        code = await SocketHandler(system, outputs, caller).run()
    except Exception:
        log.exception("A socket failed.")
        await websocket.close(INTERNAL_ERROR)
    else:
        await websocket.close(code)
