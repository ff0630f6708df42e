"""Peewee statements that are compiled once: compiling costs ten times the running."""

import inspect
from collections import namedtuple
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from typing import Any, TypeVar

import attrs
from peewee import Query, Value

from ant.api import codec
from ant.store.tables.sessions import database

T = TypeVar("T")

PAGE_BYTES = 4 << 20
"""JSON of one answer, about: some milliseconds to make, and a second to send far."""

ALL = 1 << 53
"""As many rows as there are."""


class Page(tuple[T, ...]):
    """Rows of a page; `more`: others follow that were left out, to be had by `next`."""

    more: bool = False
    next: Any = None


def page(
    rows: Iterable[Any],
    make: Callable[[Any], T],
    limit: int = ALL,
    budget: int = PAGE_BYTES,
    newest: bool = False,
    weigh: Callable[[Any], int] = codec.json_size,
) -> Page[T]:
    """The first rows, made by `make`: at most `limit`, of `budget` bytes of JSON.

    There is one at least, however large. A query that is limited asks for one row more.
    `newest`: they come newest first and are turned.
    """
    made: list[T] = []
    size, more = 0, False
    try:
        for row in rows:
            size += weigh(row)
            if more := len(made) == limit or (size > budget and bool(made)):
                break
            made.append(make(row))
    finally:
        if isinstance(rows, Generator):
            rows.close()  # An error would keep it, and it a statement.
    done = Page(made[::-1] if newest else made)
    done.more = more
    return done


@attrs.frozen(eq=False)
class _Placeholder:
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
            values[param.name] if isinstance(param, _Placeholder) else param
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
        slots = {
            name: Value(_Placeholder(name), converter=False) for name in self._names
        }
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
