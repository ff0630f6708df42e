"""Scopes: what includes what."""

from datetime import timedelta

import attrs
import pytest

from ant.model.access_tokens import Scope
from tests.identity.test_live_tokens import TOKEN


@pytest.mark.parametrize("scope", Scope)
def test_what_a_scope_includes(scope: Scope) -> None:
    """Itself; `admin` all but `answer`."""
    token = attrs.evolve(TOKEN, scopes=(scope,))
    expected = {scope}
    if scope is Scope.ADMIN:
        expected = set(Scope) - {Scope.ANSWER}
    assert expected == {each for each in Scope if token.may(each)}


def test_a_token_is_expired_at_that_time() -> None:
    """Not before it, and never without one."""
    at = TOKEN.created_at + timedelta(days=1)
    token = attrs.evolve(TOKEN, expires_at=at)
    assert token.is_expired(at)
    assert not token.is_expired(at - timedelta(microseconds=1))
    assert not TOKEN.is_expired(at + timedelta(days=36500))
