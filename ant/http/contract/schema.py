"""JSON Schema of attrs classes, with the types and limits that `api.codec` enforces."""

import functools
import inspect
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import attrs

from ant.api.constraints import (
    NO_NUL,
    AgentFlag,
    Count,
    Json,
    OneOf,
    Range,
    RequiredFields,
    Text,
)
from ant.api.patch import UNSET
from ant.http.contract import descriptions
from ant.model.sessions import CliFlag

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
    rejected. In an answer, every field is present, and later versions may add fields;
    an `optional` field is missing where it would be null. References to named schemas
    begin with `place`.
    """

    def __init__(
        self, *, is_request: bool, place: str = "#/components/schemas/"
    ) -> None:
        self.is_request, self.place = is_request, place
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
        return {"$ref": self.place + name}

    def _class_schema(self, kind: type) -> Schema:
        text = descriptions.of_class(kind)
        about = {"description": text} if text else {}
        if issubclass(kind, CliFlag):
            return {"type": "string", **about}  # A driver of the user adds a value.
        if issubclass(kind, StrEnum):
            return {"type": "string", **about, "enum": [each.value for each in kind]}
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for owner, field in self._fields(kind):
            name = field.metadata.get("wire", field.name)
            is_optional = field.metadata.get("optional")
            schema = self.schema(get_args(field.type)[0] if is_optional else field.type)
            if text := descriptions.of_field(owner, field, is_request=self.is_request):
                schema["description"] = text
            properties[name] = schema
            if self.is_request and field.default is not attrs.NOTHING:
                properties[name] |= default(field)
            elif not is_optional:
                required.append(name)
        whole: Schema = {"type": "object", **about, "properties": properties}
        if required:
            whole["required"] = required
        if self.is_request:
            whole["additionalProperties"] = getattr(kind, "open", False)
        return whole | _rule(kind)

    def _fields(self, kind: type) -> list[tuple[type, Any]]:
        """The fields on the wire with their classes; `flat` ones are replaced."""
        fields: list[tuple[type, Any]] = []
        for field in attrs.fields(kind):
            if field.metadata.get("rest"):
                continue  # It collects the unknown fields.
            is_flat = field.metadata.get("flat")
            fields += self._fields(field.type) if is_flat else [(kind, field)]
        return fields


def _with_limit(schema: Schema, limit: Any) -> Schema:
    """The schema with the keywords of one limit. Raises `TypeError` for others."""
    match limit:
        case Range(low, high):
            return {**schema, "minimum": low, "maximum": high}
        case OneOf(words):
            return {**schema, "enum": list(words)}
        case AgentFlag():
            return {**schema, "enum": list(limit.words)}
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
    """The keywords for the fields of which a request needs one.

    They stand in an `allOf`: where `anyOf` stands beside `properties`, generators of
    clients take its parts for the whole class.
    """
    rule = getattr(kind, "rule", None)
    if not isinstance(rule, RequiredFields):
        return {}
    ways: list[Schema] = [{"required": [name]} for name in rule.names]
    if not rule.null:
        for way, name in zip(ways, rule.names, strict=True):
            given: Schema = {"description": "Not null.", "not": {"type": "null"}}
            way["properties"] = {name: given}
    return {"allOf": [{"oneOf" if rule.only else "anyOf": ways}]}


def default(field: Any) -> Schema:
    """The `default` keyword of a field, if the field has a default worth naming."""
    value = field.default
    if isinstance(value, attrs.Factory):  # type: ignore[arg-type]
        value = value.factory()
    if isinstance(value, tuple):
        value = list(value)
    return {} if value in (attrs.NOTHING, UNSET, None) else {"default": value}


def merged(requests: Schema, answers: Schema) -> Schema:
    """Both sets of schemas. Raises `TypeError` if a name has two different schemas."""
    shared = requests.keys() & answers.keys()
    if faults := sorted(name for name in shared if requests[name] != answers[name]):
        raise TypeError(
            f"schemas of requests and answers differ: {', '.join(faults)}; "
            "give one of the classes another name"
        )
    return dict(sorted((requests | answers).items()))
