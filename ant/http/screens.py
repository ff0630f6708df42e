"""Screens on the wire: what is visible now, without all that led to it."""

from typing import Any

import attrs

from ant import screens, wire
from ant.errors import Conflict
from ant.http.output import gap_frame
from ant.journal import Lane
from ant.model import SessionId, Status
from ant.system import System
from ant.terminal.display import Drawing
from ant.terminal.modes import Modes
from ant.terminal.sight import NO_LIBRARY


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


async def draw(system: System, session_id: SessionId) -> Drawing:
    """The screen of a session as it is, or was when its program ended.

    Raises `Conflict` where no screen library is installed, and `CapacityReached`.
    *Cancellation:* nothing to undo. Between a live drawing and its return nobody else
    runs.
    """
    if (live := system.supervisor.find(session_id)) is not None:
        return live.look()
    try:
        drawing = await system.journal.study(
            screens.redraw, session_id, lane=Lane.REPORT
        )
    except ImportError:
        raise Conflict(NO_LIBRARY) from None
    # It may have been started meanwhile.
    live = system.supervisor.find(session_id)
    return drawing if live is None else live.look()


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
        ansi=_text(drawing),
    )


def screen_frames(
    session_id: SessionId, drawing: Drawing, seen: int | None
) -> list[bytes]:
    """What shows it to a socket that has bytes up to `seen`; what it skips is said."""
    frames = [wire.render(screen_frame(session_id, drawing))]
    if seen is not None and seen < drawing.offset:
        frames.insert(0, gap_frame(session_id, seen, drawing.offset))
    return frames


def screen_frame(session_id: SessionId, drawing: Drawing) -> dict[str, Any]:
    """The frame of a socket; the bytes from its `offset` on follow it."""
    return {
        "type": "screen",
        "sessionId": session_id,
        "offset": drawing.offset,
        "cols": drawing.cols,
        "rows": drawing.rows,
        "data": _text(drawing),
        "title": drawing.title,
        "cursor": drawing.cursor._asdict(),
        "modes": attrs.asdict(drawing.modes),
    }


def _text(drawing: Drawing) -> str:
    return drawing.ansi.decode("utf-8", "replace")
