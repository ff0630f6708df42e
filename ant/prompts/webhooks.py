"""Posts prompts to webhooks, from a bounded queue."""

from typing import Final
from urllib.parse import urlsplit

import trio

from ant.api import codec
from ant.core.counters import Limit, increment
from ant.core.safe_post import log, post
from ant.model.prompts import PromptRecord

QUEUE: Final = 64
"""Posts that may wait. ANT drops and logs any more: prompts are announced in rooms and
on `/ws` anyway."""

WORKERS: Final = 4
"""Concurrent posts: a few slow receivers do not delay the others."""

TIMEOUT_S: Final = 5.0
"""Timeout of one post, including the name lookup."""


class Webhooks:
    """A bounded queue of posts, and the tasks that send them.

    `private`: webhooks may be at private addresses.
    """

    def __init__(self, private: bool = False) -> None:
        self._private = private
        self._send, self._queue = trio.open_memory_channel[tuple[str, bytes]](QUEUE)

    def post_nowait(self, url: str, record: PromptRecord) -> None:
        """Queue a prompt for a post, or drop it if the queue is full. Never raises."""
        try:
            self._send.send_nowait((url, codec.dumps(record)))
        except trio.WouldBlock:
            increment(Limit.WEBHOOKS)
            log.warning("A webhook post is dropped: the queue of %d is full.", QUEUE)

    async def run(self) -> None:
        """Post until cancelled. *Cancellation:* queued posts are dropped."""
        async with trio.open_nursery() as nursery:
            for _ in range(WORKERS):
                nursery.start_soon(self._work)

    async def _work(self) -> None:
        async for url, data in self._queue:
            host = urlsplit(url).hostname
            try:
                with trio.fail_after(TIMEOUT_S):
                    status = await post(url, data, self._private)
            except Exception as exc:  # noqa: BLE001  The receiver may cause any error.
                log.warning("The post to the webhook at %s failed: %r", host, exc)
            else:
                if not 200 <= status < 300:
                    log.warning("The webhook at %s answered %d.", host, status)
