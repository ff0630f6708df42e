"""Converts JSON to and from the model, the requests and the events.

Only this module reads JSON. It reads bodies and frames strictly: a string never becomes
a number, and only a class that is `open` ignores unknown keys. A query string is text,
so only there `"5"` is 5 and `"true"` is true. A fault raises `Invalid` with one issue
per fault, each of which ends in a JSON path.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs
import orjson
from cattrs import Converter
from cattrs.errors import (
    BaseValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.fns import identity
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.v import transform_error

from ant.api.constraints import RequiredFields
from ant.api.frames import FRAMES, Frame
from ant.api.problem import shown
from ant.core import clock
from ant.core.errors import Invalid
from ant.model import events

T = TypeVar("T")

VALUES = 20_000
"""The most values in a body or a frame; reading so many takes some 50 ms. Lists have at
most 1,000 items, and free data (`meta`) is for settings."""

FAULTS = 20
"""The most faulty items of one list, and unknown fields, that an error reports."""

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _exactly(kind: type, noun: str) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"expected {noun}, got {shown(value)}")
        return value

    return structure


def _read_int(value: Any, _: Any) -> int:
    """An integer. `5.0` is one, too, since JSON has only one type of number."""
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is not int:
        raise ValueError(f"expected an integer, got {shown(value)}")
    return value


def _read_enum(value: Any, cls: type[StrEnum]) -> StrEnum:
    choices = [member.value for member in cls]
    if value not in choices:
        raise ValueError(f"expected one of {', '.join(choices)}, got {shown(value)}")
    return cls(value)


def _read_literal(value: Any, cls: Any) -> Any:
    if value not in get_args(cls):
        choices = ", ".join(map(str, get_args(cls)))
        raise ValueError(f"expected one of {choices}, got {shown(value)}")
    return value


def _read_time(value: Any, _: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"expected an RFC 3339 time, got {shown(value)}")
    return clock.parse_stamp(value)


def _read_query_int(value: Any, _: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value, re.ASCII):
        return int(value)
    raise ValueError(f"expected an integer, got {shown(value)}")


def _check_size(value: Any) -> None:
    """Refuse data with more than `VALUES` values. Raises `Invalid`."""
    count, containers = 0, [value]
    while containers:
        container = containers.pop()
        if (count := count + len(container)) > VALUES:
            raise Invalid(f"expected at most {VALUES} values in total at $")
        items = container.values() if isinstance(container, dict) else container
        containers += [each for each in items if isinstance(each, dict | list)]


def _read_query_flag(value: Any, _: Any) -> bool:
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    raise ValueError(f"expected true or false, got {shown(value)}")


def _wire_name(field: Any) -> str:
    return str(field.metadata.get("wire", field.name))


def _origin(cls: Any) -> Any:
    return get_origin(cls)


def _each(
    converter: Converter, cls: Any, inner: Any, items: Iterable[tuple[Any, Any]]
) -> dict[Any, Any]:
    """Structure every item; an issue names the place of its item."""
    read: dict[Any, Any] = {}
    faults: list[Exception] = []
    for place, value in items:
        try:
            read[place] = converter.structure(value, inner)
        except (ValueError, BaseValidationError) as exc:
            exc.add_note(IterableValidationNote("an item", place, inner))
            faults.append(exc)
            if len(faults) == FAULTS:
                break
    if faults:
        raise IterableValidationError("items", faults, cls)
    return read


def _is_json(kind: Any) -> bool:
    """Whether every value of a type is JSON already, so that no hook need be called."""
    kind = getattr(kind, "__supertype__", kind)
    if _origin(kind) in (Union, UnionType):
        return all(map(_is_json, get_args(kind)))
    return kind in (str, int, float, bool, type(None), dict[str, Any])


def _flat_field(cls: Any) -> Any:
    """The field whose own fields are inlined on the wire, if any."""
    return next((f for f in attrs.fields(cls) if f.metadata.get("flat")), None)


def _is_page(cls: Any) -> bool:
    """Whether a class is a subclass of tuple that adds attributes: a page of items."""
    is_own = isinstance(cls, type) and issubclass(cls, tuple) and cls is not tuple
    return is_own and not hasattr(cls, "_fields")


def _strict(converter: Converter) -> Converter:
    """Add the hooks for the classes, the constraints and the error texts of ANT."""

    def unstructure_class(cls: Any) -> Callable[[Any], dict[str, Any]]:
        flat = _flat_field(cls)
        types = get_type_hints(cls)
        names = {
            f.name: override(
                rename=_wire_name(f),
                omit=f == flat,
                omit_if_default=bool(f.metadata.get("optional")),
                unstruct_hook=identity if _is_json(types[f.name]) else None,
            )
            for f in attrs.fields(cls)
        }
        write = make_dict_unstructure_fn(cls, converter, **names)  # type: ignore[arg-type]
        if flat is None:
            return write

        def unstructure(value: Any) -> dict[str, Any]:
            body: dict[str, Any] = converter.unstructure(getattr(value, flat.name))
            body.update(write(value))
            return body

        return unstructure

    def structure_class(cls: Any) -> Callable[[Any, Any], Any]:
        names = {f.name: override(rename=_wire_name(f)) for f in attrs.fields(cls)}
        read = make_dict_structure_fn(
            cls,
            converter,
            _cattrs_forbid_extra_keys=not getattr(cls, "open", False),
            **names,  # type: ignore[arg-type]
        )
        flat = _flat_field(cls)
        inner = {_wire_name(f) for f in attrs.fields(flat.type)} if flat else set()
        rule = getattr(cls, "rule", None)
        rest = next((f.name for f in attrs.fields(cls) if f.metadata.get("rest")), "")
        own = {_wire_name(f) for f in attrs.fields(cls)} - {rest}

        def structure(value: Any, kind: Any) -> Any:
            if not isinstance(value, Mapping):
                raise ValueError(f"expected an object, got {shown(value)}")
            if flat is not None:
                outer = {key: v for key, v in value.items() if key not in inner}
                outer[flat.name] = {key: v for key, v in value.items() if key in inner}
                value = outer
            if rest:
                others = {key: v for key, v in value.items() if key not in own}
                value = {k: v for k, v in value.items() if k in own} | {rest: others}
            result = read(value, kind)
            if isinstance(rule, RequiredFields):
                rule.check(result)
            return result

        return structure

    def structure_limited(annotated: Any) -> Callable[[Any, Any], Any]:
        inner, *limits = get_args(annotated)

        def structure(value: Any, _: Any) -> Any:
            read = converter.structure(value, inner)
            for limit in limits:
                limit.check(read)
            return read

        return structure

    def structure_list(cls: Any) -> Callable[[Any, Any], Any]:
        (inner, _) = get_args(cls)

        def structure(value: Any, _: Any) -> Any:
            if not isinstance(value, list):
                raise ValueError(f"expected a list, got {shown(value)}")
            return tuple(_each(converter, cls, inner, enumerate(value)).values())

        return structure

    def structure_object(cls: Any) -> Callable[[Any, Any], Any]:
        names, inner = get_args(cls)

        def structure(value: Any, _: Any) -> Any:
            if not isinstance(value, dict):
                raise ValueError(f"expected an object, got {shown(value)}")
            _each(converter, cls, names, ((name, name) for name in value))
            return _each(converter, cls, inner, value.items())

        return structure

    def unstructure_page(value: Iterable[Any]) -> list[Any]:
        return [converter.unstructure(each) for each in value]

    converter.register_structure_hook_factory(attrs.has, structure_class)
    converter.register_unstructure_hook_factory(attrs.has, unstructure_class)
    converter.register_structure_hook_factory(
        lambda cls: _origin(cls) is tuple, structure_list
    )
    converter.register_structure_hook_factory(
        lambda cls: _origin(cls) is dict, structure_object
    )
    converter.register_structure_hook_factory(
        lambda cls: _origin(cls) is Annotated, structure_limited
    )
    converter.register_structure_hook_func(
        lambda cls: _origin(cls) is Literal, _read_literal
    )
    converter.register_structure_hook(StrEnum, _read_enum)
    converter.register_structure_hook(datetime, _read_time)
    converter.register_unstructure_hook(datetime, clock.stamp)
    converter.register_unstructure_hook_func(_is_page, unstructure_page)
    return converter


_body = _strict(Converter())
_body.register_structure_hook(str, _exactly(str, "a string"))
_body.register_structure_hook(bool, _exactly(bool, "true or false"))
_body.register_structure_hook(int, _read_int)

_query = _strict(Converter())
_query.register_structure_hook(str, _exactly(str, "a string"))
_query.register_structure_hook(bool, _read_query_flag)
_query.register_structure_hook(int, _read_query_int)


def _sentence(exc: BaseException, _: Any) -> str:
    if isinstance(exc, KeyError):
        return "required field missing"
    if isinstance(exc, ForbiddenExtraKeysError):
        extra = sorted(map(str, exc.extra_fields))
        more = f" and {len(extra) - FAULTS} more" if len(extra) > FAULTS else ""
        return f"unknown field {', '.join(extra[:FAULTS])}{more}"
    return str(exc)


def _located(issue: str, kind: Any) -> str:
    """An issue with its path in names on the wire instead of attribute names."""
    sentence, _, path = issue.rpartition(" @ ")
    for field in attrs.fields(kind):
        if (wire_name := _wire_name(field)) != field.name:
            path = re.sub(rf"\A\$\.{field.name}\b", f"$.{wire_name}", path)
    return f"{sentence} at {path}"


def _structure(converter: Converter, value: Any, kind: type[T]) -> T:
    try:
        return converter.structure(value, kind)
    except BaseValidationError as exc:
        issues = transform_error(exc, format_exception=_sentence)
        raise Invalid(*(_located(issue, kind) for issue in issues)) from exc
    except ValueError as exc:
        raise Invalid(f"{exc} at $") from exc


def loads(data: bytes | str, noun: str = "The text") -> Any:
    """Parse JSON. Raises `Invalid`, which calls the data `noun`, if it is none.

    It must be UTF-8, too.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise Invalid(f"{noun} is not JSON: {exc} at $") from exc


def repeated_name(data: bytes) -> str | None:
    """A name that an object of a JSON text has twice, or None.

    Readers differ in which of the two counts. Raises `Invalid` for a text that is
    nested too deeply, `ValueError` for one that is no JSON.
    """
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        counts = Counter(name for name, _ in pairs)
        repeated.extend(name for name, count in counts.items() if count > 1)

    try:
        json.loads(data, object_pairs_hook=note)
    except RecursionError as exc:
        raise Invalid("the text is nested too deeply at $") from exc
    return repeated[0] if repeated else None


def dumps(value: Any) -> bytes:
    """Render model objects, or plain data that contains some, as JSON."""
    return orjson.dumps(_body.unstructure(value), default=_body.unstructure)


def json_size(values: Iterable[Any]) -> int:
    """The size of plain values as JSON, in bytes."""
    return len(orjson.dumps(list(values)))


def render(value: dict[str, Any]) -> bytes:
    """Render plain data (strings, numbers, lists, objects) as JSON; the hot path."""
    return orjson.dumps(value)


def fragment(data: bytes) -> Any:
    """JSON that `render` puts into its own as it is."""
    return orjson.Fragment(data)


def indented(value: dict[str, Any]) -> str:
    """Render plain data as JSON for people to read, with a newline at its end."""
    return orjson.dumps(
        value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    ).decode()


def verbatim(text: str | bytes) -> Any:
    """JSON text that `render` includes unchanged. Nothing checks that it is JSON."""
    return orjson.Fragment(text)


def verbatim_list(texts: Iterable[bytes]) -> Any:
    """A list of JSON texts that `render` includes unchanged."""
    return orjson.Fragment(b"[" + b",".join(texts) + b"]")


def extended(text: bytes, name: bytes, value: Any) -> bytes:
    """The JSON of an object that is not empty, with one more field of plain data."""
    return text[:-1] + b',"' + name + b'":' + orjson.dumps(value) + b"}"


def plain(value: Any) -> Any:
    """A model object as the plain data that it is on the wire."""
    return _body.unstructure(value)


def canonical(value: dict[str, Any]) -> bytes:
    """Plain data as canonical JSON: sorted keys, no blanks."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def read_body(data: bytes, kind: type[T], noun: str = "The body") -> T:
    """Structure a request body; an empty body counts as `{}`.

    Raises `Invalid`, which calls data that is no JSON `noun`.
    """
    value = loads(data, noun) if data else {}
    if isinstance(value, dict | list):
        _check_size(value)
    return _structure(_body, value, kind)


def read_data(value: Any, kind: type[T]) -> T:
    """Structure parsed JSON. Raises `Invalid`."""
    return _structure(_body, value, kind)


def read_query(pairs: Mapping[str, str | list[str]], kind: type[T]) -> T:
    """Structure a query string. Raises `Invalid`, also for an unknown parameter.

    A list has all the values of a parameter that may be repeated.
    """
    names = list(map(_wire_name, attrs.fields(cast(Any, kind))))
    if unknown := sorted(pairs.keys() - set(names))[:FAULTS]:
        expected = f"expected {', '.join(names) or 'none'}"
        raise Invalid(
            *(f"unknown parameter {shown(each)}, {expected} at $" for each in unknown)
        )
    return _structure(_query, pairs, kind)


_FRAMES = {cls.type: cls for cls in FRAMES}


def read_frame(text: bytes | str) -> Frame:
    """Structure a `/ws` frame by its `type`. Raises `Invalid`."""
    value = loads(text, "The frame")
    if not isinstance(value, dict):
        raise Invalid(f"expected an object, got {shown(value)} at $")
    _check_size(value)
    kind = value.pop("type", None)
    if not isinstance(kind, str) or kind not in _FRAMES:
        raise Invalid(
            f"unknown frame type {shown(kind)}, not one of {', '.join(_FRAMES)}"
            " at $.type"
        )
    return _structure(_body, value, _FRAMES[kind])


def ref_of(text: bytes | str) -> str | None:
    """The `ref` of an invalid frame; None unless it is a string of at most 200."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    ref = value.get("ref") if isinstance(value, dict) else None
    return ref if isinstance(ref, str) and len(ref) <= 200 else None


def tag_of(cls: type) -> str:
    """The `type` of a class of events on the wire: its name in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


TAGS: dict[str, type] = {tag_of(cls): cls for cls in get_args(events.Event)}
"""Each event class by its name on the wire: the class name in snake case."""


def event_tag(event: events.Event) -> str:
    """The `type` of an event's frame."""
    return tag_of(type(event))


def dump_event(event: events.Event) -> str:
    """The body of an event as the event log stores it."""
    return dumps(event).decode()


def load_event(tag: str, body: str) -> events.Event:
    """The inverse of `dump_event`."""
    event: events.Event = _structure(_body, loads(body), TAGS[tag])
    return event


def event_body(envelope: events.Envelope) -> dict[str, Any]:
    """An event as clients receive it, over `/ws` and over REST."""
    body = {"type": event_tag(envelope.event), **_body.unstructure(envelope.event)}
    if envelope.seq is not None:
        body["seq"] = envelope.seq
    body["at"] = clock.stamp(envelope.at)
    return body


def event_frame(envelope: events.Envelope) -> bytes:
    """The `/ws` frame of an event, which is rendered once and cached there."""
    if envelope.frame is None:
        envelope.frame = dumps(event_body(envelope))
    return envelope.frame
