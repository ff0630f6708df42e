"""Generates the tables of `docs/api.md`; run it as `python -m ant.http.reference`.

The tables come from the same classes as the server: the route table, the frames that
`/ws` accepts, the events, the errors and the limits. Each one replaces the text between
its two markers, `<!-- begin NAME -->` and `<!-- end NAME -->`. The text outside the
markers is written by hand. A test compares the file with what this module generates.
"""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, get_args

import attrs

from ant.api import codec
from ant.api.frames import FRAMES
from ant.api.server_frames import SERVER_FRAMES
from ant.core import errors
from ant.core.counters import Limit
from ant.http import routes
from ant.http.access.scopes import FRAME_SCOPES
from ant.http.contract import descriptions
from ant.http.contract.endpoint import ROUTES, Route
from ant.http.contract.openapi import TAG_ORDER, tag_of
from ant.http.contract.problems import status_for

__all__ = ["generate", "routes", "sections"]

STANCES: Final = {
    None: "",
    "room": "rooms",
    "self": "itself",
    "either": "itself, rooms",
}
"""Where a terminal's token may call a route, as the table says it."""


def generate(text: str, parts: Mapping[str, list[str]] | None = None) -> str:
    """The document with every section between markers generated anew.

    The sections are `parts`, or else those of `docs/api.md`. Raises `ValueError` if one
    has no markers.
    """
    for name, lines in (sections() if parts is None else parts).items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"expected {begin} and {end} once each")
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        body = "\n".join(lines).strip()
        text = f"{before}{begin}\n\n{body}\n\n{end}{after}"
    return text


def sections() -> dict[str, list[str]]:
    """The generated lines of each section, by its name."""
    return {
        "errors": _errors(),
        "limits": _limits(),
        "frames": _frames(),
        "received": _received(),
        "events": _events(),
        "routes": _route_table(),
        "details": list(_route_details()),
    }


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(_cell(each) for each in line)} |" for line in lines]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _about(kind: type) -> str:
    """The docstring of a class in one line."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split())


def _names(kind: type, leave_out: str = "") -> str:
    """The fields of a class by their wire names; those that are required are bold."""
    return ", ".join(_field_names(kind, leave_out))


def _field_names(kind: type, leave_out: str) -> Iterator[str]:
    for _, field in _fields(kind):
        if field.metadata.get("wire", field.name) != leave_out:
            yield _name(field)


def _name(field: Any) -> str:
    """The name of a field on the wire, bold if it is required."""
    name = f"`{field.metadata.get('wire', field.name)}`"
    return f"**{name}**" if field.default is attrs.NOTHING else name


def _fields(kind: type) -> Iterator[tuple[type, Any]]:
    """The fields on the wire, each with its class."""
    for field in attrs.fields(kind):
        if field.metadata.get("flat"):
            yield from _fields(field.type)
        elif not field.metadata.get("rest"):
            yield kind, field


def _described(kind: type, *, is_request: bool) -> Iterator[str]:
    """The fields of a class as a list below an entry, each with its description."""
    for owner, field in _fields(kind):
        name = _name(field) if is_request else _name(field).strip("*")
        text = descriptions.of_field(owner, field, is_request=is_request)
        yield f"  - {name}: {text}"


def _errors() -> list[str]:
    kinds: list[tuple[int, str, type]] = [
        (status_for(kind), slug, kind)
        for slug, kind in errors.BY_SLUG.items()
        if kind is not errors.AntError
    ]
    rows = [
        [
            str(status),
            f"`{slug}`",
            inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0],
        ]
        for status, slug, kind in sorted(kinds, key=lambda row: row[:2])
    ]
    return _table(["status", "`type` ends in", "meaning"], rows)


def _limits() -> list[str]:
    rows = [[f"`{limit.name.lower()}`", limit.value] for limit in Limit]
    return _table(["limit", "what happens"], rows)


def _frames() -> list[str]:
    rows = [
        [
            f"`{kind.type}`",
            f"`{FRAME_SCOPES[kind]}`" if kind in FRAME_SCOPES else "",
            _names(kind, leave_out="ref"),
            _about(kind),
        ]
        for kind in FRAMES
    ]
    return _table(["frame", "scope", "fields", "meaning"], rows)


def _received() -> list[str]:
    rows = [
        [f"`{kind.type}`", ", ".join(_received_names(kind)), _about(kind)]
        for kind in SERVER_FRAMES
    ]
    return _table(["frame", "fields", "meaning"], rows)


def _received_names(kind: type) -> Iterator[str]:
    for _, field in _fields(kind):
        name = f"`{field.metadata.get('wire', field.name)}`"
        yield f"({name})" if field.metadata.get("optional") else name


def _events() -> list[str]:
    rows = []
    for name, kind in codec.TAGS.items():
        event: Any = kind
        rows.append(
            [
                f"`{name}`",
                "all sockets" if event.to_all else "joined",
                "yes" if event.durable else "",
                _names(kind).replace("*", ""),
                _about(kind),
            ]
        )
    return _table(["event", "sent to", "logged", "fields", "meaning"], rows)


def _by_tag() -> list[tuple[str, list[Route]]]:
    """The routes of each tag, in the order of `TAG_ORDER`."""
    ordered = sorted(ROUTES, key=lambda route: TAG_ORDER.index(tag_of(route)))
    return [(tag, list(group)) for tag, group in groupby(ordered, key=tag_of)]


def _signature(route: Route) -> str:
    path = re.sub(r"<(\w+)>", r"{\1}", route.path)
    return f"`{route.method} {path}`"


def _route_table() -> list[str]:
    rows = [
        [_signature(route), _scope(route), STANCES[route.token], route.docs[0]]
        for _, group in _by_tag()
        for route in group
    ]
    return _table(["route", "scope", "terminal", "what it does"], rows)


def _scope(route: Route) -> str:
    """What a caller needs, as the table says it."""
    return "no credentials" if route.is_open else f"`{route.scope}`"


def _route_details() -> Iterator[str]:
    known: set[type] = set()
    for tag, group in _by_tag():
        yield f"### {tag.capitalize()}"
        yield ""
        for route in group:
            yield f"#### {_signature(route)}"
            yield ""
            yield from "\n\n".join(filter(None, route.docs)).splitlines()
            yield ""
            yield from _shape(route, known)
            yield ""


def _shape(route: Route, known: set[type]) -> Iterator[str]:
    """The parameters, the answer and the errors of a route, as a list.

    The fields of an answer's class are listed once: `known` are the classes so far.
    """
    if "query" in route.hints:
        yield "- Query:"
        for field in attrs.fields(query := route.hints["query"]):
            text = descriptions.of_parameter(query, field)
            yield f"  - {_name(field)}: {text}"
    if route.body is not None:
        yield "- Body, or octets:" if route.takes_bytes else "- Body:"
        yield from _described(route.body, is_request=True)
    phrase = f"{route.status} {HTTPStatus(route.status).phrase}"
    kind = route.hints["return"]
    kinds = get_args(kind) if isinstance(kind, UnionType) else [kind]
    answers = [(phrase, kind) for kind in kinds] + [
        (f"{status} {HTTPStatus(status).phrase}", kind)
        for status, kind in route.also.items()
    ]
    for status, kind in answers:
        if kind is NoneType:
            yield f"- Answer: {status}, without a body"
        elif not attrs.has(kind):
            yield f"- Answer: {status}"
        elif kind in known:
            yield f"- Answer: {status}, `{kind.__name__}`"
        else:
            known.add(kind)
            yield f"- Answer: {status}, `{kind.__name__}`:"
            yield from _described(kind, is_request=False)
    for error, when in route.raises.items():
        yield f"- Error: {status_for(error)}, `{errors.slug_of(error)}`: {when}"


def main() -> None:
    """Write the sections into the file that the command line names."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/api.md")
    path.write_text(generate(path.read_text()))


if __name__ == "__main__":
    main()
