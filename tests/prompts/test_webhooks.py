"""The queue of prompts that are posted to web addresses."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import h11
import pytest
import trio

from ant.api import codec
from ant.core.counters import Limit
from ant.prompts import webhooks as webhook_queue
from ant.prompts.webhooks import QUEUE, Webhooks
from tests.asked import record
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S

Receive = Callable[[trio.abc.Stream], Any]


@asynccontextmanager
async def receiver(serve: Receive) -> AsyncIterator[int]:
    """A listener on this machine; its port."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        with trio.fail_after(PATIENCE_S):
            yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


class Web:
    """Takes requests and answers each as it is told."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> None:
        self.answer = answer
        self.requests: list[tuple[Any, bytes]] = []

    async def serve(self, stream: trio.abc.Stream) -> None:
        async with stream:
            http, body, request = h11.Connection(h11.SERVER), b"", None
            while True:
                event = http.next_event()
                if event is h11.NEED_DATA:
                    http.receive_data(await stream.receive_some())
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    break
            self.requests.append((request, body))
            await stream.send_all(self.answer)


async def test_a_receiver_that_does_not_answer_times_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """ANT logs it without the path, and posts to the next one."""
    monkeypatch.setattr(webhook_queue, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(webhook_queue, "WORKERS", 1)
    web, one = Web(b"HTTP/1.1 500 No\r\n\r\n"), record()

    async def silent(stream: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async with receiver(silent) as mute, receiver(web.serve) as port:
        hooks = Webhooks(private=True)
        hooks.post_nowait(f"http://127.0.0.1:{mute}/secret", one)
        hooks.post_nowait(f"http://127.0.0.1:{port}/secret", one)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hooks.run)
            await eventually(lambda: "answered 500" in caplog.text)
            nursery.cancel_scope.cancel()
    assert codec.dumps(one) == web.requests[0][1]
    assert "failed: TooSlowError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.meets(Limit.WEBHOOKS)
def test_more_than_can_wait_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """ANT logs it and waits for no receiver."""
    hooks = Webhooks()
    with caplog.at_level(logging.WARNING):
        for _ in range(QUEUE + 1):
            hooks.post_nowait("https://example.org", record())
    assert 1 == caplog.text.count("dropped")
