"""Route of the search over all sessions."""

import trio

from ant.api.page_requests import SearchAll
from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached
from ant.history import search
from ant.http.contract.endpoint import endpoint
from ant.journal.writer import Lane
from ant.model.access_tokens import Scope
from ant.model.search import Everything
from ant.runtime.system import System

PATIENCE_S = 1.0
"""Seconds that a search waits until the newest output is rendered to lines."""


@endpoint(
    "GET",
    "/api/search",
    raises={CapacityReached: "16 searches of this kind wait already."},
    scope=Scope.VIEW,
)
async def search_all(system: System, query: SearchAll) -> Everything | bytes:
    """Search all sessions for every word of `q`, newest first.

    `scope` names where to search, separated by commas: `messages` (the default),
    `terminals`, `tasks` and `events` (run events). `results` holds the messages; the
    other lists are null if their scope was not requested. A terminal match is a line of
    text as it was last shown, with the byte range that drew it. `limit` applies to each
    scope.

    Words are literal text, but `mess*` is the beginning of a word: three characters or
    more, and a `*`. A `q` that begins with `re:` is an RE2 regular expression.
    `sort=rank` orders by the share of the text that matched. `include` adds `archived`
    sessions, `deleted` ones, or both; the default is active sessions only. One search
    reads at most 256 Mi characters; `complete` is false if it stopped before the end.
    """
    if search.is_indexed(query):
        content, _ = await system.journal.read_in_thread(
            search.search_all, query, lane=Lane.SEARCH
        )
        return content
    if "terminals" in query.scope:
        with trio.move_on_after(PATIENCE_S):
            await system.indexer.settle()
    content, is_complete = await system.journal.read_in_thread(
        search.search_all, query, lane=Lane.SCAN
    )
    if not is_complete:
        increment(Limit.SEARCH)
    return content
