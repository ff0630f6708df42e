"""What a server counts of its bounds, as its health tells it."""

from pathlib import Path

import pytest
import trio

from ant.client import AntClient
from tests.live.server import running_server


async def counts(ant: AntClient) -> dict[str, int]:
    """By name; each has its policy beside it."""
    limits = (await ant.call("GET", "/api/health"))["limits"]
    assert all(each["policy"].endswith(".") for each in limits)
    return {each["name"]: each["count"] for each in limits}


@pytest.mark.slow
async def test_health_counts_what_met_a_bound(tmp_path: Path) -> None:
    """Nothing at first; then a head too long, a session too many and an old event."""
    async with running_server(tmp_path) as server, server.client() as ant:
        assert {0} == set((await counts(ant)).values())
        for number in range(3):
            await ant.create(f"s{number}", command=["cat"])
        async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nX: " + b"a" * (64 << 10))
            assert b" 431 " in await stream.receive_some()
        found = {name for name, count in (await counts(ant)).items() if count}
        assert {"head"} == found
    settings = {"ANT_EVENT_LOG_KEEP": "1", "ANT_MAX_ACTIVE_SESSIONS": "1"}
    async with running_server(tmp_path, **settings) as server, server.client() as ant:
        await ant.create("one", command=["cat"])
        with pytest.raises(Exception, match="allows no more"):
            await ant.create("two", command=["cat"])
        found = {name for name, count in (await counts(ant)).items() if count}
        assert {"event_log", "sessions"} == found
