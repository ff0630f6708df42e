"""Screens on the wire: what is visible now, without all that led to it."""

from typing import Any

import attrs

from ant.api import codec
from ant.http.ws.output import gap_frame
from ant.model.sessions import SessionId
from ant.terminal.screen.display import Drawing


def screen_frames(
    session_id: SessionId, drawing: Drawing, seen: int | None
) -> list[bytes]:
    """What shows it to a socket that has bytes up to `seen`; what it skips is said."""
    frames = [codec.render(screen_frame(session_id, drawing))]
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
        "data": screen_text(drawing),
        "title": drawing.title,
        "cursor": drawing.cursor._asdict(),
        "modes": attrs.asdict(drawing.modes),
    }


def screen_text(drawing: Drawing) -> str:
    """What draws the screen, as text."""
    return drawing.ansi.decode("utf-8", "replace")
