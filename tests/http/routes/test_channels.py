"""Routes of local channels."""

from typing import Any

import pytest

from ant.messages import channels
from tests.http.asking import Api

PATH = "/api/channel/register"


async def test_register_and_remove(api: Api) -> None:
    """What is registered is answered; to remove what is not there is fine."""
    room = await api.room()
    body = {"handle": "claude", "port": 8789, "session_id": room["id"]}
    answer = await api.call("POST", PATH, body)
    assert (200, True) == (answer.status, answer.body["ok"])
    channel = answer.body["channel"]
    assert channel.pop("registered_at").endswith("Z")
    assert {**body, "handle": "@claude"} == channel
    for _ in range(2):
        answer = await api.call("DELETE", PATH, handle="@Claude")
        assert (200, {"ok": True}) == (answer.status, answer.body)
    assert () == await api.rig.system.journal.read(channels.list_channels)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"handle": "@c"}, "$.port"),
        ({"port": 8789}, "$.handle"),
        ({"handle": "@c", "port": 0}, "$.port"),
        ({"handle": "@c", "port": 22}, "$.port"),
        ({"handle": "@c", "port": 1023}, "$.port"),
        ({"handle": "@c", "port": 65536}, "$.port"),
        ({"handle": "@c", "port": "80"}, "$.port"),
        ({"handle": "", "port": 8789}, "$.handle"),
        ({"handle": "a b", "port": 8789}, "$.handle"),
        ({"handle": "@c", "port": 8789, "url": "http://example.org"}, "$"),
    ],
)
async def test_what_is_no_channel(api: Api, body: dict[str, Any], path: str) -> None:
    """Only ports of this machine can be named."""
    answer = await api.call("POST", PATH, body)
    assert (400, True) == (answer.status, answer.detail.endswith(f"at {path}"))


async def test_the_server_itself_is_no_channel(api: Api) -> None:
    """It would receive its own messages."""
    own = api.rig.system.config.port
    answer = await api.call("POST", PATH, {"handle": "@c", "port": own})
    assert (400, True) == (answer.status, "this server listens" in answer.detail)
    other = {"handle": "@c", "port": 1024}
    assert 200 == (await api.call("POST", PATH, other)).status


async def test_what_is_no_name(api: Api) -> None:
    """And a session that is none."""
    assert 400 == (await api.call("DELETE", PATH)).status
    body = {"handle": "@c", "port": 8789, "session_id": "nobody"}
    assert 404 == (await api.call("POST", PATH, body)).status
