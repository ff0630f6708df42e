"""The arguments that give an agent its hook settings, and the files that they name.

Each file is in the data folder, for one session, and exists while its program runs. The
files of the user stay as they are.
"""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from ant.api import codec
from ant.core.errors import StorageFailed
from ant.store import Program
from ant.terminal.agents.driver import driver_of
from ant.terminal.agents.hook_settings import hook_settings, too_old_for
from ant.terminal.host.program_version import file_version

_FOLDER, _FILE = 0o700, 0o600


class HookFiles:
    """The files with hook settings. Their folder is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, session_id: str, settings: dict[str, Any]) -> Path:
        """Write the settings of a session, and return the path of the file.

        Raises `StorageFailed`.
        """
        path = self._path(session_id)
        part = path.with_suffix(".part")
        try:
            self._folder.mkdir(_FOLDER, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with open(os.open(part, flags, _FILE), "wb") as file:
                file.write(codec.dumps(settings))
            part.replace(path)
        except OSError as exc:
            raise StorageFailed(f"{path}: {exc.strerror or exc}.") from exc
        return path

    def remove(self, session_id: str) -> None:
        """Remove the file of a session, if it has one."""
        with suppress(OSError):
            self._path(session_id).unlink()

    def keep(self, session_ids: Collection[str]) -> None:
        """Remove the files of all sessions but these."""
        kept = {self._path(each).name for each in session_ids}
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                if path.name not in kept:
                    path.unlink()

    def _path(self, session_id: str) -> Path:
        return self._folder.absolute() / f"{session_id}.json"


@attrs.frozen
class HookArguments:
    """The arguments that ANT adds to a command, or the reason why it adds none.

    Both are empty for a program that takes no hooks, or must not get them.
    """

    arguments: tuple[str, ...] = ()
    reason: str | None = None

    def added_to(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        """Return a command with the arguments right behind the program."""
        return (argv[0], *self.arguments, *argv[1:])


NO_HOOKS = HookArguments()


def hook_arguments(
    program: Program, path: str, files: HookFiles | None, url: str
) -> HookArguments:
    """Write the hook settings of an agent that takes them by an argument.

    `path` is the file of the program, which tells its version. Only the name in the
    command decides, since another program may not know the argument.
    """
    if files is None or not program.command or not program.session.hooks:
        return NO_HOOKS
    name, *given = program.command
    driver = driver_of(os.path.basename(name))
    if driver is None or driver.launch is None or not driver.launch.hooks:
        return NO_HOOKS
    hints, form = driver.launch, driver.launch.form
    assert form is not None
    if hints.has_own(given):
        return HookArguments(reason=f"the command has {hints.hooks[0]} already")
    version = file_version(Path(path))
    if too_old_for(form, version):
        return HookArguments(reason=f"{driver.name} {version} is too old for them")
    try:
        file = files.put(program.session.id, hook_settings(form, url, version))
    except StorageFailed as exc:
        return HookArguments(reason=f"their file cannot be written: {exc}")
    return HookArguments(hints.hook_arguments(str(file)))
