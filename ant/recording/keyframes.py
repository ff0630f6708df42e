"""Restores the screen of a session, from its last keyframe and the bytes after it."""

import attrs

from ant.model.run_events import Source
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.recording.player import TranscriptPlayer
from ant.recording.reader import chunks_between
from ant.run_events.commands import COMMAND_BLOCK
from ant.sessions.sessions import get_terminal
from ant.store import Keyframe, Unit
from ant.terminal.screen.display import Display, Drawing, Picture

REDRAW_MAX = 16 << 20
"""Bytes that a redraw plays at most. Keyframes are more frequent. Without one, as in a
database from before keyframes, output before these bytes is not shown."""

REREAD_BYTES = 1 << 20
"""Bytes that are read at either end of the output after a shell's last command. The
next command began in the first of them; the last have the shell's newest marks."""


def redraw(unit: Unit, session_id: SessionId) -> Drawing:
    """Return the screen after the last stored byte.

    Raises as `get_terminal` does, and `ImportError` without a screen library.
    """
    return restore(unit, session_id).drawing()


def output_since_last_command(unit: Unit, session_id: SessionId) -> list[Chunk]:
    """Return the output after that of the last recorded command.

    It begins with the byte after that command's output. Of more than two
    `REREAD_BYTES`, the middle is left out.
    """
    terminal = get_terminal(unit, session_id).terminal
    assert terminal is not None
    reached = unit.run_events.last_end(session_id, Source.TERMINAL, COMMAND_BLOCK)
    start = max(terminal.oldest, reached)
    until = min(start + REREAD_BYTES, terminal.end)
    since = max(until, terminal.end - REREAD_BYTES)
    return [
        *chunks_between(unit, session_id, start, until),
        *chunks_between(unit, session_id, since, terminal.end),
    ]


def restore(unit: Unit, session_id: SessionId) -> Display:
    """Return the screen after the last stored byte, to be fed the next bytes.

    Raises as `redraw` does.
    """
    terminal = get_terminal(unit, session_id).terminal
    assert terminal is not None
    keyframe = unit.keyframes.get(session_id)
    start = max(terminal.oldest, terminal.end - REDRAW_MAX)
    size, display = (terminal.cols, terminal.rows), None
    if keyframe is not None and keyframe.offset < start:
        size = keyframe.cols, keyframe.rows
    elif keyframe is not None:
        display = Display.of(_picture(keyframe))
    player = TranscriptPlayer(unit, session_id, start, terminal.end, size, display)
    return player.play(terminal.end)


def keyframe(session_id: SessionId, picture: Picture) -> Keyframe:
    """Return a picture in the form in which it is stored."""
    return Keyframe(session_id, **attrs.asdict(picture))


def _picture(keyframe: Keyframe) -> Picture:
    return Picture(keyframe.offset, keyframe.cols, keyframe.rows, keyframe.ansi)
