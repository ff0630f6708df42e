"""Tracks the prompts of one run: verdicts in, prompts with ids out. No I/O.

Rule 1: a prompt has its id from the moment of its detection. It stays the same prompt
while its fingerprint is the same and the program does not ask it again.
Rule 2: of several answers the first to claim the prompt wins. A claim whose answer is
not typed is released.
Rule 3: a prompt that left the screen before it was stored, and that was not answered,
is dropped.
"""

import attrs

from ant.core import clock
from ant.core.errors import AlreadyAnswered, CapacityReached
from ant.messages.routing import RestState
from ant.model import compat
from ant.model.prompts import (
    LEFT,
    AgentState,
    AgentStatus,
    Decision,
    PromptId,
    PromptRecord,
    PromptStatus,
)
from ant.model.sessions import SessionId
from ant.prompts.hooks import HookFact
from ant.terminal.model.prompt import Kind, Prompt, PromptClass, Verdict

UNWRITTEN = 16
"""Prompts of one session that may wait for the database. Beyond it, ANT refuses
answers."""

SUMMARY = 80
"""Characters of a summary: as many as fit on a badge."""

TEXT = 16 << 10
"""Characters of a prompt's text that are kept: more than a screen."""

SILENT_S = 30.0
"""An agent in an unknown state counts as idle after this time, as in the original."""

VIEWS = frozenset({PromptClass.PAGER, PromptClass.EDITOR})
"""Classes that wait for keys but ask nothing: they are not prompts."""

ASKING = frozenset({Kind.DIALOG, Kind.QUESTION})

_STATES = {
    Kind.DIALOG: AgentState.WAITING,
    Kind.QUESTION: AgentState.WAITING,
    Kind.AT_REST: AgentState.READY,
    Kind.BUSY: AgentState.BUSY,
    Kind.QUIET_UNKNOWN: AgentState.UNKNOWN,
}


@attrs.define(eq=False)
class OpenPrompt:
    """One prompt: its current record, and the record that is stored.

    `is_claimed`: an answer is being typed. `left_reason` is why the prompt left the
    screen meanwhile.
    """

    record: PromptRecord
    stored: PromptRecord | None = None
    is_claimed: bool = False
    left_reason: str | None = None

    @property
    def is_due(self) -> bool:
        """Whether the current record is not stored yet."""
        return self.record != self.stored

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to store (rule 3)."""
        if self.is_claimed or self.record.is_pending:
            return False
        is_dropped = self.stored is None and self.record.answer is None
        return is_dropped or not self.is_due

    def opening(self) -> PromptRecord:
        """Return the record to store first: that of the pending prompt."""
        return attrs.evolve(
            self.record,
            status=PromptStatus.PENDING,
            reason=None,
            closed_at=None,
            answer=None,
        )

    def keep(self, stored: PromptRecord | None) -> None:
        """Note what the database has now; None if the session was removed."""
        if stored is None:
            self.stored = self.record
            return
        self.stored = stored
        if not stored.is_pending and stored.status is not self.record.status:
            self.record = stored  # It was discarded meanwhile.
            return
        self.record = attrs.evolve(
            self.record,
            targets=stored.targets,
            delivered_to=stored.delivered_to,
            chat_id=stored.chat_id,
            message_id=stored.message_id,
        )

    def close(self, status: PromptStatus, reason: str | None = None) -> None:
        """Close a pending prompt; a closed one stays as it is."""
        if self.record.is_pending:
            self.record = attrs.evolve(
                self.record, status=status, reason=reason, closed_at=clock.now()
            )


@attrs.define(eq=False)
class PromptTracker:
    """The prompts and the agent status of one run, whose first byte has offset `start`.

    `prompt` is the prompt on the screen. `open_prompts` are those that are on the
    screen or not stored in full, oldest first. `last_answer` is the fingerprint of the
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
    hook: HookFact | None = None
    status: AgentStatus | None = None

    def resume(self, record: PromptRecord) -> None:
        """Take up a stored prompt of this run, until a verdict says otherwise."""
        self.prompt = OpenPrompt(record, record)
        self.open_prompts.append(self.prompt)

    def update(self, verdict: Verdict) -> None:
        """Take a new verdict on the screen."""
        before, self.verdict = self.verdict, verdict
        self.judged_at = clock.monotonic()
        prompt = self.unanswered
        shown_fingerprint = self.prompt.record.fingerprint if self.prompt else None
        if prompt is None or prompt.fingerprint != shown_fingerprint or verdict.again:
            self.close_shown(LEFT)
        if prompt is None:
            return
        if self.prompt is None:
            self._open(prompt, before.end if before else self.start)
        else:
            self.prompt.record = attrs.evolve(
                self.prompt.record, options=prompt.options, selected=prompt.selected
            )

    @property
    def unanswered(self) -> Prompt | None:
        """The prompt that the screen shows, unless it is the one answered last."""
        verdict = self.verdict
        if verdict is None or verdict.prompt is None or verdict.kind not in ASKING:
            return None
        answered, end = self.last_answer
        is_stale = verdict.end <= end and verdict.prompt.fingerprint == answered
        return None if is_stale or verdict.prompt.class_ in VIEWS else verdict.prompt

    def _open(self, prompt: Prompt, start: int) -> None:
        assert self.verdict is not None
        now, end = clock.now(), self.verdict.end
        self.prompt = OpenPrompt(
            PromptRecord(
                id=PromptId(clock.new_id()),
                type="prompt_detected",
                terminal_id=self.session_id,
                session_id=self.session_id,
                run=self.run,
                status=PromptStatus.PENDING,
                reason=None,
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
                start=min(start, end),
                end=end,
                detector=compat.DETECTOR,
                ts=clock.epoch_ms(now),
                detected_at=now,
                closed_at=None,
                answer=None,
                targets=(),
                delivered_to=(),
                chat_id=None,
                message_id=None,
            )
        )
        self.open_prompts.append(self.prompt)

    def close_shown(self, reason: str) -> None:
        """Close the prompt on the screen, if there is one: it left the screen.

        If it is claimed, the outcome of that answer determines its status.
        """
        open_prompt, self.prompt = self.prompt, None
        if open_prompt is None:
            return
        if self.hook is not None and self.hook.state is AgentState.WAITING:
            self.hook = None
        if open_prompt.is_claimed:
            open_prompt.left_reason = reason
        elif open_prompt.record.answer is not None:
            open_prompt.close(PromptStatus.ANSWERED)
        else:
            open_prompt.close(PromptStatus.RESOLVED, reason)

    def claim(self, prompt_id: str) -> OpenPrompt:
        """Claim the prompt on the screen for an answer; `release` or `reply` follows.

        Raises `AlreadyAnswered` if it is not on the screen, not pending, or claimed,
        and `CapacityReached` if too many prompts are not stored yet.
        """
        open_prompt = self.prompt
        if open_prompt is None or open_prompt.record.id != prompt_id:
            raise AlreadyAnswered(f"Prompt {prompt_id!r} is no longer on the screen.")
        if not open_prompt.record.is_pending:
            status = open_prompt.record.status
            raise AlreadyAnswered(f"Prompt {prompt_id!r} is {status} already.")
        if open_prompt.is_claimed:
            raise AlreadyAnswered(
                f"Another answer to prompt {prompt_id!r} is being typed."
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

    def reply(self, open_prompt: OpenPrompt, decision: Decision, end: int) -> Decision:
        """End a claim whose answer was typed; return the decision to keep.

        The reaction to the answer begins at `end`. A prompt that stayed on the screen
        stays pending, and may be answered again.
        """
        open_prompt.is_claimed = False
        decision = attrs.evolve(
            decision, resolved=decision.resolved or open_prompt.left_reason is not None
        )
        open_prompt.record = attrs.evolve(open_prompt.record, answer=decision)
        if decision.resolved:
            open_prompt.close(PromptStatus.ANSWERED)
            self.last_answer = (open_prompt.record.fingerprint, end)
        if decision.resolved and self.prompt is open_prompt:
            self.prompt, prompt = None, self.unanswered
            if prompt is not None:  # The program asked the same again meanwhile.
                self._open(prompt, end)
        return decision

    def discard(self, record: PromptRecord) -> None:
        """Discard a prompt, as the database already has."""
        for open_prompt in self.open_prompts:
            if open_prompt.record.id == record.id and open_prompt.record.is_pending:
                open_prompt.record = open_prompt.stored = record

    def unsettled(self) -> list[OpenPrompt]:
        """Return the prompts to store or being answered; forget those that are over."""
        self.open_prompts = [
            open_prompt for open_prompt in self.open_prompts if not open_prompt.is_over
        ]
        return [each for each in self.open_prompts if each.is_due or each.is_claimed]

    def status_change(self) -> AgentStatus | None:
        """Return the agent status if it differs from the one returned last."""
        status = self._current_status()
        if status is None:
            return None
        before = self.status
        if before and status == attrs.evolve(before, detected_at=status.detected_at):
            return None
        self.status = status
        return status

    @property
    def rest(self) -> RestState:
        """Whether the agent can take an unsolicited message.

        An unknown state counts as idle after `SILENT_S`.
        """
        state = self.status.state if self.status else None
        silent_s = clock.monotonic() - self.judged_at
        if state is AgentState.WAITING:
            return RestState.WAITING
        if state is AgentState.READY or (
            state is AgentState.UNKNOWN and silent_s >= SILENT_S
        ):
            return RestState.IDLE
        return RestState.BUSY

    def _current_status(self) -> AgentStatus | None:
        """Derive the status: a prompt on the screen, else a hook, else the screen."""
        verdict, hook = self.verdict, self.hook
        kind = verdict.kind if verdict else None
        asks = kind in ASKING
        if hook and (asks or not hook.is_trusted(self.judged_at, clock.monotonic())):
            hook = None
        if hook is not None:
            state = hook.state
        elif kind is not None:
            state = _STATES[kind]
        else:
            return None
        prompt = verdict.prompt if verdict and asks else None
        return AgentStatus(
            state=state,
            detected_at=clock.epoch_ms(clock.now()),
            kind=kind,
            rule=verdict.rule if verdict else None,
            source="hook" if hook else "screen",
            prompt_id=self.prompt.record.id if self.prompt and asks else None,
            waiting_for=summary_of(prompt) if prompt else None,
            activity=hook.detail if hook else None,
        )


def summary_of(prompt: Prompt) -> str:
    """Return what a prompt asks, in one line."""
    line = " ".join((prompt.question or prompt.text).split())
    return line if len(line) <= SUMMARY else line[: SUMMARY - 1] + "…"
