"""The OpenAPI 3.1 document, generated from the route table.

Schemas come from the classes that `api.codec` reads and renders, with the limits that
it enforces. Texts are docstrings and the strings below fields (`descriptions`). Error
responses are the errors that a route may raise (`refusals`).
"""

import functools
import re
from http import HTTPStatus
from types import NoneType
from typing import Any, Final, get_args

import attrs

import ant
from ant.api import problem
from ant.http.contract import descriptions, example_values, examples, refusals
from ant.http.contract.endpoint import JSON, OCTETS, ROUTES, Route
from ant.http.contract.schema import Components, Schema, default, merged

_ABOUT: Final = (
    "The REST API of ANT: sessions, terminals, rooms and messages of one host. Live "
    "output and events come over the WebSocket `/ws`; `GET /api/schemas/ws` has the "
    "JSON Schema of its frames, and `docs/api.md` explains them. A request with an "
    "unknown body field or query parameter is a 400, and so is a repeated query "
    "parameter. A body without the content type of JSON is a 415. Times are RFC 3339 "
    "in UTC. Every error is an `application/problem+json` object."
)

_SERVER: Final = "The server that this document comes from."

_KEYS: Final[dict[str, Schema]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key of the server, an access token (`ant_…`), or the "
        "`ANT_TOKEN` of a terminal.",
    },
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same in a header of its own.",
    },
    "query": {
        "type": "apiKey",
        "in": "query",
        "name": "apiKey",
        "description": "The same in the address, for clients that can set no header.",
    },
}


TAGS: Final = {
    "tasks": "board",
    "run_events": "evidence",
    "export": "evidence",
    "participants": "people",
    "health": "system",
    "waits": "terminal",
}
"""Published tags of route modules that have another name."""

TAG_ORDER: Final = (
    *("sessions", "terminal", "events", "evidence", "messages", "deliveries"),
    *("people", "board", "links", "prompts", "drivers", "channels", "search", "tokens"),
    "system",
)
"""The tags in the order in which people read them."""


def tag_of(route: Route) -> str:
    """The tag under which the document lists a route."""
    name = route.handler.__module__.rpartition(".")[2]
    return TAGS.get(name, name)


def _parameters(route: Route, requests: Components) -> list[Schema]:
    parameters: list[Schema] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": descriptions.PATHS.get(name, ""),
            "schema": {"type": "string"},
            "example": example_values.VALUES.get(name),
        }
        for name in re.findall(r"<(\w+)>", route.path)
    ]
    query: Any = route.hints.get("query")
    shown = examples.QUERIES.get(route.name, {})
    for field in attrs.fields(query) if query is not None else ():
        kinds = [kind for kind in get_args(field.type) if kind is not NoneType]
        is_optional = NoneType in get_args(field.type)
        schema = requests.schema(kinds[0] if is_optional else field.type)
        name = field.metadata.get("wire", field.name)
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": field.default is attrs.NOTHING,
                "description": descriptions.of_parameter(query, field),
                "schema": schema | default(field),
                **({"example": shown[name]} if name in shown else {}),
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
        **({"security": []} if route.is_open else {}),
    }
    if route.body is not None:
        content: Schema = {
            JSON: {"schema": requests.schema(route.body)} | examples.body(route)
        }
        if route.takes_bytes:
            content[OCTETS] = {"schema": {"type": "string", "format": "binary"}}
        # An empty body counts as `{}`, or as no octets.
        demands = {"required", "allOf"}.intersection(
            requests.schemas[route.body.__name__]
        )
        required = bool(demands) and not route.takes_bytes
        operation["requestBody"] = {"required": required, "content": content}
    success: Schema = {"description": HTTPStatus(route.status).phrase}
    if route.hints["return"] is not NoneType:
        success["content"] = _answer(route, route.hints["return"], answers)
    others = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": _answer(route, kind, answers),
        }
        for status, kind in route.also.items()
    }
    problem_schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    operation["responses"] = {str(route.status): success, **others} | {
        str(status): {
            "description": sentence,
            "content": {problem.MEDIA_TYPE: problem_schema},
        }
        for status, sentence in refusals.of_route(route).items()
    }
    return operation


def _answer(route: Route, kind: type, answers: Components) -> Schema:
    """The content of an answer of this class, with an example."""
    return {JSON: {"schema": answers.schema(kind)} | examples.answer(route, kind)}


@functools.cache
def document(has_key: bool, base_path: str | None = None) -> Schema:
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
        "servers": [{"url": base_path or "/", "description": _SERVER}],
        "security": keys if has_key else [{}, *keys],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": problem.SCHEMA,
                **merged(requests.schemas, answers.schemas),
            },
            "securitySchemes": _KEYS,
        },
    }
