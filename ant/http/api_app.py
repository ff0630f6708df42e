"""Quart-Trio for an API: per request it does nothing that ANT has no use for.

ANT has no cookies of Quart's sessions, no blueprints, no subdomains, no signals and no
synchronous handlers. What Quart does for them at each request takes a third of an empty
route. A request of a view of `add_view` passes Quart by; Quart answers its errors, and
all other requests.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from math import inf
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
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, RequestTimeout
from werkzeug.routing import MapAdapter

from ant.http.contract.endpoint import JSON, JsonAnswer
from ant.http.server.protocol import EXCHANGE, Application

HANDLERS = 256
"""Handlers known to be asynchronous: more than there are routes."""

_JSON = JSON.encode()

PATHS = 256
"""Paths whose route is cached; each has at most the bytes of a request's head."""

SMALL_BODY = 64 << 10
"""Bytes of a body that is read before its view runs, in the view's task."""

ARRIVED_S = 0.05
"""Seconds that an error waits for the rest of a small body. Without the rest the
connection is closed after the answer."""

Check = Callable[[Request], Awaitable[None]]
View = Callable[..., Awaitable[Response | JsonAnswer]]


class _NoSessions(SessionInterface):
    """One empty session for all requests. It refuses changes, so none is saved."""

    _empty = NullSession()

    async def open_session(self, app: Quart, request: BaseRequestWebsocket) -> Any:
        return self._empty


class _Request(TrioRequest):
    """A request of an app without blueprints, and the error that its view raised.

    A `direct` one has a small body, or none, and reads it itself.
    """

    failure: BaseException | None = None
    _receive: Callable[[], Awaitable[Any]] | None = None
    _read: bytes | None = None
    _timeout_s = inf

    @classmethod
    def direct(
        cls, scope: Any, size: int, timeout_s: float, receive: Any
    ) -> "_Request":
        """A request whose body has `size` bytes, or an unknown number if negative."""
        self = cls.__new__(cls)
        headers = Headers()
        headers["Remote-Addr"] = (scope.get("client") or ["<local>"])[0]
        for name, value in scope["headers"]:
            headers.add(name.decode("latin-1").title(), value.decode("latin-1"))
        # `TrioRequest` would make locks and events for a body that is received.
        BaseRequestWebsocket.__init__(
            self,
            scope["method"],
            scope["scheme"],
            scope["path"],
            scope["query_string"],
            headers,
            "",
            scope["http_version"],
            scope,
        )
        self._timeout_s = timeout_s
        if size:
            self._receive = receive
        else:
            self._read = b""
        return self

    @property
    def blueprints(self) -> list[str]:
        return []

    async def get_data(self, *args: Any, **kwargs: Any) -> Any:
        if self._receive is not None:
            self._read = await self._received(self._receive)
            self._receive = None
        if self._read is not None:
            return self._read
        return await super().get_data(*args, **kwargs)

    async def complete(self) -> None:
        """Make a `direct` request a whole one, for Quart, which answers errors.

        Its body is what has arrived, since an answer to an error is not delayed.
        """
        if self._receive is None and self._read is None:
            return
        if self._receive is not None:
            with trio.move_on_after(ARRIVED_S), suppress(RequestTimeout):
                self._read = await self._received(self._receive)
            self._receive = None
        self._read = self._read or b""
        super().__init__(
            self.method,
            self.scheme,
            self.path,
            self.query_string,
            self.headers,
            self.root_path,
            self.http_version,
            cast(Any, self.scope),
            send_push_promise=_push_nothing,
        )

    async def read_direct(self) -> None:
        """Read the body of a `direct` request, whether or not the view wants it.

        Otherwise the connection would be closed on its rest. Raises `RequestTimeout`.
        """
        if self._receive is not None:
            await self.get_data()

    async def _received(self, receive: Callable[[], Awaitable[Any]]) -> bytes:
        pieces = []
        with trio.move_on_after(self._timeout_s):
            while True:
                event = await receive()
                pieces.append(event.get("body", b""))
                if not event.get("more_body", False):
                    return b"".join(pieces)
        raise RequestTimeout


async def _push_nothing(path: str, headers: Headers) -> None:
    """HTTP/1.1 has no pushed responses."""


class _Current:
    """What `quart.request` reads while a view of `add_view` runs."""

    def __init__(self, request: Request) -> None:
        self.request = request


class _Connection(TrioASGIHTTPConnection):
    """One request: its view runs in the task of the request itself."""

    async def __call__(self, receive: Any, send: Any) -> None:
        scope = cast(dict[str, Any], self.scope)
        exchange = scope.get("extensions", {}).get(EXCHANGE)
        if exchange is not None:
            fields = dict(scope["headers"])
            size = int(fields.get(b"content-length", b"0"))
            if size <= SMALL_BODY and b"transfer-encoding" not in fields:
                await self._answer(exchange, size, receive, send)
                return
        request = self._create_request_from_scope(send)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.handle_messages, nursery, request, receive)
            await self.handle_request(nursery, request, send)

    async def _answer(
        self, exchange: Application, size: int, receive: Any, send: Any
    ) -> None:
        """Answer a request without a task beside its view."""
        exchange.end_with_client()
        timeout_s = self.app.config["BODY_TIMEOUT"]
        request = _Request.direct(self.scope, size, timeout_s, receive)
        response = await cast(ApiApp, self.app).run_view(request)
        if isinstance(response, JsonAnswer):
            length = str(len(response.content)).encode()
            headers = [(b"content-type", _JSON), (b"content-length", length)]
            await exchange.respond(response.status, headers, response.content)
        elif isinstance(response, Response) and isinstance(response.response, DataBody):
            data = response.response
            body = data.data[data.begin : data.end]
            status = response.status_code
            await exchange.respond(status, _headers(response), body)
        else:
            await self._send_within(send, response)

    async def _send_within(self, send: Any, response: ResponseTypes) -> None:
        """Send a response in pieces, and end after its timeout."""
        timeout_s = getattr(response, "timeout", Ellipsis)
        if timeout_s is Ellipsis:
            timeout_s = self.app.config["RESPONSE_TIMEOUT"]
        with trio.move_on_after(inf if timeout_s is None else timeout_s):
            await self._send_response(send, response)

    async def _send_response(self, send: Any, response: ResponseTypes) -> None:
        """Send a body that is in memory in one event, and any other as Quart does."""
        body = response.response
        if not isinstance(body, DataBody):
            await super()._send_response(send, response)
            return
        await send(
            {
                "type": "http.response.start",
                "status": response.status_code,
                "headers": _headers(response),
            }
        )
        data = body.data[body.begin : body.end]
        await send({"type": "http.response.body", "body": data, "more_body": False})


def _headers(response: ResponseTypes) -> list[tuple[bytes, bytes]]:
    return [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]


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
        # Quart matches the path, and never calls the view.
        self.add_url_rule(path, name, cast(Any, view), methods=[method])
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
        answer = await self.run_view(request)
        if isinstance(answer, JsonAnswer):
            return Response(answer.content, answer.status, content_type=JSON)
        return answer

    async def run_view(self, request: Request) -> ResponseTypes | JsonAnswer:
        """Answer a request by its view; Quart answers those without a view."""
        call = cast(_Request, request)
        found = None
        with suppress(HTTPException):  # Quart answers it, after the checks.
            found = self._route_of(call.method, call.path)
        if found is None:
            await call.complete()
            return await super().handle_request(call)
        view, values = found
        _cv_request.set(cast(RequestContext, _Current(call)))
        try:
            if self._check is not None:
                await self._check(call)
            await call.read_direct()
            return await view(**values)
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001
            call.failure = error  # Quart handles it as an error of its own dispatch.
        await call.complete()
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
