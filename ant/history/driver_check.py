"""Try a driver file on stored screens: recordings, or the transcript of a session.

Nothing else changes: the server goes on with the drivers that it has.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import attrs

from ant.core.errors import Conflict, Invalid
from ant.history.recordings import RecordedScreen
from ant.history.replay import LONG_QUIET_S, REPLAY_MAX, RESIZED
from ant.model.sessions import SessionId
from ant.recording.player import TranscriptPlayer
from ant.recording.reader import chunks_between
from ant.sessions.sessions import get_terminal
from ant.store import Unit
from ant.terminal.agents.driver import (
    Driver,
    Rule,
    driver_for,
    named_rules,
    shipped,
    trying,
)
from ant.terminal.agents.own_drivers import parse_driver
from ant.terminal.detect.classify import classify
from ant.terminal.host import processes
from ant.terminal.host.foreground import foreground_process, program_of
from ant.terminal.model.prompt import Kind
from ant.terminal.screen.snapshot import ScreenSnapshot

VERDICTS_MAX: Final = 300
"""Screens of a session at which a state began that are tried: the newest."""

BETWEEN_MAX: Final = 200
"""Further screens that are tried, spread over the output."""


@attrs.frozen
class CheckedScreen:
    """A stored screen as the rules with a tried driver see it."""

    place: str
    """Where it is from: the name of a recording with a number, or `byte OFFSET`."""
    kind: Kind
    """The state of the program."""
    rule: str
    """The name of the rule that matched."""
    program: str
    """The program in front; empty if it is unknown."""
    rows: tuple[int, ...]
    """The rows that the rule matched, counted from 0."""
    evidence: tuple[str, ...]
    """The text of these rows."""
    expected: Kind | None
    """The state by the person who labelled the screen; null if nobody did."""
    uses_driver: bool
    """Whether the driver judged it: no other driver knows the program in front."""


@attrs.frozen
class RuleUse:
    """How often a pattern of a tried driver was found."""

    key: str
    """The key of the rule in the file, such as `composer`."""
    id: str
    """Its name."""
    screens: int
    """The screens with a row that it matches."""


@attrs.frozen
class DriverCheck:
    """A driver file that was tried on stored screens."""

    name: str
    """The name of the driver."""
    programs: tuple[str, ...]
    """The names of the processes that select it."""
    replaces: bool
    """Whether its name is that of a driver of ANT, which it replaces."""
    front: str | None
    """The program in front of the session now, as ANT calls it if it has the driver: a
    script by its own name. Null if nothing runs, and for recordings."""
    screens: tuple[CheckedScreen, ...]
    """The screens, the oldest first."""
    rules: tuple[RuleUse, ...]
    """The rules of the file, in its order of keys."""


def check_content(content: str, file: str) -> Driver:
    """Return the driver of a file's text. Raises `ValueError` with one sentence."""
    return parse_driver(Path(file), content).driver


def check_on_session(
    unit: Unit, session_id: SessionId, content: str, file: str, pid: int | None
) -> DriverCheck:
    """Try a driver on the newest stored screens of a session.

    `pid` is its first process, None if nothing runs. Raises `NotFound`, `NotRunning`
    for a chat, `Invalid` for a file with a mistake, `Conflict` if nothing is stored,
    and `ImportError` without a screen library.
    """
    try:
        driver = check_content(content, file)
    except ValueError as exc:
        raise Invalid(f"{str(exc).rstrip('.')} at $.content") from exc
    found = check(driver, _session_screens(unit, session_id))
    return attrs.evolve(found, front=_front(driver, pid))


def _front(driver: Driver, pid: int | None) -> str | None:
    """Return the name of the program in front now, with the driver."""
    if pid is None:
        return None
    process, name = foreground_process(processes.foreground_of(pid))
    with trying(driver):
        return program_of(process, name)[0] or None if name else None


def check(driver: Driver, screens: Iterable[RecordedScreen]) -> DriverCheck:
    """Try a driver on screens, as if their session named it by its `cli_flag`.

    So it also judges a script that was stored under the name of its interpreter. Raises
    what reading the screens raises.
    """
    checked, uses = list[CheckedScreen](), Counter[tuple[str, str]]()
    with trying(driver):
        for screen in screens:
            snapshot = screen.snapshot
            program = snapshot.tty.foreground if snapshot.tty is not None else ""
            verdict = classify(snapshot, driver.name)
            rows = tuple(row for row in verdict.rows if row < len(snapshot.lines))
            checked.append(
                CheckedScreen(
                    place=screen.place,
                    kind=verdict.kind,
                    rule=verdict.rule,
                    program=program,
                    rows=rows,
                    evidence=tuple(snapshot.lines[row].rstrip() for row in rows),
                    expected=screen.expected,
                    uses_driver=driver_for(driver.name, program) is driver,
                )
            )
            text = verdict.prompt.text if verdict.prompt is not None else ""
            for key, rule in named_rules(driver):
                uses[key, rule.id] += _is_found(key, rule, snapshot, text)
    return DriverCheck(
        name=driver.name,
        programs=driver.programs,
        replaces=driver.name in {each.name for each in shipped()},
        front=None,
        screens=tuple(checked),
        rules=tuple(RuleUse(key, id_, count) for (key, id_), count in uses.items()),
    )


def _is_found(key: str, rule: Rule, snapshot: ScreenSnapshot, text: str) -> bool:
    """Whether a rule's pattern matches a row, or for a dialog the text of a prompt."""
    if key == "dialog":
        return rule.pattern.search(" ".join(text.split())) is not None
    return any(rule.pattern.search(row) is not None for row in snapshot.bare)


def _session_screens(unit: Unit, session_id: SessionId) -> Iterator[RecordedScreen]:
    """Yield the newest screens of a session: at verdicts, and between them.

    A state is stored when it begins, and its screen goes on to change. Each screen
    counts as still, as a person sees a picture: recent output alone would make an agent
    busy, whatever its screen shows.
    """
    terminal = get_terminal(unit, session_id).terminal
    assert terminal is not None
    start = max(terminal.oldest, terminal.end - REPLAY_MAX)
    found = unit.verdicts.of(session_id, start, terminal.end)
    verdicts = {each.offset: each for each in found if each.rule != RESIZED}
    if not verdicts:
        raise Conflict(f"Nothing is stored of the terminal of session {session_id!r}.")
    stops = {*list(verdicts)[-VERDICTS_MAX:]}
    ends = _ends(unit, session_id, start, terminal.end)
    step = max(len(ends) // BETWEEN_MAX, 1)
    stops |= {*ends[::-step][:BETWEEN_MAX]}
    size = terminal.cols, terminal.rows
    player = TranscriptPlayer(unit, session_id, start, terminal.end, size)
    tty, quiet_s = None, LONG_QUIET_S
    for offset in sorted({*verdicts, *stops}):
        unit.pause()
        if (verdict := verdicts.get(offset)) is not None:
            tty, quiet_s = verdict.tty, max(verdict.quiet_s, LONG_QUIET_S)
        if offset in stops:
            snapshot = player.look(offset, tty, quiet_s)
            yield RecordedScreen(f"byte {offset}", snapshot, None)


def _ends(unit: Unit, session_id: SessionId, start: int, end: int) -> list[int]:
    """Return where the stored pieces of output end, each of a quarter of a second."""
    ends = list[int]()
    for chunk in chunks_between(unit, session_id, start, end):
        unit.pause()
        ends.append(chunk.end)
    return ends
