"""Connections that an access token keeps open, and when the token was last used."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import attrs
import trio

from ant.core import clock
from ant.core.errors import Unauthorized
from ant.core.wakeup import Wakeup
from ant.model.access_tokens import AccessToken, AccessTokenId

USE_S = 60.0
"""Seconds for which ANT does not record another use of a token: a write per request
would cost more than most requests."""

USES = 1024
"""Tokens whose last recorded use is remembered; beyond that, all are forgotten."""


@attrs.define(eq=False)
class TokenWatch:
    """One connection of a token; `wakeup` is set when the token ends."""

    token: AccessToken
    wakeup: Wakeup
    is_revoked: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the token was revoked or has expired."""
        return self.is_revoked or self.token.is_expired(clock.now())

    def check(self) -> None:
        """Raise `Unauthorized` if the token is over."""
        if self.is_over:
            raise Unauthorized("This token was revoked, or has expired.")

    def ends_at(self) -> float:
        """When the token expires, by trio's clock; infinite without an expiry."""
        if self.token.expires_at is None:
            return float("inf")
        left = self.token.expires_at - clock.now()
        return trio.current_time() + max(left.total_seconds(), 0.0)

    async def wake_at_expiry(self) -> None:
        """Set the wake-up when the token expires. *Cancellation:* nothing to undo."""
        if self.token.expires_at is None:
            await trio.sleep_forever()
        while not self.is_over:
            left = self.token.expires_at - clock.now()
            # The clock may be set meanwhile, so a long sleep is divided.
            await trio.sleep(min(max(left.total_seconds(), 0.0), USE_S))
        self.wakeup.set()


class LiveTokens:
    """The open connections of each token. Only the loop's thread uses it."""

    def __init__(self) -> None:
        self._watches: dict[AccessTokenId, set[TokenWatch]] = {}
        self._recorded: dict[AccessTokenId, float] = {}

    @contextmanager
    def watching(self, token: AccessToken, wakeup: Wakeup) -> Iterator[TokenWatch]:
        """Watch a token for the block. Check it once more inside, by the database."""
        watch = TokenWatch(token, wakeup)
        self._watches.setdefault(token.id, set()).add(watch)
        try:
            yield watch
        finally:
            watches = self._watches[token.id]
            watches.discard(watch)
            if not watches:
                del self._watches[token.id]

    def revoked(self, token_ids: Iterable[AccessTokenId]) -> None:
        """End the connections of these tokens, which the database has no more."""
        for token_id in token_ids:
            self._recorded.pop(token_id, None)
            for watch in self._watches.get(token_id, ()):
                watch.is_revoked = True
                watch.wakeup.set()

    def is_use_due(self, token_id: AccessTokenId) -> bool:
        """Whether a use of the token is to be recorded; True once in `USE_S`."""
        now = clock.monotonic()
        last = self._recorded.get(token_id)
        if last is not None and now - last < USE_S:
            return False
        if len(self._recorded) >= USES:
            self._recorded.clear()
        self._recorded[token_id] = now
        return True
