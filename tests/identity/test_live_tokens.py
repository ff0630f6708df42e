"""Open connections of tokens, and how often a use is recorded."""

from datetime import timedelta

import attrs
import pytest
import trio

from ant.core import clock
from ant.core.wakeup import Wakeup
from ant.identity import live_tokens
from ant.identity.live_tokens import USE_S, LiveTokens
from ant.model.access_tokens import AccessToken, AccessTokenId, Scope, TokenKind

TOKEN = AccessToken(
    AccessTokenId("one"),
    TokenKind.TOKEN,
    "x",
    (Scope.VIEW,),
    None,
    clock.now(),
    None,
)


async def test_a_revoked_token_wakes_its_connections() -> None:
    """All of them, and none of another token; a closed one is forgotten."""
    live, wakeup, other = LiveTokens(), Wakeup(), Wakeup()
    another = attrs.evolve(TOKEN, id=AccessTokenId("two"))
    with live.watching(TOKEN, Wakeup()):
        pass
    with (
        live.watching(TOKEN, wakeup) as one,
        live.watching(TOKEN, Wakeup()) as two,
        live.watching(another, other) as three,
    ):
        live.revoked([TOKEN.id])
        with trio.fail_after(1):
            await wakeup.wait()
        assert (True, True, False) == (one.is_over, two.is_over, three.is_over)
    assert {} == live._watches


async def test_an_expired_token_wakes_its_connection() -> None:
    """By itself."""
    soon = clock.now() + timedelta(milliseconds=50)
    live, wakeup = LiveTokens(), Wakeup()
    with live.watching(attrs.evolve(TOKEN, expires_at=soon), wakeup) as watch:
        assert not watch.is_over
        with trio.fail_after(5):
            await watch.wake_at_expiry()
            await wakeup.wait()
        assert watch.is_over


def test_a_use_is_recorded_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each token by itself; a revoked one is forgotten, and so are too many."""
    now = 0.0
    monkeypatch.setattr(live_tokens.clock, "monotonic", lambda: now)
    live, two = LiveTokens(), AccessTokenId("two")
    assert live.is_use_due(TOKEN.id)
    assert not live.is_use_due(TOKEN.id)
    assert live.is_use_due(two)
    now = USE_S
    assert live.is_use_due(TOKEN.id)
    live.revoked([two])
    assert [TOKEN.id] == list(live._recorded)
    for number in range(live_tokens.USES):
        live.is_use_due(AccessTokenId(str(number)))
    assert len(live._recorded) <= live_tokens.USES
