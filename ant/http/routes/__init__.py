"""Imports every route module, so that `ROUTES` is complete."""

from ant.http.routes import (
    board,
    channels,
    deliveries,
    events,
    evidence,
    links,
    messages,
    people,
    prompts,
    search,
    sessions,
    system,
    terminal,
)

__all__ = [
    "board",
    "channels",
    "deliveries",
    "events",
    "evidence",
    "links",
    "messages",
    "people",
    "prompts",
    "search",
    "sessions",
    "system",
    "terminal",
]
