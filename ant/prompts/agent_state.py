"""The state of an agent, derived from its screen and its hooks.

Rule 1: the newer fact wins. A verdict that is only a guess (it is quiet, or has recent
output) is weaker than a hook for a minute. The screen knows what a hook cannot: an
agent that is interrupted sends none.
Rule 2: a prompt on the screen is a fact that no hook outranks.
"""

from datetime import timedelta
from typing import Final

from ant.core import clock
from ant.messages.routing import RestState
from ant.model.prompts import AgentState, AgentStatus, HookReport, PromptRecord
from ant.prompts.hooks import HookFact
from ant.prompts.open_prompt import summary_of
from ant.terminal.model.prompt import Kind, Verdict

SILENT_S: Final = 30.0
"""An agent in an unknown state counts as idle after this time, as in the original."""

ASKING: Final = frozenset({Kind.DIALOG, Kind.QUESTION})

_STATES: Final = {
    Kind.DIALOG: AgentState.WAITING,
    Kind.QUESTION: AgentState.WAITING,
    Kind.AT_REST: AgentState.READY,
    Kind.BUSY: AgentState.BUSY,
    Kind.QUIET_UNKNOWN: AgentState.UNKNOWN,
}


def counts(
    hook: HookFact | None, verdict: Verdict | None, judged_at: float, now: float
) -> bool:
    """Whether a hook outranks the verdict on the screen, made at `judged_at`."""
    if hook is None:
        return False
    if verdict is None:
        return True
    if verdict.kind in ASKING:
        return False
    if judged_at <= hook.at:
        return True
    is_guess = verdict.kind is Kind.QUIET_UNKNOWN or verdict.is_by_output
    return is_guess and hook.is_trusted(judged_at, now)


def derive(
    verdict: Verdict | None,
    judged_at: float,
    hook: HookFact | None,
    prompt: PromptRecord | None,
    *,
    is_shown: bool,
    via: str | None = None,
    queued: int = 0,
) -> AgentStatus | None:
    """Return the state; None if neither the screen nor a hook has told one.

    `prompt` is the current prompt; `is_shown`: it is on the screen; `via` is how its
    answer would go, and `queued` how many requests wait behind it.
    """
    kind = verdict.kind if verdict is not None else None
    asks = kind in ASKING
    by_hook = prompt is not None and prompt.is_pending and not is_shown
    words = hook.words if hook is not None else None
    if not counts(hook, verdict, judged_at, clock.monotonic()):
        hook = None
    if by_hook and not asks:
        state = AgentState.WAITING
    elif hook is not None:
        state = hook.state
    elif kind is not None:
        state = _STATES[kind]
    else:
        return None
    waiting_for = None
    if prompt is not None and (asks or by_hook):
        waiting_for = prompt.summary
    elif verdict is not None and verdict.prompt is not None and asks:
        waiting_for = summary_of(verdict.prompt)
    is_of_hook = hook is not None or (by_hook and not asks)
    is_prompt = prompt is not None and (asks or by_hook)
    return AgentStatus(
        state=state,
        detected_at=clock.epoch_ms(clock.now()),
        kind=kind,
        rule=verdict.rule if verdict is not None else None,
        source="hook" if is_of_hook else "screen",
        prompt_id=prompt.id if prompt is not None and (asks or by_hook) else None,
        waiting_for=waiting_for,
        activity=hook.detail if hook is not None else None,
        last_message=words if state is AgentState.READY else None,
        via=via if is_prompt else None,
        queued=queued if is_prompt else 0,
    )


def report_of(
    hook: HookFact | None, verdict: Verdict | None, judged_at: float
) -> HookReport | None:
    """Return the last report of a hook, and whether it counts."""
    if hook is None:
        return None
    now = clock.monotonic()
    return HookReport(
        event=hook.event,
        state=hook.state,
        activity=hook.detail,
        reported_at=clock.now() - timedelta(seconds=now - hook.at),
        counts=counts(hook, verdict, judged_at, now),
    )


def rest_of(status: AgentStatus | None, silent_s: float) -> RestState:
    """Whether an agent in that state can take an unsolicited message.

    An unknown state counts as idle after `SILENT_S`.
    """
    state = status.state if status is not None else None
    if state is AgentState.WAITING:
        return RestState.WAITING
    is_idle = state is AgentState.UNKNOWN and silent_s >= SILENT_S
    if state is AgentState.READY or is_idle:
        return RestState.IDLE
    return RestState.BUSY
