"""One attempt to deliver a message: ANT types it once, or not at all.

Rule 1: ANT commits that typing begins before the first key, and the result after the
last key, however long the database refuses. Rule 2: only `Withheld` means that nothing
was typed. Any other error while typing ends the delivery. Rule 3: a delivery is
`reacted` only where the program showed a reaction, or where the agent's own hook
reported the text; a screen that ANT cannot read shows none. Rule 4: ANT types a message
only into an agent's composer (`terminal.input.addressee`). For any other program it
puts the message into a file and withholds it for good. A person's message in a
terminal's own chat is typed as if by hand, but only into the program that was in the
foreground when the person posted it.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from pathlib import PurePath
from typing import Protocol, TypeVar

import attrs
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
"""How long a message may wait. A dialog that opens at night is answered in the
morning."""

MOST_TYPING = 16
"""Terminals that ANT types into at the same time."""

REACT_S = 10.0
"""How long ANT watches a program for a reaction."""

RETRY_S = 1.0
"""Pause after the database refused a write."""

FLUSH_S = 5.0
"""Time for a slow disk to store the bytes that a step refers to."""

_HOLDS = {Kind.DIALOG: Reason.DIALOG, Kind.BUSY: Reason.BUSY}
"""Verdicts on which ANT does not try to type."""

STARTING = timedelta(seconds=5)
"""Minimum age of a message and a program before ANT decides that a program which is not
at rest is not an agent. Until then an agent may be starting."""

TAKEN = 16
"""Prompts of an agent that ANT remembers while it types a message and watches it."""

FRONTS = 4096
"""Messages for which ANT remembers the foreground program. The oldest is forgotten."""

UNCONFIRMED = DeliveryState.UNCONFIRMED


class TypingTarget(Protocol):
    """What a delivery needs of a live terminal; see `LiveTerminal` for each method."""

    flow: OutputFlow
    since: float

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on the program's state."""
        ...

    def tty(self) -> Tty | None:
        """Return the line discipline and the foreground program."""
        ...

    async def type_message(self, text: str, check: Check | None = None) -> TypeResult:
        """Type a text and send it. Raises `Withheld`."""
        ...

    async def type_comment(self, line: str) -> TypeResult:
        """Give a shell at its prompt a comment. Raises `Withheld`."""
        ...

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        """Return the offset where the program showed that it took the text."""
        ...

    def modes(self) -> Modes:
        """Return the terminal modes that the program has set."""
        ...


@attrs.define(eq=False)
class _Taken:
    """The prompts that an agent's hook reports while ANT types a message to it."""

    texts: deque[str] = attrs.field(factory=lambda: deque(maxlen=TAKEN))
    lot: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)

    def has(self, text: str) -> bool:
        """Whether one of them contains a text, whatever its blanks."""
        wanted = "".join(text.split())
        return bool(wanted) and any(wanted in each for each in self.texts)

    async def wait(self, text: str) -> None:
        """Wait until one of them contains a text."""
        while not self.has(text):
            await self.lot.park()


class DeliveryAttempt:
    """Delivers messages to terminals; one message must not be in two tasks at once."""

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
        self._typing_slots = trio.Semaphore(MOST_TYPING)
        self._fronts: dict[DeliveryId, str | None] = {}
        self._taken: dict[SessionId, _Taken] = {}

    def hook_took(self, session_id: SessionId, text: str) -> None:
        """Note that the agent in a terminal has taken a text, as its hook reports."""
        if (taken := self._taken.get(session_id)) is not None:
            taken.texts.append("".join(text.split()))
            taken.lot.unpark_all()

    def bind(self, record: DeliveryRecord, live: TypingTarget | None) -> None:
        """Remember the program in the foreground when a person posts to it by hand.

        `live` is None where no program runs. A message that is older than `STARTING` is
        not bound, because the foreground program may have changed since.
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

    def _is_meant(
        self, record: DeliveryRecord, tty: Tty, target: MessageTarget
    ) -> bool:
        """Whether the program in the foreground is the one the person wrote to."""
        if record.id not in self._fronts:
            return False
        front = self._fronts[record.id]
        if front is None:
            return target in (MessageTarget.COMPOSER, MessageTarget.AGENT)
        if not front and record.state is not DeliveryState.QUEUED:
            return False  # The program in the foreground was unknown then.
        return front == tty.foreground

    async def deliver(
        self,
        live: TypingTarget | None,
        session_id: SessionId,
        record: DeliveryRecord,
        typed_message: TypedMessage,
    ) -> None:
        """Try once. Afterwards the delivery has ended, or is withheld.

        *Cancellation:* text that is being typed stays as it is, and the next server run
        records the delivery as unconfirmed.
        """
        if clock.now() - record.created_at > GIVE_UP:
            why = record.reason or Reason.TOO_LATE
            await self._advance(record, LedgerStep(DeliveryState.DEAD, why))
            return
        self.bind(record, live)
        if live is None or live.flow.finished:
            await self._hold(record, Reason.NOT_RUNNING)
            return
        verdict = live.verdict
        if (tty := live.tty()) is None:
            await self._hold(record, Reason.NOT_RUNNING)
            return
        target = message_target(tty, verdict, typed_message.accepts)
        if record.kind is DeliveryKind.RAW:
            if not self._is_meant(record, tty, target):
                target = MessageTarget.OTHER
                await self._refuse(live, session_id, record, typed_message, target)
                return
        elif target not in (MessageTarget.COMPOSER, MessageTarget.AGENT):
            await self._refuse(live, session_id, record, typed_message, target)
            return
        if verdict is not None and verdict.kind in _HOLDS:
            await self._flush(session_id, live, verdict.end)
            await self._hold(record, _HOLDS[verdict.kind], verdict.end)
            return
        try:
            pastes = live.modes().bracketed_paste
        except AntError:  # Without a screen ANT cannot check before it types.
            await self._hold(record, Reason.NO_SCREEN)
            return
        taken = self._taken[session_id] = _Taken()
        try:
            async with self._typing_slots:
                typed = await self._say(live, session_id, record, typed_message, pastes)
            if typed is not None:
                last = await self._watched(live, *typed, taken)
                await self._flush(session_id, live, last.offset)
                await self._advance(record, last)
        finally:
            del self._taken[session_id]

    async def _refuse(
        self,
        live: TypingTarget,
        session_id: SessionId,
        record: DeliveryRecord,
        typed_message: TypedMessage,
        target: MessageTarget,
    ) -> None:
        """Withhold the message for good, and give a shell the path of its file.

        ANT tries the comment once, after the ledger has the final step: the comment is
        no part of the message. Raises `StorageFailed` where there is no room for the
        file.
        """
        verdict = live.verdict
        at_rest = verdict is not None and verdict.kind is not Kind.BUSY
        young = trio.current_time() - live.since < STARTING.total_seconds()
        if not at_rest and (young or clock.now() - record.created_at < STARTING):
            await self._hold(record, Reason.BUSY)
            return
        end = self._filed(session_id, typed_message)
        await self._advance(record, end)
        line = comment(PurePath(end.file or ""))
        if line is None or target is not MessageTarget.PROMPT:
            return
        try:
            async with self._typing_slots:
                result = await live.type_comment(line)
        except AntError as exc:
            log.info("The shell in %s got no path of a message: %s", session_id, exc)
            return
        if result.submitted:
            await self._flush(session_id, live, result.end)
            await self._write(deliveries.mark_noted, record.id, result.end)

    def _filed(self, session_id: SessionId, typed_message: TypedMessage) -> LedgerStep:
        """Put a message into a file; return its last step. Raises `StorageFailed`."""
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
        """Return the step after `Withheld`: nothing was typed, for now or for good."""
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
            await self._advance(
                record, LedgerStep(DeliveryState.WITHHELD, reason, offset)
            )

    async def _say(
        self,
        live: TypingTarget,
        session_id: SessionId,
        record: DeliveryRecord,
        typed_message: TypedMessage,
        pastes: bool,
    ) -> tuple[str, TypeResult] | None:
        """Type the message and record the result. None where it was not typed."""
        if not await self._write(deliveries.begin, record.id):
            return None
        try:
            front = self._fronts.get(record.id)
            text, result = await self._type(
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
            log.warning("A message to %s may be unsent there: %s", session_id, exc)
            step = LedgerStep(UNCONFIRMED, Reason.NOT_SUBMITTED, live.flow.tail.end)
        except Exception:
            log.exception("A message could not be typed into %s.", session_id)
            step = LedgerStep(UNCONFIRMED, Reason.CANNOT_TYPE)
        else:
            steps = [LedgerStep(DeliveryState.TYPED, offset=result.end)]
            if result.submitted:
                steps.append(LedgerStep(DeliveryState.SUBMITTED, offset=result.end))
            await self._flush(session_id, live, result.end)
            await self._advance(record, *steps)
            return text, result
        await self._flush(session_id, live, step.offset)
        await self._advance(record, step)
        return None

    async def _type(
        self,
        live: TypingTarget,
        session_id: SessionId,
        typed_message: TypedMessage,
        pastes: bool,
        front: str | None,
    ) -> tuple[str, TypeResult]:
        """Type the message, or put it into a file and type the file's path.

        `front` is the only program that the message may be typed into; with None it is
        any agent's composer. Raises `StorageFailed` where nothing was typed, and what
        `TypingTarget.type_message` raises.
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
        self, live: TypingTarget, text: str, result: TypeResult, taken: _Taken
    ) -> LedgerStep:
        """Return the step that follows a typed text."""
        if not result.submitted:
            return LedgerStep(UNCONFIRMED, Reason.NOT_SUBMITTED, result.end)
        if not result.sure and not taken.has(text):
            return LedgerStep(UNCONFIRMED, Reason.UNKNOWN_SCREEN, result.end)
        by_screen = LedgerStep(UNCONFIRMED, Reason.NO_REACTION, result.end)
        async with trio.open_nursery() as nursery:

            async def look() -> None:
                nonlocal by_screen
                by_screen = await self._reaction(live, text, result)
                nursery.cancel_scope.cancel()

            nursery.start_soon(look)
            await taken.wait(text)
            nursery.cancel_scope.cancel()
        if by_screen.state is UNCONFIRMED and taken.has(text):
            return LedgerStep(DeliveryState.REACTED, Reason.HOOK, live.flow.tail.end)
        return by_screen

    async def _reaction(
        self, live: TypingTarget, text: str, result: TypeResult
    ) -> LedgerStep:
        """Return the step that follows from what the screen shows."""
        try:
            offset = await live.reacts(result.end, text, REACT_S)
        except NotRunning:
            return LedgerStep(UNCONFIRMED, Reason.PROGRAM_ENDED, result.end)
        if offset is None:
            return LedgerStep(UNCONFIRMED, Reason.NO_REACTION, result.end)
        return LedgerStep(DeliveryState.REACTED, offset=offset)

    async def _advance(self, record: DeliveryRecord, *steps: LedgerStep) -> None:
        await self._write(deliveries.advance, record.id, *steps)

    async def _write(self, work: Callable[..., T], *args: object) -> T:
        """Write until the database accepts it: the typing cannot be undone."""
        while True:
            try:
                return await self._journal.write(work, *args)
            except StorageFailed as exc:
                log.error("The ledger waits for the disk: %s", exc)
                await trio.sleep(RETRY_S)

    async def _flush(
        self, session_id: SessionId, live: TypingTarget, end: int | None
    ) -> None:
        """Store the bytes up to `end`, before a step that refers to them."""
        with trio.move_on_after(FLUSH_S):
            await self._transcript_writer.flush(session_id, live.flow, end)


def _reason(value: str) -> Reason:
    reasons = (each for each in Reason if each.value == value)
    return next(reasons, Reason.NOT_AT_REST)
