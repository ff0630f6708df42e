"""Examples: each fits its schema, and the server would read it."""

import functools
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, get_args

import attrs
import jsonschema_rs
import pytest

from ant.api import codec
from ant.api.frames import FRAMES
from ant.api.prompt_requests import AgentResponse
from ant.api.server_frames import SERVER_FRAMES
from ant.http import routes
from ant.http.contract import examples, frame_schemas, openapi
from ant.http.contract.endpoint import ROUTES, Route
from ant.http.contract.example_values import CLASSES
from tests.http.contract.test_openapi import ANSWERED, validator_of

assert routes.__all__

JSON = "application/json"


@functools.cache
def operations() -> dict[str, Any]:
    """The descriptions of the routes, as they come over the wire."""
    document = codec.loads(codec.dumps(openapi.document(True)))
    found = (each for path in document["paths"].values() for each in path.values())
    return {each["operationId"]: each for each in found}


def operation(name: str) -> Any:
    """The description of a route."""
    return operations()[name]


@functools.cache
def of_sockets() -> jsonschema_rs.Draft202012Validator:
    """The validator of a frame."""
    return jsonschema_rs.Draft202012Validator(frame_schemas.socket_schema())


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_has_examples(route: Route) -> None:
    """Of its body, and of each answer that has one; both fit and are read."""
    described = operation(route.name)
    if route.body is not None:
        example = described["requestBody"]["content"][JSON]["example"]
        validator_of(route.body.__name__, closed=False).validate(example)
        codec.read_body(codec.dumps(example), route.body)
    for status in (route.status, *route.also):
        kind = route.also.get(status, route.hints["return"])
        content = described["responses"][str(status)].get("content", {})
        if isinstance(kind, UnionType):
            kind = get_args(kind)[0]
        if kind in ANSWERED:
            example = content[JSON]["example"]
            assert example == codec.loads(
                codec.dumps(examples.of_class(kind, strict=True))
            )
            validator_of(kind.__name__, closed=True).validate(example)
            read = codec.read_body(codec.dumps(example), kind)
            assert example == codec.loads(codec.dumps(read))
        elif kind is not NoneType:
            assert is_cut_from(content[JSON]["example"], DOCUMENTS[route.name]())


DOCUMENTS: dict[str, Callable[[], Any]] = {
    "get_openapi": lambda: openapi.document(True),
    "get_ws_schema": frame_schemas.socket_schema,
    "get_agent_response_schema": frame_schemas.agent_response_schema,
}
"""The answers that are documents, by route."""


def is_cut_from(example: Any, whole: Any) -> bool:
    """Whether an example has only what the whole document has, too."""
    if not isinstance(example, dict):
        return bool(example == whole)
    return all(
        name in whole and is_cut_from(example[name], whole[name]) for name in example
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_examples_of_parameters_are_read(route: Route) -> None:
    """As text, as in an address; all those that are required have one."""
    parameters = operation(route.name)["parameters"]
    shown = {each["name"]: each["example"] for each in parameters if "example" in each}
    assert {each["name"] for each in parameters if each["required"]} <= shown.keys()
    for each in parameters:
        if "example" in each:
            assert jsonschema_rs.is_valid(each["schema"], each["example"])
    query = {each["name"] for each in parameters if each["in"] == "query"}
    assert examples.QUERIES.get(route.name, {}).keys() <= query
    if "query" in route.hints:
        texts = {
            name: value
            if isinstance(value, str | list)
            else codec.dumps(value).decode()
            for name, value in shown.items()
            if name in query
        }
        codec.read_query(texts, route.hints["query"])


def test_no_example_is_left_over() -> None:
    """Each is of a route, a frame or a class that still is."""
    bodies = {route.name for route in ROUTES if route.body is not None}
    queries = {route.name for route in ROUTES if "query" in route.hints}
    assert bodies == examples.BODIES.keys()
    assert examples.QUERIES.keys() <= queries
    assert {frame.type for frame in FRAMES} == examples.SENT.keys()
    known = {
        *openapi.document(True)["components"]["schemas"],
        *frame_schemas.socket_schema()["$defs"],
    }
    assert CLASSES.keys() <= known


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame.type)
def test_a_clients_frame_is_read(frame: Any) -> None:
    """As the socket reads one."""
    example = {"type": frame.type, **examples.SENT[frame.type]}
    assert isinstance(codec.read_frame(codec.dumps(example)), frame)
    of_sockets().validate(example)


@pytest.mark.parametrize("tag", codec.TAGS)
def test_an_event_is_read(tag: str) -> None:
    """As the event log reads one."""
    event: Any = codec.TAGS[tag]
    example = examples.of_event(event, strict=True)
    of_sockets().validate(example)
    assert event.durable == ("seq" in example)
    body = {k: v for k, v in example.items() if k not in ("type", "seq", "at")}
    read = codec.load_event(tag, codec.dumps(body).decode())
    assert body == codec.loads(codec.dump_event(read))


@pytest.mark.parametrize("frame", SERVER_FRAMES, ids=lambda frame: frame.type)
def test_a_servers_frame_fits(frame: Any) -> None:
    """The schema of its own type."""
    example = examples.of_frame(frame, strict=True)
    assert frame.type == example["type"]
    of_sockets().validate(example)


def test_an_agent_response_is_read() -> None:
    """As the content of a message."""
    example = examples.AGENT_RESPONSE
    jsonschema_rs.validate(frame_schemas.agent_response_schema(), example)
    assert codec.read_body(codec.dumps(example), AgentResponse)


@pytest.mark.parametrize(
    ("kind", "empty"),
    [(str, ""), (int, 0), (dict[str, int], {}), (tuple[str, ...], [])],
)
def test_a_field_without_an_example_is_named(kind: Any, empty: Any) -> None:
    """By the tests above; a server shows an empty value."""
    made = attrs.make_class("Made", {"new": attrs.field(type=kind)})
    assert {"new": empty} == examples.of_class(made)
    with pytest.raises(LookupError, match=r"no example for Made\.new"):
        examples.of_class(made, strict=True)
