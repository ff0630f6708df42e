"""Every credential on every route and every frame; `tests/live/test_matrix.py` has
those that the kernel identifies."""

from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest
from quart.testing.connections import WebsocketResponseError

from ant.http.access import auth, refusal_delay
from ant.identity import access_tokens
from ant.model.access_tokens import Scope, TokenKind
from ant.store import Unit
from tests.http.access import matrix
from tests.http.access.matrix import DO, Place, Sessions
from tests.http.access.test_scopes import (
    CROSS_SITE,
    FRAMES_NEED,
    SAME_ORIGIN,
    Scene,
    opened,
    opened_scene,
)
from tests.http.asking import Answer, Api, ask
from tests.http.routes.test_routes import NOBODY

pytestmark = pytest.mark.slow

MOST = tuple(each for each in Scope if each is not Scope.ADMIN)
"""All that a limited token may have."""


@pytest.fixture
async def scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Scene]:
    """One server for all calls; it slows nobody down."""
    monkeypatch.setattr(refusal_delay, "FREE", 1_000_000)
    async with opened_scene(tmp_path) as one:
        path = f"/api/sessions/{one.own['id']}/participants"
        await one.operator.call("POST", path, {"session_id": one.terminal.session.id})
        yield one


def sessions_of(scene: Scene) -> Sessions:
    own, other = scene.own["id"], scene.foreign["id"]
    ids = {
        Place.OWN: own,
        Place.OTHER: other,
        Place.SELF: scene.terminal.session.id,
        Place.NOWHERE: NOBODY,
    }
    messages = {
        Place.OWN: scene.messages[own],
        Place.OTHER: scene.messages[other],
    }
    return Sessions(ids, messages)


def expired(scene: Scene) -> str:
    """A token with all scopes that was valid until now."""
    made = scene.token(*Scope, expires_in=1)

    def expire(unit: Unit) -> None:
        unit.access_tokens.remove([made.access_token.id])
        past = made.access_token.created_at
        token = attrs.evolve(made.access_token, expires_at=past)
        unit.access_tokens.add(token, access_tokens._digest(made.token), None)

    scene.rig.store.transact(expire)
    return made.token


def revoked(scene: Scene) -> str:
    """A token with all scopes that was revoked."""
    made = scene.token(*Scope)
    scene.rig.store.transact(access_tokens.revoke, made.access_token.id)
    return made.token


def strangers(scene: Scene) -> dict[str, str | None]:
    """Credentials that are worth nothing."""
    return {
        "nothing": None,
        "a wrong key": "wrong",
        "a wrong access token": f"ant_{'A' * 43}",
        "a malformed access token": "ant_wrong",
        "an expired token": expired(scene),
        "a revoked token": revoked(scene),
        "a wrong terminal's token": f"ant.{scene.terminal.session.id}.{'A' * 43}",
    }


async def call(scene: Scene, asked: matrix.Ask, shown: str | None) -> Answer:
    sessions = sessions_of(scene)
    return await Api(scene.rig, shown).call(
        asked.route.method,
        sessions.path(asked),
        sessions.body(asked, as_terminal=shown == scene.token_terminal),
        **sessions.query(asked),
    )


def check(got: Answer, expected: int, *what: object) -> None:
    """401 and 403 as expected, with what to do; any other status for the rest."""
    found = got.status if got.status in (401, 403) else 200
    assert expected == found, (what, got)
    if found in DO and expected == found:
        assert any(each in got.detail for each in DO[found]), (what, got.detail)


async def test_strangers_on_every_route(scene: Scene) -> None:
    """They are told how to become somebody, and nothing is done."""
    before = len(scene.rig.bus.published)
    for name, shown in strangers(scene).items():
        for asked in matrix.asks(Place.OWN):
            check(await call(scene, asked, shown), 401, name, asked)
    assert before == len(scene.rig.bus.published)
    assert not scene.rig.terminals[0].written


async def test_every_scope_on_every_route(scene: Scene) -> None:
    """First what is refused, so that nothing is done; then what is allowed.

    A token without a limit is allowed something about no session: that it is allowed is
    seen, and the scene stays as it is.
    """
    for is_allowed in (False, True):
        before = len(scene.rig.bus.published)
        for scope in Scope:
            for asked in matrix.asks(Place.NOWHERE if is_allowed else Place.OWN):
                expected = matrix.for_token(asked, (scope,), is_limited=False)
                if (expected == 200) == is_allowed:
                    got = await call(scene, asked, scene.token(scope).token)
                    check(got, expected, scope, asked)
        assert is_allowed or before == len(scene.rig.bus.published)
    assert not scene.rig.terminals[0].written


async def test_limited_tokens_on_every_route(scene: Scene) -> None:
    """One with all scopes that it can have, in its own room and elsewhere."""
    own = scene.own["id"]
    for asked in matrix.asks(Place.OWN, Place.OTHER, Place.SELF, Place.NOWHERE):
        expected = matrix.for_token(asked, MOST, is_limited=True)
        got = await call(scene, asked, scene.token(*MOST, session_id=own).token)
        check(got, expected, asked)


async def test_a_terminal_on_every_route(scene: Scene) -> None:
    """Its token says the same on a server with a key as on one without."""
    for asked in matrix.asks(Place.OWN, Place.OTHER, Place.SELF, Place.NOWHERE):
        got = await call(scene, asked, scene.token_terminal)
        assert matrix.for_terminal(asked) == got.status, (asked, got)
        check(got, got.status if got.status in DO else 200, asked)


async def test_browsers_on_every_route(scene: Scene) -> None:
    """A sign-in counts for this server's own pages only."""
    device = scene.token(*Scope, kind=TokenKind.DEVICE).token
    name = auth.cookie_name(scene.rig.system.epoch)
    sessions = sessions_of(scene)

    async def by_browser(asked: matrix.Ask, **headers: str) -> Answer:
        path = sessions.path(asked)
        if query := sessions.query(asked):
            path += "?" + "&".join(f"{key}={each}" for key, each in query.items())
        given = {"Cookie": f"{name}={device}", "Host": "localhost", **headers}
        method, body = asked.route.method, sessions.body(asked)
        return await ask(scene.rig.app, method, path, body, **given)

    before = len(scene.rig.bus.published)
    for asked in matrix.asks(Place.OWN):
        for foreign in CROSS_SITE:
            got = await by_browser(asked, **foreign)
            assert (403, True) == (got.status, "another origin" in got.detail), asked
        if asked.route.method != "GET" and not asked.route.is_open:
            got = await by_browser(asked)
            assert (403, True) == (got.status, "Origin" in got.detail), asked
    assert before == len(scene.rig.bus.published)
    for asked in matrix.asks(Place.NOWHERE):
        got = await by_browser(asked, **SAME_ORIGIN)
        check(got, 401 if asked.route.is_open else 200, asked)


async def test_every_credential_on_every_frame(scene: Scene) -> None:
    """Each scope beside `view`, one limited to a room, and the terminal's own."""
    sessions, own = sessions_of(scene), scene.own["id"]
    callers: list[tuple[str, tuple[Scope, ...] | None, bool]] = [
        (scene.token(Scope.VIEW, each).token, (Scope.VIEW, each), False)
        for each in Scope
    ]
    callers.append((scene.token(*MOST, session_id=own).token, MOST, True))
    callers.append((scene.token_terminal, None, True))
    for shown, scopes, is_limited in callers:
        async with opened(scene, shown) as client:
            for kind in FRAMES_NEED:
                for place in (Place.OWN, Place.OTHER, Place.SELF):
                    got = await client.ask(kind, **sessions.frame(kind, place))
                    if scopes is None:
                        may = matrix.frame_for_terminal(kind, place)
                    else:
                        may = matrix.frame_for_token(kind, place, scopes, is_limited)
                    # A chat has no terminal to type into: that is no refusal.
                    is_refused = got["type"] == "error" and got["status"] == 403
                    assert may != is_refused, (scopes, kind, place, got)
                    if is_refused:
                        assert any(e in got["detail"] for e in DO[403]), got


async def test_who_opens_no_socket(scene: Scene) -> None:
    """Strangers, and tokens without `view`."""
    refused = dict.fromkeys(strangers(scene).values(), 401)
    for scope in (Scope.TYPE, Scope.ANSWER, Scope.POST):
        refused[scene.token(scope).token] = 403
    for shown, expected in refused.items():
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        client = scene.rig.app.test_client()
        async with client.websocket("/ws", headers=headers) as connection:
            with pytest.raises(WebsocketResponseError) as error:
                await connection.receive()
            assert expected == error.value.response.status_code, shown


def test_the_matrix_has_every_kind_of_refusal() -> None:
    """No table is empty, and none allows everything."""
    asked = list(matrix.asks(Place.OWN, Place.OTHER))
    assert {200, 401, 403} == {
        matrix.for_token(each, (scope,), is_limited=False)
        for each in asked
        for scope in Scope
    }
    assert {200, 201, 401, 403} == {matrix.for_terminal(each) for each in asked}
