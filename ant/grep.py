"""Rules of searching one terminal's lines, as they were finally seen."""

from collections.abc import Iterator

from ant import clock, rendered
from ant.commands import ReadHistory
from ant.model import HistoryRow, SessionId, TerminalInfo
from ant.pattern import Pattern, smart
from ant.store import Unit
from ant.terminal.grid import Line

TEXT_MAX = 2000
"""Characters of a line that are answered; the snippet shows what was found in it."""

Numbered = Iterator[tuple[int, Line]]


def grep(
    unit: Unit,
    session_id: SessionId,
    terminal: TerminalInfo,
    ask: ReadHistory,
    since: int | None,
    before: int | None,
) -> tuple[list[HistoryRow], int]:
    """Lines that hold what is asked for, in order, and how far was looked.

    They are the newest `limit`; with `from`, or with `since` and no `before`, the
    oldest. Raises `Invalid` on a regular expression that is none.
    """
    pattern = smart(ask.grep or "", "$.grep")
    forward = ask.from_ is not None or (since is not None and before is None)
    live, reached = _live(unit, session_id)
    blocks = unit.lines.blocks(
        session_id, pattern.grams, since, before, terminal.oldest, forward
    )
    stored = (
        (number, line)
        for block in blocks
        if pattern.may_be_in(block.text)
        for number, line in _turned(list(block.numbered()), forward)
    )
    both = [_turned(live, forward), stored]
    rows: list[HistoryRow] = []
    for source in both[::-1] if forward else both:
        for number, line in source:
            if len(rows) == ask.limit:
                break
            if line.end <= max(terminal.oldest, ask.from_ or 0) and line.text:
                continue
            if since is not None and line.at <= since:
                continue
            if before is not None and line.at >= before:
                continue
            if pattern.find(line.text) is not None:
                rows.append(_row(pattern, number, line))
    return rows if forward else rows[::-1], reached


def _turned(lines: list[tuple[int, Line]], forward: bool) -> Numbered:
    return iter(lines if forward else lines[::-1])


def _live(unit: Unit, session_id: SessionId) -> tuple[list[tuple[int, Line]], int]:
    """The lines that are stored in no block yet, or may change; and how far they go."""
    done = rendered.render(unit, session_id, rendered.LIVE, busy_s=None)
    place = unit.lines.place(session_id)
    if done is not None:
        lines = [*done.lines, *done.standing]
        first = done.place.number - len(done.lines)
        return list(enumerate(lines, first)), done.place.offset
    if place is None:
        return [], 0
    return list(rendered.standing(place)), place.offset


def _row(pattern: Pattern, number: int, line: Line) -> HistoryRow:
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
    """A stamp in milliseconds."""
    return None if text is None else clock.epoch_ms(clock.parse_stamp(text))
