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
from ant.core.background import ChildTasks
from ant.core.counters import Limit, increment
from ant.core.errors import (
    AlreadyAnswered,
    CapacityReached,
    Conflict,
    NotRunning,
    StorageFailed,
)
from ant.journal.writer import Journal
from ant.messages.routing import RestState
from ant.model.events import Envelope
from ant.model.prompt_events import AgentStatusUpdated
from ant.model.prompts import ENDED, AgentStatus, Decision, PromptRecord
from ant.model.sessions import SessionId
from ant.prompts import interpret, prompts
from ant.prompts.hooks import HookFact
from ant.prompts.interpret import Responder
from ant.prompts.tracker import OpenPrompt, PromptTracker
from ant.prompts.webhooks import Webhooks
from ant.recording.event_recorder import EventRecorder
from ant.recording.transcript_writer import TranscriptWriter
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Verdict

log = logging.getLogger(__name__)

RETRY_S = 0.5
"""Pause after the database refused."""

SETTLE_S = 3.0
"""What the end of a program waits for its last prompt to be answered and written."""


class AnswerableTerminal(Protocol):
    """A live terminal, as far as answers are concerned."""

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """Type the choice if that prompt is on the screen, as `LiveTerminal` does."""
        ...


@attrs.define(eq=False)
class _SessionPrompts:
    """A desk, and who waits for it; `failed` while the database refuses.

    `writing` is there while a task writes, `is_over` when the program has ended.
    """

    tracker: PromptTracker
    flow: OutputFlow
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


class PromptService:
    """Witnesses tell it what is seen, routes have it answer; start it first."""

    def __init__(
        self,
        journal: Journal,
        transcript_writer: TranscriptWriter,
        recorder: EventRecorder,
        webhooks: Webhooks,
    ) -> None:
        self._journal, self._transcript_writer, self._webhooks = (
            journal,
            transcript_writer,
            webhooks,
        )
        self._recorder = recorder
        self._cases: dict[SessionId, _SessionPrompts] = {}
        self._nursery = ChildTasks()

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
        flow: OutputFlow,
        asked: PromptRecord | None = None,
    ) -> None:
        """A program begins to run, or is taken up: `asked` is what it asked last."""
        tracker = PromptTracker(session_id, run, flow.tail.start)
        if asked is not None:
            tracker.resume(asked)
        self._cases[session_id] = _SessionPrompts(tracker, flow)

    def saw(self, session_id: SessionId, verdict: Verdict) -> None:
        """The screen of a terminal is held to be in another state."""
        if (case := self._cases.get(session_id)) is not None:
            case.tracker.saw(verdict)
            self._changed(case)

    async def leave(self, session_id: SessionId) -> None:
        """The program has ended: what it asked is closed and, if that is soon, written.

        *Cancellation:* what is not written by then is left to who ends the run.
        """
        case = self._cases.get(session_id)
        if case is None:
            return
        try:
            case.tracker.leave(ENDED)
            self._changed(case)
            with trio.move_on_after(SETTLE_S):
                await trio.lowlevel.checkpoint()
                while case.tracker.unsettled():
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
        return case.tracker.status

    def rests(self) -> dict[SessionId, RestState]:
        """Which agents could take a message now; nothing runs where none is named."""
        return {each: case.tracker.rest for each, case in self._cases.items()}

    def shown(self, session_id: SessionId) -> PromptRecord | None:
        """The prompt on the screen, stored or not, open or not."""
        case = self._cases.get(session_id)
        open_prompt = case.tracker.prompt if case else None
        return open_prompt.record if open_prompt else None

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
        case.tracker.hook = fact
        self._tell(case)
        return True

    def discarded(self, record: PromptRecord) -> None:
        """A prompt was put away, which the database knows already."""
        if (case := self._cases.get(record.session_id)) is not None:
            case.tracker.discard(record)
            self._changed(case)

    async def answer(
        self,
        live: AnswerableTerminal,
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
            open_prompt = case.tracker.claim(record.id)
        except CapacityReached:
            increment(Limit.PROMPTS)
            raise
        typing = _Typing()
        self._nursery.start_soon(
            self._type, case, open_prompt, live, choice, responder, typing
        )
        await typing.over.wait()
        if typing.decision is None:
            raise typing.error or NotRunning("The program of this session has ended.")
        while open_prompt.is_due and not case.is_over:
            if case.failed is not None:
                raise StorageFailed(
                    f"The answer was typed and is not written yet. {case.failed}"
                )
            await case.moved.park()
        if open_prompt.is_due:
            raise StorageFailed("The answer was typed, and could not be written.")
        return open_prompt.record, typing.decision

    async def _type(
        self,
        case: _SessionPrompts,
        open_prompt: OpenPrompt,
        live: AnswerableTerminal,
        choice: Choice,
        responder: Responder,
        typing: _Typing,
    ) -> None:
        try:
            outcome = await live.answer(open_prompt.record.fingerprint, choice)
        except Exception as exc:  # noqa: BLE001  Kept for the caller, who raises it.
            typing.error = exc
        else:
            decision = interpret.decided(
                open_prompt.record, choice, outcome, responder, clock.now()
            )
            typing.decision = case.tracker.reply(open_prompt, decision, outcome.end)
        finally:  # Broken off, too, it is over for who asked.
            if typing.decision is None:
                case.tracker.release(open_prompt)
            typing.over.set()
            self._changed(case)

    # The book.

    def _changed(self, case: _SessionPrompts) -> None:
        self._tell(case)
        is_due = any(open_prompt.is_due for open_prompt in case.tracker.unsettled())
        if is_due and case.writing is None and not case.is_over:
            case.writing = trio.CancelScope()
            self._nursery.start_soon(self._write, case, case.writing)
        case.moved.unpark_all()

    def _tell(self, case: _SessionPrompts) -> None:
        if (status := case.tracker.news()) is not None:
            event = AgentStatusUpdated(case.tracker.session_id, status)
            self._journal.publish(Envelope(clock.now(), event))
            verdict, tail = case.tracker.verdict, case.flow.tail
            is_seen = status.source == "screen" and verdict is not None
            end = verdict.end if verdict and is_seen else tail.end
            self._recorder.state(case.tracker.session_id, status, end)

    async def _write(self, case: _SessionPrompts, scope: trio.CancelScope) -> None:
        """Until the database knows all. *Cancellation:* the run is over."""
        try:
            with scope:
                await self._write_all(case)
        finally:
            case.writing = None
            case.moved.unpark_all()

    async def _write_all(self, case: _SessionPrompts) -> None:
        while due := [each for each in case.tracker.unsettled() if each.is_due]:
            try:
                await self._write_one(case, due[0])
                case.failed = None
            except StorageFailed as exc:
                log.error("A prompt waits for the disk: %s", exc)
                case.failed = exc
            except Exception:
                # A bug, and the next try would end as this one.
                log.exception("A prompt of %s is lost.", case.tracker.session_id)
                due[0].keep(None)
            case.moved.unpark_all()
            if case.failed is not None:
                await trio.sleep(RETRY_S)

    async def _write_one(self, case: _SessionPrompts, open_prompt: OpenPrompt) -> None:
        if open_prompt.stored is not None:
            open_prompt.keep(
                await self._journal.write(prompts.change_prompt, open_prompt.record)
            )
            return
        await self._transcript_writer.flush(
            case.tracker.session_id, case.flow, open_prompt.record.end
        )
        if open_prompt.is_over:
            return
        told = await self._journal.write(
            prompts.raise_prompt, open_prompt.opening(), self.rests()
        )
        open_prompt.keep(told)
        if told is not None:
            for url in filter(None, (target.url for target in told.targets)):
                self._webhooks.post_nowait(url, told)
