"""Brings messages to terminals: one task for each terminal for which something waits.

It takes the oldest delivery, and the next only when that has ended. What is withheld is
tried again when the screen is judged otherwise, and now and then, since a draft comes
and goes unjudged; after `GIVE_UP` it is dead. What is written may be typed, and what
was typed is never typed again: `deliveries` has the rules, `LiveTerminal.say` the keys.

Terminals in which something waits are as many as there are sessions; `SAYING` of them
are typed into at the same time. Everything else about a delivery is in the database.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeVar

import attrs
import trio

from ant import clock, deliveries
from ant.bell import Bell
from ant.bus import Bus
from ant.deliveries import Step
from ant.delivering import (
    PENDING,
    UNDER_WAY,
    DeliveryId,
    DeliveryRecord,
    DeliveryState,
    Reason,
)
from ant.errors import (
    AntError,
    CapacityReached,
    Conflict,
    NotRunning,
    StorageFailed,
    Withheld,
)
from ant.events import DeliveryUpdated, MessageDeleted, SessionsChanged
from ant.inboxes import Inboxes
from ant.journal import Journal
from ant.letters import Letter
from ant.model import MessageId, SessionId
from ant.scribe import Scribe
from ant.store import Unit
from ant.tally import Limit, met
from ant.terminal.flow import Flow
from ant.terminal.modes import Modes
from ant.terminal.prompt import Kind, Verdict
from ant.terminal.saying import Said

log = logging.getLogger(__name__)

T = TypeVar("T")

GIVE_UP = timedelta(hours=24)
"""How long a message may wait: a dialog at night is answered in the morning."""

SAYING = 16
"""Terminals that are typed into at the same time."""

REACT_S = 10.0
"""How long a program is watched for a reaction."""

RETRY_S, RETRY_MAX_S = 1.0, 30.0
"""Pause before what is withheld is tried again unasked; it doubles up to the second."""

FLUSH_S = 5.0
"""What a slow disk gets to store the bytes that a step refers to."""

_HOLDS = {Kind.DIALOG: Reason.DIALOG, Kind.BUSY: Reason.BUSY}
"""Verdicts on which trying would be no use."""

UNCONFIRMED = DeliveryState.UNCONFIRMED


class Listener(Protocol):
    """A live terminal, as far as messages are concerned."""

    flow: Flow

    @property
    def verdict(self) -> Verdict | None:
        """What is held true of the program."""
        ...

    async def say(self, text: str) -> Said:
        """Type a text and send it, or raise `Withheld`, as `LiveTerminal` does."""
        ...

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        """Where the program was seen to take it, as `LiveTerminal` does."""
        ...

    def modes(self) -> Modes:
        """What the program has switched on."""
        ...


@attrs.define(eq=False)
class _Round:
    """The task of one terminal; `news`: it should look again."""

    news: bool = True
    bell: Bell = attrs.field(factory=Bell)
    pause_s: float = RETRY_S

    async def pause(self) -> None:
        """Until there is reason to try again, or it has been a while."""
        with trio.move_on_after(self.pause_s) as patience:
            await self.bell.wait()
        if patience.cancelled_caught:
            self.pause_s = min(2 * self.pause_s, RETRY_MAX_S)


class Courier:
    """Witnesses tell it who runs and what is seen, the bus what is posted."""

    _nursery: trio.Nursery

    def __init__(
        self, journal: Journal, scribe: Scribe, bus: Bus, inboxes: Inboxes
    ) -> None:
        self._journal, self._scribe, self._bus = journal, scribe, bus
        self._inboxes = inboxes
        self.bell = Bell()
        self._lives: dict[SessionId, Listener] = {}
        self._rounds: dict[SessionId, _Round] = {}
        self._saying = trio.Semaphore(SAYING)
        self._moved = trio.Event()

    async def start_delivering(
        self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Take up what waits, and deliver for ever.

        *Cancellation:* what is being typed is left as it is, and the next server run
        calls it unconfirmed.
        """
        position = self._bus.end
        async with trio.open_nursery() as self._nursery:
            with self._bus.subscribed(self.bell):
                for each in await self._journal.read(deliveries.waiting):
                    self.wake(each)
                await self._tidy(self._inboxes.sessions())
                task_status.started()
                while True:
                    await self.bell.wait()
                    try:
                        position = await self._hear(position)
                    except StorageFailed as exc:
                        log.error("Messages wait for the disk: %s", exc)
                        self.bell.ring()
                        await trio.sleep(RETRY_S)

    # What witnesses tell.

    def enter(self, session_id: SessionId, live: Listener) -> None:
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
        unsettled = PENDING if wanted == "typed" else PENDING | UNDER_WAY
        with trio.move_on_after(timeout_s):
            while True:
                moved = self._moved
                records = await self._journal.read(
                    deliveries.of_message, room_id, message_id
                )
                if not any(each.state in unsettled for each in records):
                    return records
                await moved.wait()
        return records

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
                        met(Limit.DELIVERIES)
                    if record.state is DeliveryState.QUEUED:
                        self.wake(SessionId(record.target_id))
                    self._moved.set()
                    self._moved = trio.Event()
                case SessionsChanged(removed_ids=ids):
                    gone += ids
                case MessageDeleted(message_id=message_id):
                    self._inboxes.remove_message(message_id)
        if missed:
            for each in await self._journal.read(deliveries.waiting):
                self.wake(each)
            gone = self._inboxes.sessions()
        await self._tidy(gone)
        return end

    async def _tidy(self, session_ids: list[str]) -> None:
        """Remove the files of those sessions that are no more."""
        kept = {*self._inboxes.sessions()} & {*session_ids}
        if kept:
            there = await self._journal.read(_existing, kept)
            self._inboxes.remove(kept - there)

    def wake(self, session_id: SessionId) -> None:
        """Something may be to deliver there."""
        if session_id in self._rounds:
            self._rounds[session_id].news = True
            return
        self._rounds[session_id] = one = _Round()
        self._nursery.start_soon(self._serve, session_id, one)

    def _stir(self, session_id: SessionId) -> None:
        """Try again what is withheld there."""
        if (one := self._rounds.get(session_id)) is not None:
            one.pause_s = RETRY_S
            one.bell.ring()

    async def _serve(self, session_id: SessionId, one: _Round) -> None:
        """Deliver until nothing waits; what was tried and still waits is not hurried.

        A bug costs the terminal this task, until the next message or server run.
        """
        tried: DeliveryId | None = None
        try:
            while one.news:
                one.news = False
                while found := await self._journal.read(_next, session_id):
                    record, letter = found
                    if record.id == tried:
                        await one.pause()
                    tried = record.id
                    try:
                        await self._deliver(session_id, record, letter)
                    except StorageFailed as exc:
                        log.error("A message waits for the disk: %s", exc)
        except Exception:
            log.exception("Messages to %s are not delivered.", session_id)
        finally:
            del self._rounds[session_id]

    # One delivery.

    async def _deliver(
        self, session_id: SessionId, record: DeliveryRecord, letter: Letter
    ) -> None:
        """Try it once: it has ended then, or is withheld."""
        if clock.now() - record.created_at > GIVE_UP:
            why = record.reason or Reason.TOO_LATE
            await self._keep(record, Step(DeliveryState.DEAD, why))
            return
        live = self._lives.get(session_id)
        if live is None:
            await self._hold(record, Reason.NOT_RUNNING)
            return
        verdict = live.verdict
        if verdict is not None and verdict.kind in _HOLDS:
            await self._hold(record, _HOLDS[verdict.kind], verdict.end)
            return
        try:
            pastes = live.modes().bracketed_paste
        except AntError:  # Without a screen nobody can look before they type.
            await self._hold(record, Reason.NO_SCREEN)
            return
        async with self._saying:
            done = await self._say(live, session_id, record, letter, pastes)
        if done is not None:
            last = await self._watched(live, *done)
            await self._flush(session_id, live, last.offset)
            await self._keep(record, last)

    async def _hold(
        self, record: DeliveryRecord, reason: Reason, offset: int | None = None
    ) -> None:
        if (record.state, record.reason) != (DeliveryState.WITHHELD, reason):
            await self._keep(record, Step(DeliveryState.WITHHELD, reason, offset))

    async def _say(
        self,
        live: Listener,
        session_id: SessionId,
        record: DeliveryRecord,
        letter: Letter,
        pastes: bool,
    ) -> tuple[str, Said] | None:
        """Type it, and write down what came of that; None where it was not typed."""
        if not await self._sure(deliveries.begin, record.id):
            return None
        try:
            text, said = await self._type(live, session_id, letter, pastes)
        except Withheld as exc:
            step = Step(DeliveryState.WITHHELD, _reason(exc.reason), live.flow.tail.end)
        except NotRunning:
            step = Step(DeliveryState.FAILED, Reason.PROGRAM_ENDED)
        except CapacityReached:
            step = Step(UNCONFIRMED, Reason.NOT_READING, live.flow.tail.end)
        except StorageFailed as exc:
            log.error("A message waits for the disk: %s", exc)
            step = Step(record.state, record.reason)
        except Conflict as exc:
            log.warning("A message to %s may stand there unsent: %s", session_id, exc)
            step = Step(UNCONFIRMED, Reason.NOT_SUBMITTED, live.flow.tail.end)
        except Exception:
            log.exception("A message could not be typed into %s.", session_id)
            step = Step(UNCONFIRMED, Reason.CANNOT_TYPE)
        else:
            steps = [Step(DeliveryState.TYPED, offset=said.end)]
            if said.submitted:
                steps.append(Step(DeliveryState.SUBMITTED, offset=said.end))
            await self._flush(session_id, live, said.end)
            await self._keep(record, *steps)
            return text, said
        await self._flush(session_id, live, step.offset)
        await self._keep(record, step)
        return None

    async def _type(
        self, live: Listener, session_id: SessionId, letter: Letter, pastes: bool
    ) -> tuple[str, Said]:
        """Say it as it is, else put it into a file and say where.

        Raises `StorageFailed` where nothing was typed, and what `say` raises.
        """
        verdict = live.verdict
        at_shell = verdict is not None and verdict.rule == "shell"
        text = letter.typed(pastes=pastes, at_shell=at_shell)
        if text is not None:
            try:
                return text, await live.say(text)
            except Withheld as exc:
                if exc.reason != Reason.LINE_TOO_LONG:
                    raise
        path = self._inboxes.put(session_id, letter.message_id, letter.content)
        text = letter.noted(path, at_shell=at_shell)
        return text, await live.say(text)

    async def _watched(self, live: Listener, text: str, said: Said) -> Step:
        """What came of a text that was typed."""
        if not said.submitted:
            return Step(UNCONFIRMED, Reason.NOT_SUBMITTED, said.end)
        if not said.sure:
            return Step(UNCONFIRMED, Reason.UNKNOWN_SCREEN, said.end)
        try:
            offset = await live.reacts(said.end, text, REACT_S)
        except NotRunning:
            return Step(UNCONFIRMED, Reason.PROGRAM_ENDED, said.end)
        if offset is None:
            return Step(UNCONFIRMED, Reason.NO_REACTION, said.end)
        return Step(DeliveryState.REACTED, offset=offset)

    # What is written.

    async def _keep(self, record: DeliveryRecord, *steps: Step) -> None:
        await self._sure(deliveries.advance, record.id, *steps)

    async def _sure(self, work: Callable[..., T], *args: object) -> T:
        """Write it, however long the database refuses: what was done is done."""
        while True:
            try:
                return await self._journal.write(work, *args)
            except StorageFailed as exc:
                log.error("The ledger waits for the disk: %s", exc)
                await trio.sleep(RETRY_S)

    async def _flush(
        self, session_id: SessionId, live: Listener, end: int | None
    ) -> None:
        """What points at bytes is written after them."""
        with trio.move_on_after(FLUSH_S):
            await self._scribe.flush(session_id, live.flow, end)


def _next(unit: Unit, session_id: SessionId) -> tuple[DeliveryRecord, Letter] | None:
    return deliveries.next_letter(unit, session_id)


def _existing(unit: Unit, session_ids: set[str]) -> set[str]:
    return {*unit.sessions.several(session_ids)}


def _reason(word: str) -> Reason:
    known = (each for each in Reason if each.value == word)
    return next(known, Reason.NOT_AT_REST)
