"""One delivery, from a letter to what became of it: typed once or not at all.

Rule 1: that typing begins is written before the first key, and what came of it after
the last, however long the database refuses. Rule 2: only `Withheld` means that nothing
was typed; all else that goes wrong then ends the delivery. Rule 3: reacted is what
showed a reaction, and on a screen that nobody could read nothing does. Rule 4: only an
agent's composer is typed a message (`terminal.addressee`); for all others it is put
into a file and withheld for good. What a person says in a terminal's own chat is typed
as by hand, but only into the program that was in front as they said it.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePath
from typing import Protocol, TypeVar

import trio

from ant.core import clock
from ant.core.errors import (
    AntError,
    CapacityReached,
    Conflict,
    NotRunning,
    StorageFailed,
    Withheld,
)
from ant.journal.writer import Journal
from ant.messages import deliveries
from ant.messages.deliveries import LedgerStep
from ant.messages.inbox_files import OverflowFiles
from ant.messages.typed_message import TypedMessage, comment
from ant.model.deliveries import (
    FINAL_REASONS,
    DeliveryId,
    DeliveryKind,
    DeliveryRecord,
    DeliveryState,
    Reason,
)
from ant.model.sessions import SessionId
from ant.recording.transcript_writer import TranscriptWriter
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.input.addressee import (
    Check,
    MessageTarget,
    at_composer,
    in_front,
    message_target,
)
from ant.terminal.input.type_message import TypeResult
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.modes import Modes

log = logging.getLogger(__name__)

T = TypeVar("T")

GIVE_UP = timedelta(hours=24)
"""How long a message may wait: a dialog at night is answered in the morning."""

SAYING = 16
"""Terminals that are typed into at the same time."""

REACT_S = 10.0
"""How long a program is watched for a reaction."""

RETRY_S = 1.0
"""Pause after the database refused."""

FLUSH_S = 5.0
"""What a slow disk gets to store the bytes that a step refers to."""

_HOLDS = {Kind.DIALOG: Reason.DIALOG, Kind.BUSY: Reason.BUSY}
"""Verdicts on which trying would be no use."""

STARTING = timedelta(seconds=5)
"""How old a message and a program get before one that is not at rest counts as no
agent: until then one may be starting."""

FRONTS = 4096
"""Messages of which the program in front is remembered; the oldest is forgotten."""

UNCONFIRMED = DeliveryState.UNCONFIRMED


class TypingTarget(Protocol):
    """A live terminal, as far as messages are concerned."""

    flow: OutputFlow
    since: float

    @property
    def verdict(self) -> Verdict | None:
        """What is held true of the program."""
        ...

    def tty(self) -> Tty | None:
        """The line discipline and who is in front, as `LiveTerminal` says."""
        ...

    async def type_message(self, text: str, check: Check | None = None) -> TypeResult:
        """Type a text and send it, or raise `Withheld`, as `LiveTerminal` does."""
        ...

    async def type_comment(self, line: str) -> TypeResult:
        """Give a shell at its prompt a comment, or raise `Withheld`."""
        ...

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        """Where the program was seen to take it, as `LiveTerminal` does."""
        ...

    def modes(self) -> Modes:
        """What the program has switched on."""
        ...


class DeliveryAttempt:
    """Hands messages to terminals; the same message never from two tasks at once."""

    def __init__(
        self,
        journal: Journal,
        transcript_writer: TranscriptWriter,
        overflow_files: OverflowFiles,
    ) -> None:
        self._journal, self._transcript_writer, self._overflow_files = (
            journal,
            transcript_writer,
            overflow_files,
        )
        self._saying = trio.Semaphore(SAYING)
        self._fronts: dict[DeliveryId, str | None] = {}

    def bind(self, record: DeliveryRecord, live: TypingTarget | None) -> None:
        """Remember which program is in front as a person writes to it as by hand.

        None runs where it is None. A message that is older by now is not bound: the
        program may have changed since.
        """
        is_new = clock.now() - record.created_at < STARTING
        is_queued = record.state is DeliveryState.QUEUED
        if record.kind is not DeliveryKind.RAW or record.id in self._fronts:
            return
        if not (is_new and is_queued):
            return
        tty = live.tty() if live is not None and not live.flow.finished else None
        self._fronts[record.id] = None if tty is None else tty.foreground
        if len(self._fronts) > FRONTS:
            del self._fronts[next(iter(self._fronts))]

    def _is_meant(self, record: DeliveryRecord, tty: Tty, whom: MessageTarget) -> bool:
        """Whether a person who wrote as by hand wrote to what is in front now."""
        if record.id not in self._fronts:
            return False
        front = self._fronts[record.id]
        if front is None:
            return whom in (MessageTarget.COMPOSER, MessageTarget.AGENT)
        if not front and record.state is not DeliveryState.QUEUED:
            return False  # Nobody knows what it was.
        return front == tty.foreground

    async def deliver(
        self,
        live: TypingTarget | None,
        session_id: SessionId,
        record: DeliveryRecord,
        typed_message: TypedMessage,
    ) -> None:
        """Try it once: it has ended then, or is withheld.

        *Cancellation:* what is being typed is left as it is, and the next server run
        calls it unconfirmed.
        """
        if clock.now() - record.created_at > GIVE_UP:
            why = record.reason or Reason.TOO_LATE
            await self._keep(record, LedgerStep(DeliveryState.DEAD, why))
            return
        self.bind(record, live)
        if live is None or live.flow.finished:
            await self._hold(record, Reason.NOT_RUNNING)
            return
        verdict = live.verdict
        if (tty := live.tty()) is None:
            await self._hold(record, Reason.NOT_RUNNING)
            return
        whom = message_target(tty, verdict, typed_message.accepts)
        if record.kind is DeliveryKind.RAW:
            if not self._is_meant(record, tty, whom):
                whom = MessageTarget.OTHER
                await self._refuse(live, session_id, record, typed_message, whom)
                return
        elif whom not in (MessageTarget.COMPOSER, MessageTarget.AGENT):
            await self._refuse(live, session_id, record, typed_message, whom)
            return
        if verdict is not None and verdict.kind in _HOLDS:
            await self._flush(session_id, live, verdict.end)
            await self._hold(record, _HOLDS[verdict.kind], verdict.end)
            return
        try:
            pastes = live.modes().bracketed_paste
        except AntError:  # Without a screen nobody can look before they type.
            await self._hold(record, Reason.NO_SCREEN)
            return
        async with self._saying:
            done = await self._say(live, session_id, record, typed_message, pastes)
        if done is not None:
            last = await self._watched(live, *done)
            await self._flush(session_id, live, last.offset)
            await self._keep(record, last)

    async def _refuse(
        self,
        live: TypingTarget,
        session_id: SessionId,
        record: DeliveryRecord,
        typed_message: TypedMessage,
        whom: MessageTarget,
    ) -> None:
        """Withhold it for good; a shell is told where it is.

        That is tried once, and when the ledger has it already: what is typed then is no
        part of the message. Raises `StorageFailed` where there is no room for the file.
        """
        verdict = live.verdict
        at_rest = verdict is not None and verdict.kind is not Kind.BUSY
        young = trio.current_time() - live.since < STARTING.total_seconds()
        if not at_rest and (young or clock.now() - record.created_at < STARTING):
            await self._hold(record, Reason.BUSY)
            return
        end = self._filed(session_id, typed_message)
        await self._keep(record, end)
        line = comment(PurePath(end.file or ""))
        if line is None or whom is not MessageTarget.PROMPT:
            return
        try:
            async with self._saying:
                said = await live.type_comment(line)
        except AntError as exc:
            log.info("The shell in %s was not told of a message: %s", session_id, exc)
            return
        if said.submitted:
            await self._flush(session_id, live, said.end)
            await self._sure(deliveries.note, record.id, said.end)

    def _filed(self, session_id: SessionId, typed_message: TypedMessage) -> LedgerStep:
        """The end of a message that is not typed. Raises `StorageFailed`."""
        path = self._overflow_files.put(
            session_id, typed_message.message_id, typed_message.content
        )
        return LedgerStep(DeliveryState.WITHHELD, Reason.NOT_AN_AGENT, file=str(path))

    def _withheld(
        self,
        session_id: SessionId,
        typed_message: TypedMessage,
        why: Withheld,
        end: int,
    ) -> LedgerStep:
        """Nothing was typed, for now or for good."""
        reason = _reason(why.reason)
        if reason in FINAL_REASONS:
            try:
                return self._filed(session_id, typed_message)
            except StorageFailed as exc:
                log.error("A message waits for the disk: %s", exc)
                reason = Reason.NOT_AT_REST
        return LedgerStep(DeliveryState.WITHHELD, reason, end)

    async def _hold(
        self, record: DeliveryRecord, reason: Reason, offset: int | None = None
    ) -> None:
        if (record.state, record.reason) != (DeliveryState.WITHHELD, reason):
            await self._keep(record, LedgerStep(DeliveryState.WITHHELD, reason, offset))

    async def _say(
        self,
        live: TypingTarget,
        session_id: SessionId,
        record: DeliveryRecord,
        typed_message: TypedMessage,
        pastes: bool,
    ) -> tuple[str, TypeResult] | None:
        """Type it, and write down what came of that; None where it was not typed."""
        if not await self._sure(deliveries.begin, record.id):
            return None
        try:
            front = self._fronts.get(record.id)
            text, said = await self._type(
                live, session_id, typed_message, pastes, front
            )
        except Withheld as exc:
            step = self._withheld(session_id, typed_message, exc, live.flow.tail.end)
        except NotRunning:
            step = LedgerStep(DeliveryState.FAILED, Reason.PROGRAM_ENDED)
        except CapacityReached:
            step = LedgerStep(UNCONFIRMED, Reason.NOT_READING, live.flow.tail.end)
        except StorageFailed as exc:
            log.error("A message waits for the disk: %s", exc)
            step = LedgerStep(record.state, record.reason)
        except Conflict as exc:
            log.warning("A message to %s may stand there unsent: %s", session_id, exc)
            step = LedgerStep(UNCONFIRMED, Reason.NOT_SUBMITTED, live.flow.tail.end)
        except Exception:
            log.exception("A message could not be typed into %s.", session_id)
            step = LedgerStep(UNCONFIRMED, Reason.CANNOT_TYPE)
        else:
            steps = [LedgerStep(DeliveryState.TYPED, offset=said.end)]
            if said.submitted:
                steps.append(LedgerStep(DeliveryState.SUBMITTED, offset=said.end))
            await self._flush(session_id, live, said.end)
            await self._keep(record, *steps)
            return text, said
        await self._flush(session_id, live, step.offset)
        await self._keep(record, step)
        return None

    async def _type(
        self,
        live: TypingTarget,
        session_id: SessionId,
        typed_message: TypedMessage,
        pastes: bool,
        front: str | None,
    ) -> tuple[str, TypeResult]:
        """Say it as it is, else put it into a file and say where.

        `front`: the only program that it may be said to; else only an agent's composer.

        Raises `StorageFailed` where nothing was typed, and what `say` raises.
        """
        composer = at_composer(typed_message.accepts)
        check = composer if front is None else in_front(front)
        text = typed_message.typed(pastes=pastes)
        if text is not None:
            try:
                return text, await live.type_message(text, check)
            except Withheld as exc:
                if exc.reason != Reason.LINE_TOO_LONG:
                    raise
        path = self._overflow_files.put(
            session_id, typed_message.message_id, typed_message.content
        )
        text = typed_message.noted(path)
        return text, await live.type_message(text, composer)

    async def _watched(
        self, live: TypingTarget, text: str, said: TypeResult
    ) -> LedgerStep:
        """What came of a text that was typed."""
        if not said.submitted:
            return LedgerStep(UNCONFIRMED, Reason.NOT_SUBMITTED, said.end)
        if not said.sure:
            return LedgerStep(UNCONFIRMED, Reason.UNKNOWN_SCREEN, said.end)
        try:
            offset = await live.reacts(said.end, text, REACT_S)
        except NotRunning:
            return LedgerStep(UNCONFIRMED, Reason.PROGRAM_ENDED, said.end)
        if offset is None:
            return LedgerStep(UNCONFIRMED, Reason.NO_REACTION, said.end)
        return LedgerStep(DeliveryState.REACTED, offset=offset)

    # What is written.

    async def _keep(self, record: DeliveryRecord, *steps: LedgerStep) -> None:
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
        self, session_id: SessionId, live: TypingTarget, end: int | None
    ) -> None:
        """What points at bytes is written after them."""
        with trio.move_on_after(FLUSH_S):
            await self._transcript_writer.flush(session_id, live.flow, end)


def _reason(word: str) -> Reason:
    known = (each for each in Reason if each.value == word)
    return next(known, Reason.NOT_AT_REST)
