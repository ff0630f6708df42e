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
from ant.terminal.model.prompt import Kind
from ant.terminal.screen.snapshot import ScreenSnapshot

SCREENS_MAX: Final = 500
"""Screens of a session that are tried: the newest."""


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
    """Whether the driver is the one for the program in front."""


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
    screens: tuple[CheckedScreen, ...]
    """The screens, the oldest first."""
    rules: tuple[RuleUse, ...]
    """The rules of the file, in its order of keys."""


def check_content(content: str, file: str) -> Driver:
    """Return the driver of a file's text. Raises `ValueError` with one sentence."""
    return parse_driver(Path(file), content).driver


def check_on_session(
    unit: Unit, session_id: SessionId, content: str, file: str
) -> DriverCheck:
    """Try a driver on the newest stored screens of a session.

    Raises `NotFound`, `NotRunning` for a chat, `Invalid` for a file with a mistake,
    `Conflict` if nothing is stored, and `ImportError` without a screen library.
    """
    try:
        driver = check_content(content, file)
    except ValueError as exc:
        raise Invalid(f"{str(exc).rstrip('.')} at $.content") from exc
    return check(driver, _session_screens(unit, session_id))


def check(driver: Driver, screens: Iterable[RecordedScreen]) -> DriverCheck:
    """Try a driver on screens. Raises what reading the screens raises."""
    checked, uses = list[CheckedScreen](), Counter[tuple[str, str]]()
    with trying(driver):
        for screen in screens:
            snapshot = screen.snapshot
            program = snapshot.tty.foreground if snapshot.tty is not None else ""
            verdict = classify(snapshot, screen.flag)
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
                    uses_driver=driver_for(screen.flag, program) is driver,
                )
            )
            text = verdict.prompt.text if verdict.prompt is not None else ""
            for key, rule in named_rules(driver):
                uses[key, rule.id] += _is_found(key, rule, snapshot, text)
    return DriverCheck(
        name=driver.name,
        programs=driver.programs,
        replaces=driver.name in {each.name for each in shipped()},
        screens=tuple(checked),
        rules=tuple(RuleUse(key, id_, count) for (key, id_), count in uses.items()),
    )


def _is_found(key: str, rule: Rule, snapshot: ScreenSnapshot, text: str) -> bool:
    """Whether a rule's pattern matches a row, or for a dialog the text of a prompt."""
    if key == "dialog":
        return rule.pattern.search(" ".join(text.split())) is not None
    return any(rule.pattern.search(row) is not None for row in snapshot.bare)


def _session_screens(unit: Unit, session_id: SessionId) -> Iterator[RecordedScreen]:
    """Yield the newest screens of a session for which ANT made a verdict.

    Each counts as still, as a person sees a picture: recent output alone would make an
    agent busy, whatever its screen shows.
    """
    terminal = get_terminal(unit, session_id).terminal
    assert terminal is not None
    start = max(terminal.oldest, terminal.end - REPLAY_MAX)
    found = unit.verdicts.of(session_id, start, terminal.end)
    seen = [each for each in found if each.rule != RESIZED][-SCREENS_MAX:]
    if not seen:
        raise Conflict(f"Nothing is stored of the terminal of session {session_id!r}.")
    size = terminal.cols, terminal.rows
    player = TranscriptPlayer(unit, session_id, start, terminal.end, size)
    for each in seen:
        unit.pause()
        quiet_s = max(each.quiet_s, LONG_QUIET_S)
        snapshot = player.look(each.offset, each.tty, quiet_s)
        place = f"byte {each.offset}"
        yield RecordedScreen(place, snapshot, each.flag, None)
