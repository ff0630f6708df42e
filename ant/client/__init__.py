"""The client library: REST over httpx, and `/ws` over trio-websocket."""

from ant.client.ant_client import (
    ENDED,
    Ambiguous,
    AntClient,
    Disconnected,
    Unreachable,
    render,
)
from ant.client.event_socket import EventSocket

__all__ = [
    "ENDED",
    "Ambiguous",
    "AntClient",
    "Disconnected",
    "EventSocket",
    "Unreachable",
    "render",
]
