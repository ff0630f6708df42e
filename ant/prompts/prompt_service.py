"""Tracks and stores the prompts of all sessions, and gives their answers.

An answer goes to the request of the agent's hook, if one waits; else it is typed.

A prompt can be answered as soon as it is detected. It is stored after the bytes that
drew it, and announced after that. An answer is typed to its end even if its caller is
cancelled.

The prompts that wait for the database are bounded per session: the one on the screen,
one that is stored and has left the screen, and those that were answered. Beyond
`tracker.UNWRITTEN` of them, answers are refused. A prompt that left the screen before
it was stored is dropped. One task per session writes.
"""

import logging
from typing import Any, Protocol

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
from ant.model.prompts import (
    CLIENT_LEFT,
    ENDED,
    HOOK,
    KEYS,
    NO_ANSWER,
    STOPPED,
    TOOL_RAN,
    AgentStatus,
    Decision,
    HookReport,
    PromptRecord,
)
from ant.model.sessions import SessionId
from ant.prompts import agent_state, interpret
from ant.prompts.agent_permissions import (
    HookDecision,
    PermissionAsk,
    keys_choice,
    screen_decision,
)
from ant.prompts.hooks import HookFact
from ant.prompts.interpret import Responder
from ant.prompts.open_prompt import OpenPrompt
from ant.prompts.permission_wait import PermissionWait
from ant.prompts.prompt_writer import PromptWriter, SessionPrompts
from ant.prompts.recent_dialogs import ECHO_S
from ant.prompts.tracker import PromptTracker
from ant.prompts.webhooks import Webhooks
from ant.recording.event_recorder import EventRecorder
from ant.recording.transcript_writer import TranscriptWriter
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Verdict

log = logging.getLogger(__name__)

SETTLE_S = 3.0
"""How long the end of a program waits until its last prompt is closed and stored."""


WAITING = 1_000
"""Requests of hooks that may wait together. An open request takes some 35 KiB."""

OF_SESSION = 16
"""Of one session: an agent asks for a few at the same time."""


class AnswerableTerminal(Protocol):
    """The part of a live terminal that answers need."""

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """Type the choice if the screen shows that prompt; see `LiveTerminal`."""
        ...


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
        self._journal, self._recorder = journal, recorder
        self._writer = PromptWriter(journal, transcript_writer, webhooks, self.rests)
        self._entries: dict[SessionId, SessionPrompts] = {}
        self._nursery = ChildTasks()
        self._waiting, self._is_stopping = 0, False

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
        self._entries[session_id] = entry = SessionPrompts(tracker, flow)
        if pending is not None:
            self._update(entry)

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
            entry.tracker.end(ENDED)
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
            for wait in entry.tracker.waits:
                wait.let_go()
            for scope in filter(None, (entry.writing, entry.expiring, entry.looking)):
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

    def hook_report(self, session_id: SessionId) -> HookReport | None:
        """Return the last report of a hook; None if there is none."""
        entry = self._entries.get(session_id)
        if entry is None:
            return None
        tracker = entry.tracker
        return agent_state.report_of(tracker.hook, tracker.verdict, tracker.judged_at)

    def rests(self) -> dict[SessionId, RestState]:
        """Return whether agents can take a message, for each running program."""
        return {each: entry.tracker.rest for each, entry in self._entries.items()}

    def shown(self, session_id: SessionId) -> PromptRecord | None:
        """Return the current prompt, stored or not, pending or not."""
        entry = self._entries.get(session_id)
        open_prompt = entry.tracker.prompt if entry else None
        return open_prompt.record if open_prompt else None

    def find(self, session_id: SessionId, prompt_id: str) -> PromptRecord | None:
        """Return an open prompt by its id; None if it is closed, or not there."""
        entry = self._entries.get(session_id)
        open_prompt = entry.tracker.find(prompt_id) if entry else None
        return open_prompt.record if open_prompt else None

    def current(self, session_id: SessionId) -> PromptRecord:
        """Return the pending prompt. Raises `Conflict` without one."""
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

    @property
    def waiting(self) -> int:
        """The number of requests of hooks that wait for an answer."""
        return self._waiting

    async def ask(
        self, session_id: SessionId, ask: PermissionAsk, timeout_s: float
    ) -> HookDecision | None:
        """Ask for a permission, and wait for the answer.

        None lets the agent's own dialog decide: the prompt was answered there, no
        answer came in time, the program ended, the server stops, or too many requests
        wait.
        *Cancellation:* the client has left. A prompt whose dialog is on the screen
        stays; another one is closed.
        """
        entry = self._entries.get(session_id)
        if entry is None or self._is_stopping:
            return None
        wait = PermissionWait(ask)
        is_room = self._waiting < WAITING and len(entry.tracker.waits) < OF_SESSION
        if not is_room:
            increment(Limit.HOOKS)
        if not is_room or not entry.tracker.ask(wait, entry.flow.tail.end):
            return None
        self._waiting += 1
        reason = CLIENT_LEFT
        try:
            self._update(entry)
            decision = await wait.taken(timeout_s)
            reason = STOPPED if self._is_stopping else NO_ANSWER
            return decision
        finally:
            self._waiting -= 1
            wait.end()
            entry.tracker.end_wait(wait, reason)
            self._update(entry)

    def tool_ended(self, session_id: SessionId, tool: str, tool_input: Any) -> None:
        """Let go of a request for a tool that has ended: it was answered elsewhere."""
        entry = self._entries.get(session_id)
        if entry is None:
            return
        for wait in entry.tracker.waits:
            details = wait.ask.details
            if (details.tool, details.input) == (tool, tool_input):
                wait.let_go()
                entry.tracker.end_wait(wait, TOOL_RAN)
                self._update(entry)
                return

    def stop(self) -> None:
        """Let go of all requests that wait, and of those that come."""
        self._is_stopping = True
        for entry in self._entries.values():
            for wait in entry.tracker.waits:
                wait.let_go()

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
        """Answer a prompt with a choice; return its record and decision.

        The prompt is claimed before the first checkpoint, and stored on return. Raises
        `AlreadyAnswered` and `CapacityReached` as `PromptTracker.claim` does, what
        `LiveTerminal.answer` raises (then nothing was typed), `NotAnOption`, and
        `StorageFailed` if the answer was given but is not stored.
        *Cancellation:* the answer is given and stored all the same.
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
        entry: SessionPrompts,
        open_prompt: OpenPrompt,
        live: AnswerableTerminal,
        choice: Choice,
        responder: Responder,
        typing: _Typing,
    ) -> None:
        try:
            outcome, via = await self._give(entry, open_prompt, live, choice)
        except Exception as exc:  # noqa: BLE001  `answer` raises it.
            typing.error = exc
        else:
            decision = interpret.decision_of(
                open_prompt.record, choice, outcome, responder, clock.now(), via
            )
            typing.decision = entry.tracker.reply(open_prompt, decision, outcome.end)
        finally:  # `answer` must return after a cancellation, too.
            if typing.decision is None:
                entry.tracker.release(open_prompt)
            typing.over.set()
            self._update(entry)

    async def _give(
        self,
        entry: SessionPrompts,
        open_prompt: OpenPrompt,
        live: AnswerableTerminal,
        choice: Choice,
    ) -> tuple[Outcome, str]:
        """Give an answer to the agent's hook, else by keys; how it went.

        Raises `NotAnOption`, `AlreadyAnswered` where neither is possible, and what
        `LiveTerminal.answer` raises.
        """
        wait, record = open_prompt.wait, open_prompt.record
        if wait is not None:
            decision = (
                wait.ask.decision(choice)
                if open_prompt.is_own
                else screen_decision(record.options, choice)
            )
            if decision is not None and await wait.offer(decision):
                resolved = await self._wait_gone(entry, open_prompt)
                end = entry.flow.tail.end
                return Outcome(decision.chosen, resolved, end), HOOK
        if not open_prompt.takes_keys:
            raise AlreadyAnswered(
                f"The agent does not wait for prompt {record.id!r} any more; nothing "
                "was chosen."
            )
        if open_prompt.is_own:
            choice = keys_choice(record.options, choice)
        return await live.answer(open_prompt.shown, choice), KEYS

    async def _wait_gone(self, entry: SessionPrompts, open_prompt: OpenPrompt) -> bool:
        """Watch the dialog of a request that took its answer; whether it goes in time.

        A request whose dialog never came to the screen is over.
        """

        def is_gone() -> bool:
            return not open_prompt.shown or open_prompt.left_reason is not None

        if is_gone():
            return True
        with trio.move_on_after(ECHO_S):
            await entry.changed.park()
            while not is_gone():
                await entry.changed.park()
        return is_gone()

    # Storage.

    def _update(self, entry: SessionPrompts) -> None:
        self._publish_status(entry)
        is_due = any(open_prompt.is_due for open_prompt in entry.tracker.unsettled())
        if is_due and entry.writing is None and not entry.is_over:
            entry.writing = trio.CancelScope()
            self._nursery.start_soon(self._writer.write, entry, entry.writing)
        hook, is_waiting = entry.tracker.hook, entry.expiring is not None
        if (
            hook is not None
            and hook.trusted_for_s(clock.monotonic()) > 0
            and not (is_waiting or entry.is_over)
        ):
            entry.expiring = trio.CancelScope()
            self._nursery.start_soon(self._expire, entry, entry.expiring)
        until = entry.tracker.echo_until
        if until is not None and entry.looking is None and not entry.is_over:
            entry.looking = trio.CancelScope()
            self._nursery.start_soon(self._look_again, entry, until, entry.looking)
        entry.changed.unpark_all()

    async def _look_again(
        self, entry: SessionPrompts, until: float, scope: trio.CancelScope
    ) -> None:
        """Look again when the dialog of an answered request should have gone.

        *Cancellation:* the run is over.
        """
        try:
            with scope:
                await trio.sleep(max(until - clock.monotonic(), 0))
                entry.looking = None
                entry.tracker.look_again()
                self._update(entry)
        finally:
            if entry.looking is scope:
                entry.looking = None

    def _publish_status(self, entry: SessionPrompts) -> None:
        if (status := entry.tracker.status_change()) is not None:
            event = AgentStatusUpdated(entry.tracker.session_id, status)
            self._journal.publish(Envelope(clock.now(), event))
            verdict, tail = entry.tracker.verdict, entry.flow.tail
            is_screen = status.source == "screen" and verdict is not None
            end = verdict.end if verdict and is_screen else tail.end
            self._recorder.state(entry.tracker.session_id, status, end)

    async def _expire(self, entry: SessionPrompts, scope: trio.CancelScope) -> None:
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
