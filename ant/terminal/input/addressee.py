"""Decides which program would read typed input: messages go to agents' composers only.

Rule 1: a program counts as an agent only if a driver knows the foreground program by
its name, and the screen shows that driver's composer. A session's flag, the name of a
verdict or a quiet screen prove nothing. A session that accepts messages at any composer
is the exception.
Rule 2: a shell, an interpreter or a proxy is never an agent, whatever the session's
settings are.
Rule 3: a shell may be sent a comment, at an empty command line that the shell itself
has marked as one that accepts comments.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

from ant.core.errors import Withheld
from ant.terminal.agents.driver import Driver, driver_of, drivers
from ant.terminal.agents.not_agents import INTERPRETERS, repeats, stem
from ant.terminal.detect.composer import COMPOSER, GENERAL
from ant.terminal.detect.shells import MARKED
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.snapshot import ScreenSnapshot, index_at

GENERAL_COMPOSER: Final = f"{GENERAL.name}/{COMPOSER.id}"
"""The rule name of a composer that only its form shows."""

FOUND: Final = frozenset({"prompt", GENERAL_COMPOSER})
"""The rule names of a composer that belongs to no driver."""

_COMMENTS: Final = frozenset({"bash", "fish", "zsh"})
"""Shells whose marks report whether `#` begins a comment."""

Check = Callable[[ScreenSnapshot, Verdict, str], None]
"""Raises `Withheld` where ANT may not type, or not go on. The third argument is the
text typed so far: empty before the first key."""


class MessageTarget(Enum):
    """What reads the terminal's input, as far as messages are concerned."""

    COMPOSER = "composer"
    """An agent whose composer is free."""
    AGENT = "agent"
    """An agent that is working, asks something, or shows something else."""
    PROMPT = "prompt"
    """A shell at its prompt, where it accepts a comment."""
    OTHER = "other"
    """Anything else, and anything unknown."""


def message_target(
    tty: Tty | None, verdict: Verdict | None, accepts: bool = False
) -> MessageTarget:
    """What would read a message; `accepts`: the session accepts any composer."""
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
    if (
        is_exiting(tty)
        or verdict is None
        or not _is_composer(verdict.rule, driver, accepts)
    ):
        return MessageTarget.AGENT
    free = verdict.kind is Kind.AT_REST
    return MessageTarget.COMPOSER if free else MessageTarget.AGENT


def is_exiting(tty: Tty) -> bool:
    """Whether an agent is exiting, and the next program will read the terminal.

    An agent reads single keys, unless its driver says `lines`. In canonical mode it has
    given the terminal back.
    """
    driver = driver_of(tty.foreground)
    return tty.canonical and driver is not None and not driver.lines


def _is_composer(rule: str, driver: Driver | None, accepts: bool) -> bool:
    """Whether a rule finds a composer of the program that has this driver.

    A session that accepts messages, and a driver that says `formed`, trust a composer
    that only its form shows.
    """
    is_formed = accepts or (driver is not None and driver.formed)
    return rule in _composers(driver) or (is_formed and rule == GENERAL_COMPOSER)


def _composers(driver: Driver | None) -> frozenset[str]:
    """The names of the rules that find a composer: the driver's own.

    Without a driver, those of all drivers, as a session may name any, and `FOUND`.
    """
    sources = [driver] if driver is not None else list(drivers().values())
    rules = {f"{each.name}/{rule.id}" for each in sources for rule in each.composer}
    return frozenset(rules if driver is not None else rules | FOUND)


def _is_at_prompt(tty: Tty, verdict: Verdict | None) -> bool:
    return (
        tty.comment_at is not None
        and tty.foreground in _COMMENTS
        and verdict is not None
        and (verdict.kind, verdict.rule) == (Kind.AT_REST, MARKED)
    )


def at_composer(accepts: bool) -> Check:
    """A check that allows an agent's composer, and the agent that shows typed text."""

    def check(snapshot: ScreenSnapshot, verdict: Verdict, typed: str) -> None:
        target = message_target(snapshot.tty, verdict, accepts)
        exits = snapshot.tty is not None and is_exiting(snapshot.tty)
        shows_text = typed and target is MessageTarget.AGENT and not exits
        if target is MessageTarget.COMPOSER or shows_text:
            return
        if target is MessageTarget.AGENT and verdict.kind is Kind.QUESTION:
            raise Withheld(
                "The agent waits for an answer, and would take the message for it.",
                "waiting",
            )
        if target is MessageTarget.AGENT:
            raise Withheld(
                "The agent's composer is not on the screen, or not free.", "not_at_rest"
            )
        raise Withheld("The foreground program is not an agent.", "not_an_agent")

    return check


def in_front(program: str) -> Check:
    """A check that allows any program of this name in the foreground."""

    def check(snapshot: ScreenSnapshot, verdict: Verdict, typed: str) -> None:
        if snapshot.tty is None or snapshot.tty.foreground != program:
            raise Withheld(
                "Another program is in the foreground by now.", "not_an_agent"
            )

    return check


def at_prompt() -> Check:
    """A check that allows a shell's empty command line; then one with exactly the text.

    A shell in a mode where keys are commands, such as vi mode, would change the text.
    """
    before = ""

    def check(snapshot: ScreenSnapshot, verdict: Verdict, typed: str) -> None:
        nonlocal before
        if message_target(snapshot.tty, verdict) is MessageTarget.PROMPT:
            if not typed and (prompt := _bare_prompt(snapshot)) is not None:
                before = prompt
                return
            if typed and _without_blanks(*snapshot.lines).endswith(
                before + _without_blanks(typed)
            ):
                return
        raise Withheld("The screen shows no empty command line.", "not_an_agent")

    return check


def _bare_prompt(snapshot: ScreenSnapshot) -> str | None:
    """The prompt's text in the cursor's row, without blanks.

    None unless the command line is empty, and nothing stands below it.
    """
    cursor = snapshot.cursor
    at = snapshot.tty.comment_at if snapshot.tty is not None else None
    if at is None or (at.row, at.col) != (cursor.row, cursor.col):
        return None
    if cursor.row >= len(snapshot.lines):
        return None
    line = snapshot.lines[cursor.row]
    end = index_at(line, cursor.col)
    is_empty = not line[end:].strip() and snapshot.last <= cursor.row
    return _without_blanks(line[:end]) if is_empty else None


def _without_blanks(*texts: str) -> str:
    return "".join("".join(texts).split())
