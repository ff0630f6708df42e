"""Brings messages to terminals: one task for each terminal for which something waits.

It takes the oldest delivery, and the next only when that has ended. What is withheld is
tried again when the screen is judged otherwise, and now and then, since a draft comes
and goes unjudged. `deliveries` has the rules, `handover` types; all that must not be
lost is in the database, and there are at most as many tasks as there are terminals.
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
"""Pause before what is withheld is tried again unasked; it doubles up to the second."""


@attrs.define(eq=False)
class _TerminalQueue:
    """The task of one terminal; `news`: it should look again."""

    news: bool = True
    wakeup: Wakeup = attrs.field(factory=Wakeup)
    pause_s: float = RETRY_S

    async def pause(self) -> None:
        """Until there is reason to try again, or it has been a while."""
        with trio.move_on_after(self.pause_s) as patience:
            await self.wakeup.wait()
        if patience.cancelled_caught:
            self.pause_s = min(2 * self.pause_s, RETRY_MAX_S)


class DeliveryDispatcher:
    """Witnesses tell it who runs and what is seen, the bus what is posted."""

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
        self._lives: dict[SessionId, TypingTarget] = {}
        self._rounds: dict[SessionId, _TerminalQueue] = {}
        self._moved: dict[MessageId, trio.Event] = {}
        self._nursery, self._position = ChildTasks(), bus.end
        self._has_begun = False

    async def start_delivering(
        self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Take up what waits, and deliver for ever.

        *Cancellation:* what is being typed is left as it is, and the next server run
        calls it unconfirmed.
        """
        async with self._nursery.open():
            with self._bus.subscribed(self.wakeup):
                if self._has_begun:  # A failure broke off what was being typed.
                    await self._journal.write(deliveries.recover)
                self._has_begun = True
                for each in await self._journal.read_in_thread(deliveries.waiting):
                    self.wake(each)
                await self._tidy(self._overflow_files.sessions())
                task_status.started()
                while True:
                    await self.wakeup.wait()
                    try:
                        self._position = await self._hear(self._position)
                    except StorageFailed as exc:
                        log.error("Messages wait for the disk: %s", exc)
                        self.wakeup.set()
                        await trio.sleep(RETRY_S)

    # What witnesses tell.

    def enter(self, session_id: SessionId, live: TypingTarget) -> None:
        """A program begins to run."""
        self._lives[session_id] = live
        self._stir(session_id)

    def leave(self, session_id: SessionId) -> None:
        """It has ended."""
        self._lives.pop(session_id, None)
        self._stir(session_id)

    def saw(self, session_id: SessionId) -> None:
        """The screen of a terminal is held to be in another state."""
        self._stir(session_id)

    # What routes ask.

    async def arrival(
        self, room_id: SessionId, message_id: MessageId, wanted: str, timeout_s: float
    ) -> tuple[DeliveryRecord, ...]:
        """The deliveries of a message, once all are `typed` or `reacted`, or ended.

        Or as they are when the time is over. *Cancellation:* nothing to undo.
        """
        records: tuple[DeliveryRecord, ...] = ()
        watched = frozenset() if wanted == "typed" else UNDER_WAY
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
            self._wake_waiters(message_id)  # Who else waits looks again.
        return records

    def moved(self, message_id: MessageId) -> trio.Event:
        """What is set when a delivery of that message takes a step."""
        return self._moved.setdefault(message_id, trio.Event())

    def _wake_waiters(self, *message_ids: MessageId) -> None:
        for each in message_ids:
            if (moved := self._moved.pop(each, None)) is not None:
                moved.set()

    # What is posted.

    async def _hear(self, position: int) -> int:
        """Look at the events after that position; what was missed is looked up."""
        end, missed = self._bus.end, position < self._bus.start
        events = [
            self._bus.at(n).event for n in range(max(position, self._bus.start), end)
        ]
        gone: list[str] = []
        for event in events:
            match event:
                case DeliveryUpdated(session_id=told, delivery=record):
                    if told != record.target_id:
                        continue
                    if record.reason is Reason.QUEUE_FULL:
                        increment(Limit.DELIVERIES)
                    if record.reason is Reason.LOOP:
                        increment(Limit.HOPS)
                    if record.state is DeliveryState.QUEUED:
                        target = SessionId(record.target_id)
                        self._attempt.bind(record, self._lives.get(target))
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
        """Remove the files of those sessions that are no more."""
        kept = {*self._overflow_files.sessions()} & {*session_ids}
        if kept:
            there = await self._journal.read_in_thread(_existing, kept)
            self._overflow_files.remove(kept - there)

    def wake(self, session_id: SessionId) -> None:
        """Something may be to deliver there."""
        if session_id in self._rounds:
            self._rounds[session_id].news = True
            return
        self._rounds[session_id] = one = _TerminalQueue()
        self._nursery.start_soon(self._serve, session_id, one)

    def _stir(self, session_id: SessionId) -> None:
        """Try again what is withheld there."""
        if (one := self._rounds.get(session_id)) is not None:
            one.pause_s = RETRY_S
            one.wakeup.set()

    async def _serve(self, session_id: SessionId, one: _TerminalQueue) -> None:
        """Deliver until nothing waits; what was tried and still waits is not hurried.

        A bug costs the terminal this task, until the next message or server run.
        """
        tried: DeliveryId | None = None
        try:
            while one.news:
                one.news = False
                try:
                    while found := await self._journal.read(
                        deliveries.next_letter, session_id
                    ):
                        if found[0].id == tried:
                            tried = None
                            await one.pause()
                            continue
                        tried = found[0].id
                        live = self._lives.get(session_id)
                        await self._attempt.deliver(live, session_id, *found)
                except StorageFailed as exc:
                    log.error("A message waits for the disk: %s", exc)
                    one.news = True
                    await trio.sleep(RETRY_S)
        except Exception:
            log.exception("Messages to %s are not delivered.", session_id)
        finally:
            del self._rounds[session_id]


def _existing(unit: Unit, session_ids: set[str]) -> set[str]:
    return {*unit.sessions.several(session_ids)}
