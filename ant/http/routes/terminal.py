"""Routes of terminals: input, history, screen, resize, interrupt, start."""

import base64
import logging

import attrs
import trio

from ant.api.constraints import MAX_INPUT
from ant.api.server_frames import CursorPlace
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
from ant.http.access import scopes
from ant.http.contract.endpoint import endpoint
from ant.http.ws.screens import screen_text
from ant.journal.writer import Lane
from ant.model.access_tokens import AccessToken, Scope
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
class ScreenPage:
    """The whole screen of a terminal, exact at byte `offset` of the transcript.

    `ansi` draws it on a fresh terminal of this size; the bytes from `offset` on may
    follow it. `status` is the status of the session.
    """

    session_id: SessionId
    status: Status
    """The status of the session."""
    offset: int
    """The byte offset after the last byte that the screen has."""
    cols: int
    rows: int
    lines: tuple[str, ...]
    """The rows as text."""
    cursor: CursorPlace
    """The cursor."""
    title: str
    """The title of the window; empty if the program set none."""
    modes: Modes
    """The modes of the terminal."""
    ansi: str
    """Escape sequences and text that draw the screen on a fresh terminal of this
    size."""


def screen_page(session_id: SessionId, status: Status, drawing: Drawing) -> ScreenPage:
    """The screen of a terminal as the REST route answers it."""
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
"""Seconds that an answer waits for a program that does not read, or a slow disk."""


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
            f"An input may have at most {MAX_INPUT} bytes; this one has {len(data)}. "
            "Send it in parts."
        )
    return data


@endpoint(
    "POST",
    "/api/sessions/<session_id>/terminal/input",
    raises={
        NotRunning: "The session is a chat, or its program has ended.",
        TooLarge: "The input has more than 1 MiB.",
        CapacityReached: "64 inputs or 4 MiB wait for the program; nothing was typed.",
    },
    scope=Scope.TYPE,
)
async def type_input(
    system: System,
    session_id: SessionId,
    body: TypeInput | bytes,
    access_token: AccessToken | None,
) -> InputReceipt:
    """Type bytes into a terminal, exactly as given.

    The bytes are `data` (text), `data_b64` (base64), or an `application/octet-stream`
    body. ANT adds nothing, not even Enter: end a line with `\\r`. The answer comes when
    the terminal has accepted all bytes, or after 5 seconds; `written` and `queued` say
    how many it has accepted and how many still wait for the program to read. A terminal
    that was never started is started.

    An input may have 1 MiB. While 64 inputs or 4 MiB wait for a program that does not
    read, the next input is a 429 and none of it is typed.

    An access token without the scope `answer` is refused while a prompt waits.
    """
    data = _input_bytes(body)
    live = await live_terminal(system, session_id)
    scopes.check_no_prompt(system, access_token, live, session_id)
    written = await live.type_nowait(data, "api_terminal_input").wait(PATIENCE_S)
    return InputReceipt(True, len(data), written, len(data) - written)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/terminal/history",
    inactive=True,
    raises={CapacityReached: "16 scans wait already."},
    scope=Scope.VIEW,
)
async def get_history(
    system: System, session_id: SessionId, query: ReadHistory
) -> History:
    """Read the transcript of a terminal: by time, by byte offset, or by search.

    Without `from` and `grep` the page holds the newest `limit` pieces within the
    bounds, newest first; with `order=asc` it reads forward and holds the oldest.
    `since` and `before` take an RFC 3339 time, epoch milliseconds or a duration such as
    `5m`; `to` selects the newest pieces before a byte offset. `from` reads forward from
    a byte offset, oldest first. With `raw` each row has the bytes as `raw_b64`;
    otherwise `text` without escape sequences. `ts_ms` is in epoch milliseconds.

    To read forward, pass `next` as `from`; to read backward, pass `previous` as `to`.
    `oldest` and `end` are the byte range that is stored, and `gaps` names the offsets
    that have no byte. The answer includes all output up to the request. If the disk
    does not keep up within 5 seconds, it includes what is stored so far, and `end` says
    how far that is.

    `grep` searches lines of text as they were last shown. The page holds the newest
    `limit` matches; with `from` or `order=asc`, the oldest. A phrase matches in any
    case, unless it has a capital letter. A word with three or more characters and a `*`
    at its end matches the beginning of a word. After `re:` it is an RE2 regular
    expression. The search covers all bytes before `indexed_to`.
    """
    with trio.move_on_after(PATIENCE_S):
        await _catch_up(system, session_id, lines=bool(query.grep))
    lane = Lane.SCAN if query.grep else Lane.READ
    return await system.journal.read_in_thread(
        history.read_history, session_id, query, lane=lane
    )


async def _catch_up(system: System, session_id: SessionId, lines: bool) -> None:
    """Wait until the output so far is stored and, with `lines`, also rendered."""
    if (flow := system.services.flows.get(session_id)) is not None:
        await system.services.transcript_writer.try_flush(session_id, flow)
    if lines and await system.journal.read(rendered.lags, session_id):
        await system.indexer.catch_up(session_id)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/terminal/screen",
    inactive=True,
    raises={
        Conflict: "No screen library is installed on the server.",
        NotRunning: "The session is a chat and has no terminal.",
        CapacityReached: "16 reports wait already.",
    },
    scope=Scope.VIEW,
)
async def get_screen(system: System, session_id: SessionId) -> ScreenPage:
    """Return the screen of a terminal, as it is now or was when its program ended.

    The answer holds the rows as text, the cursor, the title, the modes, and `ansi`,
    which draws the screen on a fresh terminal of this size. While the program prints
    faster than ANT can draw, the screen is from a moment ago. Without a screen library
    on the server the answer is a 409.
    """
    session = await system.journal.read(sessions.get_terminal, session_id)
    drawing = await draw(system, session_id)
    live = system.supervisor.find(session_id)
    status = session.status if live is None else Status.RUNNING
    return screen_page(session_id, status, drawing)


@endpoint(
    "POST",
    "/api/sessions/<session_id>/terminal/resize",
    raises={NotRunning: "The session is a chat and has no terminal."},
    scope=Scope.TYPE,
)
async def resize(
    system: System, session_id: SessionId, body: ResizeTerminal
) -> Session:
    """Set the window size of a terminal.

    It applies to the running program and to the next one. No socket owns the size
    afterwards: the next socket that resizes the terminal does.
    """
    return await resize_terminal(system, session_id, body.cols, body.rows)


@endpoint(
    "POST",
    "/api/sessions/<session_id>/terminal/stop",
    raises={NotRunning: "The session is a chat, or its program does not run."},
    scope=Scope.TYPE,
)
async def stop(
    system: System,
    session_id: SessionId,
    body: StopTerminal,
    access_token: AccessToken | None,
) -> StopReceipt:
    """Interrupt the program of a terminal, as Ctrl-C does.

    The interrupt overtakes all queued input, and never kills the program. `reason` and
    `requested_by` are recorded. `event` is the run event of the interrupt; it is null
    if the database refused it, and ANT records it later. An access token without the
    scope `answer` is refused while a prompt waits, since Ctrl-C may answer it.
    """
    await system.journal.read(sessions.need_terminal, session_id)
    live = system.supervisor.need(session_id)
    scopes.check_no_prompt(system, access_token, live, session_id)
    live.interrupt()
    # Do not wait for bytes to be stored first: a client that disconnects during that
    # wait would leave the interrupt unrecorded.
    fact = entries.stop_requested(body.requested_by, body.reason, live.flow.tail.stored)
    try:
        event = await system.journal.write(tracing.record, session_id, fact)
    except StorageFailed as exc:  # The program was interrupted nevertheless.
        log.error("The interrupt of %s is not recorded yet: %s", session_id, exc)
        system.services.transcript_writer.add_event(session_id, live.flow, fact)
        event = None
    return StopReceipt(True, "interrupt", "ctrl-c", event)


@endpoint(
    "POST",
    "/api/sessions/<session_id>/terminal/start",
    raises={
        NotRunning: "The session is a chat and has no terminal.",
        CapacityReached: "As many sessions run as the server or the system allows.",
    },
    scope=Scope.TYPE,
)
async def start(system: System, session_id: SessionId, body: StartTerminal) -> Session:
    """Start the program of a terminal, if none runs.

    The bytes of the new run follow those of the earlier one in the transcript. `cols`
    and `rows` set the size, and then no socket owns it. If the server's limit of
    running sessions is reached, the answer is a 429.
    """
    is_started = system.supervisor.find(session_id) is None
    await system.supervisor.start(session_id, body.cols, body.rows)
    if is_started and (body.cols is not None or body.rows is not None):
        system.services.sizes.release(session_id)
    return await system.journal.read(sessions.get_session, session_id)
