"""The client library: REST over httpx, and `/ws` over trio-websocket."""

from ant.client.ant_client import Ambiguous, AntClient, render
from ant.client.connection import (
    RETRIED,
    Disconnected,
    Reconnection,
    Unreachable,
)
from ant.client.event_socket import EventSocket
from ant.client.terminal_stream import (
    Connected,
    ConnectionLost,
    Exit,
    Gap,
    Item,
    Output,
    Screen,
    SizeChanged,
    TerminalStream,
)

__all__ = [
    "RETRIED",
    "Ambiguous",
    "AntClient",
    "Connected",
    "ConnectionLost",
    "Disconnected",
    "EventSocket",
    "Exit",
    "Gap",
    "Item",
    "Output",
    "Reconnection",
    "Screen",
    "SizeChanged",
    "TerminalStream",
    "Unreachable",
    "render",
]
