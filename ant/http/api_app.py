"""Quart-Trio for an API: per request it does nothing that ANT has no use for.

ANT has no cookies of Quart's sessions, no blueprints, no subdomains and no synchronous
handlers. What Quart does for them at each request takes a tenth of an empty route.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

from quart import Quart
from quart.sessions import NullSession, SessionInterface
from quart.wrappers.base import BaseRequestWebsocket
from quart_trio import QuartTrio
from quart_trio.wrappers import TrioRequest
from werkzeug.routing import MapAdapter

HANDLERS = 256
"""Handlers known to be asynchronous: more than there are routes."""


class _NoSessions(SessionInterface):
    """One empty session for all requests. It refuses changes, so none is saved."""

    _empty = NullSession()

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> Any:
        return self._empty


class _Request(TrioRequest):
    """A request of an app without blueprints."""

    @property
    def blueprints(self) -> list[str]:
        return []


class ApiApp(QuartTrio):
    """A Quart-Trio app whose routes have the host of the request, whichever that is."""

    request_class = _Request
    session_interface = _NoSessions()  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        # Quart asks it for each handler, of each request.
        cached: Callable[..., Callable[..., Awaitable[Any]]]
        cached = lru_cache(HANDLERS)(super().ensure_async)
        self.ensure_async = cached  # type: ignore[method-assign]

    def create_url_adapter(
        self, request: BaseRequestWebsocket | None
    ) -> MapAdapter | None:
        if request is None:
            return None
        return MapAdapter(
            self.url_map,
            server_name=request.host.lower(),
            script_name="/",
            subdomain="",
            url_scheme=request.scheme,
            path_info=request.path,
            default_method=request.method,
            query_args=request.query_string.decode(),
        )
