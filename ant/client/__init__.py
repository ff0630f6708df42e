"""The client library: REST over httpx, and `/ws` over trio-websocket."""

from typing import Any

from ant.client.ant_client import Ambiguous, AntClient, render
from ant.client.blocking_http import Unreachable, run_blocking
from ant.client.connections import Disconnected, ended
from ant.client.event_socket import EventSocket

ENDED: tuple[type[Exception], ...]
"""Errors of a connection that has ended: a new one can continue."""


def __getattr__(name: str) -> Any:
    """Make `ENDED` at its first use, since it needs `httpx`."""
    if name != "ENDED":
        raise AttributeError(name)
    return ended()


__all__ = [
    "ENDED",
    "Ambiguous",
    "AntClient",
    "Disconnected",
    "EventSocket",
    "Unreachable",
    "render",
    "run_blocking",
]
