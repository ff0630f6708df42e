"""What tests would make anew, though it is always the same: each worker makes it once.

A server in this process migrates a database and compiles its routes. The database is a
copy of a file here, and the code of the routes is remembered.
"""

from collections.abc import Callable, Collection
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from werkzeug.routing import Rule

from ant.store import Store, schema_version


@cache
def _new_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ant.db"
        Store.open(path).close()
        return path.read_bytes()


def open_store(path: Path) -> Store:
    """Open a database as `Store.open` does; a new one is a copy of the worker's own."""
    if not path.exists():
        path.write_bytes(_new_database())
    return Store.open(path)


def remember() -> None:
    """Remember the code of a route, and the tables that migrations make.

    werkzeug compiles two functions for each route, which takes 0.5 ms. They depend on
    the path alone.
    """
    compile_builder: Callable[..., Any] = Rule._compile_builder
    builders: dict[object, Any] = {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = rule.rule, tuple(rule._trace), append_unknown
        if key not in builders:
            builders[key] = compile_builder(rule, append_unknown)
        return builders[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]

    made_by = cache(schema_version._made_by)

    def tables(applied: Collection[str]) -> set[str]:
        return made_by(frozenset(applied))

    schema_version._made_by = tables
