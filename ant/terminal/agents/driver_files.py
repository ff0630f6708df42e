"""The driver files as plain data: `*.toml` in this folder, and those of the user.

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

Table = Mapping[str, Any]

_own: Mapping[str, Table] = {}


@functools.cache
def shipped_files() -> Mapping[str, Table]:
    """Return the top-level table of each file of ANT, by file name and in that order.

    Raises `ValueError` with the file's name if it is not TOML or has no `name`.
    """
    folder = resources.files("ant.terminal.agents")
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {
        file.name: parse(file.name, file.read_text())
        for file in files
        if file.name.endswith(".toml")
    }


def use_own_files(tables: Mapping[str, Table]) -> None:
    """Use these tables of the user's files, by path, from now on."""
    global _own
    _own = tables


def driver_files() -> Mapping[str, Table]:
    """Return the tables in use: a file of the user replaces one with its `name`.

    Raises as `shipped_files`.
    """
    own = _own
    replaced = {table["name"] for table in own.values()}
    kept = {
        file: table
        for file, table in shipped_files().items()
        if table["name"] not in replaced
    }
    return {**kept, **own}


def parse(file: str, text: str) -> Table:
    """Return the table of a file. Raises `ValueError` as `shipped_files`."""
    try:
        table = tomllib.loads(text)
    except ValueError as exc:
        raise ValueError(f"{file}: {exc}") from exc
    except RecursionError as exc:
        raise ValueError(f"{file}: it is nested too deep") from exc
    if not table.get("name"):
        raise ValueError(f"{file}: the key `name` is missing")
    return table
