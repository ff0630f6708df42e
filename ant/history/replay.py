"""Why a terminal was held to be what it was: verdicts made again from the transcript.

A verdict is a function of the bytes up to an offset and of a few facts beside them,
which are kept (`store.sightings`). So it can be made again by today's rules, and told
where it differs from what was held then.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from ant.core.errors import Conflict, NotFound
from ant.model.sessions import SessionId
from ant.sessions.sessions import get_session
from ant.store import Store, Unit, VerdictRecord
from ant.terminal.detect.classify import classify
from ant.terminal.model.prompt import Kind, Prompt, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.base import Screen, open_screen
from ant.terminal.screen.snapshot import ScreenSnapshot

RESIZED = "resized"
"""The rule of a sighting that only tells another size."""

REPLAY_MAX = 16 << 20
"""Bytes played to find the screen at an offset: as many as a redraw takes."""

LONG_QUIET_S = 5.0
"""What is taken for the quiet before a look of which nothing is known."""

_CHUNKS = 64
_PAGE = 1 << 20


@attrs.frozen
class Explanation:
    """What is held true of a terminal at `offset`, and on what grounds.

    `rule` fired on the rows `rows`, whose text is `evidence`; `lines` is the whole
    screen. `driver` is what the session names, `tty` the line discipline, null where it
    is not known. `recorded` says that facts were kept at that place.
    """

    session_id: SessionId
    offset: int
    kind: Kind
    rule: str
    rows: tuple[int, ...]
    evidence: tuple[str, ...]
    prompt: Prompt | None
    driver: str | None
    tty: Tty | None
    lines: tuple[str, ...]
    recorded: bool


@attrs.frozen
class Changed:
    """A verdict that today's rules do not make any more, or make otherwise."""

    session_id: SessionId
    offset: int
    before: tuple[str, str, str | None]
    now: tuple[str, str, str | None]


def explanation(
    session_id: SessionId,
    snapshot: ScreenSnapshot,
    verdict: Verdict,
    driver: str | None,
    recorded: bool = True,
) -> Explanation:
    """A verdict with its grounds."""
    rows = tuple(row for row in verdict.rows if row < len(snapshot.lines))
    return Explanation(
        session_id=session_id,
        offset=snapshot.end,
        kind=verdict.kind,
        rule=verdict.rule,
        rows=rows,
        evidence=tuple(snapshot.lines[row] for row in rows),
        prompt=verdict.prompt,
        driver=driver,
        tty=snapshot.tty,
        lines=snapshot.lines,
        recorded=recorded,
    )


def explain(unit: Unit, session_id: SessionId, offset: int | None) -> Explanation:
    """What today's rules hold true at an offset, else at the end of the transcript.

    Raises `NotFound`, `Conflict` for a chat or an offset that is not kept, and
    `ImportError` without a screen library.
    """
    session = get_session(unit, session_id)
    terminal = session.terminal
    if terminal is None:
        raise Conflict(f"Session {session_id!r} is a chat and has no terminal.")
    at = terminal.end if offset is None else offset
    if not terminal.oldest <= at <= terminal.end:
        raise Conflict(
            f"Bytes from {terminal.oldest} to {terminal.end} are kept, not {at}."
        )
    last = unit.verdicts.last(session_id, at)
    player = TranscriptPlayer(unit, session_id, max(terminal.oldest, at - REPLAY_MAX))
    if last is None:
        player.resize(terminal.cols, terminal.rows)
        snapshot = player.look(at, None, LONG_QUIET_S)
        flag = session.cli_flag
        return explanation(
            session_id, snapshot, classify(snapshot, flag), flag, recorded=False
        )
    quiet_s = last.quiet_s if last.offset == at else LONG_QUIET_S
    snapshot = player.look(at, last.tty, quiet_s)
    return explanation(session_id, snapshot, classify(snapshot, last.flag), last.flag)


def replay(unit: Unit, session_id: SessionId) -> tuple[int, list[Changed]]:
    """Make every kept verdict again; how many there are, and which have changed.

    Raises `NotFound`; a chat has none.
    """
    terminal = get_session(unit, session_id).terminal
    if terminal is None:
        return 0, []
    player = TranscriptPlayer(unit, session_id, terminal.oldest)
    count, changed = 0, []
    for each in unit.verdicts.of(session_id, terminal.oldest, terminal.end):
        if each.rule == RESIZED:
            continue
        count += 1
        snapshot = player.look(each.offset, each.tty, each.quiet_s)
        before, now = _held(each), _holds(classify(snapshot, each.flag))
        if (before[0], before[2]) != (now[0], now[2]):
            changed.append(Changed(session_id, each.offset, before, now))
    return count, changed


def replay_all(
    database: Path, session_ids: Sequence[str] = ()
) -> tuple[int, list[Changed]]:
    """`replay` over sessions of a database, all of them where none is named.

    A server may run on it meanwhile. Raises `NotFound` and `StorageFailed`.
    """
    if not database.exists():
        raise NotFound("database", str(database))
    store = Store.open(database)
    try:
        chosen = list(map(SessionId, session_ids)) or store.read(_terminals)
        count, changed = 0, list[Changed]()
        for session_id in chosen:
            made, other = store.read(replay, session_id)
            count, changed = count + made, changed + other
        return count, changed
    finally:
        store.close()


def _terminals(unit: Unit) -> list[SessionId]:
    listed = [*unit.sessions.active(), *unit.sessions.recoverable()]
    return [session.id for session in listed if session.terminal is not None]


class TranscriptPlayer:
    """A screen that is played forward through a transcript, in the sizes it had."""

    def __init__(self, unit: Unit, session_id: SessionId, start: int) -> None:
        terminal = get_session(unit, session_id).terminal
        if terminal is None:
            raise NotFound("terminal of session", session_id)
        first = unit.verdicts.last(session_id, start)
        size = (first.cols, first.rows) if first else (terminal.cols, terminal.rows)
        self._unit, self._session_id = unit, session_id
        self._screen: Screen = open_screen(*size)
        self._at = start
        seen = unit.verdicts.of(session_id, start)
        self._sizes = [(each.offset, each.cols, each.rows) for each in seen]

    def resize(self, cols: int, rows: int) -> None:
        """Have another size from here on."""
        if (cols, rows) != (self._screen.cols, self._screen.rows):
            self._screen.resize(cols, rows)

    def look(self, at: int, tty: Tty | None, quiet_s: float) -> ScreenSnapshot:
        """Play on to an offset, which is not before the last one, and look."""
        while self._sizes and self._sizes[0][0] <= at:
            place, cols, rows = self._sizes.pop(0)
            self._play(place)
            self.resize(cols, rows)
        self._play(at)
        screen = self._screen
        return ScreenSnapshot(
            screen.styled(), screen.cursor, screen.modes, tty, quiet_s, at, screen.cols
        )

    def _play(self, until: int) -> None:
        for data in self._bytes(until):
            self._screen.feed(data)
        self._at = max(self._at, until)

    def _bytes(self, until: int) -> Iterator[bytes]:
        at = self._at
        while at < until:
            chunks = self._unit.transcripts.read(self._session_id, at, _CHUNKS, _PAGE)
            if not chunks:
                return
            for chunk in chunks:
                yield chunk.data[max(at - chunk.offset, 0) : until - chunk.offset]
                at = chunk.end
                if at >= until:
                    return


def _held(sighting: VerdictRecord) -> tuple[str, str, str | None]:
    return str(sighting.kind), sighting.rule, sighting.fingerprint


def _holds(verdict: Verdict) -> tuple[str, str, str | None]:
    prompt = verdict.prompt
    return str(verdict.kind), verdict.rule, prompt.fingerprint if prompt else None
