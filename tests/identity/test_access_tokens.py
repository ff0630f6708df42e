"""Access tokens: their form, their scopes, and who may make which."""

from datetime import timedelta
from typing import Any

import attrs
import pytest

from ant.api.token_requests import CreateToken
from ant.core.errors import CapacityReached, Forbidden, Gone, NotFound, Unauthorized
from ant.identity import access_tokens
from ant.identity.access_tokens import FORM, NewToken
from ant.model.access_tokens import AccessToken, Scope
from ant.model.sessions import SessionId
from ant.store import Store, Unit
from tests.rules import create, patch, room


def made(
    store: Store, *scopes: Scope, by: AccessToken | None = None, **fields: Any
) -> NewToken:
    """A token by the rule."""
    result: NewToken = store.transact(
        access_tokens.create, CreateToken("x", scopes, **fields), by
    )
    return result


def test_a_token_is_found_by_its_secret(store: Store) -> None:
    """It has 256 bits and a prefix, and no other one is like it."""
    one, two = made(store, Scope.VIEW), made(store, Scope.VIEW)
    assert FORM.fullmatch(one.token)
    assert one.token != two.token
    assert one.access_token == store.read(access_tokens.identify, one.token)
    for wrong in (one.token[:-1], one.token + "A", "", "ant_", "ant.x.y", "\udcff"):
        with pytest.raises(Unauthorized):
            store.read(access_tokens.identify, wrong)


def test_the_scopes_are_in_one_order(store: Store) -> None:
    """Each once, however they were given."""
    scopes = made(store, Scope.ADMIN, Scope.VIEW, Scope.VIEW).access_token.scopes
    assert (Scope.VIEW, Scope.ADMIN) == scopes


def test_a_token_expires(store: Store) -> None:
    """To the second, and makes room for another one then."""
    one = made(store, Scope.VIEW, expires_in=60)

    def at(unit: Unit, seconds: int) -> AccessToken:
        unit.now = one.access_token.created_at + timedelta(seconds=seconds)
        return access_tokens.identify(unit, one.token)

    assert store.read(at, 59)
    with pytest.raises(Unauthorized, match="expired"):
        store.read(at, 60)

    def later(unit: Unit) -> list[str]:
        unit.now += timedelta(seconds=61)
        access_tokens.create(unit, CreateToken("y", (Scope.VIEW,)))
        return [each.label for each in unit.access_tokens.all()]

    assert ["y"] == store.transact(later)


def test_a_revoked_token_takes_what_it_made(store: Store) -> None:
    """At any depth, and nothing else."""
    top, other = made(store, Scope.ADMIN), made(store, Scope.ADMIN)
    below = made(store, Scope.ADMIN, by=top.access_token)
    lowest = made(store, Scope.VIEW, by=below.access_token)
    store.transact(access_tokens.revoke, top.access_token.id)
    for each in (top, below, lowest):
        with pytest.raises(Unauthorized):
            store.read(access_tokens.identify, each.token)
    with pytest.raises(Unauthorized):
        made(store, Scope.VIEW, by=below.access_token)
    assert (other.access_token,) == store.read(access_tokens.list_tokens)


def test_a_limited_token_follows_its_session(store: Store) -> None:
    """An archived one is read; a deleted one ends it."""
    here = room(store)
    one = made(store, Scope.VIEW, session_id=here.id)
    caller = store.read(access_tokens.caller_of, one.access_token)
    assert (here.id, False) == (caller.session_id, caller.is_terminal)
    patch(store, here.id, archived=True)
    assert store.read(access_tokens.identify, one.token)
    with pytest.raises(Gone):
        made(store, Scope.VIEW, session_id=here.id)
    with pytest.raises(NotFound):
        made(store, Scope.VIEW, session_id=SessionId("nobody"))


def test_a_limited_token_makes_none(store: Store) -> None:
    """Whatever its scopes would be."""
    session = create(store)
    one = made(store, Scope.VIEW, session_id=session.id)
    with pytest.raises(Forbidden):
        access_tokens.check_grant(one.access_token, (Scope.VIEW,))
    wide = attrs.evolve(one.access_token, session_id=None)
    access_tokens.check_grant(wide, (Scope.VIEW,))
    with pytest.raises(Forbidden, match="type"):
        access_tokens.check_grant(wide, (Scope.TYPE,))


def test_there_are_not_too_many(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to make room."""
    monkeypatch.setattr(access_tokens, "TOKENS_MAX", 1)
    made(store, Scope.VIEW)
    with pytest.raises(CapacityReached, match="revoke"):
        made(store, Scope.VIEW)
