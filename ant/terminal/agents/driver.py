"""Drivers: how ANT reads and types to each agent CLI, described as data.

Each `*.toml` file in this folder is one driver. `Driver` lists its keys; a key of type
rules is an array of tables, each a `Rule`. ANT reads the files once, at first use. An
unknown key or a bad pattern raises `ValueError` then, with the name of the file.

A new agent needs one new file and no code: `name` and `flags` become values of
`cli_flag`, and `programs` select the driver by the name of the process.
"""

import functools
import re
from collections.abc import Mapping
from typing import Any

import attrs

from ant.terminal.agents.driver_files import SHELL, driver_files
from ant.terminal.agents.launch_hints import LaunchHints, launch_hints
from ant.terminal.model.prompt import PromptClass


@attrs.frozen
class Rule:
    """A named pattern.

    ANT searches each row for the pattern, from the lowest row upwards. It searches the
    whole text of a dialog at once; there, a group `question` is the prompt's question.

    In a file, a rule has these keys:

    `id`       The rule's name. A verdict names both: `claude-code/spinner`.
    `pattern`  A regular expression of Python's `re`.
    `class`    For `dialog` and `modal`: the class of the prompt, a `PromptClass`.
               Default: the class that ANT derives from the options; for `modal`,
               `multi_choice`.
    """

    id: str
    pattern: re.Pattern[str]
    class_: PromptClass | None = None


@attrs.frozen
class Driver:
    """The description of one agent CLI, or of the shells.

    Only `name` is required. A row is a row of the screen without box-drawing borders.
    The composer is the row in which the operator writes to the agent.

    Key          Type     Default  Meaning

    Selection
    `name`       text     -        The driver's name, and its first `cli_flag`.
    `recorded`   text     none     The version of the agent in the recordings.
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
    `ready`      rules    []       Rows that may stand between the last reply or the
                                   `busy` row and the composer.
    `reply`      rules    []       The first row of a reply.
    `unfinished` rules    []       Text before the cursor while a shell's command is
                                   not complete.

    Dialogs
    `dialog`     rules    []       Text of a menu that decides its class.
    `modal`      rules    []       Rows of a dialog whose options ANT cannot read. Only
                                   the operator can answer it.
    `escapes`    boolean  false    Escape cancels a dialog.
    `ticks`      boolean  true     Enter on a box submits all ticked boxes. If false,
                                   only a row of `taken` submits them.
    `taken`      rules    []       The row below the boxes that submits them.

    Typing
    `paste`      boolean  true     Type text as a bracketed paste if the agent has
                                   enabled that mode.
    `settle_ms`  integer  0        Milliseconds between the text and Enter.
    `again_ms`   integer  0        Milliseconds before a second Enter; 0 for none.

    Start
    `launch`     table    none     How the agent is started, see `LaunchHints`.
    """

    name: str
    recorded: str | None = None
    flags: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    busy: tuple[Rule, ...] = ()
    status: tuple[Rule, ...] = ()
    ended: tuple[Rule, ...] = ()
    ready: tuple[Rule, ...] = ()
    composer: tuple[Rule, ...] = ()
    ghost: tuple[Rule, ...] = ()
    draft_above: int = 0
    boxed: bool = False
    inline: bool = False
    ticks: bool = True
    taken: tuple[Rule, ...] = ()
    dialog: tuple[Rule, ...] = ()
    modal: tuple[Rule, ...] = ()
    reply: tuple[Rule, ...] = ()
    unfinished: tuple[Rule, ...] = ()
    escapes: bool = False
    paste: bool = True
    settle_ms: int = 0
    again_ms: int = 0
    rest_ms: int = 300
    launch: LaunchHints | None = None

    def rules(self) -> list[Rule]:
        """Return all rules of the driver, in the order of its fields."""
        return [
            rule
            for value in attrs.astuple(self, recurse=False)
            if isinstance(value, tuple)
            for rule in value
            if isinstance(rule, Rule)
        ]


@functools.cache
def drivers() -> dict[str, Driver]:
    """Return all drivers, the shells' too, by name.

    Raises `ValueError` with the file and the key that is wrong.
    """
    read = [_driver(file, table) for file, table in driver_files().items()]
    return {driver.name: driver for driver in read}


@functools.cache
def _by_program() -> dict[str, Driver]:
    agents = (each for each in drivers().values() if each.name != SHELL)
    return {program: each for each in agents for program in each.programs}


@functools.cache
def _by_flag() -> dict[str, Driver]:
    return {
        flag: each for each in drivers().values() for flag in (each.name, *each.flags)
    }


def driver_of(program: str) -> Driver | None:
    """Return the driver of the agent whose process has that name, or None."""
    return _by_program().get(program)


def driver_for(flag: str | None, program: str) -> Driver | None:
    """Return the driver for a terminal, or None if no agent is known there.

    The `program` in front decides. If no driver names it, the session's `flag` does.
    """
    return driver_of(program) or (_by_flag().get(flag) if flag else None)


def _driver(file: str, table: Mapping[str, Any]) -> Driver:
    """Return the driver of a file's table. Raises `ValueError` for an unknown key."""
    unknown = table.keys() - {field.name for field in attrs.fields(Driver)}
    if unknown:
        raise ValueError(f"{file}: unknown key {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key == "launch":
            values[key] = launch_hints(value, f"{file}: {key}")
        elif isinstance(value, list):
            place = f"{file}: {key}"
            values[key] = tuple(
                _rule(place, each) if isinstance(each, dict) else each for each in value
            )
        else:
            values[key] = value
    return Driver(**values)


def _rule(place: str, table: Mapping[str, Any]) -> Rule:
    """Return the rule of a table at `place`, a file and key for the error texts."""
    unknown = table.keys() - {"id", "pattern", "class"}
    if unknown or not {"id", "pattern"} <= table.keys():
        raise ValueError(
            f"{place}: a rule has the keys id and pattern, and may have class: {table}"
        )
    try:
        pattern = re.compile(table["pattern"])
    except re.error as exc:
        raise ValueError(f"{place}: {table['id']}: {exc}") from exc
    class_ = PromptClass(table["class"]) if "class" in table else None
    return Rule(table["id"], pattern, class_)
