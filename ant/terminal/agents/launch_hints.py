"""How an agent is started, resumed and given hooks: `[launch]` of a driver file."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs

from ant.terminal.agents.hook_settings import FORMS

FILE: Final = "{file}"
"""Stands for the path of the hook settings in `hooks`."""

ID: Final = "{id}"
"""Stands for the id of a conversation in `resume`."""

_KEYS: Final = ("start", "resume", "hooks", "form")
_END_OF_OPTIONS: Final = "--"


@attrs.frozen
class LaunchHints:
    """How an agent is started.

    Key       Type    Meaning

    `start`   texts   The program and the arguments that it needs. Required.
    `resume`  texts   The command that resumes a conversation; `{id}` stands for its id.
    `hooks`   texts   Arguments that give the agent a file with hook settings; `{file}`
                      stands for its path. The first one is the name of the option.
                      Only for an agent that adds this file to the user's settings.
    `form`    text    The form of its hook settings, one of `FORMS`. `hooks` needs it.
    """

    start: tuple[str, ...]
    resume: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    form: str | None = None

    def hook_arguments(self, file: str) -> tuple[str, ...]:
        """Return the arguments that give the agent that file."""
        return tuple(each.replace(FILE, file) for each in self.hooks)

    def has_own(self, arguments: Sequence[str]) -> bool:
        """Whether the arguments of a command have the option of `hooks` already."""
        option = self.hooks[0]
        for each in arguments:
            if each == _END_OF_OPTIONS:
                return False
            if each == option or each.startswith(f"{option}="):
                return True
        return False


def launch_hints(table: Any, place: str) -> LaunchHints:
    """Return the hints of a table at `place`, a file and key for the error texts.

    Raises `ValueError` for an unknown key, a value of another type, or a placeholder
    that is missing.
    """
    if not isinstance(table, Mapping):
        raise ValueError(f"{place}: expected a table with {', '.join(_KEYS)}")
    if unknown := table.keys() - set(_KEYS):
        raise ValueError(f"{place}: unknown key {', '.join(sorted(unknown))}")
    start = _texts(place, table, "start")
    resume, hooks = _texts(place, table, "resume"), _texts(place, table, "hooks")
    form = table.get("form")
    if not start:
        raise ValueError(f"{place}: start is missing; it is a list such as ['claude']")
    if resume and not any(ID in each for each in resume):
        raise ValueError(f"{place}: resume needs {ID} for the conversation")
    if hooks and not any(FILE in each for each in hooks[1:]):
        raise ValueError(f"{place}: hooks needs an option, and {FILE} behind it")
    if form not in (None, *FORMS) or (hooks and form is None):
        raise ValueError(f"{place}: form is one of {', '.join(FORMS)}; got {form!r}")
    return LaunchHints(start, resume, hooks, form)


def _texts(place: str, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    is_texts = isinstance(value, list) and all(isinstance(e, str) and e for e in value)
    if not is_texts:
        raise ValueError(f"{place}: {key} is a list of texts; got {value!r}")
    return tuple(value)
