"""Assembles the Quart app: access checks, routes, `/ws`, and error handlers."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, Final, cast

import trio
from quart import Request, Response, Websocket, request, websocket
from quart_trio import QuartTrio

from ant.core.errors import StorageFailed, Unauthorized
from ant.http import routes
from ant.http.access import auth, scopes
from ant.http.access.forwarded import CallSource, Proxies
from ant.http.access.refusal_delay import Refusals
from ant.http.api_app import ApiApp
from ant.http.contract import problems
from ant.http.contract.endpoint import (
    ACCESS_TOKEN,
    CALLER,
    ROUTES,
    SOURCE,
    JsonAnswer,
    check_no_parameters,
)
from ant.http.pages import page
from ant.http.pages.sign_in_page import show_sign_in
from ant.http.pages.web_files import read_files
from ant.http.server.admission import connection_of, mark_authenticated
from ant.http.server.protocol import MAX_BODY
from ant.http.ws.output import OutputRenderer
from ant.http.ws.screen_rows import RowsRenderer
from ant.http.ws.socket import serve_socket
from ant.identity import access_tokens
from ant.identity.terminal_tokens import Caller, identify
from ant.model.access_tokens import AccessToken, Scope
from ant.runtime.system import System
from ant.store import Unit

__all__ = ["create_app", "routes"]

HOSTS = 64
"""Accepted Host headers that are cached. Refusals are not."""

SIGN_IN: Final = "/sign-in"
"""The path of the sign-in page, which anybody may open."""

CONTRACT: Final = "/docs"
"""The path of the contract for people, which anybody may open."""

SIGNED_IN: Final = "ant.signed_in"
"""The key of a request's scope that is there if the call shows a sign-in's cookie."""

_SHOWING: Final = ("GET", "HEAD", "OPTIONS")
"""Methods that only show a page."""

log = logging.getLogger(__name__)

View = Callable[..., Awaitable[Response | JsonAnswer]]


def address_of(call: Request | Websocket) -> str | None:
    """The IP address that a call comes from; None if it has none."""
    source: CallSource = cast(dict[str, Any], call.scope)[SOURCE]
    return source.client


def shown(unit: Unit, secret: str) -> tuple[AccessToken, Caller | None]:
    """A valid access token, and who calls with it. Raises `Unauthorized`."""
    token = access_tokens.identify(unit, secret)
    return token, access_tokens.caller_of(unit, token)


def _is_page_file(method: str, path: str) -> bool:
    """Whether a call reads a file of the page, which has no data."""
    return method in _SHOWING and path.startswith(page.FILES)


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
    proxies, cookie_path = Proxies(config.proxy), config.base_path or "/"

    # Callers name the same few hosts. An exception is not cached.
    check_host = lru_cache(HOSTS)(auth.check_host)

    refusals = Refusals(trio.current_time)
    cookie_name = auth.cookie_name(system.epoch)

    async def delay_refusal(call: Request | Websocket) -> None:
        """Wait before a caller is refused that is refused often (`refusal_delay`)."""
        connection = connection_of(call.scope)
        delay_s = refusals.count(address_of(call))
        if delay_s:
            with connection.refusing() if connection else nullcontext():
                await trio.sleep(delay_s)

    async def identify_caller(method: str, call: Request | Websocket) -> None:
        """Put the caller and its access token into the scope of a call.

        The caller is a terminal, or the session that an access token is limited to;
        None is the operator, or an access token without a limit. Raises if access is
        refused.
        """
        scope = cast(dict[str, Any], call.scope)
        scope[CALLER] = scope[ACCESS_TOKEN] = None
        names = {name for name, _ in scope["headers"]}
        scope[SOURCE] = source = proxies.source(scope, call.headers, names)
        check_host(config, source.host)
        if not names.isdisjoint(auth.OF_BROWSERS):
            auth.check_origin(config, method, call.path, call.headers, source)
        if (method, call.path) in open_calls or _is_page_file(method, call.path):
            return
        try:
            await identified(method, call, scope, names)
        except Unauthorized as exc:
            refusal = exc
        else:
            is_terminal = scope[CALLER] is not None and scope[ACCESS_TOKEN] is None
            is_socket = isinstance(call, Websocket)
            mark_authenticated(call.scope, is_socket=is_socket, is_terminal=is_terminal)
            return
        await delay_refusal(call)
        raise refusal

    async def identified(
        method: str, call: Request | Websocket, scope: dict[str, Any], names: set[bytes]
    ) -> None:
        shows_any = not names.isdisjoint(auth.OF_CREDENTIALS)
        if not (has_key or shows_any or auth.may_have_key(call.query_string)):
            scope[CALLER] = await identify_peer(method, call)
            return
        sent = call.headers, call.args.get("apiKey")
        if auth.has_key(config, *sent):
            return
        secret = auth.access_token(*sent)
        if secret is None and (cookie := call.cookies.get(cookie_name)) is not None:
            scope[SIGNED_IN] = True
            secret = auth.device_token(method, *sent, cookie)
        if secret is not None:
            token, scope[CALLER] = await system.journal.read(shown, secret)
            scope[ACCESS_TOKEN] = token
            await record_use(token, address_of(call))
        elif (terminal_token := auth.terminal_token(*sent)) is not None:
            scope[CALLER] = await system.journal.read(
                identify, system.services.token_signer, terminal_token
            )
        else:
            auth.check_key(config, *sent)
            scope[CALLER] = await identify_peer(method, call)

    async def record_use(token: AccessToken, address: str | None) -> None:
        if system.live_tokens.is_use_due(token.id):
            try:
                await system.journal.write(access_tokens.used, token.id, address)
            except StorageFailed as exc:  # The call itself may work nevertheless.
                log.warning("The use of token %s is not recorded: %s", token.id, exc)

    async def identify_peer(method: str, call: Request | Websocket) -> Caller | None:
        """The calling terminal by its connection, where connections are identified."""
        auth.check_direct(config, cast(dict[str, Any], call.scope)[SOURCE])
        if identify_peers:
            return await auth.peer_of(call.scope).caller(method)
        return None

    async def check_request(call: Request) -> None:
        await identify_caller(call.method, call)

    app.check_first(check_request)

    @app.before_websocket
    async def check_socket() -> None:
        await identify_caller("WEBSOCKET", websocket)
        token = cast(dict[str, Any], websocket.scope)[ACCESS_TOKEN]
        scopes.need(token, Scope.VIEW, "/ws, which sends events")

    @app.after_request
    async def forget_sign_in(response: Response) -> Response:
        """Remove the cookie of a sign-in that has ended, so that another way counts."""
        if response.status_code == 401 and SIGNED_IN in request.scope:
            response.delete_cookie(cookie_name, path=cookie_path)
        return response

    def throttled(view: View) -> View:
        """A view that anybody may call; `delay_refusal` slows who guesses there."""

        async def slowed(**params: Any) -> Response | JsonAnswer:
            try:
                return await view(**params)
            except Unauthorized as exc:
                refusal = exc
            await delay_refusal(request)
            raise refusal

        return slowed

    pages = {
        SIGN_IN: show_sign_in,
        CONTRACT: page.contract_view(system),
        **page.views(read_files()),
    }
    open_calls = {(method, path) for method in _SHOWING for path in pages}
    for path, show in pages.items():
        app.add_view(path, "GET", f"page {path}", show)

    for route in ROUTES:
        name, view = f"{route.method} {route.path}", route.view(system)
        if route.is_open:
            open_calls |= {(route.method, route.path), ("OPTIONS", route.path)}
            view = throttled(view)
        app.add_view(route.path, route.method, name, view)

    @app.websocket("/ws")
    async def ws() -> None:
        check_no_parameters(websocket.args)
        scope = cast(dict[str, Any], websocket.scope)
        caller, token = scope[CALLER], scope[ACCESS_TOKEN]
        await serve_socket(system, renderer, rows_renderer, caller, token)

    return app
