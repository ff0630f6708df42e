"""The contract as a document: OpenAPI 3.1 from the route table and the same classes.

Nothing is described here that is not true of the code: types and limits are those that
`wire` enforces, texts are docstrings, and refusals are the errors a route may raise.
"""

import functools
import inspect
import re
from http import HTTPStatus
from types import NoneType
from typing import Any, Final, get_args

import attrs

import ant
from ant.api import problem
from ant.core import errors
from ant.http.contract.endpoint import OCTETS, ROUTES, Route
from ant.http.contract.problems import status_for
from ant.http.contract.schema import Components, Schema, default

JSON: Final = "application/json"

_ABOUT: Final = (
    "Sessions, rooms and people of one host. Live output and events come over the "
    "WebSocket `/ws`, which is not described here. Routes that take query parameters "
    "refuse unknown ones, and any that is given twice. Times are RFC 3339, UTC."
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
}
"""Tags as they were first published, where a route module has another name."""


def _tag(route: Route) -> str:
    name = route.handler.__module__.rpartition(".")[2]
    return TAGS.get(name, name)


def _text(handler: Any) -> Schema:
    first, _, rest = (inspect.getdoc(handler) or "").partition("\n\n")
    summary = {"summary": " ".join(first.split())}
    return {**summary, "description": rest} if rest else summary


def _refusals(route: Route) -> dict[int, str]:
    """What a route may answer instead, by status, each with its sentences."""
    found: list[type[errors.AntError]] = [errors.Unauthorized, errors.Forbidden]
    if route.body is not None or "query" in route.hints:
        found.append(errors.Invalid)
    if route.body is not None:
        found.append(errors.TooLarge)
        if route.token is not None:
            found.append(errors.RateLimited)
    if "<" in route.path:
        found.append(errors.NotFound)
    if "<session_id>" in route.path and not route.inactive:
        found.append(errors.Gone)
    found += [errors.StorageFailed, errors.Stopping, *route.raises]
    texts: dict[int, list[str]] = {}
    for error in found:
        sentence = inspect.cleandoc(error.__doc__ or "").partition("\n\n")[0]
        texts.setdefault(status_for(error), []).append(sentence)
    return {status: " ".join(texts[status]) for status in sorted(texts)}


def _parameters(route: Route, asked: Components) -> list[Schema]:
    found: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(\w+)>", route.path)
    ]
    for field in attrs.fields(route.hints["query"]) if "query" in route.hints else ():
        kinds = [kind for kind in get_args(field.type) if kind is not NoneType]
        is_optional = NoneType in get_args(field.type)
        schema = asked.schema(kinds[0] if is_optional else field.type)
        found.append(
            {
                "name": field.metadata.get("wire", field.name),
                "in": "query",
                "required": field.default is attrs.NOTHING,
                "schema": schema | default(field),
            }
        )
    return found


def _operation(route: Route, asked: Components, answered: Components) -> Schema:
    operation: Schema = {
        "operationId": route.name,
        "tags": [_tag(route)],
        **_text(route.handler),
        "parameters": _parameters(route, asked),
    }
    if route.body is not None:
        content: Schema = {JSON: {"schema": asked.schema(route.body)}}
        if route.takes_bytes:
            content[OCTETS] = {}
        # An empty body counts as `{}`.
        demands = {"required", "oneOf", "anyOf"}
        required = not demands.isdisjoint(asked.schemas[route.body.__name__])
        operation["requestBody"] = {"required": required, "content": content}
    answer: Schema = {"description": HTTPStatus(route.status).phrase}
    if route.hints["return"] is not NoneType:
        answer["content"] = {JSON: {"schema": answered.schema(route.hints["return"])}}
    refused = {"schema": {"$ref": "#/components/schemas/Problem"}}
    others = {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {JSON: {"schema": answered.schema(kind)}},
        }
        for status, kind in route.also.items()
    }
    operation["responses"] = {str(route.status): answer, **others} | {
        str(status): {
            "description": sentence,
            "content": {problem.MEDIA_TYPE: refused},
        }
        for status, sentence in _refusals(route).items()
    }
    return operation


@functools.cache
def document(has_key: bool) -> Schema:
    """The document; with a key every call must show it, without nobody is asked."""
    asked, answered = Components(asked=True), Components(asked=False)
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        path = re.sub(r"<(\w+)>", r"{\1}", route.path)
        methods = paths.setdefault(path, {})
        methods[route.method.lower()] = _operation(route, asked, answered)
    keys: list[Schema] = [{name: []} for name in _KEYS]
    return {
        "openapi": "3.1.0",
        "info": {"title": "ANT", "version": ant.__version__, "description": _ABOUT},
        "security": keys if has_key else [{}, *keys],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": problem.SCHEMA,
                **_disjoint(asked.schemas, answered.schemas),
            },
            "securitySchemes": _KEYS,
        },
    }


def _disjoint(left: Schema, right: Schema) -> Schema:
    """Both together; what is in both must say the same."""
    if faults := [name for name in left if left[name] != right.get(name, left[name])]:
        raise TypeError(f"asked and answered with differ: {', '.join(faults)}")
    return dict(sorted((left | right).items()))
