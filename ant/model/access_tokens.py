"""Access tokens: what a program or a browser may do, until it is revoked or expires."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

import attrs

from ant.model.sessions import SessionId

AccessTokenId = NewType("AccessTokenId", str)


class Scope(StrEnum):
    """One kind of calls that an access token may make."""

    VIEW = "view"
    """Read sessions, rooms and screens, and receive events over `/ws`."""
    TYPE = "type"
    """Type into terminals, start, resize and interrupt them, while no prompt waits."""
    ANSWER = "answer"
    """Answer prompts, discard them, and type while one waits."""
    POST = "post"
    """Post messages, and change tasks and file references."""
    ADMIN = "admin"
    """Change sessions, rooms and settings, and make tokens. Includes `view`, `type` and
    `post`, but not `answer`."""


INCLUDED: Final = frozenset({Scope.VIEW, Scope.TYPE, Scope.POST})
"""The scopes that `admin` includes. Nothing includes `answer`."""


class TokenKind(StrEnum):
    """How a caller got its access token."""

    TOKEN = "token"
    """Made by `POST /api/tokens`, and shown once."""
    DEVICE = "device"
    """Made by a sign-in; the browser keeps it in a cookie."""


class CallerKind(StrEnum):
    """How a caller showed who it is."""

    OPERATOR = "operator"
    """By the key, or as a process of the server's own user."""
    TOKEN = "token"
    """By an access token."""
    DEVICE = "device"
    """By the cookie of a sign-in."""


@attrs.frozen
class CallerRights:
    """Who calls, and what the caller may do."""

    kind: CallerKind
    """How the caller showed who it is."""
    label: str | None
    """The label of the access token or of the device; null for the operator."""
    scopes: tuple[Scope, ...]
    """What the caller may do. `admin` includes `view`, `type` and `post`."""
    session_id: SessionId | None
    """The session that the caller is limited to; null if it is not limited."""
    expires_at: datetime | None
    """When the access token or the sign-in ends; null if it does not."""


@attrs.frozen
class AccessToken:
    """An access token, without its secret, which ANT does not keep."""

    id: AccessTokenId
    """The id of the token, which names it in calls; it is no secret."""
    kind: TokenKind
    """A `token` was made as one; a `device` is a browser that has signed in."""
    label: str
    """What the token is for, in words of the operator."""
    scopes: tuple[Scope, ...]
    """What the token may do."""
    session_id: SessionId | None
    """The session that the token is limited to; null if it is not limited."""
    created_at: datetime
    """When the token was made."""
    expires_at: datetime | None
    """When the token stops to be valid; null if it does not expire."""
    last_used_at: datetime | None = None
    """When the token was last used, to a minute; null if it never was."""
    last_address: str | None = None
    """The IP address of that use; null if it was never used."""

    def may(self, scope: Scope) -> bool:
        """Whether the token has a scope, by itself or through `admin`."""
        is_included = scope in INCLUDED and Scope.ADMIN in self.scopes
        return scope in self.scopes or is_included

    def is_expired(self, at: datetime) -> bool:
        """Whether the token is no longer valid at that time."""
        return self.expires_at is not None and self.expires_at <= at
