"""Rules of screens whose program has ended: what was visible then is drawn again."""

import attrs

from ant.model import SessionId
from ant.sessions import need_terminal
from ant.store import Keyframe, Unit
from ant.terminal.display import Display, Drawing, Picture
from ant.terminal.marks import Mark, Marks, Standing

REDRAW_MAX = 16 << 20
"""Bytes played again at most. Keyframes come more often; without one, as in a database
older than they are, what was drawn before these bytes is not shown."""

_CHUNKS = 64
_PAGE = 1 << 20


MARKS_MAX = 1 << 20
"""Bytes before the end that are searched for what a shell said of itself last."""


def redraw(unit: Unit, session_id: SessionId) -> Drawing:
    """The screen after the last stored byte: the last keyframe and what followed it.

    Raises as `need_terminal` does, and `ImportError` without a screen library.
    """
    return restore(unit, session_id).drawing()


def hear_again(unit: Unit, session_id: SessionId, shell: Standing) -> None:
    """Have `shell` hear the marks before the last stored byte once more."""
    terminal = need_terminal(unit, session_id).terminal
    assert terminal is not None
    marks = Marks(max(terminal.oldest, terminal.end - MARKS_MAX))
    while marks.end < terminal.end:
        chunks = unit.transcripts.read(session_id, marks.end, _CHUNKS, _PAGE)
        for chunk in chunks:
            for mark in marks.feed(chunk.data, chunk.end):
                if isinstance(mark, Mark):
                    shell.hear(mark)
        if not chunks:
            break


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
    while display.end < terminal.end:
        chunks = unit.transcripts.read(session_id, display.end, _CHUNKS, _PAGE)
        for chunk in chunks:
            display.feed(chunk.data, chunk.end)
        if not chunks:
            break
    return display


def keyframe(session_id: SessionId, picture: Picture) -> Keyframe:
    """A picture as it is stored."""
    return Keyframe(session_id, **attrs.asdict(picture))


def _picture(keyframe: Keyframe) -> Picture:
    return Picture(keyframe.offset, keyframe.cols, keyframe.rows, keyframe.ansi)
