"""The queue of prompts that are posted to web addresses."""

from typing import Final
from urllib.parse import urlsplit

import trio

from ant.api import codec
from ant.core.counters import Limit, increment
from ant.core.safe_post import log, post
from ant.model.prompts import PromptRecord

QUEUE: Final = 64
"""Posts that may wait; the next is dropped, and that is logged: a prompt is told in
rooms and on `/ws` anyway."""

WORKERS: Final = 4
"""Posts under way: some slow receivers do not hold up the rest."""

TIMEOUT_S: Final = 5.0
"""For one post, looking up the name included."""


class Webhooks:
    """A bounded queue of posts, and who works on it."""

    def __init__(self, private: bool = False) -> None:
        self._private = private
        self._send, self._queue = trio.open_memory_channel[tuple[str, bytes]](QUEUE)

    def post_nowait(self, url: str, record: PromptRecord) -> None:
        """Post a prompt soon, or drop it where too many wait; never fails."""
        try:
            self._send.send_nowait((url, codec.dumps(record)))
        except trio.WouldBlock:
            increment(Limit.WEBHOOKS)
            log.warning("A webhook is dropped: %d wait already.", QUEUE)

    async def run(self) -> None:
        """Post for ever. *Cancellation:* what is not posted by then never is."""
        async with trio.open_nursery() as nursery:
            for _ in range(WORKERS):
                nursery.start_soon(self._work)

    async def _work(self) -> None:
        async for url, data in self._queue:
            host = urlsplit(url).hostname
            try:
                with trio.fail_after(TIMEOUT_S):
                    status = await post(url, data, self._private)
            except Exception as exc:  # noqa: BLE001  Whatever it is, it is theirs.
                log.warning("The webhook at %s failed: %r", host, exc)
            else:
                if not 200 <= status < 300:
                    log.warning("The webhook at %s answered %d.", host, status)
