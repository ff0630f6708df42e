"""The request of a search over the whole server."""

from typing import Annotated, Literal

import attrs

from ant.api.constraints import Limit, Text, Words

_SCOPE = "(?:messages|terminals|events|tasks)"
MEANS = "messages, terminals, events or tasks, separated by commas"

Scopes = Annotated[str, Text(1, 80, rf"{_SCOPE}(?:,{_SCOPE}){{0,7}}", MEANS)]
Include = Annotated[
    str,
    Text(
        0,
        20,
        r"(?:(?:archived|deleted)(?:,(?:archived|deleted))?)?",
        "archived, deleted",
    ),
]


@attrs.frozen
class SearchAll:
    """A search for words, or for a regular expression of RE2 after `re:`.

    `mess*` is the beginning of a word, with three characters or more.
    `scope` names what to search, separated by commas. `limit` is that of each scope.
    `include` adds what a search omits otherwise: `archived`, `deleted`, or both.
    """

    q: Words = ""
    scope: Scopes = "messages"
    limit: Limit = 50
    sort: Literal["newest", "rank"] = "newest"
    include: Include = ""
