"""The commands that an npm package installs, by its package.json. Nothing is run.

npm links a command to its script, and then the script has the command's name. Other
package managers start the script itself, for example `node …/dist/index.js`.
"""

import functools
import os
import re
from pathlib import Path
from typing import Final

from ant.terminal.host.regular_file import beginning

PACKAGE_MAX: Final = 64 << 10
"""Bytes that are read of a package.json."""

SCRIPTS: Final = 64
"""Scripts of which ANT keeps the commands: those in front of some terminals."""

_FOLDER = re.compile(r"(.*/node_modules/((?:@[^/]+/)?[^/@][^/]*))/(.+)")
"""The path of a script: its package's folder, the package's name, the rest."""

_BIN = re.compile(r'"bin"\s*:\s*(?:"([^"]*)"|\{([^{}]*)\})')
_ENTRY = re.compile(r'"([^"]+)"\s*:\s*"([^"]*)"')


def commands_of(script: Path) -> tuple[str, ...]:
    """The names of the commands for which a package has this script.

    Empty if the script is in no package below `node_modules`, or nothing can be read.
    The package.json is read again only after the script has changed.
    """
    try:
        real = os.path.realpath(script)
        if "/node_modules/" not in real:
            return ()
        return _commands(real, os.stat(real).st_mtime_ns)
    except (OSError, ValueError):
        return ()  # The script has gone, or belongs to another user.


@functools.lru_cache(SCRIPTS)
def _commands(script: str, changed_ns: int) -> tuple[str, ...]:
    """The commands of a script that was changed then."""
    parts = _FOLDER.fullmatch(script)
    if parts is None:
        return ()
    folder, package, file = parts.groups()
    text = beginning(Path(folder, "package.json"), PACKAGE_MAX) or ""
    entries: list[tuple[str, str]] = []
    for single, several in _BIN.findall(text):
        entries += _ENTRY.findall(several)
        entries += [(package.rpartition("/")[2], single)] if single else []
    return tuple(name for name, path in entries if os.path.normpath(path) == file)
