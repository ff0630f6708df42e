"""The app: everything it serves is guarded, every refusal has the one shape."""

from pathlib import Path

import pytest
import trio
from quart.testing.connections import WebsocketResponseError

from ant.core.counters import Limit
from ant.http.contract import problems
from ant.http.server.protocol import MAX_BODY
from tests.http.asking import ask
from tests.systems import Rig, running


async def test_what_is_not_there(rig: Rig) -> None:
    """Paths and methods that nobody serves."""
    assert 404 == (await ask(rig.app, "GET", "/nope")).status
    answer = await ask(rig.app, "PUT", "/api/sessions", {})
    assert 405 == answer.status
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    assert 400 == (await ask(rig.app, "GET", "/ws")).status, "not an upgrade"
    assert 404 == (await ask(rig.app, "GET", "/static/x")).status


@pytest.mark.meets(Limit.BODY)
async def test_a_body_has_a_bound(rig: Rig) -> None:
    """Beyond it the answer is 413, whatever is in it."""
    answer = await ask(rig.app, "POST", "/api/sessions", b" " * (MAX_BODY + 1))
    assert 413 == answer.status


async def test_a_bug_is_a_500_in_the_one_shape(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is told."""

    def broken() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(rig.system.health, "snapshot", broken)
    answer = await ask(rig.app, "GET", "/api/health")
    assert 500 == answer.status
    assert "secret" not in answer.body["detail"]
    assert "secret" in caplog.text


async def test_access_is_checked_for_requests_and_sockets(tmp_path: Path) -> None:
    """Host, origin and key; a 401 says how to send the key."""
    async with running(tmp_path, api_key="hunter2") as rig:
        path, key = "/api/health", {"X_API_Key": "hunter2"}
        assert 200 == (await ask(rig.app, "GET", path, **key)).status
        assert 200 == (await ask(rig.app, "GET", f"{path}?apiKey=hunter2")).status
        answer = await ask(rig.app, "GET", path)
        assert (401, "Bearer") == (answer.status, answer.headers["WWW-Authenticate"])
        assert 403 == (await ask(rig.app, "GET", path, Host="evil", **key)).status
        origin = {"Origin": "http://evil"}
        answer = await ask(rig.app, "POST", "/api/sessions", {}, **origin, **key)
        assert 403 == answer.status
        for headers, status in (
            ({}, 401),
            ({"Host": "evil", "X-API-Key": "hunter2"}, 403),
            ({"Origin": "http://evil", "X-API-Key": "hunter2"}, 403),
        ):
            with (
                trio.fail_after(5),
                pytest.RaisesGroup(
                    WebsocketResponseError, flatten_subgroups=True, allow_unwrapped=True
                ) as refused,
            ):
                async with rig.app.test_client().websocket(
                    "/ws", headers=headers
                ) as socket:
                    await socket.receive()
            error = refused.value
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            assert status == error.response.status_code
        assert 0 == len(rig.wakeups)


async def test_an_unknown_key_learns_nothing_about_paths(tmp_path: Path) -> None:
    """Without the key, an unknown path looks like a known one."""
    async with running(tmp_path, api_key="hunter2") as rig:
        for path in ("/nope", "/api/sessions/x", "/"):
            assert 401 == (await ask(rig.app, "GET", path)).status
        assert 401 == (await ask(rig.app, "PUT", "/api/sessions")).status


def test_close_codes() -> None:
    """Going away, and a bug of ours; no other code of ours closes a socket."""
    assert (1001, 1011) == (problems.GOING_AWAY, problems.INTERNAL_ERROR)
