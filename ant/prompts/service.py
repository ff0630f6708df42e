"""Keeps the book of prompts for all sessions, and has their answers typed.

A prompt can be answered as soon as it is seen; it is in the database, after the bytes
that drew it, before anybody is told of it. An answer under way does not end with who
asked for it.

What waits for the database is bounded, per session: the prompt that is shown, one that
is stored and has gone, and those that were answered, which are refused beyond
`desk.UNWRITTEN`; what came and went meanwhile is dropped. One task per session writes.
"""

import logging
from typing import Protocol

import attrs
import trio

from ant.core import clock
from ant.core.background import Children
from ant.core.counters import Limit, met
from ant.core.errors import (
    AlreadyAnswered,
    CapacityReached,
    Conflict,
    NotRunning,
    StorageFailed,
)
from ant.journal.writer import Journal
from ant.messages.routing import Rest
from ant.model.events import Envelope
from ant.model.prompt_events import AgentStatusUpdated
from ant.model.prompts import ENDED, AgentStatus, Decision, PromptRecord
from ant.model.sessions import SessionId
from ant.prompts import interpret, prompts
from ant.prompts.hooks import HookFact
from ant.prompts.interpret import Responder
from ant.prompts.tracker import Desk, Sheet
from ant.prompts.webhooks import Webhooks
from ant.recording.event_recorder import Recorder
from ant.recording.transcript_writer import Scribe
from ant.terminal.buffer.flow import Flow
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Verdict

log = logging.getLogger(__name__)

RETRY_S = 0.5
"""Pause after the database refused."""

SETTLE_S = 3.0
"""What the end of a program waits for its last prompt to be answered and written."""


class Answerable(Protocol):
    """A live terminal, as far as answers are concerned."""

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """Type the choice if that prompt is on the screen, as `LiveTerminal` does."""
        ...


@attrs.define(eq=False)
class _Case:
    """A desk, and who waits for it; `failed` while the database refuses.

    `writing` is there while a task writes, `is_over` when the program has ended.
    """

    desk: Desk
    flow: Flow
    writing: trio.CancelScope | None = None
    failed: StorageFailed | None = None
    is_over: bool = False
    moved: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)


@attrs.define(eq=False)
class _Typing:
    """An answer under way, and what became of it."""

    decision: Decision | None = None
    error: Exception | None = None
    over: trio.Event = attrs.field(factory=trio.Event)


class Clerk:
    """Witnesses tell it what is seen, routes have it answer; start it first."""

    def __init__(
        self, journal: Journal, scribe: Scribe, recorder: Recorder, webhooks: Webhooks
    ) -> None:
        self._journal, self._scribe, self._webhooks = journal, scribe, webhooks
        self._recorder = recorder
        self._cases: dict[SessionId, _Case] = {}
        self._nursery = Children()

    async def start_keeping(
        self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Write and answer for ever.

        *Cancellation:* what is not written is left to who ends the run; what is being
        typed is left as it is.
        """
        async with self._nursery.open():
            for case in self._cases.values():  # After a failure: what was broken off.
                self._changed(case)
            task_status.started()
            await trio.sleep_forever()

    # What witnesses tell.

    def enter(
        self,
        session_id: SessionId,
        run: str,
        flow: Flow,
        asked: PromptRecord | None = None,
    ) -> None:
        """A program begins to run, or is taken up: `asked` is what it asked last."""
        desk = Desk(session_id, run, flow.tail.start)
        if asked is not None:
            desk.resume(asked)
        self._cases[session_id] = _Case(desk, flow)

    def saw(self, session_id: SessionId, verdict: Verdict) -> None:
        """The screen of a terminal is held to be in another state."""
        if (case := self._cases.get(session_id)) is not None:
            case.desk.saw(verdict)
            self._changed(case)

    async def leave(self, session_id: SessionId) -> None:
        """The program has ended: what it asked is closed and, if that is soon, written.

        *Cancellation:* what is not written by then is left to who ends the run.
        """
        case = self._cases.get(session_id)
        if case is None:
            return
        try:
            case.desk.leave(ENDED)
            self._changed(case)
            with trio.move_on_after(SETTLE_S):
                await trio.lowlevel.checkpoint()
                while case.desk.unsettled():
                    await case.moved.park()
        finally:
            self.forget(session_id)

    def forget(self, session_id: SessionId) -> None:
        """No program of that session runs."""
        if (case := self._cases.pop(session_id, None)) is not None:
            case.is_over = True
            if case.writing is not None:
                case.writing.cancel()
            case.moved.unpark_all()

    # What routes ask.

    def status(self, session_id: SessionId) -> AgentStatus | None:
        """What the program does, as it was last told; None where nothing is known."""
        case = self._cases.get(session_id)
        if case is None:
            return None
        self._tell(case)  # A hook may have aged.
        return case.desk.status

    def rests(self) -> dict[SessionId, Rest]:
        """Which agents could take a message now; nothing runs where none is named."""
        return {each: case.desk.rest for each, case in self._cases.items()}

    def shown(self, session_id: SessionId) -> PromptRecord | None:
        """The prompt on the screen, stored or not, open or not."""
        case = self._cases.get(session_id)
        sheet = case.desk.prompt if case else None
        return sheet.record if sheet else None

    def current(self, session_id: SessionId) -> PromptRecord:
        """The prompt that an answer which names none is for. Raises `Conflict`."""
        record = self.shown(session_id)
        if record is None or not record.is_pending:
            raise Conflict(f"Session {session_id!r} asks nothing now.")
        return record

    def heard(self, session_id: SessionId, fact: HookFact) -> bool:
        """A hook told something; whether a program of that session runs."""
        case = self._cases.get(session_id)
        if case is None:
            return False
        case.desk.hook = fact
        self._tell(case)
        return True

    def discarded(self, record: PromptRecord) -> None:
        """A prompt was put away, which the database knows already."""
        if (case := self._cases.get(record.session_id)) is not None:
            case.desk.discard(record)
            self._changed(case)

    async def answer(
        self,
        live: Answerable,
        record: PromptRecord,
        choice: Choice,
        responder: Responder,
    ) -> tuple[PromptRecord, Decision]:
        """Type a choice for a prompt on the screen; its record and what is kept.

        It is claimed before anything waits, and written when this returns. Raises
        `AlreadyAnswered` and `CapacityReached`, what `LiveTerminal.answer` raises (then
        nothing was typed), and `StorageFailed` where it was typed and is not written.
        *Cancellation:* the answer is typed and written all the same.
        """
        case = self._cases.get(record.session_id)
        if case is None:
            raise AlreadyAnswered("The program that asked this has ended.")
        try:
            sheet = case.desk.claim(record.id)
        except CapacityReached:
            met(Limit.PROMPTS)
            raise
        typing = _Typing()
        self._nursery.start_soon(
            self._type, case, sheet, live, choice, responder, typing
        )
        await typing.over.wait()
        if typing.decision is None:
            raise typing.error or NotRunning("The program of this session has ended.")
        while sheet.is_due and not case.is_over:
            if case.failed is not None:
                raise StorageFailed(
                    f"The answer was typed and is not written yet. {case.failed}"
                )
            await case.moved.park()
        if sheet.is_due:
            raise StorageFailed("The answer was typed, and could not be written.")
        return sheet.record, typing.decision

    async def _type(
        self,
        case: _Case,
        sheet: Sheet,
        live: Answerable,
        choice: Choice,
        responder: Responder,
        typing: _Typing,
    ) -> None:
        try:
            outcome = await live.answer(sheet.record.fingerprint, choice)
        except Exception as exc:  # noqa: BLE001  Kept for the caller, who raises it.
            typing.error = exc
        else:
            decision = interpret.decided(
                sheet.record, choice, outcome, responder, clock.now()
            )
            typing.decision = case.desk.reply(sheet, decision, outcome.end)
        finally:  # Broken off, too, it is over for who asked.
            if typing.decision is None:
                case.desk.release(sheet)
            typing.over.set()
            self._changed(case)

    # The book.

    def _changed(self, case: _Case) -> None:
        self._tell(case)
        is_due = any(sheet.is_due for sheet in case.desk.unsettled())
        if is_due and case.writing is None and not case.is_over:
            case.writing = trio.CancelScope()
            self._nursery.start_soon(self._write, case, case.writing)
        case.moved.unpark_all()

    def _tell(self, case: _Case) -> None:
        if (status := case.desk.news()) is not None:
            event = AgentStatusUpdated(case.desk.session_id, status)
            self._journal.publish(Envelope(clock.now(), event))
            verdict, tail = case.desk.verdict, case.flow.tail
            is_seen = status.source == "screen" and verdict is not None
            end = verdict.end if verdict and is_seen else tail.end
            self._recorder.state(case.desk.session_id, status, end)

    async def _write(self, case: _Case, scope: trio.CancelScope) -> None:
        """Until the database knows all. *Cancellation:* the run is over."""
        try:
            with scope:
                await self._write_all(case)
        finally:
            case.writing = None
            case.moved.unpark_all()

    async def _write_all(self, case: _Case) -> None:
        while due := [each for each in case.desk.unsettled() if each.is_due]:
            try:
                await self._write_one(case, due[0])
                case.failed = None
            except StorageFailed as exc:
                log.error("A prompt waits for the disk: %s", exc)
                case.failed = exc
            except Exception:
                # A bug, and the next try would end as this one.
                log.exception("A prompt of %s is lost.", case.desk.session_id)
                due[0].keep(None)
            case.moved.unpark_all()
            if case.failed is not None:
                await trio.sleep(RETRY_S)

    async def _write_one(self, case: _Case, sheet: Sheet) -> None:
        if sheet.stored is not None:
            sheet.keep(await self._journal.write(prompts.change_prompt, sheet.record))
            return
        await self._scribe.flush(case.desk.session_id, case.flow, sheet.record.end)
        if sheet.is_over:
            return
        told = await self._journal.write(
            prompts.raise_prompt, sheet.opening(), self.rests()
        )
        sheet.keep(told)
        if told is not None:
            for url in filter(None, (target.url for target in told.targets)):
                self._webhooks.post_nowait(url, told)
