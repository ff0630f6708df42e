"""Agent CLIs described as data: one TOML file each in `drivers/`, and no code.

A rule is an id and a pattern, tried on rows of the screen from the lowest upwards; for
a dialog on all of its text, of which it may name a group `question`. The files are read
once; an unknown key or a bad pattern fails then, and names itself.
"""

import functools
import re
import tomllib
from importlib import resources
from typing import Any

import attrs

from ant.terminal.model.prompt import PromptClass


@attrs.frozen
class Rule:
    """A pattern with a name; `class_` is what a dialog it fits asks for."""

    id: str
    pattern: re.Pattern[str]
    class_: PromptClass | None = None


@attrs.frozen
class Driver:
    """How one program is read and typed to.

    `programs` are names of its process. It works where it says so by a `busy` row,
    which turns above the composer, or a `status` row below it; an `ended` row tells
    that the turn is over, whatever stands above that. `composer` is
    the row in which a person writes to it (`boxed`: a border is above it; `inline`: the
    cursor is on it), or `draft_above` rows below that; a `ghost` text stands there
    while nothing is typed. `ready` rows may stand between it and the last answer, which
    begins with a row of `reply`. `dialog` gives a menu its class, and `modal` rows tell
    of a dialog whose options nobody but a person can read. `unfinished` is what stands
    before the cursor while a command is not whole. `escapes`: Esc backs out of a
    dialog. `ticks`: Enter takes the boxes that were ticked; where it does not, a row of
    `taken` below them does. `settle_ms` is waited
    between text and Enter, and `again_ms` before a second Enter, 0 for none. It is at
    rest after `rest_ms` without output: longer where it does not always say it works.
    """

    name: str
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

    def rules(self) -> list[Rule]:
        """Every rule there is in it, in the order of the file's kinds."""
        kinds = (each for each in attrs.astuple(self, recurse=False))
        return [
            rule
            for kind in kinds
            if isinstance(kind, tuple)
            for rule in kind
            if isinstance(rule, Rule)
        ]


SHELL = "shell"
"""The driver of shells, which are no agents."""


@functools.cache
def drivers() -> dict[str, Driver]:
    """All of them, by name. Raises `ValueError` that names what is wrong in a file."""
    folder = resources.files("ant.terminal.agents")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    read = [
        _read(file.name, file.read_text())
        for file in files
        if file.name.endswith(".toml")
    ]
    return {driver.name: driver for driver in read}


@functools.cache
def _by_program() -> dict[str, Driver]:
    agents = (each for each in drivers().values() if each.name != SHELL)
    return {program: each for each in agents for program in each.programs}


def driver_of(program: str) -> Driver | None:
    """The driver of the agent whose process has that name; None where it is none."""
    return _by_program().get(program)


def driver_for(flag: str | None, program: str) -> Driver | None:
    """The agent's driver: of the program in front, else the one the session names."""
    return driver_of(program) or (drivers().get(flag) if flag else None)


def _read(file: str, text: str) -> Driver:
    told = tomllib.loads(text)
    fields = {field.name: field for field in attrs.fields(Driver)}
    unknown = told.keys() - fields.keys()
    if unknown:
        raise ValueError(f"{file}: unknown {', '.join(sorted(unknown))}")
    made: dict[str, Any] = {}
    for name, value in told.items():
        is_rules = isinstance(value, list) and value and isinstance(value[0], dict)
        if is_rules:
            made[name] = tuple(_rule(f"{file}: {name}", each) for each in value)
        else:
            made[name] = tuple(value) if isinstance(value, list) else value
    return Driver(**made)


def _rule(place: str, told: dict[str, Any]) -> Rule:
    unknown = told.keys() - {"id", "pattern", "class"}
    if unknown or not {"id", "pattern"} <= told.keys():
        raise ValueError(f"{place}: a rule has id, pattern and perhaps class: {told}")
    try:
        pattern = re.compile(told["pattern"])
    except re.error as exc:
        raise ValueError(f"{place}: {told['id']}: {exc}") from exc
    class_ = PromptClass(told["class"]) if "class" in told else None
    return Rule(told["id"], pattern, class_)
