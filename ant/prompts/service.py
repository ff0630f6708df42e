"""Tracks and stores the prompts of all sessions, and types their answers.

A prompt can be answered as soon as it is detected. It is stored after the bytes that
drew it, and announced after that. An answer is typed to its end even if its caller is
cancelled.

The prompts that wait for the database are bounded per session: the one on the screen,
one that is stored and has left the screen, and those that were answered. Beyond
`tracker.UNWRITTEN` of them, answers are refused. A prompt that left the screen before
it was stored is dropped. One task per session writes.
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
"""Pause after a failed commit."""

SETTLE_S = 3.0
"""How long the end of a program waits until its last prompt is closed and stored."""


class AnswerableTerminal(Protocol):
    """The part of a live terminal that answers need."""

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """Type the choice if the screen shows that prompt; see `LiveTerminal`."""
        ...


@attrs.define(eq=False)
class _SessionPrompts:
    """The prompts of one session, and the state of their storage.

    `writing` is the scope of the task that writes, `failed` the error of its last
    commit if that failed. `expiring` is the scope of the task that waits until the last
    hook is outranked. `is_over`: the program has ended. Tasks that wait for a change
    park in `changed`.
    """

    tracker: PromptTracker
    flow: OutputFlow
    writing: trio.CancelScope | None = None
    failed: StorageFailed | None = None
    expiring: trio.CancelScope | None = None
    is_over: bool = False
    changed: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)


@attrs.define(eq=False)
class _Typing:
    """An answer that is being typed, and its result once `over` is set."""

    decision: Decision | None = None
    error: Exception | None = None
    over: trio.Event = attrs.field(factory=trio.Event)


class PromptService:
    """The prompts of all running programs.

    Start it before anything that calls it.
    """

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
        self._entries: dict[SessionId, _SessionPrompts] = {}
        self._nursery = ChildTasks()

    async def start_tracking(
        self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Store prompts and type answers until cancelled.

        *Cancellation:* prompts that are not stored are left to the code that ends the
        run; an answer that is being typed stays as far as it is typed.
        """
        async with self._nursery.open():
            for entry in self._entries.values():  # Go on after a failure.
                self._update(entry)
            task_status.started()
            await trio.sleep_forever()

    # Called by the run of a program.

    def enter(
        self,
        session_id: SessionId,
        run: str,
        flow: OutputFlow,
        pending: PromptRecord | None = None,
    ) -> None:
        """Begin to track a run; `pending` is the prompt of a resumed one."""
        tracker = PromptTracker(session_id, run, flow.tail.start)
        if pending is not None:
            tracker.resume(pending)
        self._entries[session_id] = _SessionPrompts(tracker, flow)

    def verdict_changed(self, session_id: SessionId, verdict: Verdict) -> None:
        """Take a new verdict on the screen of a terminal."""
        if (entry := self._entries.get(session_id)) is not None:
            entry.tracker.update(verdict)
            self._update(entry)

    async def leave(self, session_id: SessionId) -> None:
        """End a run: close its prompt, and wait up to `SETTLE_S` until it is stored.

        *Cancellation:* prompts that are not stored are left to the code that ends the
        run.
        """
        entry = self._entries.get(session_id)
        if entry is None:
            return
        try:
            entry.tracker.close_shown(ENDED)
            self._update(entry)
            with trio.move_on_after(SETTLE_S):
                await trio.lowlevel.checkpoint()
                while entry.tracker.unsettled():
                    await entry.changed.park()
        finally:
            self.forget(session_id)

    def forget(self, session_id: SessionId) -> None:
        """Stop tracking a session whose program does not run."""
        if (entry := self._entries.pop(session_id, None)) is not None:
            entry.is_over = True
            for scope in filter(None, (entry.writing, entry.expiring)):
                scope.cancel()
            entry.changed.unpark_all()

    # Called by routes.

    def status(self, session_id: SessionId) -> AgentStatus | None:
        """Return the agent status; None if the program does not run or has none yet."""
        entry = self._entries.get(session_id)
        if entry is None:
            return None
        self._publish_status(entry)  # The last hook may be outranked by now.
        return entry.tracker.status

    def rests(self) -> dict[SessionId, RestState]:
        """Return whether agents can take a message, for each running program."""
        return {each: entry.tracker.rest for each, entry in self._entries.items()}

    def shown(self, session_id: SessionId) -> PromptRecord | None:
        """Return the prompt on the screen, stored or not, pending or not."""
        entry = self._entries.get(session_id)
        open_prompt = entry.tracker.prompt if entry else None
        return open_prompt.record if open_prompt else None

    def current(self, session_id: SessionId) -> PromptRecord:
        """Return the pending prompt on the screen. Raises `Conflict` without one."""
        record = self.shown(session_id)
        if record is None or not record.is_pending:
            raise Conflict(f"Session {session_id!r} has no pending prompt.")
        return record

    def hook_reported(self, session_id: SessionId, fact: HookFact) -> bool:
        """Take the report of a hook; return whether a program of that session runs."""
        entry = self._entries.get(session_id)
        if entry is None:
            return False
        entry.tracker.hook = fact
        self._update(entry)
        return True

    def discarded(self, record: PromptRecord) -> None:
        """Discard a prompt, as the database already has."""
        if (entry := self._entries.get(record.session_id)) is not None:
            entry.tracker.discard(record)
            self._update(entry)

    async def answer(
        self,
        live: AnswerableTerminal,
        record: PromptRecord,
        choice: Choice,
        responder: Responder,
    ) -> tuple[PromptRecord, Decision]:
        """Type a choice for the prompt on the screen; return its record and decision.

        The prompt is claimed before the first checkpoint, and stored on return. Raises
        `AlreadyAnswered` and `CapacityReached` as `PromptTracker.claim` does, what
        `LiveTerminal.answer` raises (then nothing was typed), and `StorageFailed` if
        the answer was typed but is not stored.
        *Cancellation:* the answer is typed and stored all the same.
        """
        entry = self._entries.get(record.session_id)
        if entry is None:
            raise AlreadyAnswered(
                f"Prompt {record.id!r} cannot be answered: its program has ended."
            )
        try:
            open_prompt = entry.tracker.claim(record.id)
        except CapacityReached:
            increment(Limit.PROMPTS)
            raise
        typing = _Typing()
        self._nursery.start_soon(
            self._type, entry, open_prompt, live, choice, responder, typing
        )
        await typing.over.wait()
        if typing.decision is None:
            raise typing.error or NotRunning(
                f"The program of session {record.session_id!r} has ended."
            )
        while open_prompt.is_due and not entry.is_over:
            if entry.failed is not None:
                raise StorageFailed(
                    f"The answer was typed, but it is not stored yet. {entry.failed}"
                )
            await entry.changed.park()
        if open_prompt.is_due:
            raise StorageFailed("The answer was typed, but it could not be stored.")
        return open_prompt.record, typing.decision

    async def _type(
        self,
        entry: _SessionPrompts,
        open_prompt: OpenPrompt,
        live: AnswerableTerminal,
        choice: Choice,
        responder: Responder,
        typing: _Typing,
    ) -> None:
        try:
            outcome = await live.answer(open_prompt.record.fingerprint, choice)
        except Exception as exc:  # noqa: BLE001  `answer` raises it.
            typing.error = exc
        else:
            decision = interpret.decision_of(
                open_prompt.record, choice, outcome, responder, clock.now()
            )
            typing.decision = entry.tracker.reply(open_prompt, decision, outcome.end)
        finally:  # `answer` must return after a cancellation, too.
            if typing.decision is None:
                entry.tracker.release(open_prompt)
            typing.over.set()
            self._update(entry)

    # Storage.

    def _update(self, entry: _SessionPrompts) -> None:
        self._publish_status(entry)
        is_due = any(open_prompt.is_due for open_prompt in entry.tracker.unsettled())
        if is_due and entry.writing is None and not entry.is_over:
            entry.writing = trio.CancelScope()
            self._nursery.start_soon(self._write, entry, entry.writing)
        hook, is_waiting = entry.tracker.hook, entry.expiring is not None
        if (
            hook is not None
            and hook.trusted_for_s(clock.monotonic()) > 0
            and not (is_waiting or entry.is_over)
        ):
            entry.expiring = trio.CancelScope()
            self._nursery.start_soon(self._expire, entry, entry.expiring)
        entry.changed.unpark_all()

    def _publish_status(self, entry: _SessionPrompts) -> None:
        if (status := entry.tracker.status_change()) is not None:
            event = AgentStatusUpdated(entry.tracker.session_id, status)
            self._journal.publish(Envelope(clock.now(), event))
            verdict, tail = entry.tracker.verdict, entry.flow.tail
            is_screen = status.source == "screen" and verdict is not None
            end = verdict.end if verdict and is_screen else tail.end
            self._recorder.state(entry.tracker.session_id, status, end)

    async def _expire(self, entry: _SessionPrompts, scope: trio.CancelScope) -> None:
        """Publish the status once the screen outranks the last hook.

        *Cancellation:* the run is over.
        """
        try:
            with scope:
                while (hook := entry.tracker.hook) is not None:
                    left_s = hook.trusted_for_s(clock.monotonic())
                    if left_s <= 0:
                        self._publish_status(entry)
                        return
                    await trio.sleep(left_s)
        finally:
            entry.expiring = None

    async def _write(self, entry: _SessionPrompts, scope: trio.CancelScope) -> None:
        """Store all that is due. *Cancellation:* the run is over."""
        try:
            with scope:
                await self._write_all(entry)
        finally:
            entry.writing = None
            entry.changed.unpark_all()

    async def _write_all(self, entry: _SessionPrompts) -> None:
        while due := [each for each in entry.tracker.unsettled() if each.is_due]:
            try:
                await self._write_one(entry, due[0])
                entry.failed = None
            except StorageFailed as exc:
                log.error("A prompt cannot be stored yet; ANT tries again: %s", exc)
                entry.failed = exc
            except Exception:
                # A bug: another try would fail in the same way.
                log.exception("A prompt of %s is lost.", entry.tracker.session_id)
                due[0].keep(None)
            entry.changed.unpark_all()
            if entry.failed is not None:
                await trio.sleep(RETRY_S)

    async def _write_one(self, entry: _SessionPrompts, open_prompt: OpenPrompt) -> None:
        if open_prompt.stored is not None:
            open_prompt.keep(
                await self._journal.write(prompts.change_prompt, open_prompt.record)
            )
            return
        await self._transcript_writer.flush(
            entry.tracker.session_id, entry.flow, open_prompt.record.end
        )
        if open_prompt.is_over:
            return
        record = await self._journal.write(
            prompts.raise_prompt, open_prompt.opening(), self.rests()
        )
        open_prompt.keep(record)
        if record is not None:
            for url in filter(None, (target.url for target in record.targets)):
                self._webhooks.post_nowait(url, record)
