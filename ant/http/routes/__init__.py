"""The handlers of the REST routes. Importing this package fills `ROUTES`."""

# The order of these imports is the order of the routes in the contract.
from ant.http.routes import (  # isort: skip
    tasks,
    channels,
    deliveries,
    events,
    run_events,
    export,
    links,
    messages,
    participants,
    prompts,
    search,
    sessions,
    health,
    terminal,
    tokens,
    waits,
)
from ant.http.routes.agents import drivers  # isort: skip

__all__ = [
    "channels",
    "deliveries",
    "drivers",
    "events",
    "export",
    "health",
    "links",
    "messages",
    "participants",
    "prompts",
    "run_events",
    "search",
    "sessions",
    "tasks",
    "terminal",
    "tokens",
    "waits",
]
