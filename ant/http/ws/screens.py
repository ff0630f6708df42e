"""The frames `screen`, in place of a terminal's history, and `terminal_size`."""

from typing import Any

import attrs

from ant.api import codec
from ant.http.ws.output import gap_frame
from ant.model.sessions import SessionId
from ant.runtime.terminal_sizes import SizeState
from ant.terminal.screen.display import Drawing


def screen_frames(
    session_id: SessionId, drawing: Drawing, seen: int | None
) -> list[bytes]:
    """The frames that show a screen to a socket that has the bytes up to `seen`.

    If the screen skips bytes after `seen`, a `gap` frame comes first. None means that
    the socket has no bytes yet.
    """
    frames = [codec.render(screen_frame(session_id, drawing))]
    if seen is not None and seen < drawing.offset:
        frames.insert(0, gap_frame(session_id, seen, drawing.offset))
    return frames


def screen_frame(session_id: SessionId, drawing: Drawing) -> dict[str, Any]:
    """A `screen` frame. The bytes from its `offset` on continue it."""
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
    """The escape sequences and text that draw the screen."""
    return drawing.ansi.decode("utf-8", "replace")


def size_frame(session_id: SessionId, state: SizeState) -> bytes:
    """A `terminal_size` frame."""
    return codec.render(
        {
            "type": "terminal_size",
            "sessionId": session_id,
            "cols": state.cols,
            "rows": state.rows,
            "owner": state.owner.value,
            "handle": state.handle,
        }
    )
