"""Structure the tables of a driver file as attrs classes, and name each mistake.

`structure` reads a table by the fields of a class. The metadata that `text`, `texts`,
`integer` and `one_of` make says what a field accepts. An error is one sentence: the
key, and what was expected there.
"""

import re
import types
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar, get_args, get_origin

import attrs

T = TypeVar("T")

TEXT_MAX: Final = 200
"""Characters of a text, such as the name of a program."""

MANY: Final = 100
"""Entries of an array."""

SHOWN: Final = 60
"""Characters of a wrong value that an error shows."""

Readers = Mapping[type, Callable[[Any, str], Any]]
"""How to make an object of a class of a value at a place. Each raises `Wrong`."""


class Wrong(ValueError):
    """A mistake in a table, at a key such as `busy[2].pattern`."""

    def __init__(self, place: str, expected: str) -> None:
        super().__init__(f"{place}: {expected}.")


def text(
    pattern: re.Pattern[str] | None = None,
    means: str = "",
    refused: Collection[str] = (),
) -> dict[str, Any]:
    """Metadata of a text that matches as a whole; errors call the pattern `means`."""
    return {"pattern": pattern, "means": means, "refused": refused}


def texts(
    pattern: re.Pattern[str] | None = None, means: str = "", *, single: bool = False
) -> dict[str, Any]:
    """Metadata of an array of texts; with `single`, one text stands for an array."""
    return {**text(pattern, means), "single": single}


def integer(low: int, high: int) -> dict[str, Any]:
    """Metadata of an integer from `low` to `high`, both included."""
    return {"low": low, "high": high}


def one_of(words: type[StrEnum]) -> dict[str, Any]:
    """Metadata of one of these words."""
    return {"words": words}


def structure(
    cls: type[T], table: Mapping[str, Any], readers: Readers, place: str = ""
) -> T:
    """Return an object of an attrs class from a table. Raises `Wrong`.

    A field's key is its name, or `key` in its metadata; the key None has no place in a
    table. A field without a default is required.
    """
    fields = {
        key: field
        for field in attrs.fields(cls)  # type: ignore[arg-type]
        if (key := field.metadata.get("key", field.name)) is not None
    }
    inside = f"{place}." if place else ""
    for key in table:
        if key not in fields:
            known = ", ".join(fields)
            raise Wrong(f"{inside}{key}", f"unknown key; the keys here are {known}")
    values = {}
    for key, field in fields.items():
        if key in table:
            at = f"{inside}{key}"
            values[field.name] = _value(field.type, table[key], field, readers, at)
        elif field.default is attrs.NOTHING:
            raise Wrong(f"{inside}{key}", "the key is missing")
    return cls(**values)


def _value(kind: Any, value: Any, field: Any, readers: Readers, place: str) -> Any:
    """Return the value of a field of that type."""
    limits = field.metadata
    if isinstance(kind, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not types.NoneType)
    if kind is bool:
        return _checked(value, bool, "true or false", place)
    if kind is int:
        low, high = limits["low"], limits["high"]
        means = f"an integer from {low} to {high}"
        number = _checked(value, int, means, place)
        if isinstance(value, bool) or not low <= number <= high:
            raise _unlike(place, means, value)
        return number
    if get_origin(kind) is tuple:
        items = [value] if limits.get("single") and isinstance(value, str) else value
        items = _checked(items, list, "an array", place)
        if len(items) > MANY:
            raise Wrong(place, f"expected at most {MANY} entries, got {len(items)}")
        (item, *_) = get_args(kind)
        return tuple(
            _value(item, each, field, readers, f"{place}[{number}]")
            for number, each in enumerate(items, 1)
        )
    if kind in readers:
        return readers[kind](value, place)
    if attrs.has(kind):
        return structure(kind, _checked(value, dict, "a table", place), readers, place)
    if (words := limits.get("words")) is not None:
        means = f"one of {', '.join(words)}"
        if value not in list(words):
            raise _unlike(place, means, value)
        return words(value)
    return _text(_checked(value, str, "a text", place), limits, place)


def _text(line: str, limits: Mapping[str, Any], place: str) -> str:
    means = limits.get("means") or f"a text of 1 to {TEXT_MAX} characters"
    pattern = limits.get("pattern")
    fits = pattern.fullmatch(line) if pattern else 0 < len(line) <= TEXT_MAX
    if not fits or not line.isprintable():
        raise _unlike(place, means, line)
    if line in limits.get("refused", ()):
        raise Wrong(place, f"expected another name: ANT itself uses {line!r}")
    return line


def _checked(value: Any, kind: type[T], means: str, place: str) -> T:
    if not isinstance(value, kind):
        raise _unlike(place, means, value)
    return value


def _unlike(place: str, means: str, value: Any) -> Wrong:
    shown = repr(value)
    shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "…"
    return Wrong(place, f"expected {means}, got {shown}")
