"""Assembles the Quart app: access checks, routes, `/ws`, and error handlers."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from functools import lru_cache
from typing import Any

import trio
from quart import Request, Response, Websocket, g, request, websocket
from quart_trio import QuartTrio

from ant.core.errors import StorageFailed, Unauthorized
from ant.http import routes
from ant.http.access import auth, scopes
from ant.http.access.refusals import Refusals
from ant.http.contract import problems
from ant.http.contract.endpoint import ROUTES
from ant.http.server.admission import connection_of, mark_authenticated
from ant.http.server.protocol import MAX_BODY
from ant.http.sign_in_page import show_sign_in
from ant.http.ws.output import OutputRenderer
from ant.http.ws.socket import serve_socket
from ant.identity import access_tokens
from ant.identity.tokens import Caller, identify
from ant.model.access_tokens import AccessToken, Scope
from ant.runtime.system import System
from ant.store import Unit

__all__ = ["create_app", "routes"]

HOSTS = 64
"""Accepted Host headers that are cached. Refusals are not."""


log = logging.getLogger(__name__)

View = Callable[..., Awaitable[Response]]


def address_of(call: Request | Websocket) -> str | None:
    """The IP address that a call comes from; None if it has none."""
    client = call.scope.get("client")
    return client[0] if client else None


def shown(unit: Unit, secret: str) -> tuple[AccessToken, Caller | None]:
    """A valid access token, and who calls with it. Raises `Unauthorized`."""
    token = access_tokens.identify(unit, secret)
    return token, access_tokens.caller_of(unit, token)


def create_app(system: System, *, identify_peers: bool) -> QuartTrio:
    """A new app for one server run. It checks access before every request and socket.

    With `identify_peers` there is no key: a caller without a token is identified by its
    connection (`access.peers`). Without it there is a key, or a test calls.
    """
    app = QuartTrio(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = True
    logging.getLogger(app.name).propagate = True
    problems.register(app)
    renderer = OutputRenderer(system.journal, system.services.flows)
    config = system.config

    # Callers name the same few hosts. An exception is not cached.
    check_host = lru_cache(HOSTS)(auth.check_host)

    refusals = Refusals(trio.current_time)
    cookie_name = auth.cookie_name(system.epoch)
    open_endpoints: set[str] = set()

    @asynccontextmanager
    async def refusals_slowed(call: Request | Websocket) -> AsyncIterator[None]:
        """Delay the refusal of a caller that is refused often (`access.refusals`)."""
        try:
            yield
        except Unauthorized:
            connection = connection_of(call.scope)
            delay_s = refusals.count(address_of(call))
            if delay_s:
                with connection.refusing() if connection else nullcontext():
                    await trio.sleep(delay_s)  # noqa: ASYNC120  Cancelled: it has left.
            raise

    async def identify_caller(method: str, call: Request | Websocket) -> None:
        """Set `g.caller` and `g.access_token`. Raises if access is refused.

        The caller is a terminal, or the session that an access token is limited to;
        None is the operator, or an access token without a limit.
        """
        g.caller = g.access_token = None
        check_host(config, call.headers.get("Host"))
        auth.check_origin(config, method, call.path, call.headers)
        if call.url_rule is not None and call.url_rule.endpoint in open_endpoints:
            return
        async with refusals_slowed(call):
            secret = await shown_access_token(method, call)
            if secret is not None:
                g.access_token, g.caller = await system.journal.read(shown, secret)
                await record_use(g.access_token, address_of(call))
            else:
                g.caller = await identified(method, call)
        is_terminal = g.caller is not None and g.access_token is None
        is_socket = isinstance(call, Websocket)
        mark_authenticated(call.scope, is_socket=is_socket, is_terminal=is_terminal)

    async def shown_access_token(method: str, call: Request | Websocket) -> str | None:
        """The access token that a call shows, or its sign-in; None without one."""
        sent = call.headers, call.args.get("apiKey")
        if auth.has_key(config, *sent):
            return None
        if (secret := auth.access_token(*sent)) is not None:
            return secret
        cookie = call.cookies.get(cookie_name)
        g.is_signed_in = cookie is not None
        return auth.device_token(method, *sent, cookie)

    async def record_use(token: AccessToken, address: str | None) -> None:
        if system.live_tokens.is_use_due(token.id):
            try:
                await system.journal.write(access_tokens.used, token.id, address)
            except StorageFailed as exc:  # The call itself may work nevertheless.
                log.warning("The use of token %s is not recorded: %s", token.id, exc)

    async def identified(method: str, call: Request | Websocket) -> Caller | None:
        sent = call.headers, call.args.get("apiKey")
        token = auth.terminal_token(*sent)
        if token is not None and not auth.has_key(config, *sent):
            return await system.journal.read(
                identify, system.services.token_signer, token
            )
        auth.check_key(config, *sent)
        if identify_peers:
            return await auth.peer_of(call.scope).caller(method)
        return None

    @app.before_request
    async def check_request() -> None:
        await identify_caller(request.method, request)

    @app.before_websocket
    async def check_socket() -> None:
        await identify_caller("WEBSOCKET", websocket)
        scopes.need(g.access_token, Scope.VIEW, "/ws, which sends events")

    @app.after_request
    async def forget_sign_in(response: Response) -> Response:
        """Remove the cookie of a sign-in that has ended, so that another way counts."""
        if response.status_code == 401 and g.get("is_signed_in"):
            response.delete_cookie(cookie_name)
        return response

    def throttled(view: View) -> View:
        """A view that anybody may call; `refusals_slowed` limits who guesses there."""

        async def slowed(**params: Any) -> Response:
            async with refusals_slowed(request):
                return await view(**params)

        return slowed

    for route in ROUTES:
        endpoint, view = f"{route.method} {route.path}", route.view(system)
        if route.is_open:
            open_endpoints.add(endpoint)
            view = throttled(view)
        app.add_url_rule(route.path, endpoint, view, methods=[route.method])

    open_endpoints.add("sign-in page")
    app.add_url_rule("/sign-in", "sign-in page", show_sign_in, methods=["GET"])

    @app.websocket("/ws")
    async def ws() -> None:
        await serve_socket(system, renderer, g.caller, g.access_token)

    return app
