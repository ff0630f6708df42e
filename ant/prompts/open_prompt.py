"""A prompt that is open, or not stored in full: its record, and who waits for it."""

from typing import Final

import attrs

from ant.core import clock
from ant.model.prompts import (
    CLIENT_LEFT,
    ENDED,
    HOOK,
    KEYS,
    LEFT,
    LOST,
    NO_ANSWER,
    STOPPED,
    TOLD,
    TOOL_RAN,
    PromptRecord,
    PromptStatus,
)
from ant.prompts import agent_permissions
from ant.prompts.agent_permissions import PermissionAsk
from ant.prompts.permission_wait import PermissionWait
from ant.terminal.model.prompt import Prompt

SUMMARY: Final = 80
"""Characters of a summary: as many as fit on a badge."""


_ENDS: Final = {
    LEFT: "has left the screen: it was answered there, or the program drew it anew",
    ENDED: "is over: its program has ended",
    LOST: "is over: its program is lost",
    NO_ANSWER: "is over: the agent's hook got no answer in time",
    CLIENT_LEFT: "is over: the agent's hook has left",
    STOPPED: "is over: the server was stopped",
    TOLD: "was asked anew by the agent's hook, with the exact command",
    TOOL_RAN: "is over: it was allowed in the terminal",
}
"""How a prompt ended without an answer through ANT, by its reason."""


@attrs.define(eq=False)
class OpenPrompt:
    """One prompt: its current record, and the record that is stored.

    `is_claimed`: an answer is being given. `is_storing`: its first record is on the
    way to the database. `left_reason` is why the prompt left the
    screen meanwhile. `shown` is the fingerprint of its dialog on the screen, empty if
    none was seen, and `dialog` is that dialog, if this server has seen it. `wait` is
    the request of a hook to which an answer goes, and `ask` is what a request asked: a
    person reads that, also after the wait.
    """

    record: PromptRecord
    stored: PromptRecord | None = None
    is_claimed: bool = False
    is_storing: bool = False
    left_reason: str | None = None
    shown: str = ""
    dialog: Prompt | None = None
    wait: PermissionWait | None = None
    ask: PermissionAsk | None = None
    since: float = attrs.field(factory=lambda: clock.monotonic())

    @property
    def is_own(self) -> bool:
        """Whether its options are those of a request, and not those of a screen."""
        return self.record.rule == agent_permissions.RULE

    def shows(self, prompt: Prompt) -> bool:
        """Whether a dialog on the screen is this prompt's, perhaps drawn anew.

        Once no request waits, an answer is typed: then it must surely be the same.
        """
        is_same = prompt.fingerprint == self.shown
        if self.wait is None:
            return is_same and (self.ask is None or self.ask.is_about(prompt))
        return is_same or (self.is_own and self.wait.ask.is_about(prompt))

    @property
    def takes_keys(self) -> bool:
        """Whether its dialog was seen and surely asks what a person reads of it.

        A request may be bound to a dialog that does not show its text: that may be the
        dialog of another one, so no key is pressed there.
        """
        if self.ask is None:
            return bool(self.shown)
        return self.dialog is not None and self.ask.is_about(self.dialog)

    def differs_from(self, ask: PermissionAsk) -> bool:
        """Whether the options of a request are not those that a person reads of it."""
        if not self.is_own or self.ask is None:
            return False
        mine = self.ask.options, self.ask.suggestions
        return mine != (ask.options, ask.suggestions)

    def join(self, wait: PermissionWait) -> None:
        """Take the request that this prompt's dialog shows."""
        self.wait, self.ask = wait, wait.ask
        self.record = attrs.evolve(
            self.record,
            question=wait.ask.question,
            summary=one_line(wait.ask.question),
            details=wait.ask.details,
        )

    @property
    def via(self) -> str:
        """`hook` if a request of a hook waits for the answer, or has just got it, else
        `keys`."""
        wait = self.wait
        is_hook = wait is not None and (wait.is_open or wait.decision is not None)
        return HOOK if is_hook else KEYS

    @property
    def is_due(self) -> bool:
        """Whether the current record is not stored yet."""
        return self.record != self.stored

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to store (rule 3)."""
        if self.is_claimed or self.is_storing or self.record.is_pending:
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


def why_gone(record: PromptRecord) -> str:
    """Say how a prompt ended that takes no answer any more, and what to do.

    A prompt whose end is not stored yet has left the screen a moment ago.
    """
    answer = record.answer
    if answer is not None:
        by = f" by {one_line(answer.by)}" if answer.by else ""
        how = f"was answered already{by}: {one_line(answer.chosen)!r}"
    elif record.status is PromptStatus.DISCARDED:
        how = "was put away by a person"
    else:
        how = _ENDS.get(record.reason or LEFT, _ENDS[LEFT])
    return f"This prompt {how}. Answer the prompt that waits now, if there is one."


def summary_of(prompt: Prompt) -> str:
    """Return what a prompt asks, in one line."""
    return one_line(prompt.question or prompt.text)


def one_line(text: str) -> str:
    """Return a text in one line, cut to `SUMMARY`."""
    line = " ".join(text.split())
    return line if len(line) <= SUMMARY else line[: SUMMARY - 1] + "…"
