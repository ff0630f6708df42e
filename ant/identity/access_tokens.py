"""Access tokens: made by the operator for programs and browsers, checked at each call.

An access token is `ant_SECRET`. The secret is 32 random bytes. ANT stores the SHA-256
of the token and shows the token once. A slow hash is for passwords, which people
choose: nobody finds 32 random bytes by trying. The database is searched for the hash,
not for the token. So the time of the search says nothing about a stored token. The
hashes are compared in constant time besides.

Rule 1: a token may do what its scopes allow (`Scope`); `answer` is in no other scope.
Rule 2: a token that is limited to a session acts in that session and its linked chat.
It cannot have the scope `admin`, which is for the whole server.
Rule 3: a token makes no token that may do more, or lasts longer, than itself. A token
ends with the token that it was made with.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from datetime import timedelta
from typing import Final

import attrs

from ant.api.token_requests import CreateToken
from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import (
    CapacityReached,
    Forbidden,
    Invalid,
    NotFound,
    Unauthorized,
)
from ant.identity.terminal_tokens import Caller
from ant.model.access_tokens import AccessToken, AccessTokenId, Scope, TokenKind
from ant.model.events import AccessTokensChanged
from ant.sessions import sessions
from ant.store import Unit

PREFIX: Final = "ant_"
"""The prefix of every access token, by which people and scanners recognise one."""

FORM: Final = re.compile(r"ant_[A-Za-z0-9_-]{43}")

TOKENS_MAX: Final = 1000
"""Tokens and signed-in browsers of one server. A list of them is one small answer."""

AGAIN: Final = "Make another one with `ant tokens new`, or sign in again (`ant open`)."


@attrs.frozen
class NewToken:
    """A new access token with its secret, which ANT shows only this once."""

    access_token: AccessToken = attrs.field(metadata={"flat": True})
    token: str = attrs.field(repr=False)
    """The token itself. ANT keeps only its hash, so store it now."""


def create(
    unit: Unit,
    request: CreateToken,
    by: AccessToken | None = None,
    kind: TokenKind = TokenKind.TOKEN,
) -> NewToken:
    """Make a token. `by` is the token of the caller; None is the operator.

    Raises `Invalid` for a limited token with `admin`, `Forbidden` for more than `by`
    may do, `Unauthorized` if `by` was revoked meanwhile, `NotFound` and `Gone` for the
    session, and `CapacityReached`.
    """
    scopes = checked_scopes(request.scopes)
    if request.session_id is not None:
        if Scope.ADMIN in scopes:
            raise Invalid(
                "expected no `admin` in a token that is limited to a session, since "
                "`admin` is for the whole server, at $.scopes"
            )
        sessions.check_active(unit, request.session_id)
    expires_at = None
    if request.expires_in is not None:
        expires_at = unit.now + timedelta(seconds=request.expires_in)
    if by is not None:
        by = check(unit, by)
        check_grant(by, scopes)
        if by.expires_at is not None:
            expires_at = min(expires_at or by.expires_at, by.expires_at)
    unit.access_tokens.remove(unit.access_tokens.expired(unit.now))
    if unit.access_tokens.count() >= TOKENS_MAX:
        increment(Limit.ACCESS_TOKENS)
        raise CapacityReached(
            f"There are {TOKENS_MAX} tokens already; revoke one (`ant tokens list`)."
        )
    token = AccessToken(
        id=AccessTokenId(clock.new_id()),
        kind=kind,
        label=request.label,
        scopes=scopes,
        session_id=request.session_id,
        created_at=unit.now,
        expires_at=expires_at,
    )
    secret = PREFIX + clock.new_secret()
    unit.access_tokens.add(token, _digest(secret), by.id if by else None)
    unit.emit(AccessTokensChanged())
    return NewToken(token, secret)


def checked_scopes(given: Collection[Scope]) -> tuple[Scope, ...]:
    """These scopes in their usual order, each once. Raises `Invalid` without any."""
    if not given:
        raise Invalid(f"expected one of {', '.join(Scope)} at least at $.scopes")
    return tuple(scope for scope in Scope if scope in given)


def sign_in(
    unit: Unit,
    label: str,
    scopes: tuple[Scope, ...],
    expires_in: int,
    by: AccessToken | None,
) -> NewToken:
    """Make the token of a browser that signs in; `by` is the token that invited it.

    Raises as `create`.
    """
    request = CreateToken(label, scopes, expires_in=expires_in)
    return create(unit, request, by, TokenKind.DEVICE)


def check_grant(by: AccessToken, scopes: tuple[Scope, ...]) -> None:
    """Check that a token may give these scopes to another. Raises `Forbidden`."""
    more = [scope for scope in scopes if not by.may(scope)]
    if more or by.session_id is not None:
        raise Forbidden(
            f"This token may not give {', '.join(more) or 'anything'} to another, "
            "since it may not do that itself. Make the token as the operator."
        )


def list_tokens(unit: Unit) -> tuple[AccessToken, ...]:
    """All tokens that have not expired, the oldest first, without their secrets."""
    tokens = unit.access_tokens.all()
    return tuple(token for token in tokens if not token.is_expired(unit.now))


def revoke(unit: Unit, token_id: str) -> None:
    """Delete a token and those made with it. Raises `NotFound`."""
    unit.access_tokens.remove(family(unit, token_id))
    unit.emit(AccessTokensChanged())


def family(unit: Unit, token_id: str) -> list[AccessTokenId]:
    """The ids of a token and of all that were made with it. Raises `NotFound`."""
    token = unit.access_tokens.get(token_id)
    if token is None:
        raise NotFound("token", token_id, "`ant tokens list` lists them.")
    found, last = [token.id], [token.id]
    while last := unit.access_tokens.made_with(last):
        found += last
    return found


def identify(unit: Unit, secret: str) -> AccessToken:
    """The access token that a caller shows. Raises `Unauthorized` if it is invalid."""
    digest = _digest(secret)
    found = unit.access_tokens.by_digest(digest) if FORM.fullmatch(secret) else None
    if found is None or not hmac.compare_digest(found[1], digest):
        raise Unauthorized(
            f"This token is invalid: it is unknown here, or was revoked. {AGAIN}"
        )
    return _valid(unit, found[0])


def check(unit: Unit, token: AccessToken) -> AccessToken:
    """The token as it is stored now. Raises `Unauthorized` once it is not valid."""
    stored = unit.access_tokens.get(token.id)
    if stored is None:
        raise Unauthorized(f"This token was revoked. {AGAIN}")
    return _valid(unit, stored)


def _valid(unit: Unit, token: AccessToken) -> AccessToken:
    if token.is_expired(unit.now):
        raise Unauthorized(f"This token has expired. {AGAIN}")
    if token.session_id is not None:
        session = unit.sessions.get(token.session_id)
        if session is None or session.deleted_at is not None:
            raise Unauthorized(f"The session of this token was deleted. {AGAIN}")
    return token


def caller_of(unit: Unit, token: AccessToken) -> Caller | None:
    """Who calls with a token: the limited session, or None, who sees everything."""
    if token.session_id is None:
        return None
    session = unit.sessions.get(token.session_id)
    handle = session.handle if session else None
    return Caller(token.session_id, "", handle, token)


def used(unit: Unit, token_id: AccessTokenId, address: str | None) -> None:
    """Record that a token was used now, from this address."""
    unit.access_tokens.used(token_id, unit.now, address)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).digest()
