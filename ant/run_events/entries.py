"""Drafts of run events: each function turns a record of another package into one.

Kinds and texts are those of the original. The functions are pure. No draft repeats the
content of a message, which can be deleted, or input typed as a secret.
"""

from collections.abc import Iterable
from typing import Any, Final

import attrs

from ant.api import codec
from ant.model.deliveries import SENTENCES, DeliveryRecord, Reason, Transition
from ant.model.prompts import HOOK, PUT_AWAY, AgentState, AgentStatus, PromptRecord
from ant.model.run_events import HostEvent, RunEventDraft, Source, Trust
from ant.model.sessions import Session
from ant.terminal.input.typed_lines import TypedSeen
from ant.terminal.model.prompt import PromptClass

TITLE: Final = 200
"""Characters of a title, or of other text from a host, in the text of an event."""

EXPORTED: Final = "exported"
"""The kind of the event that ANT records before it exports a session as data."""

NAMES: Final = ("name", "handle", "display_name")
"""The fields of a session that this event has, so that the chain covers them."""

PERMISSIONS: Final = frozenset({PromptClass.PERMISSION_REQUEST, PromptClass.TOOL_AUTH})

LIFECYCLE: Final = frozenset({"start", "exit", "lost"})
"""Host events that say how a program began and ended; all others are minor."""

_KINDS: Final = dict.fromkeys(PERMISSIONS, "permission") | {
    PromptClass.ERROR_RETRY: "error"
}
"""The event's kind by class of prompt; all other classes are a `question`."""


def prompt_opened(record: PromptRecord) -> RunEventDraft:
    """Describe a prompt that a terminal shows, or that an agent's hook reported."""
    return RunEventDraft(
        source=Source.HOOK if record.detector == HOOK else Source.TERMINAL,
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


def prompt_answered(record: PromptRecord) -> RunEventDraft:
    """Describe an answer given through ANT; the record has no text of a secret one."""
    decision = record.answer
    assert decision is not None
    is_permission = record.class_ in PERMISSIONS
    name = decision.by or decision.responder_id or "somebody"
    why = f" — {decision.justification}" if decision.justification else ""
    return RunEventDraft(
        source=Source.JSON,
        trust=Trust.HIGH,
        kind="approval_decision" if is_permission else "prompt_response",
        text=f"{name} chose {decision.chosen} for {record.summary}{why}",
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


def prompt_closed(record: PromptRecord) -> RunEventDraft:
    """Describe a prompt that closed without an answer through ANT."""
    is_discarded = record.reason == PUT_AWAY
    return RunEventDraft(
        source=Source.JSON if is_discarded else Source.TERMINAL,
        trust=Trust.HIGH if is_discarded else Trust.MEDIUM,
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


def state_change(
    before: AgentState | None, now: AgentStatus, end: int, passed_over: int
) -> RunEventDraft:
    """Describe a change of a program's state.

    `passed_over` counts the changes before it that have no event of their own.
    """
    text = f"{before} → {now.state}" if before else str(now.state)
    return RunEventDraft(
        source=Source.STATUS,
        trust=Trust.MEDIUM,
        kind="status",
        text=text,
        payload={**codec.plain(now), "before": before, "passed_over": passed_over},
        end=end,
        raw_ref={"prompt_id": now.prompt_id} if now.prompt_id else None,
        minor=True,
    )


def delivery_step(
    record: DeliveryRecord, sender: str, step: Transition
) -> RunEventDraft:
    """Describe a step of a delivery."""
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


def typed_input(
    seen: TypedSeen, source: str, by: str | None, end: int
) -> RunEventDraft:
    """Describe typed input; `end` is the end of the output then.

    The text has only the lines that may be kept.
    """
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


def stop_requested(requested_by: str, reason: str | None, end: int) -> RunEventDraft:
    """Describe a requested interrupt; `end` is the end of the stored output then."""
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


def host_event(event: HostEvent, host: str) -> RunEventDraft:
    """Describe an event of a terminal's host, unchanged."""
    is_tmux = host == "tmux"
    return RunEventDraft(
        source=Source.TMUX if is_tmux else Source.TERMINAL,
        trust=Trust.RAW,
        kind="system",
        text=_sentence(event.kind, event.data),
        payload={**event.data, "tmux_kind" if is_tmux else "kind": event.kind},
        end=event.offset,
        minor=event.kind not in LIFECYCLE,
    )


def hooks_withheld(reason: str) -> RunEventDraft:
    """Describe that ANT gave an agent no hook settings, and why."""
    return RunEventDraft(
        source=Source.STATUS,
        trust=Trust.HIGH,
        kind="system",
        text=f"No hook settings given: {reason}",
        payload={"kind": "hooks_withheld", "reason": reason},
    )


def with_passed_over(event: HostEvent, passed_over: int) -> HostEvent:
    """Return a host event with the number of those that it replaced, if any."""
    if not passed_over:
        return event
    return attrs.evolve(event, data={**event.data, "passed_over": passed_over})


def lost_entries(count: int) -> RunEventDraft:
    """Describe a gap: ANT could not record `count` entries before this one."""
    return RunEventDraft(
        source=Source.STATUS,
        trust=Trust.HIGH,
        kind="system",
        text=f"lost events: {count}",
        payload={"kind": "lost_events", "count": count},
    )


def exported(session: Session, targets: Iterable[str]) -> RunEventDraft:
    """Describe an export of a session as data, with the names that it has then."""
    names = {field: getattr(session, field) for field in NAMES}
    formats = list(targets)
    return RunEventDraft(
        source=Source.JSON,
        trust=Trust.HIGH,
        kind=EXPORTED,
        text=f"Exported {session.name} as {', '.join(formats)}",
        payload={"targets": formats, **names},
    )


PendingEntry = RunEventDraft | HostEvent
"""An entry that is recorded once the bytes that it refers to are stored."""


def limited(entry: PendingEntry, stored: int) -> PendingEntry:
    """Return the entry with its offsets limited to the `stored` bytes."""
    if isinstance(entry, HostEvent):
        return attrs.evolve(entry, offset=min(entry.offset, stored))
    start = entry.start if entry.start is None else min(entry.start, stored)
    end = entry.end if entry.end is None else min(entry.end, stored)
    return attrs.evolve(entry, start=start, end=end)


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
    detail = data.get("title") or data.get("reason") or data.get("raw") or ""
    return f"{kind}: {detail}"[:TITLE] if detail else kind
