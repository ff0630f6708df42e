"""Sends the messages of rooms to local channels, in order, over loopback only.

The sender takes messages from the bus, so no request waits for a channel. Each channel
with pending messages has a queue and a task of its own. A channel that hangs delays
only itself.
"""

import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs
import trio

from ant.api import codec
from ant.api.room_requests import RegisterChannel
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
from ant.store import Unit

log = logging.getLogger(__name__)

QUEUE: Final = 64
"""Messages in the queue of one channel. ANT drops and logs the next; it stays in the
room, where the channel's program can read it."""

TOGETHER: Final = 16
"""Events handled in one batch. A larger batch would block the event loop, and could
fill a queue before the task that empties it runs."""

TIMEOUT_S: Final = 5.0
"""Timeout of one POST. The receiver is on this machine."""

LOOPBACK: Final = ("127.0.0.1", "::1")
"""The addresses that ANT connects to, whatever `localhost` resolves to."""


@attrs.frozen
class ChannelMessage:
    """A message in the queue of a channel, with the name of its sender."""

    message: Message
    sender: str | None


def _receivers(
    unit: Unit, messages: Sequence[Message]
) -> tuple[list[tuple[Message, list[Channel], str | None]], bool]:
    """Return the channels of each message, and whether there is any channel."""
    exists = bool(registry.list_channels(unit))
    return registry.receivers(unit, messages) if exists else [], exists


class ChannelSender:
    """The queues of channels with pending messages, and the tasks that empty them."""

    def __init__(self, journal: Journal, bus: Bus) -> None:
        self._journal, self._bus, self._wakeup = journal, bus, Wakeup()
        self._queues: dict[str, deque[ChannelMessage]] = {}
        self._nursery, self._position = ChildTasks(), bus.end
        self._may_exist, self._registrations = True, 0

    async def register(self, request: RegisterChannel) -> Channel:
        """Register a channel as `channels.register` does, which says what it raises.

        While no channel exists, the sender reads nothing for a message. So every
        registration must pass here. *Cancellation:* it may have been registered.
        """
        self._may_exist = True
        self._registrations += 1
        try:
            return await self._journal.write(registry.register, request)
        finally:
            self._registrations -= 1

    async def run(self) -> None:
        """Send messages to channels until the bus closes. Call it once.

        *Cancellation:* messages that were not sent by then are never sent.
        """
        async with self._nursery.open():
            await self._follow()

    async def _follow(self) -> None:
        position = self._position
        with self._bus.subscribed(self._wakeup):
            while not self._bus.closed:
                if position < self._bus.start:
                    increment(Limit.CHANNELS)
                    log.warning("Some messages were not sent to local channels.")
                    position = self._bus.start
                if position == self._bus.end:
                    await self._wakeup.wait()
                    continue
                end = min(self._bus.end, position + TOGETHER)
                events = [self._bus.at(n).event for n in range(position, end)]
                position = self._position = end
                messages = [
                    each.message for each in events if isinstance(each, MessageCreated)
                ]
                if messages:
                    await self._route(messages)

    async def _route(self, messages: Sequence[Message]) -> None:
        """Queue each message for its channels."""
        if not self._may_exist:
            return
        try:
            routed, exists = await self._journal.read(_receivers, messages)
        except (StorageFailed, Stopping) as exc:
            first, count = messages[0].id, len(messages)
            log.warning(
                "%d messages from %s on were not sent to channels: %s",
                count,
                first,
                exc,
            )
            return
        # The read was the last step: a later registration sets it again.
        self._may_exist = exists or self._registrations > 0
        for message, channels, sender in routed:
            for channel in channels:
                self.offer(channel, message, sender)

    def offer(self, channel: Channel, message: Message, sender: str | None) -> bool:
        """Queue a message for a channel; False where the queue is full.

        Never waits. Call it while `run` runs.
        """
        queue = self._queues.get(channel.handle)
        if queue is None:
            queue = self._queues[channel.handle] = deque()
            self._nursery.start_soon(self._work, channel.handle, queue)
        if len(queue) >= QUEUE:
            increment(Limit.CHANNELS)
            log.warning(
                "A message for channel %s is dropped: its queue is full.",
                channel.handle,
            )
            return False
        queue.append(ChannelMessage(message, sender))
        return True

    async def _work(self, handle: str, queue: deque[ChannelMessage]) -> None:
        """Send all queued messages to the channel at the port it has by then.

        A message is dropped when the channel has been removed.
        """
        try:
            while queue:
                queued = queue.popleft()
                channel = await self._journal.read(registry.find, handle)
                if channel is None:
                    continue
                error = await self.send(channel, queued.message, queued.sender)
                if error is not None:
                    log.warning("Channel %s did not get a message: %s.", handle, error)
        except (StorageFailed, Stopping) as exc:
            log.warning("The queue of channel %s is dropped: %s", handle, exc)
        finally:
            del self._queues[handle]

    async def send(
        self, channel: Channel, message: Message, sender: str | None
    ) -> str | None:
        """POST a message to a channel. Return None when it accepted, else the error.

        *Cancellation:* the connection is closed.
        """
        data = codec.dumps(registry.payload(message, sender))
        url = f"http://localhost:{channel.port}/"
        try:
            with trio.fail_after(TIMEOUT_S):
                status = await post_to(LOOPBACK, url, data)
        except trio.TooSlowError:
            return f"no answer in {TIMEOUT_S:g} s"
        except Exception as exc:  # noqa: BLE001  Any failure is the receiver's.
            return str(exc) or type(exc).__name__
        return None if 200 <= status < 300 else f"HTTP {status}"
