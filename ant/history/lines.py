"""Renders stored bytes into lines, a piece at a time.

The size of the pieces does not affect the lines: the state of the renderer after a
piece is stored with its lines, and the next piece begins with it.
"""

from collections.abc import Iterator
from itertools import chain

import attrs

from ant.core import clock
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.recording.reader import read_bytes, read_sizes
from ant.recording.size_timeline import SizeChange, SizeTimeline
from ant.store import RenderProgress, Unit
from ant.terminal.render.renderer import Renderer
from ant.terminal.render.rows import Line

PIECE = 256 << 10
"""Bytes that one piece renders at most."""

LIVE = 1 << 20
"""Unrendered bytes that a search renders itself. It reports how far it searched."""

SLICE = 16 << 10
"""Bytes between two checks of the clock."""

BUSY_S = 0.005
"""Time that one piece takes at most, about: as long as Python runs one thread before it
switches to another."""

REST_MS = 4000
"""Silence after which the rows of an alternate screen count as read. It is longer than
the pauses of programs that redraw continuously, such as `top`."""

INDEXED_AT_ONCE = 1
"""Blocks that one piece of work adds to the index, or removes: 3 to 5 ms each."""

_CHUNKS = 1024


@attrs.frozen
class Rendered:
    """The result of one piece: the lines that became final, and those on the screen.

    `was` is the offset up to which output was rendered before, so that no piece is
    stored twice. The last line has the number before that of `place`.
    """

    session_id: SessionId
    was: int
    place: RenderProgress
    lines: tuple[Line, ...]
    standing: tuple[Line, ...]
    more: bool


def render(
    unit: Unit, session_id: SessionId, size: int = PIECE, busy_s: float | None = BUSY_S
) -> Rendered | None:
    """Render the next piece of a transcript, without storing it.

    A piece has at most `size` bytes, and takes about `busy_s` at most. Return None if
    all output is rendered.
    """
    session = unit.sessions.get(session_id)
    if session is None or session.terminal is None:
        return None
    terminal = session.terminal
    place = unit.lines.progress(session_id)
    was = place.offset if place else 0
    start = max(was, terminal.oldest)
    if start >= terminal.end:
        return None
    default = terminal.cols, terminal.rows
    timeline = read_sizes(unit, session_id, start, terminal.end, default)
    if place is None:
        renderer = Renderer(*timeline.size, start)
    else:
        renderer = Renderer.of(place.state)
    at, began, fed = place.at if place else 0, clock.cpu_time(), 0
    chunks = read_bytes(unit, session_id, start, _CHUNKS, size)
    for chunk in chunks:
        now = clock.epoch_ms(chunk.at)
        if at and now - at >= REST_MS:
            renderer.rest()
        at = now
        fed += _play(renderer, timeline, chunk, size - fed, began, busy_s)
        if renderer.offset < chunk.end:
            break
    lines = renderer.take()
    number = (place.number if place else 1) + len(lines)
    # Offsets without bytes at the end are passed over.
    reached = renderer.offset if chunks else terminal.end
    return Rendered(
        session_id,
        was,
        RenderProgress(reached, number, at, renderer.state()),
        tuple(lines),
        tuple(renderer.standing()),
        0 < fed and renderer.offset < terminal.end,
    )


def _play(
    renderer: Renderer,
    timeline: SizeTimeline,
    chunk: Chunk,
    size: int,
    began: float,
    busy_s: float | None,
) -> int:
    """Feed at most `size` bytes of a chunk; return how many were fed.

    After a hole in the transcript the screen is blank, as at the start of a run.
    """
    due = timeline.take(chunk.offset)
    has_hole = chunk.offset > renderer.offset
    if has_hole and not any(change.starts_run for change in due):
        renderer.begin(*renderer.size, chunk.offset)
    fed, at = 0, clock.epoch_ms(chunk.at)
    for step in chain(due, timeline.steps(chunk.offset, chunk.data[:size])):
        if isinstance(step, SizeChange):
            if step.starts_run:
                renderer.begin(*step.size, chunk.offset + fed)
            else:
                renderer.resize(*step.size)
            continue
        for start in range(0, len(step), SLICE):
            piece = step[start : start + SLICE]
            renderer.feed(piece, at)
            fed += len(piece)
            if busy_s is not None and clock.cpu_time() - began > busy_s:
                return fed
    return fed


def store_rendered(unit: Unit, done: Rendered) -> bool:
    """Store a piece, unless it is stored already; return whether more is left.

    Lines whose bytes were trimmed are removed.
    """
    session = unit.sessions.get(done.session_id)
    place = unit.lines.progress(done.session_id)
    if session is None or session.terminal is None:
        return False
    if (place.offset if place else 0) != done.was:
        return True
    unit.lines.store(done.session_id, done.place, done.lines, done.standing)
    unit.lines.trim(done.session_id, session.terminal.oldest)
    return done.more


def standing(place: RenderProgress) -> Iterator[tuple[int, Line]]:
    """Return the lines on the screen, which may change, with provisional numbers.

    The first line that leaves the screen gets the first of those numbers.
    """
    return enumerate(Renderer.of(place.state).standing(), place.number)


def lags(unit: Unit, session_id: SessionId) -> bool:
    """Whether a session has more unrendered bytes than a search renders itself."""
    return unit.lines.lag(session_id) > LIVE


def lagging(unit: Unit) -> list[SessionId]:
    """Return the sessions that have unrendered bytes."""
    return unit.lines.lagging()


def tidy(unit: Unit) -> bool:
    """Index a full block, and remove a deleted one; return whether there was any."""
    indexed = unit.lines.index(INDEXED_AT_ONCE)
    return bool(indexed + unit.lines.sweep(INDEXED_AT_ONCE))


def is_tidy(unit: Unit) -> bool:
    """Whether no block waits to be indexed, or to be removed from the index."""
    return unit.lines.is_tidy()
