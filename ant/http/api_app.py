"""Quart-Trio for an API: per request it does nothing that ANT has no use for.

ANT has no cookies of Quart's sessions, no blueprints, no subdomains, no signals and no
synchronous handlers. What Quart does for them at each request takes a third of an empty
route. A request of a view of `add_view` passes Quart by; Quart answers its errors, and
all other requests.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any, cast

import trio
from quart import Quart, Request, Response
from quart.ctx import RequestContext
from quart.globals import _cv_request
from quart.sessions import NullSession, SessionInterface
from quart.typing import ResponseTypes
from quart.wrappers.base import BaseRequestWebsocket
from quart.wrappers.response import DataBody
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIHTTPConnection
from quart_trio.wrappers import TrioRequest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

HANDLERS = 256
"""Handlers known to be asynchronous: more than there are routes."""

PATHS = 256
"""Paths whose route is cached; each has at most the bytes of a request's head."""

Check = Callable[[Request], Awaitable[None]]
View = Callable[..., Awaitable[Response]]


class _NoSessions(SessionInterface):
    """One empty session for all requests. It refuses changes, so none is saved."""

    _empty = NullSession()

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> Any:
        return self._empty


class _Request(TrioRequest):
    """A request of an app without blueprints, and the error that its view raised."""

    failure: BaseException | None = None

    @property
    def blueprints(self) -> list[str]:
        return []


class _Current:
    """What `quart.request` reads while a view of `add_view` runs."""

    def __init__(self, request: Request) -> None:
        self.request = request


class _Connection(TrioASGIHTTPConnection):
    """One request: its view runs in the task of the request itself."""

    async def __call__(self, receive: Any, send: Any) -> None:
        request = self._create_request_from_scope(send)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.handle_messages, nursery, request, receive)
            await self.handle_request(nursery, request, send)

    async def _send_response(self, send: Any, response: ResponseTypes) -> None:
        """Send a body that is in memory in one event, and any other as Quart does."""
        body = response.response
        if not isinstance(body, DataBody):
            await super()._send_response(send, response)
            return
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
        ]
        await send(
            {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": headers,
            }
        )
        data = body.data[body.begin : body.end]
        await send({"type": "http.response.body", "body": data, "more_body": False})


class ApiApp(QuartTrio):
    """A Quart-Trio app whose routes have the host of the request, whichever that is."""

    asgi_http_class = _Connection
    request_class = _Request
    session_interface = _NoSessions()  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        # Quart asks it for each handler, of each request.
        cached: Callable[..., Callable[..., Awaitable[Any]]]
        cached = lru_cache(HANDLERS)(super().ensure_async)
        self.ensure_async = cached  # type: ignore[method-assign]

        self._views: dict[str, View] = {}
        self._check: Check | None = None
        self._route_of = lru_cache(PATHS)(self._find_route)

    def check_first(self, check: Check) -> None:
        """Run a check before each request, also one that no route takes."""

        async def check_request() -> None:
            await check(_cv_request.get().request)

        self.before_request(check_request)
        self._check = check

    def add_view(self, path: str, method: str, name: str, view: View) -> None:
        """Add a route whose view answers with a `Response`.

        Quart's `g` and `current_app` do not exist while it runs, but `request` does.
        """
        self.add_url_rule(path, name, view, methods=[method])
        self._views[name] = view

    def _find_route(self, method: str, path: str) -> tuple[View, dict[str, Any]] | None:
        """The view of `add_view` for a path, and its parameters; None if Quart answers.

        Raises `HTTPException` when no route has the path and the method.
        """
        adapter = MapAdapter(
            self.url_map, "localhost", "/", "", "http", path, default_method=method
        )
        endpoint, values = adapter.match()
        view = self._views.get(endpoint)
        return (view, dict(values)) if view and method != "OPTIONS" else None

    async def handle_request(self, request: Request) -> ResponseTypes:
        call = cast(_Request, request)
        found = None
        with suppress(HTTPException):  # Quart answers it, after the checks.
            found = self._route_of(call.method, call.path)
        if found is None:
            return await super().handle_request(call)
        view, values = found
        _cv_request.set(cast(RequestContext, _Current(call)))
        try:
            if self._check is not None:
                await self._check(call)
            return await view(**values)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001
            call.failure = error  # Quart handles it as an error of its own dispatch.
        return await super().handle_request(call)

    async def preprocess_request(
        self, request_context: RequestContext | None = None
    ) -> Any:
        request = (request_context or _cv_request.get()).request
        failure = cast(_Request, request).failure
        if failure is not None:
            raise failure
        return await super().preprocess_request(request_context)

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
