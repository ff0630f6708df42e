"""Assembles the Quart app: access checks, routes, `/ws`, and error handlers."""

import logging
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, cast

import trio
from quart import Request, Websocket, g, websocket
from quart_trio import QuartTrio

from ant.core.errors import Unauthorized
from ant.http import routes
from ant.http.access import auth
from ant.http.access.refusals import Refusals
from ant.http.api_app import ApiApp
from ant.http.contract import problems
from ant.http.contract.endpoint import CALLER, ROUTES, check_no_parameters
from ant.http.server.admission import connection_of, mark_authenticated
from ant.http.server.protocol import MAX_BODY
from ant.http.ws.output import OutputRenderer
from ant.http.ws.rows import RowsRenderer
from ant.http.ws.socket import serve_socket
from ant.identity.tokens import Caller, identify
from ant.runtime.system import System

__all__ = ["create_app", "routes"]

HOSTS = 64
"""Accepted Host headers that are cached. Refusals are not."""


def create_app(system: System, *, identify_peers: bool) -> QuartTrio:
    """A new app for one server run. It checks access before every request and socket.

    With `identify_peers` there is no key: a caller without a token is identified by its
    connection (`access.peers`). Without it there is a key, or a test calls.
    """
    app = ApiApp(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = True
    logging.getLogger(app.name).propagate = True
    problems.register(app)
    renderer = OutputRenderer(system.journal, system.services.flows)
    rows_renderer = RowsRenderer(system)
    config, has_key = system.config, system.config.api_key is not None

    # Callers name the same few hosts. An exception is not cached.
    check_host = lru_cache(HOSTS)(auth.check_host)

    refusals = Refusals(trio.current_time)

    async def identify_caller(method: str, call: Request | Websocket) -> Caller | None:
        """The calling terminal; None is the operator. Raises if access is refused."""
        try:
            return await identified(method, call)
        except Unauthorized as exc:
            refusal = exc
        client, connection = call.scope.get("client"), connection_of(call.scope)
        delay_s = refusals.count(client[0] if client else None)
        if delay_s:
            with connection.refusing() if connection else nullcontext():
                await trio.sleep(delay_s)
        raise refusal

    async def identified(method: str, call: Request | Websocket) -> Caller | None:
        headers = call.headers
        names = {name for name, _ in call.scope["headers"]}
        check_host(config, headers.get("Host"))
        if not names.isdisjoint(auth.OF_BROWSERS):
            auth.check_origin(config, method, call.path, headers)
        shows_any = not names.isdisjoint(auth.OF_CREDENTIALS)
        if not (has_key or shows_any or auth.may_have_key(call.query_string)):
            return await identify_peer(method, call)
        sent = headers, call.args.get("apiKey")
        token = auth.terminal_token(*sent)
        if token is not None and not auth.has_key(config, *sent):
            return await system.journal.read(
                identify, system.services.token_signer, token
            )
        auth.check_key(config, *sent)
        return await identify_peer(method, call)

    async def identify_peer(method: str, call: Request | Websocket) -> Caller | None:
        """The calling terminal by its connection, where connections are identified."""
        if identify_peers:
            return await auth.peer_of(call.scope).caller(method)
        return None

    async def check_request(call: Request) -> None:
        caller = await identify_caller(call.method, call)
        cast(dict[str, Any], call.scope)[CALLER] = caller
        mark_authenticated(call.scope, is_terminal=caller is not None)

    app.check_first(check_request)

    @app.before_websocket
    async def check_socket() -> None:
        g.caller = await identify_caller("WEBSOCKET", websocket)
        mark_authenticated(
            websocket.scope, is_socket=True, is_terminal=g.caller is not None
        )

    for route in ROUTES:
        name = f"{route.method} {route.path}"
        app.add_view(route.path, route.method, name, route.view(system))

    @app.websocket("/ws")
    async def ws() -> None:
        check_no_parameters(websocket.args)
        await serve_socket(system, renderer, rows_renderer, g.caller)

    return app
