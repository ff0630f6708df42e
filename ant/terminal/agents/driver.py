"""Drivers: how ANT reads and types to each agent CLI, described as data.

Each `*.toml` file in this folder is one driver. `Driver` lists its keys; a key of type
rules is an array of tables, each a `Rule`. ANT reads these files once, at first use. A
mistake raises `ValueError` then: one sentence with the file, the key and what was
expected. The drivers that users own are added by `own_drivers`.

A new agent needs one new file and no code: `name` and `flags` become values of
`cli_flag`, and `programs` select the driver by the name of the process.
"""

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

import attrs

from ant.terminal.agents.bounded_pattern import Allowance, Pattern
from ant.terminal.agents.driver_files import SHELL, shipped_files
from ant.terminal.agents.launch_hints import LaunchHints, launch_hints
from ant.terminal.agents.structure import (
    Readers,
    Wrong,
    integer,
    one_of,
    structure,
    text,
    texts,
)
from ant.terminal.model.prompt import PromptClass

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""A name of a driver, of a rule, or a further flag."""

_NAME_MEANS: Final = "a name of a-z, 0-9, `.`, `_` and `-`, at most 64 characters"

WAIT_MAX_MS: Final = 5000
"""The longest pause of a driver while ANT types: input of people waits meanwhile."""

REST_MAX_MS: Final = 60_000
"""The longest silence that a driver may ask for before its agent is at rest."""

_RESERVED: Final = frozenset({"output", "question", "choices"})
"""Names that ANT itself gives to verdicts of a driver."""

Compile = Callable[[str], Pattern]
"""Makes a pattern of its source. Raises `ValueError` with the reason."""


@attrs.frozen
class Rule:
    """A named pattern.

    ANT searches each row for the pattern, from the lowest row upwards. It searches the
    whole text of a dialog at once; there, a group `question` is the prompt's question.

    In a file, a rule has these keys:

    `id`       The rule's name. A verdict names both: `claude-code/spinner`.
    `pattern`  A regular expression: of Python's `re` in a file of ANT, of RE2 in a file
               of a user (`bounded_pattern`).
    `class`    For `dialog`, `modal` and `waiting`: the class of the prompt, a
               `PromptClass`. Default: the class that ANT derives from the options;
               without options, `multi_choice`.
    """

    id: str = attrs.field(metadata=text(NAME, _NAME_MEANS, _RESERVED))
    pattern: Pattern = attrs.field(eq=lambda pattern: pattern.pattern)
    class_: PromptClass | None = attrs.field(
        default=None, metadata={"key": "class", **one_of(PromptClass)}
    )


@attrs.frozen
class Driver:
    """The description of one agent CLI, or of the shells.

    Only `name` is required. A row is a row of the screen without box-drawing borders.
    The composer is the row in which the operator writes to the agent.

    Key          Type     Default  Meaning

    Selection
    `name`       text     -        The driver's name, and its first `cli_flag`.
    `recorded`   texts    []       The versions of the agent in the recordings; one may
                                   be a text.
    `version`    rules    []       Rows on which the agent shows its version, as the
                                   group `version`.
    `flags`      texts    []       Further values of `cli_flag` that select the driver.
    `programs`   texts    []       Names of the agent's process.

    Work and rest
    `busy`       rules    []       Rows above the composer while the agent works.
    `status`     rules    []       Rows below the composer while the agent works. If
                                   there is no composer: one of the last rows.
    `ended`      rules    []       Rows at the end of a turn. A `busy` row above one
                                   is left over from that turn and does not count.
    `rest_ms`    integer  300      Milliseconds without output after which the agent is
                                   at rest. Longer for an agent that does not always
                                   show that it works.

    Composer
    `composer`   rules    []       The row of the composer.
    `ghost`      rules    []       The whole placeholder text of an empty composer.
    `draft_above` integer 0        How many rows above the row that `composer` matches
                                   the operator's text is.
    `boxed`      boolean  false    A border stands above the composer.
    `inline`     boolean  false    The composer is the cursor's row.
    `formed`     boolean  false    The composer has no sign: a composer that only its
                                   form shows is the agent's, and is typed messages.
    `ready`      rules    []       Rows that may stand between the last reply or the
                                   `busy` row and the composer.
    `reply`      rules    []       The first row of a reply.
    `unfinished` rules    []       Text before the cursor while a shell's command is
                                   not complete.

    Dialogs
    `dialog`     rules    []       Text of a menu that decides its class.
    `modal`      rules    []       Rows of a dialog whose options ANT cannot read. Only
                                   the operator can answer it.
    `waiting`    rules    []       Rows below the composer while a dialog above it
                                   waits, whatever `status` says. Its question is in a
                                   row of `dialog`, the keys of its options below it.
    `escapes`    boolean  false    Escape cancels a dialog.
    `ticks`      boolean  true     Enter on a box submits all ticked boxes. If false,
                                   only a row of `taken` submits them.
    `taken`      rules    []       The row below the boxes that submits them.
    `keys_after_ms` integer 0      Milliseconds after a dialog has come up until the
                                   agent takes keys. ANT presses none before.

    Typing
    `lines`      boolean  false    The agent reads whole lines: the terminal edits them.
                                   Any other agent that does has ended its work there.
    `paste`      boolean  true     Type text as a bracketed paste if the agent has
                                   enabled that mode.
    `settle_ms`  integer  0        Milliseconds between a text, or a moved marker, on
                                   the screen and Enter.
    `again_ms`   integer  0        Milliseconds before a second Enter; 0 for none.

    Start
    `launch`     table    none     How the agent is started, see `LaunchHints`.
    """

    name: str = attrs.field(metadata=text(NAME, _NAME_MEANS))
    recorded: tuple[str, ...] = attrs.field(default=(), metadata=texts(single=True))
    flags: tuple[str, ...] = attrs.field(default=(), metadata=texts(NAME, _NAME_MEANS))
    programs: tuple[str, ...] = attrs.field(default=(), metadata=texts())
    version: tuple[Rule, ...] = ()
    busy: tuple[Rule, ...] = ()
    status: tuple[Rule, ...] = ()
    ended: tuple[Rule, ...] = ()
    ready: tuple[Rule, ...] = ()
    composer: tuple[Rule, ...] = ()
    ghost: tuple[Rule, ...] = ()
    draft_above: int = attrs.field(default=0, metadata=integer(0, 20))
    boxed: bool = False
    inline: bool = False
    formed: bool = False
    ticks: bool = True
    taken: tuple[Rule, ...] = ()
    keys_after_ms: int = attrs.field(default=0, metadata=integer(0, WAIT_MAX_MS))
    dialog: tuple[Rule, ...] = ()
    modal: tuple[Rule, ...] = ()
    waiting: tuple[Rule, ...] = ()
    reply: tuple[Rule, ...] = ()
    unfinished: tuple[Rule, ...] = ()
    escapes: bool = False
    lines: bool = False
    paste: bool = True
    settle_ms: int = attrs.field(default=0, metadata=integer(0, WAIT_MAX_MS))
    again_ms: int = attrs.field(default=0, metadata=integer(0, WAIT_MAX_MS))
    rest_ms: int = attrs.field(default=300, metadata=integer(0, REST_MAX_MS))
    launch: LaunchHints | None = None
    allowance: Allowance | None = attrs.field(
        default=None, eq=False, metadata={"key": None}
    )
    """The processor time that the patterns of a user's file may take."""
    path: str | None = attrs.field(default=None, eq=False, metadata={"key": None})
    """The file of a user that describes the driver; None for one of ANT."""

    @property
    def is_usable(self) -> bool:
        """Whether ANT uses this driver: its patterns have not taken too long."""
        return self.allowance is None or not self.allowance.is_used_up

    def rules(self) -> list[Rule]:
        """Return all rules of the driver, in the order of its fields."""
        return [rule for _, rule in named_rules(self)]


@attrs.frozen
class DriverSet:
    """All drivers, by name, and those of agents by program and by flag.

    A later driver replaces an earlier one with the same name, and takes the programs
    and flags that both have.
    """

    by_name: Mapping[str, Driver]
    by_program: Mapping[str, Driver]
    by_flag: Mapping[str, Driver]

    @classmethod
    def of(cls, found: Iterable[Driver]) -> "DriverSet":
        """Return the set of these drivers, the shells' included."""
        by_name = {driver.name: driver for driver in found}
        agents = [each for each in by_name.values() if each.name != SHELL]
        return cls(
            by_name,
            {program: each for each in agents for program in each.programs},
            {
                flag: each
                for each in by_name.values()
                for flag in (each.name, *each.flags)
            },
        )


@functools.cache
def shipped() -> tuple[Driver, ...]:
    """Return the drivers of ANT, the shells' too.

    Raises `ValueError` with the file and the key that is wrong.
    """
    files = shipped_files().items()
    return tuple(driver_from(file, table, _compile) for file, table in files)


_current: DriverSet | None = None
_tried: ContextVar[DriverSet | None] = ContextVar("tried", default=None)
"""The drivers of a caller that tries others, in its thread or task only."""


def use(own: Iterable[Driver] = ()) -> DriverSet:
    """Use the drivers of ANT and then these from now on, in all threads; return them.

    A verdict that is being made goes on with the drivers that it began with.
    """
    global _current
    _current = DriverSet.of((*shipped(), *own))
    return _current


def current() -> DriverSet:
    """Return the drivers in use; those of ANT alone until `use` is called."""
    return _tried.get() or _current or use()


@contextmanager
def trying(driver: Driver) -> Iterator[None]:
    """Within the block, use this driver, too, in this thread or task only."""
    token = _tried.set(DriverSet.of((*current().by_name.values(), driver)))
    try:
        yield
    finally:
        _tried.reset(token)


def drivers() -> Mapping[str, Driver]:
    """Return all drivers, the shells' too, by name."""
    return current().by_name


def driver_of(program: str) -> Driver | None:
    """Return the driver of the agent whose process has that name, or None."""
    return _usable(current().by_program.get(program))


def driver_for(flag: str | None, program: str) -> Driver | None:
    """Return the driver for a terminal, or None if no agent is known there.

    The `program` in front decides. If no driver names it, the session's `flag` does.
    """
    found = current().by_program.get(program)
    if found is None and flag:
        found = current().by_flag.get(flag)
    return _usable(found)


def _usable(driver: Driver | None) -> Driver | None:
    return driver if driver is not None and driver.is_usable else None


def driver_from(
    file: str,
    table: Mapping[str, Any],
    compile_: Compile,
    allowance: Allowance | None = None,
) -> Driver:
    """Return the driver of a file's table.

    A file of a user is given by its path, with an allowance for its patterns. Raises
    `ValueError` for the first mistake: the file, the key, what was expected.
    """
    readers: Readers = {
        Pattern: partial(_pattern, compile_),
        LaunchHints: launch_hints,
    }
    try:
        driver = structure(Driver, table, readers)
        for key, rule in named_rules(driver):
            if key == "version" and "version" not in rule.pattern.groupindex:
                raise Wrong(key, "expected a pattern with the group (?P<version>…)")
    except ValueError as exc:
        raise ValueError(f"{file}: {exc}") from exc
    path = file if allowance is not None else None
    return attrs.evolve(driver, allowance=allowance, path=path)


def named_rules(driver: Driver) -> Iterator[tuple[str, Rule]]:
    """Yield each rule of a driver with its key."""
    for field in attrs.fields(Driver):
        value = getattr(driver, field.name)
        for rule in value if isinstance(value, tuple) else ():
            if isinstance(rule, Rule):
                yield field.name, rule


def _pattern(compile_: Compile, source: object, place: str) -> Pattern:
    if not isinstance(source, str):
        raise Wrong(place, "expected a text with a regular expression")
    try:
        return compile_(source)
    except ValueError as exc:
        raise Wrong(place, f"expected a regular expression: {exc}") from exc


def _compile(source: str) -> Pattern:
    try:
        return re.compile(source)
    except re.error as exc:
        raise ValueError(str(exc)) from exc
