"""Peewee statements that are compiled once: compiling costs ten times the running."""

import inspect
from collections import namedtuple
from collections.abc import Callable, Collection, Iterator
from typing import Any

import attrs
from peewee import Query, Value

from ant.store.tables import database


@attrs.frozen(eq=False)
class _Slot:
    """Where a value goes that is known only when the statement runs."""

    name: str


class Statement:
    """A query as a function of its values: `build` gets a slot for each of its names.

    Its rows are named tuples of columns as SQLite gives them: flags are 0 and 1. Two
    tables that are joined must not share a column's name.
    """

    def __init__(self, build: Callable[..., Any], names: Collection[str] = ()) -> None:
        self._build = build
        self._names = names or tuple(inspect.signature(build).parameters)
        self._sql = ""
        self._params: tuple[Any, ...] = ()
        self._row: Any = None

    def run(self, **values: Any) -> Any:
        """Execute it; the cursor."""
        if not self._sql:
            self._compile()
        params = [
            values[param.name] if isinstance(param, _Slot) else param
            for param in self._params
        ]
        return database.connection().execute(self._sql, params)

    def rows(self, **values: Any) -> Iterator[Any]:
        """Execute it; its rows, fetched as they are asked for."""
        cursor = self.run(**values)
        return map(self._row._make, cursor)

    def one(self, **values: Any) -> Any:
        """Execute it; its first row, or None."""
        return next(self.rows(**values), None)

    def value(self, **values: Any) -> Any:
        """Execute it; the first column of its first row, or None."""
        row = self.run(**values).fetchone()
        return row[0] if row else None

    def _compile(self) -> None:
        slots = {name: Value(_Slot(name), converter=False) for name in self._names}
        query: Query = self._build(**slots)
        columns = getattr(query, "selected_columns", None)
        if columns is not None:
            names = [
                getattr(column, "name", f"c{i}") for i, column in enumerate(columns)
            ]
            self._row = namedtuple("Row", names)  # type: ignore[misc]
        sql, params = query.sql()
        self._params = tuple(params)
        self._sql = sql


def lazily(query: Any) -> Iterator[Any]:
    """The rows of a query, fetched as they are asked for.

    Whoever stops early lets go of it, and that ends the statement. One that is left
    open holds its connection at that moment: what is read on it next is old, and what
    is written is refused. The query alone is no use: it is part of a ring.
    """
    found = query.execute()
    try:
        yield from found.iterator()
    finally:
        found.cursor.close()
