"""The driver files, `*.toml` in this folder, as plain data.

This module compiles no pattern and imports no other module of ANT, so `ant.model` can
list the flags of all agents without the cost of their drivers.
"""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

SHELL: Final = "shell"
"""The `name` of the shells' driver. All other drivers are those of agents."""


@functools.cache
def driver_files() -> Mapping[str, Mapping[str, Any]]:
    """Return the top-level table of each file, by file name and in that order.

    Raises `ValueError` with the file's name if it is not TOML or has no `name`.
    """
    folder = resources.files("ant.terminal.agents")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {
        file.name: _table(file.name, file.read_text())
        for file in files
        if file.name.endswith(".toml")
    }


def _table(file: str, text: str) -> Mapping[str, Any]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ValueError(f"{file}: {exc}") from exc
    if not table.get("name"):
        raise ValueError(f"{file}: the key `name` is missing")
    return table
