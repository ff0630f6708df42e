"""How the client reaches a server with an event loop: by `httpx`.

`httpx` is imported at the first use, since that takes a tenth of a second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ant.client.blocking_http import TIMEOUT_S, Unreachable
from ant.core.ip_addresses import is_loopback

if TYPE_CHECKING:
    import httpx


class Disconnected(Unreachable):
    """A connection has ended that a client may open again."""


def ended() -> tuple[type[Exception], ...]:
    """The errors of a connection that has ended: a new one can continue."""
    import httpx

    return Disconnected, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError


def connected(url: str, headers: dict[bytes, bytes]) -> httpx.AsyncClient:
    """The connections to a server by `httpx`."""
    import httpx

    # A proxy of the environment would receive the key on its way to this machine.
    address = httpx.URL(url)
    is_local = is_loopback(address.host)
    return httpx.AsyncClient(
        base_url=url,
        headers=headers,
        timeout=TIMEOUT_S,
        trust_env=not is_local,
        # To read the certificates of all authorities takes half of a short call.
        verify=not (is_local and address.scheme == "http"),
    )
