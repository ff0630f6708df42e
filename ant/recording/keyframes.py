"""Rules of screens that were: drawn again, and what a shell said there heard again."""

import attrs

from ant.model.run_events import Source
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.recording.player import TranscriptPlayer
from ant.recording.reader import chunks_between
from ant.run_events.commands import COMMAND_BLOCK
from ant.sessions.sessions import need_terminal
from ant.store import Keyframe, Unit
from ant.terminal.screen.display import Display, Drawing, Picture

REDRAW_MAX = 16 << 20
"""Bytes played again at most. Keyframes come more often; without one, as in a database
older than they are, what was drawn before these bytes is not shown."""

HEARD_AGAIN = 1 << 20
"""Bytes at either end of what followed the last command of a shell: at the first of
them the next one began, and in the last is what the shell said of itself last."""


def redraw(unit: Unit, session_id: SessionId) -> Drawing:
    """The screen after the last stored byte: the last keyframe and what followed it.

    Raises as `need_terminal` does, and `ImportError` without a screen library.
    """
    return restore(unit, session_id).drawing()


def unheard(unit: Unit, session_id: SessionId) -> list[Chunk]:
    """What followed the last command that is recorded, but the middle of very much.

    The first begins with the byte after that command's output.
    """
    terminal = need_terminal(unit, session_id).terminal
    assert terminal is not None
    told = unit.run_events.reached(session_id, Source.TERMINAL, COMMAND_BLOCK)
    start = max(terminal.oldest, told)
    until = min(start + HEARD_AGAIN, terminal.end)
    since = max(until, terminal.end - HEARD_AGAIN)
    return [
        *chunks_between(unit, session_id, start, until),
        *chunks_between(unit, session_id, since, terminal.end),
    ]


def restore(unit: Unit, session_id: SessionId) -> Display:
    """The same screen, to go on with. Raises as `redraw`."""
    terminal = need_terminal(unit, session_id).terminal
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
    """A picture as it is stored."""
    return Keyframe(session_id, **attrs.asdict(picture))


def _picture(keyframe: Keyframe) -> Picture:
    return Picture(keyframe.offset, keyframe.cols, keyframe.rows, keyframe.ansi)
