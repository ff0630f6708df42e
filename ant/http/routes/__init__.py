"""Imports every route module, so that `ROUTES` is complete."""

from ant.http.routes import (
    board,
    events,
    links,
    messages,
    people,
    prompts,
    sessions,
    system,
    terminal,
)

__all__ = [
    "board",
    "events",
    "links",
    "messages",
    "people",
    "prompts",
    "sessions",
    "system",
    "terminal",
]
