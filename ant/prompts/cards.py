"""The messages that announce a prompt: a card in the linked chat, notices elsewhere."""

from typing import Any, Final

from ant.api import codec
from ant.core import clock
from ant.model.prompts import LEFT, PromptRecord, PromptStatus

PUT_AWAY: Final = ("discarded", "dismissed", "settled", "responded")
"""Values of a card's `meta.status` with which a client discards the prompt."""


def content(record: PromptRecord) -> str:
    """Return the content of a card: the original's common event object, as JSON."""
    return codec.dumps(
        {
            "seq": 0,
            "ts": record.ts,
            "source": "pty",
            "type": "output",
            "raw": record.raw_text,
            "text": record.summary,
            "class": record.class_,
            "payload": {
                "prompt_id": record.id,
                "terminal_id": record.terminal_id,
                "kind": record.kind,
                "form": record.form,
                "question": record.question,
                "options": list(record.options),
                "selected": record.selected,
                "fingerprint": record.fingerprint,
                "offset": record.end,
            },
        }
    ).decode()


def notice(record: PromptRecord, name: str) -> str:
    """Return the text of a notice, for rooms other than the linked chat."""
    where = f"/api/sessions/{record.terminal_id}/prompt-bridge/respond"
    request = codec.dumps({"prompt_id": record.id, "response": "…"}).decode()
    fence = "```"
    while fence in record.raw_text:
        fence += "`"
    return (
        f"{name} waits for an answer: {record.summary}\n\n"
        f"{fence}\n{record.raw_text}\n{fence}\n\n"
        f"Answer with POST {where} {request}"
    )


def pending_meta(record: PromptRecord) -> dict[str, Any]:
    """Return the meta of a card or a notice whose prompt is pending."""
    return {
        "status": "pending",
        "prompt_id": record.id,
        "terminal_id": record.terminal_id,
    }


def answer_meta(record: PromptRecord) -> dict[str, Any]:
    """Return the meta keys of a card for the answer to its prompt; none without one."""
    answer = record.answer
    if answer is None:
        return {}
    return {
        "chosen": answer.chosen,
        "resolved": answer.resolved,
        "decision": {
            "by": answer.by,
            "responder_id": answer.responder_id,
            "response_msg_id": None,
            "source": answer.source,
            "justification": answer.justification,
            "decided_at": clock.stamp(answer.decided_at),
        },
    }


def closed_meta(record: PromptRecord) -> dict[str, Any]:
    """Return the meta keys of a card for the end of its prompt.

    Status `settled`: the prompt left the screen without an answer through ANT;
    `discarded`: its program has ended.
    """
    if record.status is PromptStatus.ANSWERED:
        return {"status": "responded", **answer_meta(record)}
    if record.reason == LEFT:
        return {"status": "settled", "reason": LEFT}
    return {
        "status": "discarded",
        "chosen": "moved_on",
        "discard_reason": record.reason,
        "discarded_at": clock.stamp(record.closed_at or record.detected_at),
    }
