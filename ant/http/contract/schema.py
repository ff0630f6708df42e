"""JSON Schema of attrs classes, with the types and limits that `api.codec` enforces."""

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
    """The named schemas of requests, or of answers.

    In a request, a field with a default may be missing, and unknown fields are
    rejected. In an answer, every field is present, and later versions may add fields.
    """

    def __init__(self, *, is_request: bool) -> None:
        self.is_request = is_request
        self.schemas: dict[str, Schema] = {}
        self._kinds: dict[str, type] = {}

    def schema(self, kind: Any) -> Schema:
        """The schema of a type; classes become named schemas and a reference.

        Raises `TypeError` for a type without a schema, and for a second class of the
        same name.
        """
        origin, args = get_origin(kind), get_args(kind)
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if origin is Annotated:
            return functools.reduce(_with_limit, args[1:], self.schema(args[0]))
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
            self.schemas[name] = {}  # Stops the recursion of a class in itself.
            self.schemas[name] = self._class_schema(kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _class_schema(self, kind: type) -> Schema:
        about = {"description": inspect.cleandoc(kind.__doc__)} if kind.__doc__ else {}
        if issubclass(kind, StrEnum):
            return {"type": "string", **about, "enum": [each.value for each in kind]}
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for field in self._fields(kind):
            name = field.metadata.get("wire", field.name)
            properties[name] = self.schema(field.type)
            if not self.is_request or field.default is attrs.NOTHING:
                required.append(name)
            else:
                properties[name] |= default(field)
        schema: Schema = {"type": "object", **about, "properties": properties}
        if required:
            schema["required"] = required
        if self.is_request:
            schema["additionalProperties"] = getattr(kind, "open", False)
        return schema | _rule(kind)

    def _fields(self, kind: type) -> list[Any]:
        """The fields on the wire; a `flat` field is replaced by its class's fields."""
        fields: list[Any] = []
        for field in attrs.fields(kind):
            if field.metadata.get("rest"):
                continue  # It collects the unknown fields.
            inner = self._fields(field.type) if field.metadata.get("flat") else [field]
            fields += inner
        return fields


def _with_limit(schema: Schema, limit: Any) -> Schema:
    """The schema with the keywords of one limit. Raises `TypeError` for others."""
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
    # Some tools add the length to the pattern, and their regular expression engines
    # reject {0,1048576}.
    if limit.pattern == NO_NUL:
        return {"not": {"type": "string", "pattern": r"\x00"}}
    return {"pattern": limit.anchored}


def _rule(kind: type) -> Schema:
    """The keywords for the fields of which a request needs one."""
    rule = getattr(kind, "rule", None)
    if not isinstance(rule, RequiredFields):
        return {}
    ways: list[Schema] = [{"required": [name]} for name in rule.names]
    if not rule.null:
        for way, name in zip(ways, rule.names, strict=True):
            way["properties"] = {name: {"not": {"type": "null"}}}
    return {"oneOf" if rule.only else "anyOf": ways}


def default(field: Any) -> Schema:
    """The `default` keyword of a field, if the field has a default worth naming."""
    value = field.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        value = value.factory()
    if isinstance(value, tuple):
        value = list(value)
    return {} if value in (attrs.NOTHING, UNSET, None) else {"default": value}
