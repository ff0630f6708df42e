"""Pings and timeouts of a WebSocket; more is in the tests of the protocol."""

import pytest
import trio
from trio_websocket import open_websocket_url

from ant.core.counters import Limit
from ant.http.server import websocket
from tests.http.server.test_listener import ROOMY_S, read_until, serving


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings thirty times faster."""
    monkeypatch.setattr(websocket, "PING_S", 0.2)
    monkeypatch.setattr(websocket, "SILENCE_S", 0.6)


@pytest.mark.slow
async def test_a_peer_that_answers_pings_stays(impatient: None) -> None:
    """However long it sends nothing else."""
    async with (
        serving() as site,
        open_websocket_url(f"ws://127.0.0.1:{site.port}/echo") as client,
    ):
        with trio.move_on_after(1.5):
            await client.get_message()
        await client.send_message("still here")
        assert "still here" == await client.get_message()


@pytest.mark.slow
@pytest.mark.meets(Limit.SILENT)
async def test_a_silent_peer_is_closed(impatient: None) -> None:
    """With 4408, and its handler ends."""
    async with serving() as site:
        stream = await site.upgraded("/echo")
        with trio.fail_after(ROOMY_S):
            data = await read_until(stream, b"\x88\x02" + (4408).to_bytes(2, "big"))
        assert b"\x89\x00" in data


def test_a_dead_peer_is_closed_within_half_a_minute() -> None:
    """The last data, one ping, and the time it takes to close."""
    assert 30 > websocket.SILENCE_S + websocket.PING_S + 2
