"""JSON Schema of our classes, held against `wire` and against another engine."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

import attrs
import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.api import codec, constraints
from ant.api.constraints import Count, Json, OneOf, Range, RequiredFields, Text, named
from ant.api.patch import UNSET
from ant.core.errors import Invalid
from ant.http.contract.schema import Components
from ant.model.rooms import LinkId, Relationship


@attrs.frozen
class Inner:
    """What is inside."""

    one: int
    two: str = attrs.field(metadata={"wire": "Two"})


@attrs.frozen
class Outer:
    inner: Inner = attrs.field(metadata={"flat": True})
    more: tuple[Inner, ...]
    at: datetime | None = None


@attrs.frozen
class Ask:
    """Ask."""

    rule: ClassVar = RequiredFields(("id", "kind"), only=True)
    kind: Relationship | None = None
    id: LinkId | None = None
    size: Annotated[int, Range(1, 9)] = 3
    word: Annotated[str, Text(1, 9, "[a-z]+|", "a word")] = UNSET
    way: Literal["up", "down"] = named("theWay", default="up")
    list: Annotated[tuple[str, ...], Count(2)] = ()
    data: Annotated[dict[str, Any], Json(2, 9)] = attrs.field(factory=dict)
    sizes: Annotated[dict[Annotated[str, Text(0, 4)], int], Count(2)] = attrs.field(
        factory=dict
    )


@attrs.frozen
class Open:
    open: ClassVar = True
    one: int = 1


def test_an_open_class_accepts_more() -> None:
    """A class that is `open` accepts unknown fields, and its schema says so."""
    components = Components(is_request=True)
    components.schema(Open)
    assert components.schemas["Open"]["additionalProperties"] is True
    assert Open(2) == codec.read_body(b'{"one": 2, "two": 3}', Open)
    with pytest.raises(Invalid):
        codec.read_body(b'{"one": "2", "two": 3}', Open)


def test_the_schema_of_an_answer() -> None:
    """Wire names, flattened fields, all required, and open to more."""
    components = Components(is_request=False)
    assert {"$ref": "#/components/schemas/Outer"} == components.schema(Outer)
    inner = {"one": {"type": "integer"}, "Two": {"type": "string"}}
    assert {
        "Inner": {
            "type": "object",
            "description": "What is inside.",
            "properties": inner,
            "required": ["one", "Two"],
        },
        "Outer": {
            "type": "object",
            "properties": {
                **inner,
                "more": {
                    "type": "array",
                    "items": {"$ref": "#/components/schemas/Inner"},
                },
                "at": {"type": ["string", "null"], "format": "date-time"},
            },
            "required": ["one", "Two", "more", "at"],
        },
    } == components.schemas


def test_the_schema_of_a_request() -> None:
    """Limits, defaults and choices; closed, and required only by a rule."""
    components = Components(is_request=True)
    components.schema(Ask)
    relationship = {"$ref": "#/components/schemas/Relationship"}
    given_one = {"description": "Not null.", "not": {"type": "null"}}
    assert {
        "type": "object",
        "description": "Ask.",
        "properties": {
            "kind": {"anyOf": [relationship, {"type": "null"}]},
            "id": {"type": ["string", "null"]},
            "size": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
            "word": {
                "type": "string",
                "minLength": 1,
                "maxLength": 9,
                "pattern": "^(?:[a-z]+|)$",
            },
            "theWay": {"type": "string", "enum": ["up", "down"], "default": "up"},
            "list": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": 2,
                "default": [],
            },
            "data": {"type": "object", "additionalProperties": {}, "default": {}},
            "sizes": {
                "type": "object",
                "propertyNames": {"type": "string", "maxLength": 4},
                "additionalProperties": {"type": "integer"},
                "maxProperties": 2,
                "default": {},
            },
        },
        "additionalProperties": False,
        "allOf": [
            {
                "oneOf": [
                    {"required": ["id"], "properties": {"id": given_one}},
                    {"required": ["kind"], "properties": {"kind": given_one}},
                ]
            }
        ],
    } == codec.loads(codec.dumps(components.schemas["Ask"]))
    assert [each.value for each in Relationship] == components.schemas["Relationship"][
        "enum"
    ]


def test_a_type_without_a_schema_is_refused() -> None:
    """A type without a schema, a limit without a keyword, one name for two classes."""
    components = Components(is_request=True)
    components.schema(Inner)
    other = attrs.make_class("Inner", ["one"])
    for kind in (bytes, Annotated[str, "a note"], other):
        with pytest.raises(TypeError):
            components.schema(kind)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 11) | st.sampled_from([3.0, 3.5, "up"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["", "a", "abcde"]), inner, max_size=3)
    ),
    max_leaves=3,
)
ASKS = st.dictionaries(
    st.sampled_from(["kind", "id", "size", "word", "theWay", "list", "sizes", "other"]),
    VALUES | st.sampled_from(["follows_up", "down", "word", "WORD"]),
    max_size=3,
)


@given(ask=ASKS)
def test_the_schema_takes_what_wire_takes(ask: dict[str, Any]) -> None:
    """Whatever the body."""
    components = Components(is_request=True)
    root = {**components.schema(Ask), "components": {"schemas": components.schemas}}
    try:
        codec.read_body(codec.dumps(ask), Ask)
    except Invalid:
        is_taken = False
    else:
        is_taken = True
    schema = codec.loads(codec.dumps(root))
    assert is_taken == jsonschema_rs.is_valid(schema, ask)


TEXTS = {
    name: kind
    for name, kind in vars(constraints).items()
    if get_origin(kind) is Annotated
    if isinstance(get_args(kind)[1], Text | OneOf)
}
BLANKS = ["\0", "\n", " ", "\x1c", "\x7f", "\x85", "\xa0", "\u2028", "\u3000", "\ufeff"]
WORDS = ["@", "=", "==", "-", "a", "B", "7", "é", "٣", "漢", "🙂", "forever", "15m"]
TIMES = ["2026-01-01", "T00:00", "Z", "+01:00"]
PIECES = st.sampled_from([*BLANKS, *WORDS, *TIMES]) | st.characters(codec="utf-8")


@pytest.mark.parametrize("name", TEXTS)
@given(text=st.lists(PIECES, max_size=5).map("".join))
def test_two_engines_read_a_pattern_alike(name: str, text: str) -> None:
    """Python's and one that follows ECMA-262, blanks and line ends included."""
    (limit,) = TEXTS[name].__metadata__
    try:
        limit.check(text)
    except ValueError:
        is_taken = False
    else:
        is_taken = True
    schema = Components(is_request=True).schema(TEXTS[name])
    assert is_taken == jsonschema_rs.is_valid(schema, text)
