"""Tracks the prompts of one run: verdicts in, prompts with ids out. No I/O.

Rule 1: a prompt has its id from the moment of its detection. It stays the same prompt
while its fingerprint is the same and the program does not ask it again.
Rule 2: of several answers the first to claim the prompt wins. A claim whose answer is
not typed is released.
Rule 3: a prompt that left the screen before it was stored, and that was not answered,
is dropped.
Rule 4: a request of an agent's hook and the dialog that shows it are one prompt,
whichever came first. The options of a prompt never change their meaning: those of the
one that came first stay.
Rule 5: a session has one prompt at a time. Further requests of hooks wait for their
turn; a dialog on the screen goes before them.
"""

from typing import Any

import attrs

from ant.core import clock
from ant.core.errors import AlreadyAnswered, CapacityReached
from ant.messages.routing import RestState
from ant.model import compat
from ant.model.prompts import (
    CLIENT_LEFT,
    HOOK,
    LEFT,
    TOLD,
    AgentState,
    AgentStatus,
    Decision,
    PromptId,
    PromptRecord,
    PromptStatus,
)
from ant.model.sessions import SessionId
from ant.prompts import agent_permissions, agent_state
from ant.prompts.agent_state import ASKING
from ant.prompts.hooks import HookFact
from ant.prompts.open_prompt import OpenPrompt, one_line, summary_of, why_gone
from ant.prompts.permission_wait import PermissionWait
from ant.prompts.recent_dialogs import RecentDialogs
from ant.terminal.model.prompt import Form, Kind, Prompt, PromptClass, Verdict

UNWRITTEN = 16
"""Prompts of one session that may wait for the database. Beyond it, ANT refuses
answers."""

TEXT = 16 << 10
"""Characters of a prompt's text that are kept: more than a screen."""

VIEWS = frozenset({PromptClass.PAGER, PromptClass.EDITOR})
"""Classes that wait for keys but ask nothing: they are not prompts."""

SAME_S = 2.0
"""Seconds between a request and a dialog that are one, though the dialog does not show
the text of the request. An agent sends the request when it draws the dialog."""


@attrs.define(eq=False)
class PromptTracker:
    """The prompts and the agent status of one run, whose first byte has offset `start`.

    `prompt` is the prompt on the screen, or else that of a hook's request. `parked` are
    prompts of requests that gave way to a dialog. `waiting` are requests that have no
    prompt yet, each with the offset at which it came. `open_prompts` are the prompts
    that are open or not stored in full, oldest first. `echo_until`: a dialog on the
    screen counts until then as answered. `last_answer` is the fingerprint of the
    prompt answered last, and the offset at which the reaction to the answer begins: a
    prompt with that fingerprint that was drawn before it is the answered one.
    """

    session_id: SessionId
    run: str
    start: int
    verdict: Verdict | None = None
    judged_at: float = 0.0
    last_answer: tuple[str, int] = ("", 0)
    prompt: OpenPrompt | None = None
    open_prompts: list[OpenPrompt] = attrs.field(factory=list)
    parked: list[OpenPrompt] = attrs.field(factory=list)
    waiting: list[tuple[PermissionWait, int]] = attrs.field(factory=list)
    echo_until: float | None = None
    hook: HookFact | None = None
    status: AgentStatus | None = None
    _recent: RecentDialogs = attrs.field(factory=RecentDialogs)

    def resume(self, record: PromptRecord) -> None:
        """Take up a stored prompt of this run, until a verdict says otherwise.

        The client of a request has lost its connection with the last server.
        """
        open_prompt = OpenPrompt(record, record, shown=record.fingerprint)
        self.open_prompts.append(open_prompt)
        if open_prompt.is_own:
            open_prompt.close(PromptStatus.RESOLVED, CLIENT_LEFT)
        else:
            self.prompt = open_prompt

    def update(self, verdict: Verdict) -> None:
        """Take a new verdict on the screen."""
        before, self.verdict = self.verdict, verdict
        self.judged_at = clock.monotonic()
        self._compare(before.end if before else self.start, verdict.again)

    def look_again(self) -> None:
        """Open a prompt for a dialog that should have gone after its answer."""
        if self.verdict is not None:
            self._compare(self.verdict.end, again=False)

    def _compare(self, start: int, again: bool) -> None:
        """Compare the prompt with the screen, whose last change began at `start`."""
        self.echo_until = None
        prompt, current = self.unanswered, self.prompt
        if current is not None and current.shown:
            if prompt is None or again or not current.shows(prompt):
                self.close_shown(LEFT)
            else:
                current.shown, current.dialog = prompt.fingerprint, prompt
                if not current.is_own:
                    current.record = attrs.evolve(
                        current.record, options=prompt.options, selected=prompt.selected
                    )
                return
        if prompt is not None:
            self._place(prompt, start)
        else:
            self._recent.echo_until(None)
        self._next()

    @property
    def unanswered(self) -> Prompt | None:
        """The prompt that the screen shows, unless it is the one answered last."""
        verdict = self.verdict
        if verdict is None or verdict.prompt is None or verdict.kind not in ASKING:
            return None
        answered, end = self.last_answer
        is_stale = verdict.end <= end and verdict.prompt.fingerprint == answered
        return None if is_stale or verdict.prompt.class_ in VIEWS else verdict.prompt

    def _place(self, prompt: Prompt, start: int) -> None:
        """Find the request that a dialog on the screen shows, or open a prompt for it.

        No prompt is on the screen yet; the current one, if any, is that of a request.
        """
        current, now = self.prompt, clock.monotonic()
        for each in self._current:
            if each.wait is not None and each.wait.ask.is_about(prompt):
                self._bind(each, prompt)
                return
        for entry in self.waiting:
            if entry[0].ask.is_about(prompt):
                self.waiting.remove(entry)
                self._bind(self._open_wait(*entry), prompt)
                return
        if (
            current is not None
            and current.wait is not None
            and agent_permissions.asks_for_one(prompt)
            and now - current.wait.at < SAME_S
        ):
            self._bind(current, prompt)
            return
        self.echo_until = self._recent.echo_until(prompt)
        if self.echo_until is not None:
            return
        self._park()
        self._open(prompt, start)

    def _bind(self, open_prompt: OpenPrompt, prompt: Prompt) -> None:
        """Note that a dialog shows the request of a prompt."""
        if open_prompt is not self.prompt:
            self._park()
            if open_prompt in self.parked:
                self.parked.remove(open_prompt)
            self.prompt = open_prompt
        open_prompt.shown, open_prompt.dialog = prompt.fingerprint, prompt

    def _park(self) -> None:
        if self.prompt is not None:
            self.parked.append(self.prompt)
            self.prompt = None

    def _next(self) -> None:
        """Let the next request be the prompt, if there is no other."""
        if self.prompt is not None:
            return
        if self.parked:
            self.prompt = self.parked.pop(0)
        elif self.waiting:
            self.prompt = self._open_wait(*self.waiting.pop(0))

    def _open(self, prompt: Prompt, start: int) -> None:
        assert self.verdict is not None
        record = self._record(
            kind=self.verdict.kind,
            class_=prompt.class_,
            form=prompt.form,
            question=prompt.question,
            summary=summary_of(prompt),
            options=prompt.options,
            selected=prompt.selected,
            fingerprint=prompt.fingerprint,
            rule=prompt.rule,
            raw_text=prompt.text[:TEXT],
            start=min(start, self.verdict.end),
            end=self.verdict.end,
        )
        self.prompt = OpenPrompt(record, shown=prompt.fingerprint, dialog=prompt)
        self.open_prompts.append(self.prompt)

    def _open_wait(self, wait: PermissionWait, end: int) -> OpenPrompt:
        """Return a new prompt for a request that came at offset `end`."""
        ask = wait.ask
        record = self._record(
            kind=Kind.DIALOG,
            class_=PromptClass.PERMISSION_REQUEST,
            form=Form.MENU,
            question=ask.question,
            summary=one_line(ask.question),
            options=ask.options,
            selected=None,
            fingerprint=ask.fingerprint,
            rule=agent_permissions.RULE,
            raw_text=ask.text,
            start=end,
            end=end,
            detector=HOOK,
            details=ask.details,
        )
        open_prompt = OpenPrompt(record, wait=wait, ask=ask)
        self.open_prompts.append(open_prompt)
        return open_prompt

    def _record(self, **fields: Any) -> PromptRecord:
        now = clock.now()
        given: dict[str, Any] = {
            "id": PromptId(clock.new_id()),
            "type": compat.PROMPT_TYPE,
            "terminal_id": self.session_id,
            "session_id": self.session_id,
            "run": self.run,
            "status": PromptStatus.PENDING,
            "reason": None,
            "detector": compat.DETECTOR,
            "ts": clock.epoch_ms(now),
            "detected_at": now,
            "closed_at": None,
            "answer": None,
            "targets": (),
            "delivered_to": (),
            "chat_id": None,
            "message_id": None,
            **fields,
        }
        return PromptRecord(**given)

    # Requests of hooks.

    def ask(self, wait: PermissionWait, end: int) -> bool:
        """Take a request that came at offset `end`; whether it waits.

        It does not if its dialog was answered already.
        """
        if self._recent.is_late(wait.ask):
            return False
        current = self.prompt
        if current is not None and current.dialog is not None:
            is_free = current.wait is None or not current.wait.is_open
            if is_free and wait.ask.is_about(current.dialog):
                # One that took its answer, or that has other options, is over.
                if current.wait is not None or current.differs_from(wait.ask):
                    dialog = current.dialog
                    self.close_shown(LEFT)
                    self.prompt = self._open_wait(wait, end)
                    self._bind(self.prompt, dialog)
                    return True
                current.join(wait)
                return True
            if is_free and self._may_be_same(current):
                dialog = current.dialog
                self.close_shown(TOLD)
                self.prompt = self._open_wait(wait, end)
                self._bind(self.prompt, dialog)
                return True
        self.waiting.append((wait, end))
        shown = self.unanswered if self.echo_until is not None else None
        if shown is not None and wait.ask.is_about(shown):  # It asks the same again.
            self._recent.forget_echo()
            self.echo_until = None
            self._place(shown, end)
        self._next()
        return True

    @property
    def waits(self) -> list[PermissionWait]:
        """The requests that wait, in the order of their prompts."""
        asked = [each.wait for each in self._current]
        return [
            *(wait for wait in asked if wait is not None and wait.is_open),
            *(wait for wait, _ in self.waiting),
        ]

    def _may_be_same(self, current: OpenPrompt) -> bool:
        """Whether a request without its text on the screen may be this new dialog."""
        return (
            not (current.is_own or current.is_claimed)
            and current.record.is_pending
            and current.dialog is not None
            and agent_permissions.asks_for_one(current.dialog)
            and clock.monotonic() - current.since < SAME_S
        )

    def end_wait(self, wait: PermissionWait, reason: str) -> None:
        """Take back a request whose client left, or whose time is over.

        A prompt whose dialog is on the screen, and surely the same, stays.
        """
        self.waiting = [each for each in self.waiting if each[0] is not wait]
        for open_prompt in self._current:
            if open_prompt.wait is not wait or wait.is_taken:
                continue
            open_prompt.wait = None
            dialog = open_prompt.dialog
            if dialog is None or not wait.ask.is_about(dialog):
                self._close(open_prompt, reason)
                if dialog is not None and self.verdict is not None:
                    self._compare(self.verdict.end, again=False)
                self._next()

    def end(self, reason: str) -> None:
        """Close all prompts: the program has ended."""
        waiting, self.waiting = self.waiting, []
        parked, self.parked = self.parked, []
        for wait, _ in waiting:
            wait.let_go()
        self.close_shown(reason)
        for open_prompt in parked:
            self._close(open_prompt, reason)

    def close_shown(self, reason: str) -> None:
        """Close the prompt on the screen, if there is one: it left the screen.

        If it is claimed, the outcome of that answer determines its status.
        """
        if self.prompt is not None:
            self._close(self.prompt, reason)

    def _close(self, open_prompt: OpenPrompt, reason: str) -> None:
        if open_prompt is self.prompt:
            self.prompt = None
        elif open_prompt in self.parked:
            self.parked.remove(open_prompt)
        self._forget_waiting_hook()
        wait = open_prompt.wait
        if wait is not None and wait.decision is None:
            wait.let_go()
            open_prompt.wait = None
        self._note_left(open_prompt)
        if open_prompt.is_claimed:
            open_prompt.left_reason = reason
        elif open_prompt.record.answer is not None:
            open_prompt.close(PromptStatus.ANSWERED)
        else:
            open_prompt.close(PromptStatus.RESOLVED, reason)

    def _note_left(self, open_prompt: OpenPrompt) -> None:
        """Remember a dialog of which no hook told: its request may come too late."""
        if open_prompt.dialog is not None and open_prompt.record.details is None:
            self._recent.left(open_prompt.dialog)

    def _forget_waiting_hook(self) -> None:
        if self.hook is not None and self.hook.state is AgentState.WAITING:
            self.hook = None

    def find(self, prompt_id: str) -> OpenPrompt | None:
        """Return the current or a parked prompt by its id."""
        found = (each for each in self._current if each.record.id == prompt_id)
        return next(found, None)

    @property
    def _current(self) -> list[OpenPrompt]:
        return [*([self.prompt] if self.prompt is not None else []), *self.parked]

    def claim(self, prompt_id: str) -> OpenPrompt:
        """Claim an open prompt for an answer; `release` or `reply` follows.

        Raises `AlreadyAnswered` if it is not on the screen and no hook waits for it, if
        it is not pending, or claimed, and `CapacityReached` if too many prompts are not
        stored yet.
        """
        open_prompt = self.find(prompt_id)
        if open_prompt is None:
            raise AlreadyAnswered(f"Prompt {prompt_id!r} is no longer on the screen.")
        if not open_prompt.record.is_pending:
            raise AlreadyAnswered(why_gone(open_prompt.record))
        if open_prompt.is_claimed:
            raise AlreadyAnswered(
                f"Another answer to prompt {prompt_id!r} is being given."
            )
        if len(self.open_prompts) > UNWRITTEN:
            raise CapacityReached(
                "Earlier answers of this session are not stored yet. Try again later."
            )
        open_prompt.is_claimed = True
        return open_prompt

    def release(self, open_prompt: OpenPrompt) -> None:
        """End a claim for which nothing was typed; the prompt may be answered again."""
        open_prompt.is_claimed = False
        if open_prompt.left_reason is not None:
            open_prompt.close(PromptStatus.RESOLVED, open_prompt.left_reason)
            self._next()

    def reply(self, open_prompt: OpenPrompt, decision: Decision, end: int) -> Decision:
        """End a claim whose answer was given; return the decision to keep.

        The reaction to the answer begins at `end`. A prompt that stayed on the screen
        stays pending, and may be answered again. Not so if a hook took the answer and
        the dialog is not surely its own: that one becomes a prompt of its own.
        """
        open_prompt.is_claimed = False
        is_over = decision.via == HOOK and not open_prompt.takes_keys
        is_over = is_over or open_prompt.left_reason is not None
        decision = attrs.evolve(decision, resolved=decision.resolved or is_over)
        open_prompt.record = attrs.evolve(open_prompt.record, answer=decision)
        wait, is_current = open_prompt.wait, self.prompt is open_prompt
        if decision.via == HOOK and wait is not None:
            if not open_prompt.takes_keys:
                self._recent.answered(wait.ask)
            self._forget_waiting_hook()
        if decision.resolved or decision.via == HOOK:
            open_prompt.wait = None
            if wait is not None:
                wait.let_go()
        if not decision.resolved:
            return decision
        self._note_left(open_prompt)
        open_prompt.close(PromptStatus.ANSWERED)
        if open_prompt.takes_keys:
            self.last_answer = (open_prompt.shown, end)
        if open_prompt in self.parked:
            self.parked.remove(open_prompt)
        if is_current:
            self.prompt, prompt = None, self.unanswered
            if prompt is not None:  # The same again, or the dialog of another one.
                self._place(prompt, end)
        self._next()
        return decision

    def discard(self, record: PromptRecord) -> None:
        """Discard a prompt, as the database already has."""
        for open_prompt in self.open_prompts:
            if open_prompt.record.id == record.id and open_prompt.record.is_pending:
                open_prompt.record = open_prompt.stored = record
                if open_prompt.wait is not None:
                    open_prompt.wait.let_go()
                    open_prompt.wait = None
                if not open_prompt.shown and open_prompt is self.prompt:
                    self.prompt = None
                elif open_prompt in self.parked:
                    self.parked.remove(open_prompt)
                self._next()

    def unsettled(self) -> list[OpenPrompt]:
        """Return the prompts to store or being answered; forget those that are over."""
        self.open_prompts = [
            open_prompt for open_prompt in self.open_prompts if not open_prompt.is_over
        ]
        return [each for each in self.open_prompts if each.is_due or each.is_claimed]

    def status_change(self) -> AgentStatus | None:
        """Return the agent status if it differs from the one returned last."""
        current = self.prompt
        status = agent_state.derive(
            self.verdict,
            self.judged_at,
            self.hook,
            current.record if current is not None else None,
            is_shown=current is not None and bool(current.shown),
            via=current.via if current is not None else None,
            queued=len(self.waiting) + sum(each.via == HOOK for each in self.parked),
        )
        if status is None:
            return None
        before = self.status
        if before and status == attrs.evolve(before, detected_at=status.detected_at):
            return None
        self.status = status
        return status

    @property
    def rest(self) -> RestState:
        """Whether the agent can take an unsolicited message."""
        return agent_state.rest_of(self.status, clock.monotonic() - self.judged_at)
