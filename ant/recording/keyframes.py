"""Rules of screens that were: drawn again, and what a shell said there heard again."""

from collections.abc import Iterator

import attrs

from ant.model.run_events import Source
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.run_events.commands import COMMAND_BLOCK
from ant.sessions.sessions import need_terminal
from ant.store import Keyframe, Unit
from ant.terminal.screen.display import Display, Drawing, Picture

REDRAW_MAX = 16 << 20
"""Bytes played again at most. Keyframes come more often; without one, as in a database
older than they are, what was drawn before these bytes is not shown."""

_CHUNKS = 64
_PAGE = 1 << 20

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
    told = unit.run_events.last_end(session_id, Source.TERMINAL, COMMAND_BLOCK)
    start = max(terminal.oldest, told)
    until = min(start + HEARD_AGAIN, terminal.end)
    since = max(until, terminal.end - HEARD_AGAIN)
    return [
        *_stored(unit, session_id, start, until),
        *_stored(unit, session_id, since, terminal.end),
    ]


def _stored(unit: Unit, session_id: SessionId, start: int, end: int) -> Iterator[Chunk]:
    """The bytes from one offset to another, as far as they are kept."""
    while start < end:
        chunks = unit.transcripts.read(session_id, start, _CHUNKS, _PAGE)
        for chunk in chunks:
            if chunk.offset >= end:
                return
            data = chunk.data[max(start - chunk.offset, 0) : end - chunk.offset]
            start = min(chunk.end, end)
            yield attrs.evolve(chunk, offset=start - len(data), data=data)
        if not chunks:
            return


def restore(unit: Unit, session_id: SessionId) -> Display:
    """The same screen, to go on with. Raises as `redraw`."""
    terminal = need_terminal(unit, session_id).terminal
    assert terminal is not None
    keyframe = unit.keyframes.get(session_id)
    start = max(terminal.oldest, terminal.end - REDRAW_MAX)
    if keyframe is None:
        display = Display.blank(terminal.cols, terminal.rows, start)
    elif keyframe.offset < start:
        display = Display.blank(keyframe.cols, keyframe.rows, start)
    else:
        display = Display.of(_picture(keyframe))
    for chunk in _stored(unit, session_id, display.end, terminal.end):
        display.feed(chunk.data, chunk.end)
    return display


def keyframe(session_id: SessionId, picture: Picture) -> Keyframe:
    """A picture as it is stored."""
    return Keyframe(session_id, **attrs.asdict(picture))


def _picture(keyframe: Keyframe) -> Picture:
    return Picture(keyframe.offset, keyframe.cols, keyframe.rows, keyframe.ansi)
