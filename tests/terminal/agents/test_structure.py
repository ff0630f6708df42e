"""Tables become objects, and each mistake is one sentence with its place."""

import re
from enum import StrEnum
from typing import Any

import attrs
import pytest

from ant.terminal.agents.structure import (
    MANY,
    Wrong,
    integer,
    one_of,
    structure,
    text,
    texts,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Inner:
    id: str = attrs.field(metadata=text(re.compile("[a-z]+"), "letters", {"taken"}))
    colour: Colour | None = attrs.field(default=None, metadata=one_of(Colour))


@attrs.frozen
class Outer:
    inner: Inner | None = None
    all: tuple[Inner, ...] = ()
    words: tuple[str, ...] = attrs.field(default=(), metadata=texts(single=True))
    count: int = attrs.field(default=1, metadata=integer(0, 3))
    on: bool = attrs.field(default=False, metadata={"key": "switch"})
    hidden: int = attrs.field(default=7, metadata={"key": None})


def test_a_table_becomes_an_object() -> None:
    """Nested tables, arrays of them, and a text in place of an array."""
    table = {
        "inner": {"id": "a", "colour": "red"},
        "all": [{"id": "b"}, {"id": "c", "colour": "blue"}],
        "words": "one",
        "count": 3,
        "switch": True,
    }
    every = (Inner("b"), Inner("c", Colour.BLUE))
    expected = Outer(Inner("a", Colour.RED), every, ("one",), 3, True)
    assert expected == structure(Outer, table, {})
    assert Outer() == structure(Outer, {}, {})


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({"on": True}, "on: unknown key; the keys here are inner, all, words, count, "),
        ({"hidden": 1}, "hidden: unknown key"),
        ({"inner": {}}, "inner.id: the key is missing."),
        ({"inner": {"id": "A"}}, "inner.id: expected letters, got 'A'."),
        ({"inner": {"id": "taken"}}, "inner.id: expected another name: ANT itself"),
        ({"inner": []}, "inner: expected a table, got []."),
        ({"all": [{"id": "a"}, {"id": 2}]}, "all[2].id: expected a text, got 2."),
        ({"all": [{"id": "a", "colour": "up"}]}, "all[1].colour: expected one of red"),
        ({"words": ["a\x1b"]}, "words[1]: expected a text of 1 to 200 characters, got"),
        ({"words": ["a"] * (MANY + 1)}, "words: expected at most 100 entries, got 101"),
        ({"count": 4}, "count: expected an integer from 0 to 3, got 4."),
        ({"count": 1.0}, "count: expected an integer from 0 to 3, got 1.0."),
        ({"switch": "yes"}, "switch: expected true or false, got 'yes'."),
    ],
)
def test_a_mistake_is_named(table: dict[str, Any], error: str) -> None:
    """The key, and what was expected there."""
    with pytest.raises(Wrong, match=re.escape(error)):
        structure(Outer, table, {})


def test_a_long_value_is_cut() -> None:
    """An error stays a sentence, whatever the file contains."""
    with pytest.raises(Wrong) as caught:
        structure(Outer, {"count": "x" * 100_000}, {})
    assert len(str(caught.value)) < 200
