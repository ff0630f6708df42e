"""What rooms are told of a prompt: the original's card, and a text in other rooms."""

from typing import Any, Final

from ant.api import codec
from ant.core import clock
from ant.model.prompts import LEFT, PromptRecord, PromptStatus

PUT_AWAY: Final = ("discarded", "dismissed", "settled", "responded")
"""A card whose `meta.status` somebody sets to one of these asks nothing any more."""


def content(record: PromptRecord) -> str:
    """The original's common event object, as the text of a card."""
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
    """What a room that is not the terminal's own is told."""
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


def about(record: PromptRecord) -> dict[str, Any]:
    """The keys of a message's meta that say which prompt it is about."""
    return {"prompt_id": record.id, "terminal_id": record.terminal_id}


def opening(record: PromptRecord) -> dict[str, Any]:
    """The meta of a card whose prompt waits."""
    return {"status": "pending", **about(record)}


def answered(record: PromptRecord) -> dict[str, Any]:
    """The keys of a card's meta that say how its prompt was answered."""
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


def closing(record: PromptRecord) -> dict[str, Any]:
    """The keys of a card's meta that say what became of its prompt.

    `settled`: it left the screen without us; `discarded`: its program is no more.
    """
    if record.status is PromptStatus.ANSWERED:
        return {"status": "responded", **answered(record)}
    if record.reason == LEFT:
        return {"status": "settled", "reason": LEFT}
    return {
        "status": "discarded",
        "chosen": "moved_on",
        "discard_reason": record.reason,
        "discarded_at": clock.stamp(record.closed_at or record.detected_at),
    }
