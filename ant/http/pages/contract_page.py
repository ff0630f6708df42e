"""The contract as one page of plain HTML at `/docs`: routes, fields, errors, frames.

It is made of the OpenAPI document and of the schema of the frames, and of nothing else,
so it says what this server does, and needs no network. The page has no script and no
data, so nobody needs a credential for it.
"""

import base64
import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final

import attrs
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from ant.api import codec
from ant.http.contract import frame_schemas, openapi
from ant.http.contract.endpoint import ROUTES
from ant.http.contract.openapi import TAG_ORDER
from ant.http.contract.schema import Schema

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("ant.http.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_STYLE: Final = """
:root { color-scheme: light dark; --line: #e4e3df; --dim: #6b6b66; --panel: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --line: #33322f; --dim: #98978f; --panel: #1e1e1c; }
}
body { margin: 0 auto; max-width: 64rem; padding: 16px;
  font: 14px/20px system-ui, sans-serif; }
h1, h2, h3 { line-height: 24px; scroll-margin-top: 8px; }
h2 { margin-top: 40px; border-bottom: 1px solid var(--line); }
h3 { font-size: 15px; margin-bottom: 4px; overflow-wrap: anywhere; }
nav ul { columns: 14rem; padding-left: 16px; }
code, pre { font: 13px/20px ui-monospace, monospace; }
pre { background: var(--panel); border: 1px solid var(--line); padding: 8px;
  overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; }
th, td { border-top: 1px solid var(--line); padding: 4px 8px 4px 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; }
td:first-child { width: 22%; }
td:nth-child(2) { width: 26%; color: var(--dim); }
h3 code { font-size: 14px; font-weight: 600; }
.scope { color: var(--dim); font-size: 13px; font-weight: 400; }
summary { cursor: pointer; }
@media (max-width: 600px) {
  tr { display: block; padding: 4px 0; border-top: 1px solid var(--line); }
  td, td:first-child, td:nth-child(2) { display: block; width: auto; border: 0; }
  thead { display: none; }
}
"""

_DIGEST: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""What the page may do: show its one style and its icon."""


@attrs.frozen
class DocumentedField:
    """A parameter, or a field of an object."""

    name: str
    required: bool
    type: Markup
    text: Markup


@attrs.frozen
class Content:
    """A body or an answer; `fields` are those of a body, which stand with its route."""

    title: str
    type: Markup | None
    fields: list[DocumentedField]
    example: str | None


@attrs.frozen
class Operation:
    """A route; `scope` is what an access token needs."""

    anchor: str
    signature: str
    scope: str
    summary: Markup
    text: Markup
    parameters: list[DocumentedField]
    body: list[Content]
    answers: list[Content]
    errors: list[tuple[str, Markup]]


@attrs.frozen
class DocumentedClass:
    """A class of objects, or a frame."""

    anchor: str
    name: str
    text: Markup
    fields: list[DocumentedField]
    example: str | None = None


def prose(text: str) -> Markup:
    """A text of the contract as HTML: paragraphs, and code between backticks."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return Markup("").join(
        Markup("<p>{}</p>").format(inline(each)) for each in paragraphs if each
    )


def inline(text: str) -> Markup:
    """A text in one line as HTML, with code between backticks."""
    parts = " ".join(text.split()).split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
        for n, part in enumerate(parts)
    )


def type_of(schema: Schema) -> Markup:
    """The type of a value in words, with links to the objects in it."""
    if "$ref" in schema:
        place, _, name = schema["$ref"].rpartition("/")
        anchor = "frame" if place.endswith("$defs") else "type"
        return Markup('<a href="#{}-{}">{}</a>').format(anchor, name, name)
    if "const" in schema:
        return Markup("<code>{}</code>").format(codec.dumps(schema["const"]).decode())
    choices = schema.get("anyOf") or schema.get("oneOf")
    if choices:
        return Markup(" or ").join(map(type_of, choices))
    if "enum" in schema:
        values = (Markup("<code>{}</code>").format(each) for each in schema["enum"])
        return Markup(", ").join(values)
    names = schema.get("type", "any")
    names = [names] if isinstance(names, str) else names
    return Markup(" or ").join(_named(name, schema) for name in names)


def _named(name: str, schema: Schema) -> Markup:
    if name == "array":
        return Markup("list of {}").format(type_of(schema.get("items", {})))
    values = schema.get("additionalProperties")
    if name == "object" and isinstance(values, dict):
        return Markup("object of {}").format(type_of(values))
    if schema.get("format") == "date-time":
        return escape("time")
    return escape(name)


_LIMITS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minProperties", "maxProperties", " entries"),
)


def limits_of(schema: Schema) -> str:
    """The bounds and the default of a value, as a sentence; empty without any."""
    found = []
    for low, high, unit in _LIMITS:
        if high in schema:
            found.append(f"{schema.get(low, 0):,} to {schema[high]:,}{unit}")
        elif low in schema:
            found.append(f"at least {schema[low]:,}{unit}")
    if "default" in schema:
        found.append(f"default `{codec.dumps(schema['default']).decode()}`")
    return f" ({'; '.join(found)})" if found else ""


def fields_of(schema: Schema) -> list[DocumentedField]:
    """The fields of an object."""
    required = schema.get("required", ())
    return [
        DocumentedField(
            name,
            name in required,
            type_of(of),
            inline(of.get("description", "") + limits_of(of)),
        )
        for name, of in schema.get("properties", {}).items()
    ]


def _contents(
    title: str, content: Schema, shown: dict[str, Schema] | None = None
) -> Iterator[Content]:
    """The forms of a body or of an answer, by media type.

    `shown` are the objects whose fields stand there.
    """
    for media, form in content.items():
        example = form.get("example")
        name = form["schema"].get("$ref", "").rpartition("/")[2]
        yield Content(
            title if media == "application/json" else f"{title}, {media}",
            type_of(form["schema"]),
            fields_of((shown or {}).get(name, {})),
            None if example is None else codec.indented(example).strip(),
        )
    if not content:
        yield Content(title, None, [], None)


def _operation(
    signature: str, operation: Schema, scope: str, schemas: dict[str, Schema]
) -> Operation:
    body = operation.get("requestBody", {})
    answers: list[Content] = []
    errors: list[tuple[str, Markup]] = []
    for status, answer in operation["responses"].items():
        if status >= "400":
            errors.append((status, inline(answer["description"])))
        else:
            title = f"{status} {answer['description']}"
            answers += _contents(title, answer.get("content", {}))
    return Operation(
        anchor=operation["operationId"],
        signature=signature,
        scope=scope,
        summary=inline(operation["summary"]),
        text=prose(operation.get("description", "")),
        parameters=[
            DocumentedField(
                each["name"],
                each["required"],
                type_of(each["schema"]),
                inline(each["description"] + limits_of(each["schema"])),
            )
            for each in operation["parameters"]
        ],
        body=list(_contents("Body", body["content"], schemas)) if body else [],
        answers=answers,
        errors=errors,
    )


def _kinds(
    schemas: dict[str, Schema], names: Iterable[str], place: str
) -> list[DocumentedClass]:
    found = []
    for name in names:
        schema = schemas[name]
        examples = schema.get("examples")
        tag = schema.get("properties", {}).get("type", {}).get("const")
        found.append(
            DocumentedClass(
                anchor=f"{place}-{name}",
                name=tag or name,
                text=prose(schema.get("description", "")),
                fields=fields_of(schema),
                example=codec.indented(examples[0]).strip() if examples else None,
            )
        )
    return found


def _references(schema: Schema) -> list[str]:
    return [each["$ref"].rpartition("/")[2] for each in schema["oneOf"]]


@functools.cache
def contract_page(has_key: bool) -> str:
    """The page. With `has_key` the server has a key, which the document says."""
    document, frames = openapi.document(has_key), frame_schemas.socket_schema()
    schemas = document["components"]["schemas"]
    scopes = {
        route.name: "no credentials" if route.is_open else f"scope {route.scope}"
        for route in ROUTES
    }
    subjects: dict[str, list[Operation]] = {tag: [] for tag in TAG_ORDER}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            signature = f"{method.upper()} {path}"
            scope = scopes[operation["operationId"]]
            made = _operation(signature, operation, scope, schemas)
            subjects[operation["tags"][0]].append(made)
    definitions = dict(frames["$defs"])
    sent = _references(definitions.pop("ClientFrame"))
    received = _references(definitions.pop("ServerFrame"))
    others = sorted(definitions.keys() - {*sent, *received})
    return _ENVIRONMENT.get_template("contract.html.jinja").render(
        style=Markup(_STYLE),
        about=prose(document["info"]["description"]),
        keys=[
            inline(each["description"])
            for each in document["components"]["securitySchemes"].values()
        ],
        has_key=has_key,
        subjects=subjects,
        frames={
            "Frames that a client sends": _kinds(definitions, sent, "frame"),
            "Frames that ANT sends": _kinds(definitions, received, "frame"),
        },
        types={
            "Objects of routes": _kinds(schemas, sorted(schemas), "type"),
            "Objects of frames": _kinds(definitions, others, "frame"),
        },
    )
