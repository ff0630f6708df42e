"""The client library: REST over httpx, and `/ws` over trio-websocket.

`Ant` is for programs without an event loop, `AsyncAnt` for trio; both have the same
methods. `AntClient` is below both: it calls one server with one key. A name is imported
with what it needs when it is first used, so the package itself costs little.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ant.client.access.servers import WrongServer
    from ant.client.ant_client import AntClient, render
    from ant.client.async_ant import AsyncAnt
    from ant.client.async_handles import AsyncRoom, AsyncTerminal, OutputMissing
    from ant.client.blocking_http import run_blocking
    from ant.client.errors import Ambiguous, Disconnected, Unreachable
    from ant.client.event_socket import EventSocket
    from ant.client.feeds import AsyncFeed
    from ant.client.loop_thread import Closed, Feed
    from ant.client.reconnection import RETRIED, Reconnection
    from ant.client.sync_ant import Ant
    from ant.client.sync_handles import Room, Socket, Terminal
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
    "Ant",
    "AntClient",
    "AsyncAnt",
    "AsyncFeed",
    "AsyncRoom",
    "AsyncTerminal",
    "Closed",
    "Connected",
    "ConnectionLost",
    "Disconnected",
    "EventSocket",
    "Exit",
    "Feed",
    "Gap",
    "Item",
    "Output",
    "OutputMissing",
    "Reconnection",
    "Room",
    "Screen",
    "SizeChanged",
    "Socket",
    "Terminal",
    "TerminalStream",
    "Unreachable",
    "WrongServer",
    "render",
    "run_blocking",
]

_MODULES = {
    "ant_client": ("AntClient", "render"),
    "async_ant": ("AsyncAnt",),
    "blocking_http": ("run_blocking",),
    "reconnection": ("RETRIED", "Reconnection"),
    "errors": ("Ambiguous", "Disconnected", "Unreachable"),
    "event_socket": ("EventSocket",),
    "feeds": ("AsyncFeed",),
    "async_handles": ("AsyncRoom", "AsyncTerminal", "OutputMissing"),
    "loop_thread": ("Closed", "Feed"),
    "access.servers": ("WrongServer",),
    "sync_ant": ("Ant",),
    "sync_handles": ("Room", "Socket", "Terminal"),
    "terminal_stream": (
        "Connected",
        "ConnectionLost",
        "Exit",
        "Gap",
        "Item",
        "Output",
        "Screen",
        "SizeChanged",
        "TerminalStream",
    ),
}
_WHERE = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a name of the library when it is first used."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = found
    return found
