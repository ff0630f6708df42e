"""The queue of prompts that are posted to web addresses."""

import logging

import pytest
import trio

from ant.api import codec
from ant.core.counters import Limit
from ant.prompts import webhooks as webhook_queue
from ant.prompts.webhooks import QUEUE, Webhooks
from tests.asked import record
from tests.core.test_safe_post import Web, receiver
from tests.live.waiting import eventually


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
