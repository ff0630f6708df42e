"""Terminals: type, read back, resize, interrupt, start."""

import base64
import logging

import attrs
import trio

from ant.api.constraints import MAX_INPUT
from ant.api.terminal_requests import (
    ReadHistory,
    ResizeTerminal,
    StartTerminal,
    StopTerminal,
    TypeInput,
)
from ant.core.counters import Limit, increment
from ant.core.errors import (
    CapacityReached,
    Conflict,
    NotRunning,
    StorageFailed,
    TooLarge,
)
from ant.history import history
from ant.history import lines as rendered
from ant.http.contract.endpoint import endpoint
from ant.http.ws.screens import screen_text
from ant.journal.writer import Lane
from ant.model.run_events import StopReceipt
from ant.model.sessions import Session, SessionId, Status
from ant.model.transcript import History, InputReceipt
from ant.run_events import entries
from ant.run_events import log as tracing
from ant.runtime.system import System
from ant.runtime.terminals import draw, live_terminal, resize_terminal
from ant.sessions import sessions
from ant.terminal.screen.display import Drawing
from ant.terminal.screen.modes import Modes


@attrs.frozen
class CursorPlace:
    """Where the cursor is, counted from 0, and whether it is shown."""

    row: int
    col: int
    visible: bool


@attrs.frozen
class ScreenPage:
    """What a terminal shows, all its rows, exact at byte `offset` of the transcript.

    `ansi` draws it on a fresh terminal of this size, and the bytes from `offset` on may
    follow it. `status` is that of the session.
    """

    session_id: SessionId
    status: Status
    offset: int
    cols: int
    rows: int
    lines: tuple[str, ...]
    cursor: CursorPlace
    title: str
    modes: Modes
    ansi: str


def screen_page(session_id: SessionId, status: Status, drawing: Drawing) -> ScreenPage:
    """The answer of REST."""
    return ScreenPage(
        session_id=session_id,
        status=status,
        offset=drawing.offset,
        cols=drawing.cols,
        rows=drawing.rows,
        lines=drawing.lines,
        cursor=CursorPlace(*drawing.cursor),
        title=drawing.title,
        modes=drawing.modes,
        ansi=screen_text(drawing),
    )


log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long an answer waits for a program that does not read, or a disk that is slow."""


def _input_bytes(request: TypeInput | bytes) -> bytes:
    if isinstance(request, bytes):
        data = request
    elif request.data is not None:
        data = request.data.encode()
    else:
        data = base64.b64decode(request.data_b64 or "", validate=True)
    if len(data) > MAX_INPUT:
        increment(Limit.INPUT_SIZE)
        raise TooLarge(
            f"An input may have {MAX_INPUT} bytes, this one has {len(data)}."
        )
    return data


@endpoint(
    "POST",
    "/api/sessions/<session_id>/terminal/input",
    raises=(NotRunning, CapacityReached),
)
async def type_input(
    system: System, session_id: SessionId, body: TypeInput | bytes
) -> InputReceipt:
    """Type exactly these bytes: `data`, `data_b64`, or an `application/octet-stream`.

    Nothing is added, no Enter either. The answer comes when the terminal has taken
    them, or after 5 s with what is still `queued`.
    """
    data = _input_bytes(body)
    live = await live_terminal(system, session_id)
    written = await live.type_nowait(data, "api_terminal_input").wait(PATIENCE_S)
    return InputReceipt(True, len(data), written, len(data) - written)


@endpoint(
    "GET", "/api/sessions/<session_id>/terminal/history", raises=(CapacityReached,)
)
async def get_history(
    system: System, session_id: SessionId, query: ReadHistory
) -> History:
    """Transcript chunks, all bytes up to now: by time, by byte offset or by word.

    Where the disk does not keep up, what is stored is answered, and `end` says how far.
    `grep` answers lines as they were finally seen, the newest first: what holds the
    phrase, whatever its case unless that has a capital, or what a regular expression
    of RE2 after `re:` matches. `indexed_to` says how far was looked.
    """
    with trio.move_on_after(PATIENCE_S):
        await _catch_up(system, session_id, lines=bool(query.grep))
    lane = Lane.SCAN if query.grep else Lane.READ
    return await system.journal.read_in_thread(
        history.read_history, session_id, query, lane=lane
    )


async def _catch_up(system: System, session_id: SessionId, lines: bool) -> None:
    """Wait until what was put out is stored and, if `lines` are wanted, is rendered."""
    if (flow := system.services.flows.get(session_id)) is not None:
        await system.services.transcript_writer.try_flush(session_id, flow)
    if lines and await system.journal.read(rendered.lags, session_id):
        await system.indexer.catch_up(session_id)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/terminal/screen",
    raises=(Conflict, CapacityReached),
)
async def get_screen(system: System, session_id: SessionId) -> ScreenPage:
    """What the terminal shows now, or showed when its program ended: rows and ANSI.

    While the program puts out faster than can be drawn, a moment ago is shown.
    """
    session = await system.journal.read(sessions.need_terminal, session_id)
    drawing = await draw(system, session_id)
    live = system.supervisor.find(session_id)
    status = session.status if live is None else Status.RUNNING
    return screen_page(session_id, status, drawing)


@endpoint("POST", "/api/sessions/<session_id>/terminal/resize", raises=(NotRunning,))
async def resize(
    system: System, session_id: SessionId, body: ResizeTerminal
) -> Session:
    """Set the window size, of the running program and of the next one."""
    return await resize_terminal(system, session_id, body.cols, body.rows)


@endpoint("POST", "/api/sessions/<session_id>/terminal/stop", raises=(NotRunning,))
async def stop(
    system: System, session_id: SessionId, body: StopTerminal
) -> StopReceipt:
    """Interrupt the program as Ctrl-C does, past all input that waits; never kills."""
    await system.journal.read(sessions.need_terminal, session_id)
    live = system.supervisor.need(session_id)
    live.interrupt()
    # Written at once: who leaves while bytes are stored would leave it unrecorded.
    fact = entries.stop_requested(body.requested_by, body.reason, live.flow.tail.stored)
    try:
        event = await system.journal.write(tracing.record, session_id, fact)
    except StorageFailed as exc:  # It was interrupted all the same.
        log.error("A stop of %s is not recorded yet: %s", session_id, exc)
        system.services.transcript_writer.add_event(session_id, live.flow, fact)
        event = None
    return StopReceipt(True, "interrupt", "ctrl-c", event)


@endpoint(
    "POST",
    "/api/sessions/<session_id>/terminal/start",
    raises=(NotRunning, CapacityReached),
)
async def start(system: System, session_id: SessionId, body: StartTerminal) -> Session:
    """Start the program if none runs; a new run's bytes follow the old one's."""
    await system.supervisor.start(session_id, body.cols, body.rows)
    return await system.journal.read(sessions.get_session, session_id)
