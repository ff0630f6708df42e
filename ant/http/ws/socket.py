"""`/ws`: one task reads commands and executes them, and another one sends.

The reader puts the answers to a command into the sender's outbox, and reads no further
command while the outbox is full. The sender pulls events and output by itself; see
`ws.sender` for what bounds a slow socket and how a socket resumes.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
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
from ant.core.errors import AntError, Conflict, Invalid, TooLarge, Unauthorized
from ant.http.access import permissions, scopes
from ant.http.access.permissions import LOBBY
from ant.http.access.session_names import with_ids
from ant.http.contract.problems import (
    DEAD_TOKEN,
    GOING_AWAY,
    INTERNAL_ERROR,
    error_frame,
)
from ant.http.server.websocket import MAX_FRAME, OVERSIZE
from ant.http.ws.output import OutputCursor, OutputRenderer, scrollback_start
from ant.http.ws.screen_rows import RowsCursor, RowsRenderer
from ant.http.ws.screens import screen_frames
from ant.http.ws.sender import Sender
from ant.identity import access_tokens
from ant.identity.terminal_tokens import Caller
from ant.journal.event_log import log_bounds
from ant.model.access_tokens import AccessToken
from ant.model.events import Envelope
from ant.model.prompt_events import AgentStatusUpdated
from ant.model.sessions import Session, SessionId, Status
from ant.runtime import run_records
from ant.runtime.system import System
from ant.runtime.terminal_sizes import Size
from ant.runtime.terminals import draw, live_terminal, resize_terminal
from ant.sessions import sessions
from ant.terminal.input.query_replies import is_reply, is_typing
from ant.terminal.screen.display import Drawing

log = logging.getLogger(__name__)

FAR_BEHIND = 64 << 10
"""Bytes of missed output that a `resume` with `screen` still sends as they are, since a
screen is not smaller. A session that is further behind gets a `gap` and its screen."""


class SocketHandler:
    """One `/ws` connection: it reads commands and executes them.

    `caller` is the terminal whose token the client showed, or the session that its
    `access_token` is limited to; None sees everything.
    """

    def __init__(
        self,
        system: System,
        renderer: OutputRenderer,
        rows_renderer: RowsRenderer,
        caller: Caller | None = None,
        access_token: AccessToken | None = None,
    ) -> None:
        self._system, self._caller, self._access_token = system, caller, access_token
        self._rows_renderer = rows_renderer
        self._sender = Sender(system, renderer, rows_renderer, caller)
        self._joins = self._sender.joins
        self._handlers: dict[
            type[Frame], Callable[[Any], Awaitable[dict[str, Any]]]
        ] = {
            JoinSession: self._join,
            Resume: self._resume,
            LeaveSession: self._leave,
            SendInput: self._input,
            SendResize: self._resize,
            CheckHealth: self._health,
            PresencePing: self._ping,
        }

    async def run(self) -> int:
        """Serve until the server stops or the token dies; the close code to send.

        If the client disconnects, this is cancelled.

        *Cancellation:* leaves every session, and removes the client's presence.
        """
        put = self._sender.put_fields
        put(type="build_id", buildId=self._system.build_id)
        seq = self._sender.seq
        oldest, _ = await self._system.journal.read(log_bounds)
        put(type="hello", epoch=self._system.epoch, seq=seq, oldest=oldest)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._read)
                await self._send(nursery)
                nursery.cancel_scope.cancel()
        finally:
            self._joins.leave_all()
        return DEAD_TOKEN if self._sender.is_token_dead else GOING_AWAY

    async def _send(self, nursery: trio.Nursery) -> None:
        """Send until the server stops, or the token of the socket ends."""
        if (token := self._access_token) is None:
            await self._sender.run()
            return
        with self._sender.watching(token) as watch:
            try:  # It may have been revoked since the handshake.
                await self._system.journal.read(access_tokens.check, token)
            except Unauthorized:
                watch.is_revoked = True
            nursery.start_soon(watch.wake_at_expiry)
            await self._sender.run()

    # Commands.

    async def _read(self) -> None:
        while True:
            await self._sender.wait_for_room()
            message = await websocket.receive()
            await self._handle(message)

    async def _handle(self, message: str | bytes | None) -> None:
        """Execute one command. An error becomes an `error` frame; the socket lives."""
        ref = None
        try:
            if message is OVERSIZE:
                increment(Limit.FRAME)
                raise TooLarge(
                    f"A frame may have at most {MAX_FRAME} bytes; this one had more."
                )
            if not message:
                raise Invalid("expected a JSON object, got an empty frame at $")
            ref = codec.ref_of(message)
            frame = codec.read_frame(message)
            frame = await with_ids(self._system, frame, self._caller, is_frame=True)
            if self._sender.is_token_dead:
                raise Unauthorized("The token of this socket is no longer valid.")
            if self._access_token is not None:
                await scopes.check_frame(
                    self._system, self._access_token, self._caller, frame
                )
            elif self._caller is not None:
                frame = await permissions.check_frame(self._system, self._caller, frame)
            answer = await self._handlers[type(frame)](frame)
        except Exception as exc:  # noqa: BLE001  It is reported; a bug is logged.
            self._sender.put(error_frame(exc, ref))
        else:
            if ref is not None:
                self._sender.put_fields(type="ack", ref=ref, **answer)

    async def _join(self, request: JoinSession) -> dict[str, Any]:
        if request.session_id == LOBBY:
            return {"sessionId": LOBBY}
        _check_binary(request)
        takes_bytes = request.screen or request.binary or request.from_ is not None
        if request.screen_rows and takes_bytes:
            raise Invalid("expected no from, screen or binary with screenRows at $")
        session, reserved = await self._system.journal.read(
            run_records.session_and_reserved, request.session_id
        )
        if not session.active and request.spawn_pty and session.terminal is not None:
            self._put_health(session, unavailable=True)
            return {"sessionId": session.id}
        sessions.refuse_inactive(session)
        if request.spawn_pty and session.terminal is not None:
            await self._spawn(request, session)
        drawing = None
        if request.screen and session.terminal is not None:
            drawing = await draw(self._system, session.id)
        return self._join_at(request, session, reserved, drawing)

    async def _spawn(self, request: JoinSession, session: Session) -> None:
        """Start the program of a terminal if none runs, and set its size.

        While another socket owns the size, that one stands.
        """
        size, cols, rows = _size_of(request), request.cols, request.rows
        sizes, join = self._system.services.sizes, self._joins.get(session.id)
        if not sizes.may_resize(session.id, join.view if join else None):
            size = cols = rows = None
        try:
            await self._system.supervisor.start(session.id, cols, rows, request.cwd)
        except AntError:
            self._put_health(session)
            raise
        if size is None:
            return
        if join is not None and join.view is not None:
            if sizes.ask(join.view, size):
                await sizes.apply(session.id)
        else:  # It is not joined yet, so it owns the size a moment later.
            await resize_terminal(self._system, session.id, *size, if_free=True)

    def _join_terminal(
        self,
        request: JoinSession,
        session: Session,
        reserved: int,
        drawing: Drawing | None,
    ) -> dict[str, Any]:
        """Choose the first byte and join; synchronous, so that no byte is printed in
        between.

        It begins at the screen, if there is a `drawing`; else at `from`; else where the
        socket is in this session already; else, with `spawnPty`, at the last screens of
        output; else at the end. `reserved` is the first offset that was never
        used, even before a crash. Raises `Invalid` for a `from` beyond the end.
        """
        assert session.terminal is not None
        flow = self._system.services.flows.get(session.id)
        end = self._end_of(session)
        highest = flow.tail.end if flow else max(reserved, end)
        if request.from_ is not None and request.from_ > highest:
            raise Invalid(f"expected at most {highest}, got {request.from_} at $.from")
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
        if request.screen_rows:
            watching = self._rows_renderer.watching(session.id)
            self._join_view(request, session, watching=watching)
            return {"sessionId": session.id}
        stream = self._joins.new_stream() if request.binary else None
        self._join_view(request, session, OutputCursor(session.id, start, stream))
        for frame in screen_frames(session.id, drawing, seen) if drawing else ():
            self._sender.put(frame)
        answer = {"sessionId": session.id, "offset": start, "end": end}
        return answer if stream is None else {**answer, "stream": stream}

    def _join_view(
        self,
        request: JoinSession,
        session: Session,
        cursor: OutputCursor | None = None,
        watching: AbstractContextManager[None] | None = None,
    ) -> None:
        """Join a terminal for its output or for its rows, maybe with a size.

        Raises `Conflict` if its rows are wanted and no screen library is installed.
        """
        assert session.terminal is not None
        size = session.terminal.cols, session.terminal.rows
        scope = ExitStack()
        if watching is not None:
            scope.enter_context(watching)
        rows_cursor = None if cursor is not None else RowsCursor(session.id)
        self._put_health(session)
        with scope:
            self._joins.join(
                session.id, request.handle, cursor, request.spawn_pty, size, rows_cursor
            )
            join = self._joins[session.id]
            join.subscriptions.push(scope.pop_all())
        wanted = _size_of(request)
        if join.view is not None and wanted is not None and request.spawn_pty:
            self._system.services.sizes.claim(join.view, wanted)

    async def _resume(self, request: Resume) -> dict[str, Any]:
        """Join sessions at given bytes, and repeat the events after a given one.

        The sender is paused while the sessions are joined. Then it sends the missed
        events and output, and after them what is new. A session that cannot be joined
        gets an `error` frame of its own; the others are resumed.
        """
        if request.epoch not in (None, self._system.epoch):
            raise Conflict(
                "This server has another event log; begin anew with join_session."
            )
        _check_binary(request)
        newest = self._system.bus.seq
        if request.seq > newest:
            raise Invalid(f"expected at most {newest}, got {request.seq} at $.seq")
        oldest, _ = await self._system.journal.read(log_bounds)
        streams: dict[SessionId, int] = {}
        self._sender.begin_resume(request.seq, request.sessions)
        try:
            for session_id, offset in request.sessions.items():
                await self._sender.wait_for_room()
                try:
                    joined = await self._resume_one(request, session_id, offset)
                    if "stream" in joined:
                        streams[session_id] = joined["stream"]
                except AntError as exc:
                    self._sender.put(
                        error_frame(exc, request.ref, sessionId=session_id)
                    )
        finally:
            self._sender.end_resume()
        answer = {"seq": request.seq, "oldest": oldest}
        return {**answer, "streams": streams} if request.binary else answer

    async def _resume_one(
        self, request: Resume, session_id: SessionId, offset: int
    ) -> dict[str, Any]:
        session, reserved = await self._system.journal.read(
            run_records.session_and_reserved, session_id
        )
        sessions.refuse_inactive(session)
        drawing = None
        if request.screen and self._end_of(session) - offset > FAR_BEHIND:
            drawing = await draw(self._system, session_id)
        join = JoinSession(
            session_id=session_id,
            from_=offset,
            handle=request.handle,
            binary=request.binary,
        )
        return self._join_at(join, session, reserved, drawing)

    def _end_of(self, session: Session) -> int:
        """One past the last byte of the transcript; 0 for a chat."""
        flow = self._system.services.flows.get(session.id)
        if flow is not None:
            return flow.tail.end
        return session.terminal.end if session.terminal is not None else 0

    def _join_at(
        self,
        request: JoinSession,
        session: Session,
        reserved: int,
        drawing: Drawing | None = None,
    ) -> dict[str, Any]:
        """Join a session and put its current state into the outbox; the `ack`."""
        if session.terminal is not None:
            answer = self._join_terminal(request, session, reserved, drawing)
            status = self._system.services.prompt_service.status(session.id)
            if status is not None:
                event = AgentStatusUpdated(session.id, status)
                frame = codec.event_frame(Envelope(clock.now(), event))
                self._sender.put(frame)
            return answer
        self._joins.join(session.id, request.handle, None)
        return {"sessionId": session.id}

    async def _leave(self, request: LeaveSession) -> dict[str, Any]:
        self._joins.leave(request.session_id)
        return {"sessionId": request.session_id}

    async def _input(self, request: SendInput) -> dict[str, Any]:
        data = request.data.encode()
        live = self._system.supervisor.find(request.session_id)
        if live is None:
            live = await live_terminal(self._system, request.session_id)
        # In tmux, tmux itself replies to queries.
        host_replies = live.terminal.answers_queries
        may_reply = not host_replies and self._joins.may_reply(request.session_id)
        if is_reply(data) and not may_reply:
            increment(Limit.REPLY)
            return {"sessionId": request.session_id, "size": 0, "dropped": True}
        join = self._joins.get(request.session_id)
        scopes.check_no_prompt(
            self._system, self._access_token, live, request.session_id
        )
        live.type_nowait(data, by=join.presence.handle if join else None)
        if join is not None and join.view is not None and is_typing(data):
            self._system.services.sizes.typed(join.view)
        return {"sessionId": request.session_id, "size": len(data)}

    async def _resize(self, request: SendResize) -> dict[str, Any]:
        """Decide on the size, apply it, and answer with the size that stands."""
        session_id, size = request.session_id, (request.cols, request.rows)
        sizes, join = self._system.services.sizes, self._joins.get(session_id)
        session = await self._system.journal.read(sessions.need_terminal, session_id)
        assert session.terminal is not None
        stands = session.terminal.cols, session.terminal.rows
        if join is not None and join.view is not None:
            is_obeyed = sizes.ask(join.view, size, take=request.take)
            self._joins.become_interactive(session_id)
            if is_obeyed:
                await sizes.apply(session_id)
        else:  # What has not joined cannot own a size.
            await resize_terminal(
                self._system, session_id, *size, if_free=not request.take
            )
        stands = sizes.current(session_id) or stands
        return {
            "sessionId": session_id,
            "cols": stands[0],
            "rows": stands[1],
            "applied": stands == size,
        }

    async def _health(self, request: CheckHealth) -> dict[str, Any]:
        session = await self._system.journal.read(
            sessions.get_session, request.session_id
        )
        self._put_health(session, unavailable=not session.active)
        return {"sessionId": session.id}

    async def _ping(self, request: PresencePing) -> dict[str, Any]:
        for join in self._joins.values():
            join.presence.last_seen = clock.now()
        return {}

    def _put_health(self, session: Session, unavailable: bool = False) -> None:
        live = self._system.supervisor.find(session.id)
        alive = live is not None and not live.flow.finished and not unavailable
        frame: dict[str, Any] = {
            "type": "session_health",
            "sessionId": session.id,
            "alive": alive,
            "status": Status.RUNNING if alive else session.status,
        }
        if unavailable:
            frame["unavailable"] = True
        self._sender.put_fields(**frame)


def _size_of(request: JoinSession) -> Size | None:
    """The size that a join asks for."""
    if request.cols is None or request.rows is None:
        return None
    return request.cols, request.rows


def _check_binary(request: JoinSession | Resume) -> None:
    """Raise `Invalid` if no `ack` would tell the client its stream numbers."""
    if request.binary and request.ref is None:
        raise Invalid("required with binary, whose number is in the ack, at $.ref")


async def serve_socket(
    system: System,
    renderer: OutputRenderer,
    rows_renderer: RowsRenderer,
    caller: Caller | None,
    access_token: AccessToken | None = None,
) -> None:
    """Accept and serve one `/ws` connection, and close it.

    The close code is 1001 when the server stops, 4401 when the caller's token is no
    longer valid, and 1011 after a bug. *Cancellation:* the client has disconnected,
    or the time for the stop is over.
    """
    await websocket.accept()
    try:
        handler = SocketHandler(system, renderer, rows_renderer, caller, access_token)
        code = await handler.run()
    except Exception:
        log.exception("A socket failed.")
        await websocket.close(INTERNAL_ERROR)
    else:
        await websocket.close(code)
