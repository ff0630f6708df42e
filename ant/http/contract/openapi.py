"""The OpenAPI 3.1 document, generated from the route table.

Schemas come from the classes that `api.codec` reads and renders, with the limits that
it enforces. Texts are docstrings. Error responses are the errors that a route may
raise.
"""

import functools
import inspect
import re
from http import HTTPStatus
from types import NoneType
from typing import Final, get_args

import attrs

import ant
from ant.api import problem
from ant.core import errors
from ant.http.contract.endpoint import OCTETS, ROUTES, Route
from ant.http.contract.problems import status_for
from ant.http.contract.schema import Components, Schema, default

JSON: Final = "application/json"

_ABOUT: Final = (
    "The REST API of ANT: sessions, terminals, rooms and messages of one host. Live "
    "output and events come over the WebSocket `/ws`, which this document does not "
    "describe; see `docs/api.md`. A request with an unknown body field or query "
    "parameter is a 400, and so is a repeated query parameter. Times are RFC 3339 in "
    "UTC. Every error is an `application/problem+json` object."
)

_KEYS: Final[dict[str, Schema]] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "apiKey"},
}


TAGS: Final = {
    "tasks": "board",
    "run_events": "evidence",
    "export": "evidence",
    "participants": "people",
    "health": "system",
}
"""Published tags of route modules whose name has changed since."""


def tag_of(route: Route) -> str:
    """The tag under which the document lists a route."""
    name = route.handler.__module__.rpartition(".")[2]
    return TAGS.get(name, name)


def _errors(route: Route) -> dict[int, str]:
    """The statuses of a route's errors, each with the sentences that explain it."""
    kinds: list[type[errors.AntError]] = [
        errors.Unauthorized,
        errors.Forbidden,
        errors.Invalid,
    ]
    if route.body is not None:
        kinds.append(errors.TooLarge)
        if route.token is not None:
            kinds.append(errors.RateLimited)
    if "<" in route.path:
        kinds.append(errors.NotFound)
    if "<session_id>" in route.path and not route.inactive:
        kinds.append(errors.Gone)
    kinds += [errors.StorageFailed, errors.Stopping, *route.raises]
    texts: dict[int, list[str]] = {}
    for kind in kinds:
        texts.setdefault(status_for(kind), []).append(_sentence(kind))
    return {status: " ".join(texts[status]) for status in sorted(texts)}


def _sentence(kind: type) -> str:
    """The first paragraph of a class's docstring."""
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]


def _parameters(route: Route, requests: Components) -> list[Schema]:
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(\w+)>", route.path)
    ]
    for field in attrs.fields(route.hints["query"]) if "query" in route.hints else ():
        kinds = [kind for kind in get_args(field.type) if kind is not NoneType]
        is_optional = NoneType in get_args(field.type)
        schema = requests.schema(kinds[0] if is_optional else field.type)
        parameters.append(
            {
                "name": field.metadata.get("wire", field.name),
                "in": "query",
                "required": field.default is attrs.NOTHING,
                "schema": schema | default(field),
            }
        )
    return parameters


def _operation(route: Route, requests: Components, answers: Components) -> Schema:
    summary, description = route.docs
    operation: Schema = {
        "operationId": route.name,
        "tags": [tag_of(route)],
        "summary": summary,
        **({"description": description} if description else {}),
        "parameters": _parameters(route, requests),
    }
    if route.body is not None:
        content: Schema = {JSON: {"schema": requests.schema(route.body)}}
        if route.takes_bytes:
            content[OCTETS] = {}
        # An empty body counts as `{}`.
        demands = {"required", "oneOf", "anyOf"}
        required = not demands.isdisjoint(requests.schemas[route.body.__name__])
        operation["requestBody"] = {"required": required, "content": content}
    success: Schema = {"description": HTTPStatus(route.status).phrase}
    if route.hints["return"] is not NoneType:
        success["content"] = {JSON: {"schema": answers.schema(route.hints["return"])}}
    others = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {JSON: {"schema": answers.schema(kind)}},
        }
        for status, kind in route.also.items()
    }
    problem_schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    operation["responses"] = {str(route.status): success, **others} | {
        str(status): {
            "description": sentence,
            "content": {problem.MEDIA_TYPE: problem_schema},
        }
        for status, sentence in _errors(route).items()
    }
    return operation


@functools.cache
def document(has_key: bool) -> Schema:
    """The document. With `has_key` a key is required; without, it is optional."""
    requests, answers = Components(is_request=True), Components(is_request=False)
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        methods = paths.setdefault(path, {})
        methods[route.method.lower()] = _operation(route, requests, answers)
    keys: list[Schema] = [{name: []} for name in _KEYS]
    return {
        "openapi": "3.1.0",
        "info": {"title": "ANT", "version": ant.__version__, "description": _ABOUT},
        "security": keys if has_key else [{}, *keys],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": problem.SCHEMA,
                **_merged(requests.schemas, answers.schemas),
            },
            "securitySchemes": _KEYS,
        },
    }


def _merged(requests: Schema, answers: Schema) -> Schema:
    """Both sets of schemas. Raises `TypeError` if a name has two different schemas."""
    shared = requests.keys() & answers.keys()
    if faults := sorted(name for name in shared if requests[name] != answers[name]):
        raise TypeError(
            f"schemas of requests and answers differ: {', '.join(faults)}; "
            "give one of the classes another name"
        )
    return dict(sorted((requests | answers).items()))
