"""Constraints of request fields."""

from types import SimpleNamespace
from typing import Any, get_args

import pytest

from ant.api import constraints
from ant.api.constraints import META, Count, Json, OneOf, Range, RequiredFields, Text


def passes(limit: Any, value: Any) -> bool:
    """Whether a constraint accepts a value; it raises `ValueError` if not."""
    try:
        limit.check(value)
    except ValueError:
        return False
    return True


def test_both_ends_of_a_range_are_in_it() -> None:
    """Values beyond either end are not."""
    assert [False, True, True, False] == [passes(Range(1, 3), n) for n in (0, 1, 3, 4)]


def test_a_text_has_a_length_and_a_form() -> None:
    """The pattern must match all of it."""
    short = Text(1, 3)
    assert [False, True, True, False] == [passes(short, "x" * n) for n in (0, 1, 3, 4)]
    word = Text(0, 9, "[a-z]*", "a word")
    assert [True, False] == [passes(word, text) for text in ("abc", "abc\n")]


def test_a_list_or_object_has_a_size() -> None:
    """A bound on its items."""
    assert [True, False] == [passes(Count(2), n * [0]) for n in (2, 3)]
    assert [True, False] == [passes(Count(2), dict.fromkeys(range(n))) for n in (2, 3)]


def test_a_choice_is_one_of_its_words() -> None:
    """The comparison is exact."""
    limit = OneOf(("up", ""))
    assert [True, True, False] == [passes(limit, text) for text in ("up", "", "UP")]


@pytest.mark.parametrize(("only", "both"), [(False, True), (True, False)])
def test_a_class_may_require_one_of_its_fields(only: bool, both: bool) -> None:
    """At least one, or exactly one; null counts as absent, an empty text does not."""
    limit = RequiredFields(("a", "b"), only)
    pairs = [(None, None), ("", None), (None, 0), ("", 0)]
    given = [passes(limit, SimpleNamespace(a=a, b=b)) for a, b in pairs]
    assert [False, True, True, both] == given


def nested(depth: int, inner: Any = 1, shape: str = "dict") -> Any:
    for _ in range(depth):
        inner = {"": inner} if shape == "dict" else [inner]
    return inner


@pytest.mark.parametrize("shape", ["dict", "list"])
def test_free_data_has_a_depth(shape: str) -> None:
    """The check itself does not fail at any depth."""
    limit = Json(3, 100)
    assert [True, True, False, False] == [
        passes(limit, nested(depth, shape=shape)) for depth in (0, 3, 4, 50_000)
    ]


def test_free_data_has_a_size() -> None:
    """Keys, strings and items count at every level."""
    limit = Json(3, 10)
    for part in ("x" * 9, {"x" * 8: None}, [[0] * 8], {"ab": "cdefgh"}):
        assert passes(limit, part)
    for part in ("x" * 10, {"x" * 9: None}, [[0] * 9], {"abcd": "efgh" * 2}):
        assert not passes(limit, part)
    assert passes(META, {"text": "x" * (META.size - 10)})


HIDDEN = (
    "a\u202eb",
    "a\u2028b",
    "a\u200bb",
    "a\x9bb",
    "a\x7f",
    "a\u200db",
    "\ufeffa",
    "a\U000e0041",
    "\u2029",
    "\u00ad",
)
"""What a terminal would obey, or nobody would see."""

KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Name": (
        ("a", " a ", "漢", "x" * 200, "👩\u200d🚀", "می\u200cخواهم"),
        ("", " ", "a\nb", "a\0", "x" * 201, *HIDDEN),
    ),
    "Label": (("", " ", "a", "👩\u200d🚀"), ("a\nb", "x" * 501, *HIDDEN)),
    "Short": (("", "a\nb", "x" * 500), ("\0", "x" * 501)),
    "Word": (("to-be.assigned:now_1",), ("", "a b", "a\n", "x" * 101)),
    "Title": (("a", "a b", "漢"), ("", " \n\t ", "a\nb", "x" * 1001, *HIDDEN)),
    "Words": (("", '"', "a\nb"), ("\0", "x" * 1001)),
    "Path": (("/a b", "x"), ("", "a\0")),
    "Variable": (("A", "a b"), ("", "A=", "A\0")),
    "Ident": (("a-_9",), ("", "a b", "@a", "a\n", "x" * 129)),
    "Handle": (("", "@ada", "ada", " a.b-c_9 ", "@" + "x" * 64), ("@", "a b", "@é")),
    "Moment": (
        (
            "5m",
            "0",
            "1795560109824",
            "2026-01-01T00:00Z",
            "2026-01-01 00:00:00.5+01:00",
        ),
        ("", "m", "2026-01-01", "2026-01-01T00:00", "5m\n", "-5m", "9" * 15),
    ),
    "Ttl": (("forever", "15m", "7d"), ("", "15", "m", "15m\n", "1w", "-1m")),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_type_accepts_and_refuses(name: str) -> None:
    """Examples of each."""
    _, limit = get_args(getattr(constraints, name))
    takes, refuses = KINDS[name]
    assert [True] * len(takes) == [passes(limit, text) for text in takes]
    assert [False] * len(refuses) == [passes(limit, text) for text in refuses]


def test_a_field_may_have_another_name_on_the_wire() -> None:
    """`named` sets it."""
    assert "from" == constraints.named("from").metadata["wire"]
