"""Peewee statements that are compiled once, and pages of rows.

Compiling a statement takes ten times as long as running it.
"""

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
"""Bytes of JSON in one page, about: some milliseconds to encode, and a second to send
over a slow network."""

ALL = 1 << 53
"""No limit."""


class Page(tuple[T, ...]):
    """The rows of a page.

    `more` is true when rows that match were left out. `next` is then the cursor of the
    next page, for pages that have one. `size` is the bytes of its rows as JSON, about;
    None where nobody weighed them.
    """

    more: bool = False
    next: Any = None
    size: int | None = None


def page(
    rows: Iterable[Any],
    make: Callable[[Any], T],
    limit: int = ALL,
    budget: int = PAGE_BYTES,
    newest: bool = False,
    weigh: Callable[[Any], int] = codec.json_size,
) -> Page[T]:
    """The first rows, made by `make`: at most `limit`, of `budget` bytes by `weigh`.

    At least one row, however large. A query with a limit must ask for one row more, so
    that `more` is known. With `newest` the rows come newest first and are reversed.
    """
    made: list[T] = []
    size, kept, more = 0, 0, False
    try:
        for row in rows:
            size += weigh(row)
            if more := len(made) == limit or (size > budget and bool(made)):
                break
            made.append(make(row))
            kept = size
    finally:
        if isinstance(rows, Generator):
            rows.close()  # The traceback of an error would keep the statement open.
    result = Page(made[::-1] if newest else made)
    result.more, result.size = more, kept
    return result


def page_by_ordinal(
    rows: Iterable[Any],
    make: Callable[[Any], T],
    weigh: Callable[[Any], int] = codec.json_size,
) -> Page[T]:
    """A `page` of rows in the order of their ordinals.

    `next` is the ordinal of the last row, as text, when more rows follow; else None.
    """
    last: int | None = None

    def convert(row: Any) -> T:
        nonlocal last
        last = row.ordinal
        return make(row)

    result = page(rows, convert, weigh=weigh)
    result.next = str(last) if result.more else None
    return result


def scan(
    rows: Generator[Any, None, None],
    make: Callable[[Any], T],
    text: Callable[[Any], str],
    holds: Callable[[str], bool],
    limit: int,
    budget: int,
) -> tuple[list[T], bool]:
    """The rows whose `text` matches `holds`, in order; whether these are all.

    It stops after `limit` rows, after `PAGE_BYTES` of JSON in the result, and after
    `budget` characters of text read. The second result is False after the latter two.
    """
    result: list[T] = []
    size = 0
    try:
        for row in rows:
            content = text(row)
            budget -= len(content)
            if budget < 0:
                return result, False
            if not holds(content):
                continue
            size += codec.json_size(row)
            if size > PAGE_BYTES and result:
                return result, False
            result.append(make(row))
            if len(result) == limit:
                break
    finally:
        rows.close()
    return result, True


@attrs.frozen(eq=False)
class _Placeholder:
    """The place of a value that is known only when the statement runs."""

    name: str


class Statement:
    """A query that is compiled once and run with values by name.

    `build` gets a placeholder for each of its parameters, or of `names`, and returns
    the Peewee query. Rows are named tuples of columns as SQLite returns them: flags are
    0 and 1. Joined tables must not have selected columns of the same name.
    """

    def __init__(self, build: Callable[..., Any], names: Collection[str] = ()) -> None:
        self._build = build
        self._names = names or tuple(inspect.signature(build).parameters)
        self._sql = ""
        self._constants: list[Any] = []
        self._places: list[tuple[int, str]] = []
        self._row: Any = None

    def run(self, **values: Any) -> Any:
        """Execute the query and return the cursor."""
        if not self._sql:
            self._compile()
        params = self._constants.copy()
        for place, name in self._places:
            params[place] = values[name]
        return database.obj.connection().execute(self._sql, params)

    def rows(self, **values: Any) -> Iterator[Any]:
        """Execute the query and return its rows, fetched one by one."""
        cursor = self.run(**values)
        return map(self._row._make, cursor)

    def one(self, **values: Any) -> Any:
        """Execute the query and return its first row, or None."""
        return next(self.rows(**values), None)

    def value(self, **values: Any) -> Any:
        """Execute the query and return the first column of its first row, or None."""
        row = self.run(**values).fetchone()
        return row[0] if row else None

    def _compile(self) -> None:
        placeholders = {
            name: Value(_Placeholder(name), converter=False) for name in self._names
        }
        query: Query = self._build(**placeholders)
        columns = getattr(query, "selected_columns", None)
        if columns is not None:
            names = [
                getattr(column, "name", f"c{i}") for i, column in enumerate(columns)
            ]
            self._row = namedtuple("Row", names)  # type: ignore[misc]
        sql, params = query.sql()
        self._places = [
            (place, param.name)
            for place, param in enumerate(params)
            if isinstance(param, _Placeholder)
        ]
        self._constants = [
            None if isinstance(param, _Placeholder) else param for param in params
        ]
        self._sql = sql


def lazily(query: Any) -> Generator[Any, None, None]:
    """The rows of a query, fetched one by one.

    A caller that stops early must drop or close the generator, which ends the
    statement. An open statement keeps the snapshot of its connection: later reads on it
    see old data, and writes are refused. Dropping only the query does not end the
    statement, since the query is part of a reference cycle.
    """
    rows = query.execute()
    try:
        yield from rows.iterator()
    finally:
        rows.cursor.close()
