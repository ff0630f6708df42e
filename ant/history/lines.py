"""Rules of rendered text: stored bytes become lines, a piece at a time.

Which pieces it is done in changes nothing: what a piece leaves is all that the next one
begins with, and it is stored with the lines.
"""

from collections.abc import Iterator

import attrs

from ant.core import clock
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.store import RenderProgress, Unit
from ant.terminal.render.renderer import Renderer
from ant.terminal.render.rows import Line

PIECE = 256 << 10
"""Bytes that are rendered at once at most."""

LIVE = 1 << 20
"""Bytes not rendered yet that a search renders for itself; beyond, it says so."""

SLICE = 16 << 10
"""Bytes between two looks at the clock."""

BUSY_S = 0.005
"""What a piece takes, about: Python lets nobody else go on for as long anyway."""

REST_MS = 4000
"""Silence after which what stands on an alternate screen was read. Longer than what
draws itself anew all the time, such as `top`, is silent."""

INDEXED_AT_ONCE = 1
"""Blocks that one piece of work puts into the index, or takes out: 3 to 5 ms each."""

_CHUNKS = 1024


@attrs.frozen
class Rendered:
    """What came of a piece: lines that are final, and those that stand on the screen.

    `was` is where rendering had come to before, so that no piece is stored twice. The
    last line has the number before that of `place`.
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
    """Render the next piece of a transcript: no more than `size` bytes, nor longer.

    It reads only. None where nothing waits.
    """
    session = unit.sessions.get(session_id)
    if session is None or session.terminal is None:
        return None
    terminal = session.terminal
    place = unit.lines.place(session_id)
    was = place.offset if place else 0
    start = max(was, terminal.oldest)
    if start >= terminal.end:
        return None
    if place is None:
        renderer = Renderer(terminal.cols, terminal.rows, start)
    else:
        renderer = Renderer.of(place.state)
    score = _SizeTimeline(unit, session_id, renderer, start, terminal.end)
    at, began, fed = place.at if place else 0, clock.cpu_time(), 0
    chunks = _chunks(unit, session_id, start, size)
    for chunk in chunks:
        now = clock.epoch_ms(chunk.at)
        if at and now - at >= REST_MS:
            renderer.rest()
        at = now
        fed += score.play(chunk, size - fed, began, busy_s)
        if renderer.offset < chunk.end:
            break
    lines = renderer.take()
    number = (place.number if place else 1) + len(lines)
    # Where nothing is but offsets that were left out, they are passed over.
    reached = renderer.offset if chunks else terminal.end
    return Rendered(
        session_id,
        was,
        RenderProgress(reached, number, at, renderer.state()),
        tuple(lines),
        tuple(renderer.standing()),
        0 < fed and renderer.offset < terminal.end,
    )


def _chunks(unit: Unit, session_id: SessionId, start: int, size: int) -> list[Chunk]:
    chunks = unit.transcripts.read(session_id, start, _CHUNKS, size)
    if chunks and chunks[0].offset < start:
        first = chunks[0]
        chunks[0] = attrs.evolve(
            first, offset=start, data=first.data[start - first.offset :]
        )
    return chunks


class _SizeTimeline:
    """What happens to the screen, and after which byte: runs that begin, new sizes."""

    def __init__(
        self,
        unit: Unit,
        session_id: SessionId,
        renderer: Renderer,
        start: int,
        end: int,
    ) -> None:
        self._renderer = renderer
        runs = unit.lines.runs(session_id, end)
        self._runs = [run for run in runs if run.offset >= start]
        began = max((run.offset for run in runs if run.offset < start), default=-1)
        self._sizes = unit.sightings.sizes(session_id, start, end)
        # One that was noted late is better late than never.
        last = unit.sightings.last(session_id, start)
        if last is not None and began < last.offset:
            self._sizes.insert(0, (start, last.cols, last.rows))

    def play(self, chunk: Chunk, size: int, began: float, busy_s: float | None) -> int:
        """Feed a chunk, no more than `size` bytes of it; how many it were."""
        renderer, fed = self._renderer, 0
        self._begin(chunk.offset)
        at = clock.epoch_ms(chunk.at)
        while fed < min(len(chunk.data), size):
            offset = chunk.offset + fed
            while self._sizes and self._sizes[0][0] <= offset:
                _, cols, rows = self._sizes.pop(0)
                renderer.resize(cols, rows)
            stop = min(fed + SLICE, len(chunk.data), size)
            if self._sizes:
                stop = min(stop, self._sizes[0][0] - chunk.offset)
            renderer.feed(chunk.data[fed:stop], at)
            fed = stop
            if busy_s is not None and clock.cpu_time() - began > busy_s:
                break
        return fed

    def _begin(self, offset: int) -> None:
        """Begin the run that has this byte, if another has not; or go on after a hole.

        A size that was noted at its very first byte was that of the run before.
        """
        run = None
        while self._runs and self._runs[0].offset <= offset:
            run = self._runs.pop(0)
        if run is not None:
            self._sizes = [size for size in self._sizes if size[0] > run.offset]
            self._renderer.begin(run.cols, run.rows, offset)
        elif offset > self._renderer.offset:
            self._renderer.begin(*self._renderer.size, offset)


def store_rendered(unit: Unit, done: Rendered) -> bool:
    """Store what was rendered, unless it was already; whether there is more to do.

    Lines whose bytes are gone go.
    """
    session = unit.sessions.get(done.session_id)
    place = unit.lines.place(done.session_id)
    if session is None or session.terminal is None:
        return False
    if (place.offset if place else 0) != done.was:
        return True
    unit.lines.store(done.session_id, done.place, done.lines, done.standing)
    unit.lines.trim(done.session_id, session.terminal.oldest)
    return done.more


def standing(place: RenderProgress) -> Iterator[tuple[int, Line]]:
    """The lines on the screen, which may yet change, with the numbers they would have.

    The first of them that leaves gets the first of those numbers.
    """
    return enumerate(Renderer.of(place.state).standing(), place.number)


def lags(unit: Unit, session_id: SessionId) -> bool:
    """Whether more of a session is to be rendered than a search does by itself."""
    return unit.lines.lag(session_id) > LIVE


def lagging(unit: Unit) -> list[SessionId]:
    """Sessions of which bytes are not rendered."""
    return unit.lines.lagging()


def tidy(unit: Unit) -> bool:
    """Put a full block into the index, and take out one that is gone; whether any."""
    indexed = unit.lines.index(INDEXED_AT_ONCE)
    return bool(indexed + unit.lines.sweep(INDEXED_AT_ONCE))


def is_tidy(unit: Unit) -> bool:
    """Whether nothing waits for the index, nor to be taken out of it."""
    return unit.lines.is_tidy()
