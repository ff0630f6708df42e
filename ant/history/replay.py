"""Repeats verdicts on terminals from their transcripts, to explain or to compare them.

A verdict is a function of the bytes up to an offset and of a few other facts, which are
stored with it (`store.transcript.verdicts`). So the current rules can repeat any stored
verdict, and ANT can report where the result differs.
"""

from collections.abc import Sequence
from pathlib import Path

import attrs

from ant.core.errors import Conflict, NotFound
from ant.model.prompts import AgentState, HookReport
from ant.model.sessions import SessionId
from ant.recording.player import TranscriptPlayer
from ant.sessions.sessions import get_session
from ant.store import Store, Unit, VerdictRecord
from ant.terminal.detect.classify import classify
from ant.terminal.model.prompt import Kind, Prompt, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.snapshot import ScreenSnapshot

RESIZED = "resized"
"""The rule of a stored verdict that only records a new size."""

REPLAY_MAX = 16 << 20
"""Bytes played to restore the screen at an offset: as many as for a redraw."""

LONG_QUIET_S = 5.0
"""Assumed silence before an offset for which none is recorded."""


@attrs.frozen
class Explanation:
    """A verdict on a terminal at `offset`, with its evidence."""

    session_id: SessionId
    offset: int
    """The byte offset after the last byte that the screen has."""
    kind: Kind
    """The state of the program."""
    rule: str
    """The name of the rule that matched."""
    rows: tuple[int, ...]
    """The rows that it matched, counted from 0."""
    evidence: tuple[str, ...]
    """The text of these rows."""
    prompt: Prompt | None
    """The prompt on the screen; null if there is none."""
    driver: str | None
    """The agent CLI driver of the session; null if it has none."""
    tty: Tty | None
    """The line discipline and the foreground process; null if they are unknown."""
    lines: tuple[str, ...]
    """The rows of the whole screen."""
    recorded: bool
    """Whether facts were recorded at or before this offset."""
    state: AgentState | None = None
    """The state of the agent, from its screen and its hooks; null for a past screen."""
    hook: HookReport | None = None
    """The last report of the agent's own hook; null without one, and for a past
    screen."""


@attrs.frozen
class Changed:
    """A stored verdict that the current rules decide differently.

    `before` and `now` are kind, rule and fingerprint.
    """

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
    """Return a verdict with its evidence."""
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
    """Return the verdict of the current rules at an offset; by default, at the end.

    Raises `NotFound`, `Conflict` for a chat or an offset that is not stored, and
    `ImportError` without a screen library.
    """
    session = get_session(unit, session_id)
    terminal = session.terminal
    if terminal is None:
        raise Conflict(f"Session {session_id!r} is a chat and has no terminal.")
    at = terminal.end if offset is None else offset
    if not terminal.oldest <= at <= terminal.end:
        raise Conflict(
            f"Offset {at} is not stored: the transcript has offsets from "
            f"{terminal.oldest} to {terminal.end}."
        )
    last = unit.verdicts.last(session_id, at)
    start = max(terminal.oldest, at - REPLAY_MAX)
    size = terminal.cols, terminal.rows
    player = TranscriptPlayer(unit, session_id, start, at, size)
    if last is None:
        snapshot = player.look(at, None, LONG_QUIET_S)
        flag = session.cli_flag
        return explanation(
            session_id, snapshot, classify(snapshot, flag), flag, recorded=False
        )
    quiet_s = last.quiet_s if last.offset == at else LONG_QUIET_S
    snapshot = player.look(at, last.tty, quiet_s)
    return explanation(session_id, snapshot, classify(snapshot, last.flag), last.flag)


def replay(unit: Unit, session_id: SessionId) -> tuple[int, list[Changed]]:
    """Repeat every stored verdict; return how many there are, and those that differ.

    Raises `NotFound`. A chat has no verdicts.
    """
    terminal = get_session(unit, session_id).terminal
    if terminal is None:
        return 0, []
    size = terminal.cols, terminal.rows
    player = TranscriptPlayer(unit, session_id, terminal.oldest, terminal.end, size)
    count, changed = 0, []
    for each in unit.verdicts.of(session_id, terminal.oldest, terminal.end):
        if each.rule == RESIZED:
            continue
        count += 1
        snapshot = player.look(each.offset, each.tty, each.quiet_s)
        before, now = _recorded(each), _repeated(classify(snapshot, each.flag))
        if (before[0], before[2]) != (now[0], now[2]):
            changed.append(Changed(session_id, each.offset, before, now))
    return count, changed


def replay_all(
    database: Path, session_ids: Sequence[str] = ()
) -> tuple[int, list[Changed]]:
    """`replay` sessions of a database; by default, all of them.

    A server may use the database meanwhile. Raises `NotFound` and `StorageFailed`.
    """
    if not database.exists():
        raise NotFound("database", str(database))
    store = Store.open(database)
    try:
        chosen = list(map(SessionId, session_ids)) or store.read(_terminals)
        count, changed = 0, list[Changed]()
        for session_id in chosen:
            made, differing = store.read(replay, session_id)
            count, changed = count + made, changed + differing
        return count, changed
    finally:
        store.close()


def _terminals(unit: Unit) -> list[SessionId]:
    listed = [*unit.sessions.active(), *unit.sessions.inactive()]
    return [session.id for session in listed if session.terminal is not None]


def _recorded(sighting: VerdictRecord) -> tuple[str, str, str | None]:
    return str(sighting.kind), sighting.rule, sighting.fingerprint


def _repeated(verdict: Verdict) -> tuple[str, str, str | None]:
    prompt = verdict.prompt
    return str(verdict.kind), verdict.rule, prompt.fingerprint if prompt else None
