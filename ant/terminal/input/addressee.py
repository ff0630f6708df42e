"""Who would read what is typed now: only an agent's composer is typed a message.

Rule 1: nobody is an agent but by the program in front, a driver's own, and its composer
on the screen. A session's flag, a verdict's name or a quiet screen prove nothing.
Rule 2: a shell, an interpreter or a proxy is never one, whatever the session says.
Rule 3: a shell may be given a comment, at an empty line of which it has said itself
that it takes one.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

from ant.core.errors import Withheld
from ant.terminal.agents.driver import Driver, driver_of, drivers
from ant.terminal.agents.not_agents import INTERPRETERS, repeats, stem
from ant.terminal.detect.shells import MARKED
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.snapshot import ScreenSnapshot, index_at

GENERAL: Final = "prompt"
"""The rule of a composer that no driver knows."""

_COMMENTS: Final = frozenset({"bash", "fish", "zsh"})
"""Shells that say by their marks whether `#` begins a comment."""

Check = Callable[[ScreenSnapshot, Verdict, str], None]
"""Raises `Withheld` where nothing may be typed, or go on: what stands typed by then is
the third argument, empty before the first key."""


class MessageTarget(Enum):
    """What reads the terminal, as far as messages are concerned."""

    COMPOSER = "composer"
    """An agent, with its composer free to be typed into."""
    AGENT = "agent"
    """An agent that works, asks, or shows something else."""
    PROMPT = "prompt"
    """A shell at its prompt, where a comment is one."""
    OTHER = "other"
    """Anything else, and what nobody knows."""


def message_target(
    tty: Tty | None, verdict: Verdict | None, accepts: bool = False
) -> MessageTarget:
    """Who would read a message; `accepts`: the session takes them at any composer."""
    if tty is None or not tty.foreground:
        return MessageTarget.OTHER
    if _is_at_prompt(tty, verdict):
        return MessageTarget.PROMPT
    name = tty.foreground
    if tty.interprets or repeats(name) or stem(name) in INTERPRETERS:
        return MessageTarget.OTHER
    driver = driver_of(tty.foreground)
    if driver is None and not accepts:
        return MessageTarget.OTHER
    if is_leaving(tty) or verdict is None or verdict.rule not in _composers(driver):
        return MessageTarget.AGENT
    free = verdict.kind is Kind.AT_REST
    return MessageTarget.COMPOSER if free else MessageTarget.AGENT


def is_leaving(tty: Tty) -> bool:
    """Whether an agent that a driver knows has given the terminal back: it reads keys,
    and whole lines are read by the program that comes after it."""
    return tty.canonical and driver_of(tty.foreground) is not None


def _composers(driver: Driver | None) -> frozenset[str]:
    """The rules by which a composer is known: the driver's own; where there is none,
    of all drivers, of which a session may name one, and the general one."""
    known = [driver] if driver is not None else list(drivers().values())
    rules = {f"{each.name}/{rule.id}" for each in known for rule in each.composer}
    return frozenset(rules if driver is not None else rules | {GENERAL})


def _is_at_prompt(tty: Tty, verdict: Verdict | None) -> bool:
    return (
        tty.comment_at is not None
        and tty.foreground in _COMMENTS
        and verdict is not None
        and (verdict.kind, verdict.rule) == (Kind.AT_REST, MARKED)
    )


def at_composer(accepts: bool) -> Check:
    """Only an agent's composer; and while it shows a text, that agent."""

    def check(snapshot: ScreenSnapshot, verdict: Verdict, typed: str) -> None:
        whom = message_target(snapshot.tty, verdict, accepts)
        leaves = snapshot.tty is not None and is_leaving(snapshot.tty)
        shown = typed and whom is MessageTarget.AGENT and not leaves
        if whom is MessageTarget.COMPOSER or shown:
            return
        if whom is MessageTarget.AGENT and verdict.kind is Kind.QUESTION:
            raise Withheld("It would be taken for the answer to a question.", "waiting")
        if whom is MessageTarget.AGENT:
            raise Withheld("The agent's composer is not to be seen.", "not_at_rest")
        raise Withheld("No agent is in front of the terminal.", "not_an_agent")

    return check


def in_front(program: str) -> Check:
    """Only while that program is in front, whatever it is."""

    def check(snapshot: ScreenSnapshot, verdict: Verdict, typed: str) -> None:
        if snapshot.tty is None or snapshot.tty.foreground != program:
            raise Withheld("Another program is in front now.", "not_an_agent")

    return check


def at_prompt() -> Check:
    """Only an empty command line of a shell; and then one with the text, and no other.

    In a mode in which keys are commands a shell takes a text apart.
    """
    before = ""

    def check(snapshot: ScreenSnapshot, verdict: Verdict, typed: str) -> None:
        nonlocal before
        if message_target(snapshot.tty, verdict) is MessageTarget.PROMPT:
            if not typed and (prompt := _bare_prompt(snapshot)) is not None:
                before = prompt
                return
            if typed and _inked(*snapshot.lines).endswith(before + _inked(typed)):
                return
        raise Withheld("No empty command line is to be seen.", "not_an_agent")

    return check


def _bare_prompt(snapshot: ScreenSnapshot) -> str | None:
    """What its row shows before the command line, if nothing is on it or below."""
    cursor = snapshot.cursor
    at = snapshot.tty.comment_at if snapshot.tty is not None else None
    if at is None or (at.row, at.col) != (cursor.row, cursor.col):
        return None
    if cursor.row >= len(snapshot.lines):
        return None
    line = snapshot.lines[cursor.row]
    end = index_at(line, cursor.col)
    is_empty = not line[end:].strip() and snapshot.last <= cursor.row
    return _inked(line[:end]) if is_empty else None


def _inked(*texts: str) -> str:
    return "".join("".join(texts).split())
