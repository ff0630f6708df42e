"""Access tokens, found by their id or by the hash of their secret."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from ant.core import clock
from ant.model.access_tokens import AccessToken, AccessTokenId, Scope, TokenKind
from ant.model.sessions import SessionId
from ant.store.tables.access_tokens import AccessTokenRow
from ant.store.tables.statement import Statement

_BY_DIGEST = Statement(
    lambda digest: AccessTokenRow.select().where(AccessTokenRow.digest == digest)
)
_ALL = Statement(lambda: AccessTokenRow.select().order_by(AccessTokenRow.ordinal))
_BY_ID = Statement(lambda id: AccessTokenRow.select().where(AccessTokenRow.id == id))


def _time(text: str | None) -> datetime | None:
    return None if text is None else clock.parse_stamp(text)


def _token(row: Any) -> AccessToken:
    session_id = row.session_id
    return AccessToken(
        id=AccessTokenId(row.id),
        kind=TokenKind(row.kind),
        label=row.label,
        scopes=tuple(map(Scope, row.scopes.split())),
        session_id=None if session_id is None else SessionId(session_id),
        created_at=clock.parse_stamp(row.created_at),
        expires_at=_time(row.expires_at),
        last_used_at=_time(row.last_used_at),
        last_address=row.last_address,
    )


class AccessTokenStore:
    """Access tokens in one transaction; owns the table `access_tokens`."""

    def by_digest(self, digest: bytes) -> tuple[AccessToken, bytes] | None:
        """The token with that digest, and its stored digest; None without one."""
        row = _BY_DIGEST.one(digest=digest)
        return None if row is None else (_token(row), bytes(row.digest))

    def get(self, token_id: str) -> AccessToken | None:
        """The token with that id; None without one."""
        row = _BY_ID.one(id=token_id)
        return None if row is None else _token(row)

    def all(self) -> tuple[AccessToken, ...]:
        """All tokens, the oldest first; `identity.access_tokens` bounds how many."""
        return tuple(map(_token, _ALL.rows()))

    def count(self) -> int:
        """The number of tokens."""
        return int(AccessTokenRow.select().count())

    def add(self, token: AccessToken, digest: bytes, parent_id: str | None) -> None:
        """Insert a token that was made with the token `parent_id`, or without one."""
        AccessTokenRow.insert(
            id=token.id,
            digest=digest,
            parent_id=parent_id,
            kind=token.kind,
            label=token.label,
            scopes=" ".join(token.scopes),
            session_id=token.session_id,
            created_at=clock.stamp(token.created_at),
            expires_at=clock.stamp(token.expires_at) if token.expires_at else None,
        ).execute()

    def made_with(self, token_ids: Collection[str]) -> list[AccessTokenId]:
        """The ids of the tokens that were made with these tokens."""
        rows = AccessTokenRow.select(AccessTokenRow.id).where(
            AccessTokenRow.parent_id.in_(list(token_ids))
        )
        return [AccessTokenId(row.id) for row in rows]

    def expired(self, at: datetime) -> list[AccessTokenId]:
        """The ids of the tokens that have expired."""
        rows = AccessTokenRow.select(AccessTokenRow.id).where(
            AccessTokenRow.expires_at <= clock.stamp(at)
        )
        return [AccessTokenId(row.id) for row in rows]

    def remove(self, token_ids: Collection[str]) -> None:
        """Delete tokens."""
        AccessTokenRow.delete().where(AccessTokenRow.id.in_(list(token_ids))).execute()

    def used(self, token_id: str, at: datetime, address: str | None) -> None:
        """Record a use of a token."""
        AccessTokenRow.update(last_used_at=clock.stamp(at), last_address=address).where(
            AccessTokenRow.id == token_id
        ).execute()
