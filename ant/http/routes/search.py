"""Search over the whole server."""

import trio

from ant.api.search_requests import SearchAll
from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached
from ant.history import search
from ant.http.contract.endpoint import endpoint
from ant.journal.writer import Lane
from ant.model.search import Everything
from ant.runtime.system import System

PATIENCE_S = 1.0
"""How long a search waits for what was put out last to be rendered."""


@endpoint("GET", "/api/search", raises=(CapacityReached,))
async def search_all(system: System, query: SearchAll) -> Everything:
    """What holds every word of `q`, newest first: messages, or what `scope` names.

    `results` are messages, `terminals` lines as they were finally seen, `tasks` and
    `events` what their names say. Only what is active, unless `include` says more. A
    `q` that begins with `re:` is a regular expression of RE2.
    """
    if search.is_indexed(query):
        return await system.journal.read_in_thread(
            search.search_all, query, lane=Lane.SEARCH
        )
    if "terminals" in query.scope:
        with trio.move_on_after(PATIENCE_S):
            await system.indexer.settle()
    found: Everything = await system.journal.read_in_thread(
        search.search_all, query, lane=Lane.SCAN
    )
    if not found.complete:
        increment(Limit.SEARCH)
    return found
