"""What happened, in the words and kinds of the original; facts from nouns, pure.

No fact repeats a message, which can be deleted, or what was typed as a secret.
"""

from typing import Any, Final

import attrs

from ant.api import codec
from ant.model.deliveries import SENTENCES, DeliveryRecord, Reason, Transition
from ant.model.prompts import PUT_AWAY, AgentState, AgentStatus, PromptRecord
from ant.model.run_events import HostEvent, RunEventDraft, Source, Trust
from ant.terminal.input.typed_lines import TypedSeen
from ant.terminal.model.prompt import PromptClass

TITLE: Final = 200
"""Characters of a title, or of anything else that a host tells, in an event's text."""

PERMISSIONS: Final = frozenset({PromptClass.PERMISSION_REQUEST, PromptClass.TOOL_AUTH})

_KINDS: Final = dict.fromkeys(PERMISSIONS, "permission") | {
    PromptClass.ERROR_RETRY: "error"
}
"""By class of prompt; all others are a `question`."""


def asked(record: PromptRecord) -> RunEventDraft:
    """A terminal asks something."""
    return RunEventDraft(
        source=Source.TERMINAL,
        trust=Trust.MEDIUM,
        kind=_KINDS.get(record.class_, "question"),
        text=record.question or record.summary,
        payload={
            "prompt_bridge": True,
            "prompt_id": record.id,
            "kind": record.kind,
            "class": record.class_,
            "form": record.form,
            "options": [option.label for option in record.options],
            "rule": record.rule,
            "detector": record.detector,
            "chat_id": record.chat_id,
            "message_id": record.message_id,
        },
        start=record.start,
        end=record.end,
        raw_ref={"prompt_id": record.id},
    )


def answered(record: PromptRecord) -> RunEventDraft:
    """Somebody answered it through us; what of the answer is kept, is told."""
    decision = record.answer
    assert decision is not None
    is_permission = record.class_ in PERMISSIONS
    who = decision.by or decision.responder_id or "somebody"
    why = f" — {decision.justification}" if decision.justification else ""
    return RunEventDraft(
        source=Source.JSON,
        trust=Trust.HIGH,
        kind="approval_decision" if is_permission else "prompt_response",
        text=f"{who} chose {decision.chosen} for {record.summary}{why}",
        payload={
            "prompt_id": record.id,
            "terminal_id": record.terminal_id,
            "class": record.class_,
            **codec.plain(decision),
        },
        start=record.start,
        end=record.end,
        raw_ref={"prompt_id": record.id, "message_id": record.message_id},
    )


def closed(record: PromptRecord) -> RunEventDraft:
    """It waits no longer, and nobody answered it through us."""
    by_a_person = record.reason == PUT_AWAY
    return RunEventDraft(
        source=Source.JSON if by_a_person else Source.TERMINAL,
        trust=Trust.HIGH if by_a_person else Trust.MEDIUM,
        kind="prompt_closed",
        text=f"{record.status}: {record.summary}",
        payload={
            "prompt_id": record.id,
            "class": record.class_,
            "status": record.status,
            "reason": record.reason,
        },
        raw_ref={"prompt_id": record.id},
    )


def status(
    before: AgentState | None, now: AgentStatus, end: int, passed_over: int
) -> RunEventDraft:
    """A program is in another state; `passed_over` changes before are not told."""
    text = f"{before} → {now.state}" if before else str(now.state)
    return RunEventDraft(
        source=Source.STATUS,
        trust=Trust.HIGH if now.source == "hook" else Trust.MEDIUM,
        kind="status",
        text=text,
        payload={**codec.plain(now), "before": before, "passed_over": passed_over},
        end=end,
        raw_ref={"prompt_id": now.prompt_id} if now.prompt_id else None,
    )


def delivered(record: DeliveryRecord, sender: str, step: Transition) -> RunEventDraft:
    """A message has come a step further on its way into a terminal."""
    why = f" ({_reason(step.reason)})" if step.reason else ""
    return RunEventDraft(
        source=Source.JSON,
        trust=Trust.HIGH,
        kind="delivery",
        text=f"{step.state}: message from {sender}{why}",
        payload={
            "state": step.state,
            "reason": step.reason,
            "sender": sender,
            "room_id": record.session_id,
            "route": record.route,
        },
        end=step.offset,
        raw_ref={"delivery_id": record.id, "message_id": record.message_id},
    )


def _reason(reason: Reason) -> str:
    return SENTENCES[reason].rstrip(".") if reason in SENTENCES else str(reason)


def typed(seen: TypedSeen, source: str, by: str | None, end: int) -> RunEventDraft:
    """Somebody typed, by the output's byte `end`; text only of what may be kept."""
    text = "\n".join(seen.lines)
    return RunEventDraft(
        source=Source.TERMINAL,
        trust=Trust.MEDIUM,
        kind="prompt",
        text=text or f"{seen.size} bytes typed, not kept",
        payload={
            "prompt": text or None,
            "size": seen.size,
            "hidden": seen.hidden,
            "cut": seen.cut,
            "by": by,
            "capture_source": source,
            "transport": "rest" if source.startswith("api_") else "ws",
            "message_id": None,
            "room_id": None,
            "target": None,
        },
        start=min(seen.start, end),
        end=end,
    )


def stopped(requested_by: str, reason: str | None, end: int) -> RunEventDraft:
    """Somebody had a program interrupted, when bytes up to `end` were stored."""
    return RunEventDraft(
        source=Source.STATUS,
        trust=Trust.HIGH,
        kind="terminal_stop",
        text=f"Stop requested by {requested_by}" + (f": {reason}" if reason else ""),
        payload={
            "action": "interrupt",
            "key": "ctrl-c",
            "requested_by": requested_by,
            "reason": reason,
        },
        end=end,
    )


def host_told(told: HostEvent, host: str) -> RunEventDraft:
    """What a terminal's host told, passed on as it came."""
    is_tmux = host == "tmux"
    return RunEventDraft(
        source=Source.TMUX if is_tmux else Source.TERMINAL,
        trust=Trust.RAW,
        kind="system",
        text=_sentence(told.kind, told.data),
        payload={**told.data, "tmux_kind" if is_tmux else "kind": told.kind},
        end=told.offset,
    )


def lost(count: int) -> RunEventDraft:
    """So many facts before this one could not be recorded."""
    return RunEventDraft(
        source=Source.STATUS,
        trust=Trust.HIGH,
        kind="system",
        text=f"lost events: {count}",
        payload={"kind": "lost_events", "count": count},
    )


PendingEntry = RunEventDraft | HostEvent
"""What is told outside of any transaction, and kept once its bytes are."""


def at_most(heard: PendingEntry, stored: int) -> PendingEntry:
    """The same, pointing at no byte beyond those that are stored."""
    if isinstance(heard, HostEvent):
        return attrs.evolve(heard, offset=min(heard.offset, stored))
    start = heard.start if heard.start is None else min(heard.start, stored)
    end = heard.end if heard.end is None else min(heard.end, stored)
    return attrs.evolve(heard, start=start, end=end)


def _sentence(kind: str, data: dict[str, Any]) -> str:
    match kind:
        case "start":
            return f"start: pid {data.get('pid')}"
        case "exit" if data.get("signal") is not None:
            return f"exit: signal {data['signal']}"
        case "exit" if data.get("code") is not None:
            return f"exit: code {data['code']}"
        case "resize":
            return f"resize: {data.get('cols')}×{data.get('rows')}"
    told = data.get("title") or data.get("reason") or data.get("raw") or ""
    return f"{kind}: {told}"[:TITLE] if told else kind
