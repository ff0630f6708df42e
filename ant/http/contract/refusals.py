"""When each route refuses: the sentences of its error responses in OpenAPI.

Most follow from the route's signature; `@endpoint` has the others in `raises`.
"""

import re
from collections.abc import Iterator
from typing import Final

import attrs

from ant.core import errors
from ant.http.contract.endpoint import Route
from ant.http.contract.problems import status_for

_Refusal = tuple[type[errors.AntError], str]

_TOKENS: Final = {
    None: "A terminal's token may not call this route.",
    "room": "A terminal's token may call this for its own rooms only, as itself.",
    "self": "A terminal's token may call this for its own session only.",
    "either": "A terminal's token may call this for itself and its own rooms only.",
}
"""Why a token is refused, by the stance of a route."""

_NOUNS: Final = {
    "message_id": "message",
    "msgId": "message",
    "task_id": "task",
    "linkId": "link",
    "refId": "file reference",
}
"""What a room must have, by the parameter that names it."""


def of_route(route: Route) -> dict[int, str]:
    """The statuses of a route's errors, each with the sentences that explain it.

    A sentence begins with the end of the problem's `type`.
    """
    texts: dict[int, list[str]] = {}
    for kind, when in _refusals(route):
        lines = texts.setdefault(status_for(kind), [])
        lines.append(f"`{errors.slug_of(kind)}`: {when}")
    return {status: "\n\n".join(texts[status]) for status in sorted(texts)}


def _refusals(route: Route) -> Iterator[_Refusal]:
    foreign = (
        "the `Host` header does not name this server, or a browser calls for a page of "
        "another origin."
    )
    if route.is_open:
        yield errors.Forbidden, f"{foreign[0].upper()}{foreign[1:]}"
    else:
        yield (
            errors.Unauthorized,
            "The caller shows no key or token that is valid here.",
        )
        yield (
            errors.Forbidden,
            f"{_TOKENS[route.token]} {_scope(route)} Also: {foreign}",
        )
    places = "the body or in the query" if route.body is not None else "the query"
    yield (
        errors.Invalid,
        f"Something in {places} is unknown, missing, malformed, or names what does not "
        "exist. `issues` has a sentence for each.",
    )
    if route.body is not None:
        also = ", or than the server allows a token" if route.token is not None else ""
        yield errors.TooLarge, f"The body is larger than 10 MiB{also}."
        yield (
            errors.Unsupported,
            "The body has a content type that this route does not read.",
        )
        if route.token is not None:
            yield (
                errors.RateLimited,
                "A token called or wrote too much in this minute. `Retry-After` has "
                "the seconds to wait.",
            )
    if "<" in route.path or route.takes_names:
        yield errors.NotFound, f"{_missing(route)}."
    if "<session_id>" in route.path and not route.inactive:
        yield errors.Gone, "The session is archived or deleted."
    yield errors.StorageFailed, "The database or the file system refused the work."
    yield errors.DiskFull, "The disk has no space left for the database."
    yield errors.Stopping, "The server is shutting down."
    yield from route.raises.items()


def _scope(route: Route) -> str:
    """Why an access token is refused."""
    if route.scope is None:
        return "An access token may not call it."
    if route.scope == "any":
        return "Any valid access token may call it."
    return f"An access token needs the scope `{route.scope}`."


def _missing(route: Route) -> str:
    """What a route does not find."""
    query = attrs.fields(route.hints["query"]) if "query" in route.hints else ()
    names = [each.metadata.get("wire", each.name) for each in query]
    names += re.findall(r"<(\w+)>", route.path)
    nouns = sorted({_NOUNS[name] for name in names if name in _NOUNS})
    inside = [f"it has no such {noun}" for noun in nouns]
    return ", or ".join(["There is no such session", *inside])
