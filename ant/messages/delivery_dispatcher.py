"""Delivers messages to terminals: one task per terminal with a pending delivery.

The task takes the oldest delivery, and the next one only after that has ended. It tries
a withheld delivery again when the verdict on the screen changes, and after a pause,
because a draft comes and goes without a new verdict. `deliveries` has the rules,
`delivery_attempt` types. All state that must survive is in the database. There are at
most as many tasks as terminals.
"""

import logging

import attrs
import trio

from ant.core.background import ChildTasks
from ant.core.counters import Limit, increment
from ant.core.errors import StorageFailed
from ant.core.wakeup import Wakeup
from ant.journal.bus import Bus
from ant.journal.writer import Journal
from ant.messages import deliveries
from ant.messages.delivery_attempt import DeliveryAttempt, TypingTarget
from ant.messages.inbox_files import OverflowFiles
from ant.model.deliveries import (
    UNDER_WAY,
    DeliveryId,
    DeliveryRecord,
    DeliveryState,
    Reason,
)
from ant.model.events import DeliveryUpdated, MessageDeleted, SessionsChanged
from ant.model.messages import MessageId
from ant.model.sessions import SessionId
from ant.recording.transcript_writer import TranscriptWriter
from ant.store import Unit

log = logging.getLogger(__name__)

RETRY_S, RETRY_MAX_S = 1.0, 30.0
"""Pause before a withheld delivery is tried again without a new verdict. It doubles up
to the second value."""


@attrs.define(eq=False)
class _TerminalQueue:
    """The task of one terminal. `pending`: it has to look at the ledger again."""

    pending: bool = True
    wakeup: Wakeup = attrs.field(factory=Wakeup)
    pause_s: float = RETRY_S

    async def pause(self) -> None:
        """Wait for a reason to try again, or until the pause is over."""
        with trio.move_on_after(self.pause_s) as patience:
            await self.wakeup.wait()
        if patience.cancelled_caught:
            self.pause_s = min(2 * self.pause_s, RETRY_MAX_S)


class DeliveryDispatcher:
    """Starts and wakes the delivery tasks.

    Runs report which programs run and what is on their screens; the bus has the
    messages that are posted.
    """

    def __init__(
        self,
        journal: Journal,
        transcript_writer: TranscriptWriter,
        bus: Bus,
        overflow_files: OverflowFiles,
    ) -> None:
        self._journal, self._bus, self._overflow_files = journal, bus, overflow_files
        self._attempt = DeliveryAttempt(journal, transcript_writer, overflow_files)
        self.wakeup = Wakeup()
        self._running: dict[SessionId, TypingTarget] = {}
        self._queues: dict[SessionId, _TerminalQueue] = {}
        self._moved: dict[MessageId, trio.Event] = {}
        self._nursery, self._position = ChildTasks(), bus.end
        self._has_begun = False

    async def start_delivering(
        self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Take up the pending deliveries, and deliver for ever.

        *Cancellation:* text that is being typed stays as it is, and the next server run
        records the delivery as unconfirmed.
        """
        async with self._nursery.open():
            with self._bus.subscribed(self.wakeup):
                if self._has_begun:  # An error may have interrupted the typing.
                    await self._journal.write(deliveries.recover)
                self._has_begun = True
                for each in await self._journal.read_in_thread(deliveries.waiting):
                    self.wake(each)
                await self._tidy(self._overflow_files.sessions())
                task_status.started()
                while True:
                    await self.wakeup.wait()
                    try:
                        self._position = await self._follow(self._position)
                    except StorageFailed as exc:
                        log.error("Messages wait for the disk: %s", exc)
                        self.wakeup.set()
                        await trio.sleep(RETRY_S)

    # Called by runs.

    def enter(self, session_id: SessionId, live: TypingTarget) -> None:
        """A program has started in the terminal."""
        self._running[session_id] = live
        self._retry(session_id)

    def leave(self, session_id: SessionId) -> None:
        """The program in the terminal has ended."""
        self._running.pop(session_id, None)
        self._retry(session_id)

    def saw(self, session_id: SessionId) -> None:
        """The verdict on the terminal's screen has changed."""
        self._retry(session_id)

    # Called by routes.

    def hook_took(self, session_id: SessionId, text: str) -> None:
        """The agent in the terminal has taken a text, as its own hook reports."""
        self._attempt.hook_took(session_id, text)

    async def arrival(
        self, room_id: SessionId, message_id: MessageId, state: str, timeout_s: float
    ) -> tuple[DeliveryRecord, ...]:
        """Wait until all deliveries of a message are `typed` or `reacted`, or ended.

        Return them then, or as they are at the timeout. *Cancellation:* nothing to
        undo.
        """
        records: tuple[DeliveryRecord, ...] = ()
        watched = frozenset() if state == "typed" else UNDER_WAY
        try:
            with trio.move_on_after(timeout_s):
                while True:
                    moved = self.moved(message_id)
                    records = await self._journal.read(
                        deliveries.of_message, room_id, message_id
                    )
                    if not any(e.waits or e.state in watched for e in records):
                        break
                    await moved.wait()
        finally:
            self._wake_waiters(message_id)  # Other waiters get a new event.
        return records

    def moved(self, message_id: MessageId) -> trio.Event:
        """Return the event that is set when a delivery of the message takes a step."""
        return self._moved.setdefault(message_id, trio.Event())

    def _wake_waiters(self, *message_ids: MessageId) -> None:
        for each in message_ids:
            if (moved := self._moved.pop(each, None)) is not None:
                moved.set()

    # Events of the bus.

    async def _follow(self, position: int) -> int:
        """Handle the events after `position`. If the bus lost some, read the ledger."""
        end, missed = self._bus.end, position < self._bus.start
        events = [
            self._bus.at(n).event for n in range(max(position, self._bus.start), end)
        ]
        gone: list[str] = []
        for event in events:
            match event:
                case DeliveryUpdated(session_id=session_id, delivery=record):
                    if session_id != record.target_id:
                        continue
                    if record.reason is Reason.QUEUE_FULL:
                        increment(Limit.DELIVERIES)
                    if record.reason is Reason.LOOP:
                        increment(Limit.HOPS)
                    if record.state is DeliveryState.QUEUED:
                        target = SessionId(record.target_id)
                        self._attempt.bind(record, self._running.get(target))
                        self.wake(target)
                    self._wake_waiters(record.message_id)
                case SessionsChanged(removed_ids=ids):
                    gone += ids
                case MessageDeleted(message_id=message_id):
                    self._overflow_files.remove_message(message_id)
        if missed:
            self._wake_waiters(*self._moved)
            for each in await self._journal.read_in_thread(deliveries.waiting):
                self.wake(each)
            gone = self._overflow_files.sessions()
        await self._tidy(gone)
        return end

    async def _tidy(self, session_ids: list[str]) -> None:
        """Remove the files of those sessions that do not exist any more."""
        stored = {*self._overflow_files.sessions()} & {*session_ids}
        if stored:
            existing = await self._journal.read_in_thread(_existing, stored)
            self._overflow_files.remove(stored - existing)

    def wake(self, session_id: SessionId) -> None:
        """Start the terminal's task, or have it look at the ledger again."""
        if session_id in self._queues:
            self._queues[session_id].pending = True
            return
        self._queues[session_id] = queue = _TerminalQueue()
        self._nursery.start_soon(self._serve, session_id, queue)

    def _retry(self, session_id: SessionId) -> None:
        """Try the withheld delivery of the terminal again now."""
        if (queue := self._queues.get(session_id)) is not None:
            queue.pause_s = RETRY_S
            queue.wakeup.set()

    async def _serve(self, session_id: SessionId, queue: _TerminalQueue) -> None:
        """Deliver until nothing is pending; pause before a delivery is tried again.

        A bug ends the task of this terminal until the next message or server run.
        """
        tried: DeliveryId | None = None
        try:
            while queue.pending:
                queue.pending = False
                try:
                    while found := await self._journal.read(
                        deliveries.next_message, session_id
                    ):
                        if found[0].id == tried:
                            tried = None
                            await queue.pause()
                            continue
                        tried = found[0].id
                        live = self._running.get(session_id)
                        await self._attempt.deliver(live, session_id, *found)
                except StorageFailed as exc:
                    log.error("A message waits for the disk: %s", exc)
                    queue.pending = True
                    await trio.sleep(RETRY_S)
        except Exception:
            log.exception(
                "Messages to %s are not delivered until the next one is posted.",
                session_id,
            )
        finally:
            del self._queues[session_id]


def _existing(unit: Unit, session_ids: set[str]) -> set[str]:
    return {*unit.sessions.several(session_ids)}
