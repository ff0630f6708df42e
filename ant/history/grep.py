"""Searches the rendered lines of one terminal."""

from collections.abc import Iterator, Sequence

import attrs

from ant.api import codec
from ant.api.terminal_requests import ReadHistory
from ant.core import clock
from ant.history import lines as rendered
from ant.history.pattern import SearchPattern, smart
from ant.model.sessions import SessionId, TerminalInfo
from ant.model.transcript import HistoryRow
from ant.store import PAGE_BYTES, Unit
from ant.terminal.render.rows import Line

TEXT_MAX = 2000
"""Characters of a line in an answer. The snippet shows the text around the match."""

ROW_BYTES = 300
"""Bytes of a row as JSON, without its texts."""

Numbered = Iterator[tuple[int, Line]]


@attrs.frozen
class GrepResult:
    """Lines that match, oldest first.

    `reached` is the offset up to which lines were searched. `more`: there may be more
    matches at the far end, beyond the limit.
    """

    rows: Sequence[HistoryRow]
    reached: int
    more: bool


def grep(
    unit: Unit,
    session_id: SessionId,
    terminal: TerminalInfo,
    request: ReadHistory,
    since: int | None,
    before: int | None,
) -> GrepResult:
    """Return the lines that match `request.grep`, at most `request.limit`.

    The newest matches are returned; with `to`, the newest lines that begin before that
    byte. If the page reads forward, the oldest are returned. Raises `Invalid` for an
    invalid regular expression.
    """
    pattern = smart(request.grep or "", "$.grep")
    forward = is_forward(request)
    live, reached = _live(unit, session_id)
    blocks = unit.lines.blocks(
        session_id, pattern.grams, since, before, terminal.oldest, forward
    )
    stored = (
        (number, line)
        for block in blocks
        if _may_be_in(unit, pattern, block.text)
        for number, line in _ordered(list(block.numbered()), forward)
    )
    both = [_ordered(live, forward), stored]
    rows: list[HistoryRow] = []
    room, more = PAGE_BYTES, False
    for source in both[::-1] if forward else both:
        for number, line in source:
            unit.pause()
            if more := len(rows) == request.limit or room < 0:
                break
            if request.to is not None and line.start >= request.to:
                continue
            if line.end <= max(terminal.oldest, request.from_ or 0) and line.text:
                continue
            if since is not None and line.at <= since:
                continue
            if before is not None and line.at >= before:
                continue
            if pattern.find(line.text) is not None:
                rows.append(_row(pattern, number, line))
                room -= codec.json_size((rows[-1].text, rows[-1].snippet)) + ROW_BYTES
        if more:
            break
    return GrepResult(rows if forward else rows[::-1], reached, more)


def is_forward(request: ReadHistory) -> bool:
    """Whether a page of history has the oldest rows within its bounds."""
    is_back = request.to is not None
    return request.from_ is not None or (request.order == "asc" and not is_back)


def _may_be_in(unit: Unit, pattern: SearchPattern, text: str) -> bool:
    unit.pause()
    return pattern.may_be_in(text)


def _ordered(lines: list[tuple[int, Line]], forward: bool) -> Numbered:
    return iter(lines if forward else lines[::-1])


def _live(unit: Unit, session_id: SessionId) -> tuple[list[tuple[int, Line]], int]:
    """Return the lines that are not stored as final, and the offset they reach."""
    done = rendered.render(unit, session_id, rendered.LIVE, busy_s=None)
    place = unit.lines.progress(session_id)
    if done is not None:
        lines = [*done.lines, *done.standing]
        first = done.place.number - len(done.lines)
        return list(enumerate(lines, first)), done.place.offset
    if place is None:
        return [], 0
    return list(rendered.standing(place)), place.offset


def _row(pattern: SearchPattern, number: int, line: Line) -> HistoryRow:
    return HistoryRow(
        id=number,
        chunk_index=number,
        ts_ms=line.at,
        byte_offset=line.start,
        size=line.end - line.start,
        text=line.text[:TEXT_MAX],
        snippet=pattern.mark(line.text),
        line=number,
        start=line.start,
        end=line.end,
    )


def moment(text: str | None) -> int | None:
    """Return a timestamp in milliseconds since the epoch."""
    return None if text is None else clock.epoch_ms(clock.parse_stamp(text))
