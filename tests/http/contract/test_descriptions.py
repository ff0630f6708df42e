"""Texts below fields, and that nothing in the contract is without one."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import attrs
import pytest

from ant.http.contract import descriptions, frame_schemas, openapi
from ant.model.sessions import Status


@attrs.frozen
class Base:
    """What others are made of."""

    one: int
    """The first,
    on two lines."""
    session_id: str


@attrs.frozen
class Derived(Base):
    """A base with more."""

    limit: int | None = None
    two: str | None = attrs.field(default=None, metadata={"wire": "Two"})
    """The second."""
    three: str | None = None
    """The third; null for none."""


class Word(StrEnum):
    """A word."""

    YES = "yes"
    """It is so."""
    NO = "no"


def texts(kind: type, *, is_request: bool) -> list[str]:
    """The descriptions of a class, in the order of its fields."""
    return [
        descriptions.of_field(kind, field, is_request=is_request)
        for field in attrs.fields(kind)
    ]


def test_the_string_below_a_field_describes_it() -> None:
    """Without one, the shared text of the name does; a base's fields count, too."""
    assert [
        "The first, on two lines.",
        descriptions.SHARED["session_id"],
        descriptions.ANSWERED["limit"],
        "The second.",
        "The third; null for none.",
    ] == texts(Derived, is_request=False)


def test_a_request_says_what_null_means() -> None:
    """Null is the same as nothing, unless the text says otherwise."""
    *_, limit, two, three = texts(Derived, is_request=True)
    assert f"{descriptions.ASKED['limit']} Null is the same as leaving it out." == limit
    assert "The second. Null is the same as leaving it out." == two
    assert "The third; null for none." == three
    field = attrs.fields(Derived).two
    assert "The second." == descriptions.of_parameter(Derived, field)


def test_members_are_described() -> None:
    """Those with a text, below the docstring."""
    assert "A word.\n\n- `yes`: It is so." == descriptions.of_class(Word)
    assert "- `lost`: " in descriptions.of_class(Status)


def test_a_class_in_a_function_has_no_texts() -> None:
    """Only the classes of a module are looked up."""

    @attrs.frozen
    class Inner:
        one: int
        """Not seen."""

    assert [""] == texts(Inner, is_request=False)


def parts(schema: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Every property below a schema: its place, its schema, and the one around it."""
    if isinstance(schema, dict):
        for name, part in schema.get("properties", {}).items():
            yield f"{place}.{name}", part, schema
        for name, part in schema.items():
            if name not in {"example", "examples", "default"}:
                yield from parts(part, f"{place}/{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from parts(part, place)


SCHEMAS = {
    "openapi": openapi.document(True)["components"]["schemas"],
    **{name: schema() for name, schema in frame_schemas.FILES.items()},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_property_is_described(name: str) -> None:
    """Write a string below the field, or a shared text if its name returns often."""
    bare = {
        place
        for place, part, _ in parts(SCHEMAS[name], name)
        if not part.get("description")
    }
    assert set() == bare


def is_nullable(part: Any) -> bool:
    """Whether a value may be null."""
    return "null" in part.get("type", ()) or {"type": "null"} in part.get("anyOf", ())


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_null_means_is_said(name: str) -> None:
    """Wherever it may be."""
    silent = {
        place
        for place, part, _ in parts(SCHEMAS[name], name)
        if is_nullable(part) and "null" not in part["description"].lower()
    }
    assert set() == silent


def test_units_are_said() -> None:
    """Of every field whose name has one, and of every offset."""
    units = {"_ms": "milliseconds", "_s": "seconds", "_bytes": "bytes"}
    for name, schema in SCHEMAS.items():
        for place, part, _ in parts(schema, name):
            for ending, unit in units.items():
                if place.endswith(ending):
                    assert unit in part["description"].lower(), place
            if place.endswith((".offset", ".byte_offset")):
                assert "byte" in part["description"], place


def test_every_parameter_and_class_is_described() -> None:
    """Of OpenAPI, and every frame."""
    document = openapi.document(True)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for parameter in operation["parameters"]:
                assert parameter["description"], (path, parameter["name"])
    for schemas in (
        SCHEMAS["openapi"],
        *(SCHEMAS[n]["$defs"] for n in frame_schemas.FILES),
    ):
        for name, schema in schemas.items():
            assert schema.get("description"), name


def test_no_shared_text_is_left_over() -> None:
    """Each is of a field or a parameter that still is."""
    names = {
        place.rpartition(".")[2]
        for name, schema in SCHEMAS.items()
        for place, _, _ in parts(schema, name)
    }
    for methods in openapi.document(True)["paths"].values():
        for operation in methods.values():
            names |= {each["name"] for each in operation["parameters"]}
    tables = (descriptions.SHARED, descriptions.ASKED, descriptions.ANSWERED)
    assert set() == {name for table in tables for name in table} - names
    assert descriptions.PATHS.keys() <= names
