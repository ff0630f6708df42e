"""Queries for a page of a list, and of the search over the whole server."""

from typing import Annotated, Final, Literal

import attrs

from ant.api.constraints import NO_NUL, Limit, Text, Words

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
class ListAll:
    """A page of all rows: those after the row `after`, the `next` of the page before.

    That row may have been deleted since.
    """

    after: Annotated[str, Text(0, 1000, NO_NUL, "text without NUL")] | None = None
    """The `next` of the page before. Without it, the first page."""


FIRST_PAGE: Final = ListAll()


@attrs.frozen
class SearchAll:
    """A search for words, or for a regular expression of RE2 after `re:`."""

    q: Words = ""
    """Words that must all occur, or after `re:` a regular expression of RE2."""
    scope: Scopes = "messages"
    """Where to search, separated by commas: `messages`, `terminals`, `tasks`,
    `events`."""
    limit: Limit = 50
    """The most results of each scope."""
    sort: Literal["newest", "rank"] = "newest"
    include: Include = ""
