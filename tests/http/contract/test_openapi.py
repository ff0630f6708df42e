"""The document: valid, complete, and true of what is answered."""

import functools
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_origin

import attrs
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openapi_spec_validator import OpenAPIV31SpecValidator

from ant.api import codec, problem
from ant.core import errors
from ant.http import routes
from ant.http.contract import openapi
from ant.http.contract.endpoint import ROUTES, Route
from ant.http.contract.problems import STATUS, problem_of
from tests.http.asking import Api
from tests.strategies import META
from tests.systems import running

assert routes.__all__


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Method, path and description of each."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


@functools.cache
def schemas(*, closed: bool) -> Any:
    """The named schemas; closed, each says no to unknown fields."""
    document = codec.loads(codec.dumps(openapi.document(False)))
    found = document["components"]["schemas"]
    for schema in found.values() if closed else ():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return found


@functools.cache
def validator_of(name: str, *, closed: bool) -> jsonschema_rs.Draft202012Validator:
    """The validator of a named schema, formats included."""
    schema = {
        "$ref": f"#/components/schemas/{name}",
        "components": {"schemas": schemas(closed=closed)},
    }
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("has_key", [True, False])
def test_the_document_is_valid(has_key: bool) -> None:
    """OpenAPI 3.1, references and defaults included, as it comes over the wire."""
    document = codec.loads(codec.dumps(openapi.document(has_key)))
    assert [] == list(OpenAPIV31SpecValidator(document).iter_errors())


def test_rows_and_operations_are_the_same() -> None:
    """Every row is described, nothing else is, each under its handler's name."""
    described = {
        (method, path, operation["operationId"])
        for method, path, operation in operations(openapi.document(True))
    }
    rows = {
        (route.method, route.path.replace("<", "{").replace(">", "}"), route.name)
        for route in ROUTES
    }
    assert rows == described
    assert len(rows) == len({name for _, _, name in rows})


def test_every_operation_is_described() -> None:
    """A summary, its tag, and a Problem for each error, also those of access checks."""
    nouns = {openapi.TAGS.get(each, each) for each in routes.__all__}
    for _, _, operation in operations(openapi.document(True)):
        assert operation["summary"]
        assert "\n" not in operation["summary"]
        (noun,) = operation["tags"]
        assert noun in nouns
        refusals = {
            int(status): answer
            for status, answer in operation["responses"].items()
            if int(status) >= 400
        }
        assert {401, 403, 503} <= refusals.keys() <= set(STATUS.values())
        for answer in refusals.values():
            assert answer["description"]
            assert [problem.MEDIA_TYPE] == list(answer["content"])


def test_a_key_is_required_if_the_server_has_one() -> None:
    """Without one none is required, and sending one does no harm."""
    assert {} not in openapi.document(True)["security"]
    assert {} in openapi.document(False)["security"]


def test_generators_miss_nothing() -> None:
    """A server, words on each kind of key, and a schema for every body and answer."""
    document = openapi.document(True)
    assert ["/"] == [server["url"] for server in document["servers"]]
    schemes = document["components"]["securitySchemes"].values()
    assert all(scheme["description"] for scheme in schemes)
    for method, path, operation in operations(document):
        places = [(each["in"], each["name"]) for each in operation["parameters"]]
        assert len(places) == len(set(places))
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for kind, content in (
            item for part in parts for item in part.get("content", {}).items()
        ):
            assert content["schema"], (method, path, kind)


def test_other_answers_are_described() -> None:
    """Beside the usual one, under their statuses."""
    (post,) = [
        operation
        for _, _, operation in operations(openapi.document(True))
        if operation["operationId"] == "post_message"
    ]
    names = {
        status: answer["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        for status, answer in post["responses"].items()
        if status < "300"
    }
    assert {"200": "Handled", "201": "Posted"} == names


def test_input_takes_json_or_octets() -> None:
    """The one route with two content types."""
    two = {
        operation["operationId"]: list(operation["requestBody"]["content"])
        for _, _, operation in operations(openapi.document(True))
        if len(operation.get("requestBody", {}).get("content", {})) > 1
    }
    assert {"type_input": ["application/json", "application/octet-stream"]} == two


def test_bodies_are_required_where_empty_is_not_enough() -> None:
    """An empty body counts as `{}`, or as no octets."""
    required = {
        operation["operationId"]
        for _, _, operation in operations(openapi.document(True))
        if operation.get("requestBody", {}).get("required")
    }
    for route in ROUTES:
        if route.body is not None:
            try:
                codec.read_body(b"", route.body)
            except errors.Invalid:
                assert (route.name in required) is not route.takes_bytes
            else:
                assert route.name not in required


TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=5),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(0, 1e9, allow_nan=False).map(lambda n: round(n, 3)),
    bool: st.booleans(),
    datetime: TIMES,
    type(None): st.none(),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that is answered with."""
    origin, args = get_origin(kind), get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if origin is tuple:
        return st.lists(values(args[0]), max_size=2).map(tuple)
    if origin is list:
        return st.lists(values(args[0]), max_size=2)
    if origin is dict:
        if args[1] is Any:
            return META
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    if hasattr(kind, "__supertype__"):
        return values(kind.__supertype__)
    if args:
        return st.one_of(*map(values, args))
    if issubclass(kind, StrEnum):
        return st.sampled_from(list(kind))
    fields = {field.name: values(field.type) for field in attrs.fields(kind)}
    return st.builds(kind, **fields)


ANSWERED = sorted(
    {
        kind
        for route in ROUTES
        for kind in get_args(route.hints["return"]) or [route.hints["return"]]
        if attrs.has(kind)
    }
    | {kind for route in ROUTES for kind in route.also.values()},
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", ANSWERED, ids=lambda kind: kind.__name__)
@pytest.mark.slow
@settings(max_examples=20)
@given(data=st.data())
def test_answers_fit_and_can_be_read_back(kind: type, data: st.DataObject) -> None:
    """What is rendered fits the schema to the last field, and is the same when read."""
    value = data.draw(values(kind))
    rendered = codec.dumps(value)
    validator_of(kind.__name__, closed=True).validate(codec.loads(rendered))
    assert value == codec.read_body(rendered, kind)


SCHEMAS = {"get_openapi", "get_ws_schema", "get_agent_response_schema"}
"""Routes that answer with a schema of something else."""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_answer_is_covered(route: Route) -> None:
    """A class of above, nothing at all, or a schema."""
    kind = route.hints["return"]
    is_known = set(get_args(kind) or [kind]) <= set(ANSWERED)
    assert is_known or kind is type(None) or route.name in SCHEMAS


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_problem(kind: type[Exception]) -> None:
    """And nothing but that."""
    error = kind("noun", "id") if kind is errors.NotFound else kind("a sentence")
    validator_of("Problem", closed=False).validate(problem_of(error))


async def test_it_is_served(api: Api) -> None:
    """As it is; built once."""
    document = await api.get("/openapi.json")
    assert codec.loads(codec.dumps(openapi.document(False))) == document
    assert openapi.document(False) is openapi.document(False)


async def test_it_is_guarded(tmp_path: Path) -> None:
    """Like everything else; with the key it says that one is needed."""
    async with running(tmp_path, api_key="a-key") as rig:
        api = Api(rig)
        assert 401 == (await api.call("GET", "/openapi.json")).status
        assert openapi.document(True) == await api.get("/openapi.json", apiKey="a-key")
