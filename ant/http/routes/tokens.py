"""Routes of access tokens and sign-ins: make, list, revoke; sign in and out."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast

import attrs
from quart import Response, request

from ant.api import codec
from ant.api.token_requests import CreateSignInCode, CreateToken, SignIn
from ant.core.errors import CapacityReached, Conflict, NotFound, Unauthorized
from ant.http.access import auth
from ant.http.contract.endpoint import JSON, SOURCE, Done, endpoint
from ant.identity import access_tokens
from ant.identity.access_tokens import NewToken
from ant.identity.sign_in_codes import CODE_S
from ant.identity.terminal_tokens import Caller
from ant.model.access_tokens import AccessToken, Scope
from ant.model.sessions import SessionId
from ant.runtime.system import System

_MANY = "There are 1,000 tokens and signed-in browsers already."


@attrs.frozen
class AccessTokens:
    """All access tokens and signed-in browsers, without their secrets."""

    tokens: tuple[AccessToken, ...]
    """The tokens, the oldest first. A `device` is a browser that has signed in."""


class CallerKind(StrEnum):
    """As whom a call counts."""

    OPERATOR = "operator"
    TERMINAL = "terminal"
    TOKEN = "token"
    DEVICE = "device"


@attrs.frozen
class WhoCalls:
    """The caller of this request, as the server identified it."""

    kind: CallerKind
    """`operator`, a `terminal` of this server, an access `token`, or a `device`: a
    browser that has signed in."""
    session_id: SessionId | None
    """The terminal that calls, or the session that the token is limited to; null if
    there is none."""
    label: str | None
    """What the token or the device is for; null for others."""
    scopes: tuple[Scope, ...]
    """What the caller may do; the operator has all scopes. It is empty for a terminal,
    which may use its own rooms. `admin` includes `view`, `type` and `post`."""
    expires_at: datetime | None
    """When the token stops to be valid; null if it does not expire."""


@attrs.frozen
class SignInCode:
    """A code with which one browser can sign in, once."""

    code: str = attrs.field(repr=False)
    """The code. It is valid once."""
    path: str = attrs.field(repr=False)
    """The path of the link to open: the page that signs in, with the code."""
    expires_in: int
    """Seconds that the code is valid."""
    url: str | None
    """The URL of this server, below which `path` is. Null: only its Unix socket has
    one."""


@endpoint(
    "POST",
    "/api/tokens",
    status=201,
    raises={CapacityReached: _MANY},
    scope=Scope.ADMIN,
)
async def create_token(
    system: System, body: CreateToken, access_token: AccessToken | None
) -> NewToken:
    """Make an access token; `token` in the answer is shown only this once.

    A caller shows it as it would show the key. `scopes` say what it may do: `view`,
    `type`, `answer`, `post` and `admin`. `admin` includes `view`, `type` and `post`.
    No scope includes `answer`. With `session_id` the token is limited to that session
    and its linked chat, and may not have `admin`.

    With an access token the new one may have no scope that the caller lacks, expires
    no later, and ends with it.
    """
    return await system.journal.write(access_tokens.create, body, access_token)


@endpoint("GET", "/api/caller", token="self", scope="any")
async def get_caller(
    system: System, caller: Caller | None, access_token: AccessToken | None
) -> WhoCalls:
    """Return who makes this call: the operator, a terminal, or an access token.

    A page or a program reads it to show only what works.
    """
    session_id = None if caller is None else caller.session_id
    if access_token is not None:
        return WhoCalls(
            CallerKind(access_token.kind),
            session_id,
            access_token.label,
            access_token.scopes,
            access_token.expires_at,
        )
    kind = CallerKind.OPERATOR if caller is None else CallerKind.TERMINAL
    scopes = tuple(Scope) if caller is None else ()
    return WhoCalls(kind, session_id, None, scopes, None)


@endpoint("GET", "/api/tokens", scope=Scope.ADMIN)
async def list_tokens(system: System) -> AccessTokens:
    """List the access tokens and the signed-in browsers, the oldest first.

    The list has no secrets. `last_used_at` is at most a minute behind. Tokens that
    have expired are left out.
    """
    return AccessTokens(await system.journal.read_in_thread(access_tokens.list_tokens))


@endpoint(
    "DELETE",
    "/api/tokens/<token_id>",
    raises={NotFound: "There is no such token."},
    scope=Scope.ADMIN,
)
async def revoke_token(system: System, token_id: str) -> Done:
    """Revoke an access token, or sign a browser out.

    Its calls are a 401 from now on, and its sockets close with 4401. Tokens that were
    made with it are revoked, too.
    """
    await _revoke(system, token_id)
    return Done()


@endpoint("POST", "/api/sign-in/codes", status=201, scope=Scope.ADMIN)
async def create_sign_in_code(
    system: System, body: CreateSignInCode, access_token: AccessToken | None
) -> SignInCode:
    """Make a code with which one browser can sign in.

    Open `path` of this server in that browser within 60 seconds. The code is valid
    once. With an access token the browser may have no scope that the caller lacks.
    """
    scopes = access_tokens.checked_scopes(body.scopes)
    if access_token is not None:
        access_tokens.check_grant(access_token, scopes)
    code = system.sign_in_codes.make(body.label, scopes, body.expires_in, access_token)
    url = system.services.server_url
    shown = url.rstrip("/") if url.startswith("http") else None
    return SignInCode(code, f"/sign-in#{code}", CODE_S, shown)


@endpoint(
    "POST",
    "/api/sign-in",
    raises={
        Unauthorized: "The code is unknown, was used, or has expired.",
        CapacityReached: _MANY,
    },
    is_open=True,
)
async def sign_in(system: System, body: SignIn) -> AccessToken | Response:
    """Exchange a code for a sign-in: a cookie that only this server's pages use.

    The call needs no credentials. The cookie is `HttpOnly` and `SameSite=Strict`, and
    `Secure` under https. It counts for calls of this server's own pages. The sign-in
    is listed by `GET /api/tokens` as a `device`.
    """
    waiting = system.sign_in_codes.take(body.code)
    label = waiting.label or body.label or "Browser"
    expires_in = min(waiting.expires_in, body.expires_in or waiting.expires_in)
    made = await system.journal.write(
        access_tokens.sign_in, label, waiting.scopes, expires_in, waiting.by
    )
    response = Response(codec.dumps(made.access_token), content_type=JSON)
    response.set_cookie(
        auth.cookie_name(system.epoch),
        made.token,
        max_age=expires_in,
        path=system.config.base_path or "/",
        secure=auth.is_secure(request.headers, cast(Any, request.scope)[SOURCE]),
        httponly=True,
        samesite="Strict",
    )
    return response


@endpoint(
    "POST",
    "/api/sign-out",
    raises={Conflict: "The caller shows neither a sign-in nor an access token."},
    scope="any",
)
async def sign_out(system: System, access_token: AccessToken | None) -> Done | Response:
    """End the sign-in of the caller: revoke the access token that the call shows."""
    if access_token is None:
        raise Conflict("This call shows no sign-in, so there is none to end.")
    await _revoke(system, access_token.id)
    response = Response(codec.dumps(Done()), content_type=JSON)
    path = system.config.base_path or "/"
    response.delete_cookie(auth.cookie_name(system.epoch), path=path)
    return response


async def _revoke(system: System, token_id: str) -> None:
    """Revoke a token and end its connections.

    *Cancellation:* the connections end, and the token may have been revoked.
    """
    ids = await system.journal.read(access_tokens.family, token_id)
    try:
        await system.journal.write(access_tokens.revoke, token_id)
    finally:
        system.live_tokens.revoked(ids)
