"""JSON Schema of our classes: types and limits as `wire` enforces them."""

import functools
import inspect
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import attrs

from ant.api.constraints import NO_NUL, Count, Json, OneOf, Range, RequiredFields, Text
from ant.api.patch import UNSET

Schema = dict[str, Any]

_PLAIN: Final[dict[Any, Schema]] = {
    Any: {},
    NoneType: {"type": "null"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
}


class Components:
    """The named schemas that others refer to.

    A class that is asked with leaves out what has a default and takes nothing unknown;
    one that is answered with has every field, and may have more one day.
    """

    def __init__(self, *, asked: bool) -> None:
        self.asked = asked
        self.schemas: dict[str, Schema] = {}
        self._kinds: dict[str, type] = {}

    def schema(self, kind: Any) -> Schema:
        """What JSON of this type looks like. Raises TypeError on one we have no way to
        write, and on a second class of the same name."""
        origin, args = get_origin(kind), get_args(kind)
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if origin is Annotated:
            return functools.reduce(_limited, args[1:], self.schema(args[0]))
        if origin is Literal:
            return {"type": "string", "enum": list(args)}
        if origin in (Union, UnionType):
            return self._any_of(args)
        if origin in (tuple, list):
            return {"type": "array", "items": self.schema(args[0])}
        if origin is dict:
            names, items = map(self.schema, args)
            rule = {} if names == _PLAIN[str] else {"propertyNames": names}
            return {"type": "object", **rule, "additionalProperties": items}
        if hasattr(kind, "__supertype__"):
            return self.schema(kind.__supertype__)
        if inspect.isclass(kind) and (attrs.has(kind) or issubclass(kind, StrEnum)):
            return self._named(kind)
        raise TypeError(f"there is no schema for {kind!r}")

    def _any_of(self, kinds: tuple[Any, ...]) -> Schema:
        parts = [self.schema(kind) for kind in kinds]
        first, *rest = parts
        if rest == [_PLAIN[NoneType]] and "type" in first and "enum" not in first:
            return {**first, "type": [first["type"], "null"]}
        return {"anyOf": parts}

    def _named(self, kind: type) -> Schema:
        name = kind.__name__
        if self._kinds.setdefault(name, kind) is not kind:
            raise TypeError(f"two classes are called {name}")
        if name not in self.schemas:
            self.schemas[name] = {}  # A class may lead back to itself.
            self.schemas[name] = self._described(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _described(self, kind: type) -> Schema:
        about = {"description": inspect.cleandoc(kind.__doc__)} if kind.__doc__ else {}
        if issubclass(kind, StrEnum):
            return {"type": "string", **about, "enum": [each.value for each in kind]}
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in self._fields(kind):
            name = field.metadata.get("wire", field.name)
            properties[name] = self.schema(field.type)
            if not self.asked or field.default is attrs.NOTHING:
                required.append(name)
            else:
                properties[name] |= default(field)
        schema: Schema = {"type": "object", **about, "properties": properties}
        if required:
            schema["required"] = required
        if self.asked:
            schema["additionalProperties"] = getattr(kind, "open", False)
        return schema | _rule(kind)

    def _fields(self, kind: type) -> list[Any]:
        """The fields on the wire: a flat one stands for those of its own class."""
        fields: list[Any] = []
        for field in attrs.fields(kind):
            if field.metadata.get("rest"):
                continue  # It stands for whatever else there is.
            inner = self._fields(field.type) if field.metadata.get("flat") else [field]
            fields += inner
        return fields


def _limited(schema: Schema, limit: Any) -> Schema:
    match limit:
        case Range(low, high):
            return {**schema, "minimum": low, "maximum": high}
        case OneOf(words):
            return {**schema, "enum": list(words)}
        case Count(high):
            noun = "maxItems" if schema["type"] == "array" else "maxProperties"
            return {**schema, noun: high}
        case Text(low, high):
            least = {"minLength": low} if low else {}
            return {**schema, **least, "maxLength": high, **_pattern(limit)}
        case Json():
            return schema
    raise TypeError(f"there are no keywords for {limit!r}")


def _pattern(limit: Text) -> Schema:
    if limit.pattern is None:
        return {}
    # Tools write the length into a pattern, and their engines refuse {0,1048576}.
    if limit.pattern == NO_NUL:
        return {"not": {"type": "string", "pattern": r"\x00"}}
    return {"pattern": limit.anchored}


def _rule(kind: type) -> Schema:
    rule = getattr(kind, "rule", None)
    if not isinstance(rule, RequiredFields):
        return {}
    ways = [
        {"required": [name], "properties": {name: {"not": {"type": "null"}}}}
        for name in rule.names
    ]
    return {"oneOf" if rule.only else "anyOf": ways}


def default(field: Any) -> Schema:
    """The keyword for what a field is when the caller does not name it, if anything."""
    value = field.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        value = value.factory()
    if isinstance(value, tuple):
        value = list(value)
    return {} if value in (attrs.NOTHING, UNSET, None) else {"default": value}
