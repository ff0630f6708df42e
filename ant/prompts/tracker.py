"""What is asked by one run of a program: verdicts in, prompts with ids out; no waiting.

Rule 1: a prompt has its id from the first, and is the same while its fingerprint is and
it is not asked again.
Rule 2: of several answers the first to claim wins; a claim ends where nothing is typed.
Rule 3: what came and went before it was stored, and was not answered, never was.
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
"""Prompts of one session that may wait for the database before answers are refused."""

SUMMARY = 80
"""Characters of a summary: what fits on a badge."""

TEXT = 16 << 10
"""Characters kept of what a prompt shows: more than a screen."""

SILENT_S = 30.0
"""An agent that nothing is known of is at rest after so long, as in the original."""

VIEWS = frozenset({PromptClass.PAGER, PromptClass.EDITOR})
"""What waits for keys but asks nothing: no prompt is made of it."""

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
    """One prompt: as it is now, and as the database has it.

    `gone` is why it left while somebody's answer was under way.
    """

    record: PromptRecord
    stored: PromptRecord | None = None
    is_claimed: bool = False
    gone: str | None = None

    @property
    def is_due(self) -> bool:
        """Whether the database does not know all of it."""
        return self.record != self.stored

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is to be written any more (rule 3)."""
        if self.is_claimed or self.record.is_pending:
            return False
        never_was = self.stored is None and self.record.answer is None
        return never_was or not self.is_due

    def opening(self) -> PromptRecord:
        """What is stored first, whatever became of it by now: that it is asked."""
        return attrs.evolve(
            self.record,
            status=PromptStatus.PENDING,
            reason=None,
            closed_at=None,
            answer=None,
        )

    def keep(self, stored: PromptRecord | None) -> None:
        """The database has this now; None: it has no such session any more."""
        if stored is None:
            self.stored = self.record
            return
        self.stored = stored
        if not stored.is_pending and stored.status is not self.record.status:
            self.record = stored  # It was put away meanwhile.
            return
        self.record = attrs.evolve(
            self.record,
            targets=stored.targets,
            delivered_to=stored.delivered_to,
            chat_id=stored.chat_id,
            message_id=stored.message_id,
        )

    def close(self, status: PromptStatus, reason: str | None = None) -> None:
        """It is no longer pending; what it became before stays."""
        if self.record.is_pending:
            self.record = attrs.evolve(
                self.record, status=status, reason=reason, closed_at=clock.now()
            )


@attrs.define(eq=False)
class PromptTracker:
    """What is known of one run, whose first byte has offset `start`.

    `sheets` are those that are shown or not all written, oldest first; `replied` is the
    prompt answered last, and the offset behind that: drawn before it, it is the same.
    """

    session_id: SessionId
    run: str
    start: int
    verdict: Verdict | None = None
    judged_at: float = 0.0
    replied: tuple[str, int] = ("", 0)
    prompt: OpenPrompt | None = None
    open_prompts: list[OpenPrompt] = attrs.field(factory=list)
    hook: HookFact | None = None
    status: AgentStatus | None = None

    def resume(self, record: PromptRecord) -> None:
        """This was asked, and told, by the same run; the first look shows if it is."""
        self.prompt = OpenPrompt(record, record)
        self.open_prompts.append(self.prompt)

    def saw(self, verdict: Verdict) -> None:
        """The screen is held to be in another state, or to ask something else."""
        before, self.verdict = self.verdict, verdict
        self.judged_at = clock.monotonic()
        asked = self.asked
        shown = self.prompt.record.fingerprint if self.prompt else None
        if asked is None or asked.fingerprint != shown or verdict.again:
            self.leave(LEFT)
        if asked is None:
            return
        if self.prompt is None:
            self._open(asked, before.end if before else self.start)
        else:
            self.prompt.record = attrs.evolve(
                self.prompt.record, options=asked.options, selected=asked.selected
            )

    @property
    def asked(self) -> Prompt | None:
        """What the screen asks that somebody could answer, and nobody has."""
        verdict = self.verdict
        if verdict is None or verdict.prompt is None or verdict.kind not in ASKING:
            return None
        answered, end = self.replied
        is_stale = verdict.end <= end and verdict.prompt.fingerprint == answered
        return None if is_stale or verdict.prompt.class_ in VIEWS else verdict.prompt

    def _open(self, asked: Prompt, start: int) -> None:
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
                class_=asked.class_,
                form=asked.form,
                question=asked.question,
                summary=summary_of(asked),
                options=asked.options,
                selected=asked.selected,
                fingerprint=asked.fingerprint,
                rule=asked.rule,
                raw_text=asked.text[:TEXT],
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

    def leave(self, reason: str) -> None:
        """The prompt, if there is one, is no longer shown.

        Where an answer is under way, what comes of that decides what became of it.
        """
        open_prompt, self.prompt = self.prompt, None
        if open_prompt is None:
            return
        if self.hook is not None and self.hook.state is AgentState.WAITING:
            self.hook = None
        if open_prompt.is_claimed:
            open_prompt.gone = reason
        elif open_prompt.record.answer is not None:
            open_prompt.close(PromptStatus.ANSWERED)
        else:
            open_prompt.close(PromptStatus.RESOLVED, reason)

    def claim(self, prompt_id: str) -> OpenPrompt:
        """Take the prompt on the screen, to answer it; `release` or `reply` follows.

        Raises `AlreadyAnswered` where it is not there, or not open, or being answered,
        and `CapacityReached`.
        """
        open_prompt = self.prompt
        if open_prompt is None or open_prompt.record.id != prompt_id:
            raise AlreadyAnswered("This prompt is no longer on the screen.")
        if not open_prompt.record.is_pending:
            status = open_prompt.record.status
            raise AlreadyAnswered(f"This prompt is {status} already.")
        if open_prompt.is_claimed:
            raise AlreadyAnswered("Somebody else is answering this prompt.")
        if len(self.open_prompts) > UNWRITTEN:
            raise CapacityReached("The answers before this one are not written yet.")
        open_prompt.is_claimed = True
        return open_prompt

    def release(self, open_prompt: OpenPrompt) -> None:
        """Nothing was typed for it: it may be answered again, if it is still there."""
        open_prompt.is_claimed = False
        if open_prompt.gone is not None:
            open_prompt.close(PromptStatus.RESOLVED, open_prompt.gone)

    def reply(self, open_prompt: OpenPrompt, decision: Decision, end: int) -> Decision:
        """It was answered, and the reaction to that begins at `end`; what is kept.

        One that did not go stays pending, and may be answered again.
        """
        open_prompt.is_claimed = False
        decision = attrs.evolve(
            decision, resolved=decision.resolved or open_prompt.gone is not None
        )
        open_prompt.record = attrs.evolve(open_prompt.record, answer=decision)
        if decision.resolved:
            open_prompt.close(PromptStatus.ANSWERED)
            self.replied = (open_prompt.record.fingerprint, end)
        if decision.resolved and self.prompt is open_prompt:
            self.prompt, asked = None, self.asked
            if asked is not None:  # The same was asked again meanwhile.
                self._open(asked, end)
        return decision

    def discard(self, record: PromptRecord) -> None:
        """A prompt was put away, which the database knows already."""
        for open_prompt in self.open_prompts:
            if open_prompt.record.id == record.id and open_prompt.record.is_pending:
                open_prompt.record = open_prompt.stored = record

    def unsettled(self) -> list[OpenPrompt]:
        """What is to be written or being answered; the rest is cleared away."""
        self.open_prompts = [
            open_prompt for open_prompt in self.open_prompts if not open_prompt.is_over
        ]
        return [each for each in self.open_prompts if each.is_due or each.is_claimed]

    def news(self) -> AgentStatus | None:
        """What the program does now, if that is not what was told last."""
        status = self._judged()
        if status is None:
            return None
        before = self.status
        if before and status == attrs.evolve(before, detected_at=status.detected_at):
            return None
        self.status = status
        return status

    @property
    def rest(self) -> RestState:
        """Whether a message that nobody asked for may disturb.

        Silence without a known cause counts as rest once it has lasted.
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

    def _judged(self) -> AgentStatus | None:
        """A prompt on the screen counts most, then a hook, then what else is seen."""
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
        asked = verdict.prompt if verdict and asks else None
        return AgentStatus(
            state=state,
            detected_at=clock.epoch_ms(clock.now()),
            kind=kind,
            rule=verdict.rule if verdict else None,
            source="hook" if hook else "screen",
            prompt_id=self.prompt.record.id if self.prompt and asks else None,
            waiting_for=summary_of(asked) if asked else None,
            activity=hook.detail if hook else None,
        )


def summary_of(asked: Prompt) -> str:
    """What is asked, in a line."""
    line = " ".join((asked.question or asked.text).split())
    return line if len(line) <= SUMMARY else line[: SUMMARY - 1] + "…"
