"""What may be asked of a search over the whole server."""

from typing import Annotated, Literal

import attrs

from ant.api.constraints import Limit, Text, Words

_SCOPE = "(?:messages|terminals|events|tasks)"
MEANS = "messages, terminals, events or tasks, commas between"

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
    """Words as a person types them, or `re:` and a regular expression of RE2.

    `scope` names where to look, commas between. `limit` is that of each scope.
    `include` names what is left out otherwise: `archived`, `deleted`, or both.
    """

    q: Words = ""
    scope: Scopes = "messages"
    limit: Limit = 50
    sort: Literal["newest", "rank"] = "newest"
    include: Include = ""
