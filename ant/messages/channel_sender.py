"""Tells local channels what rooms say: in order, bounded, and only on this machine.

Messages are taken from the bus, so no request waits for a channel. Each channel has a
queue and a task of its own while something waits in it: one that hangs delays itself.
"""

import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import trio

from ant.api import codec
from ant.core.background import ChildTasks
from ant.core.counters import Limit, increment
from ant.core.errors import Stopping, StorageFailed
from ant.core.safe_post import post_to
from ant.core.wakeup import Wakeup
from ant.journal.bus import Bus
from ant.journal.writer import Journal
from ant.messages import channels as registry
from ant.messages.channels import Channel
from ant.model.events import MessageCreated
from ant.model.messages import Message

log = logging.getLogger(__name__)

QUEUE: Final = 64
"""Messages that may wait for a channel; the next is dropped, and that is logged: it is
in the room, where the channel can read it."""

TOGETHER: Final = 16
"""Events that are looked at together: more would hold the loop, and fill a queue before
who works on it had a turn."""

TIMEOUT_S: Final = 5.0
"""For one post: the receiver is on this machine."""

LOOPBACK: Final = ("127.0.0.1", "::1")
"""What is called, whatever a name such as localhost stands for."""


@attrs.frozen
class ChannelMessage:
    """A message on its way, and the name of who said it."""

    message: Message
    sender: str | None


class ChannelSender:
    """A queue for each channel in which something waits, and who works on it."""

    def __init__(self, journal: Journal, bus: Bus) -> None:
        self._journal, self._bus, self._wakeup = journal, bus, Wakeup()
        self._queues: dict[str, deque[ChannelMessage]] = {}
        self._nursery, self._position = ChildTasks(), bus.end

    async def run(self) -> None:
        """Tell channels until the bus closes. Call it once.

        *Cancellation:* what was not told by then never is.
        """
        async with self._nursery.open():
            await self._follow()

    async def _follow(self) -> None:
        position = self._position
        with self._bus.subscribed(self._wakeup):
            while not self._bus.closed:
                if position < self._bus.start:
                    increment(Limit.CHANNELS)
                    log.warning("Channels were not told of some messages.")
                    position = self._bus.start
                if position == self._bus.end:
                    await self._wakeup.wait()
                    continue
                end = min(self._bus.end, position + TOGETHER)
                news = [self._bus.at(n).event for n in range(position, end)]
                position = self._position = end
                said = [
                    each.message for each in news if isinstance(each, MessageCreated)
                ]
                if said:
                    await self._hear(said)

    async def _hear(self, said: Sequence[Message]) -> None:
        try:
            heard = await self._journal.read(registry.hearing, said)
        except (StorageFailed, Stopping) as exc:
            first, count = said[0].id, len(said)
            log.warning("Channels miss %d messages from %s on: %s", count, first, exc)
            return
        for message, channels, sender in heard:
            for channel in channels:
                self.offer(channel, message, sender)

    def offer(self, channel: Channel, message: Message, sender: str | None) -> bool:
        """Tell a channel soon, after what waits for it; False where too much does.

        Never waits. Call it while `run` runs.
        """
        queue = self._queues.get(channel.handle)
        if queue is None:
            queue = self._queues[channel.handle] = deque()
            self._nursery.start_soon(self._work, channel.handle, queue)
        if len(queue) >= QUEUE:
            increment(Limit.CHANNELS)
            log.warning("A message for channel %s is dropped.", channel.handle)
            return False
        queue.append(ChannelMessage(message, sender))
        return True

    async def _work(self, handle: str, queue: deque[ChannelMessage]) -> None:
        """Tell all that waits, to where the channel is by then; none if it is gone."""
        try:
            while queue:
                word = queue.popleft()
                channel = await self._journal.read(registry.find, handle)
                if channel is None:
                    continue
                error = await self.tell(channel, word.message, word.sender)
                if error is not None:
                    log.warning("Channel %s was not told: %s.", handle, error)
        except (StorageFailed, Stopping) as exc:
            log.warning("Channel %s is told no more for now: %s", handle, exc)
        finally:
            del self._queues[handle]

    async def tell(
        self, channel: Channel, message: Message, sender: str | None
    ) -> str | None:
        """Tell a channel now; None when it took it, else why it did not.

        *Cancellation:* the connection is dropped.
        """
        data = codec.dumps(registry.told(message, sender))
        url = f"http://localhost:{channel.port}/"
        try:
            with trio.fail_after(TIMEOUT_S):
                status = await post_to(LOOPBACK, url, data)
        except trio.TooSlowError:
            return f"no answer in {TIMEOUT_S:g} s"
        except Exception as exc:  # noqa: BLE001  Whatever it is, it is theirs.
            return str(exc) or type(exc).__name__
        return None if 200 <= status < 300 else f"HTTP {status}"
