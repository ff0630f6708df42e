"""What rooms are told of a prompt."""

import pytest

from ant.api import codec
from ant.core import clock
from ant.model.prompts import ENDED, LEFT, LOST, PromptStatus
from ant.prompts import cards
from tests.asked import decision, prompt, record

AT = clock.parse_stamp("2026-05-17T12:00:00Z")


def test_a_card_is_the_originals_event() -> None:
    """Its class is in `class`, and what ours has beside it in the payload."""
    one = record()
    event = codec.loads(cards.content(one))
    assert {"seq", "ts", "source", "type", "raw", "text", "class", "payload"} == set(
        event
    )
    assert (0, "pty", "output", "permission_request", one.raw_text) == (
        event["seq"],
        event["source"],
        event["type"],
        event["class"],
        event["raw"],
    )
    payload = event["payload"]
    assert (one.id, "dialog", "Run it?", one.end) == (
        payload["prompt_id"],
        payload["kind"],
        payload["question"],
        payload["offset"],
    )
    assert [("Yes", True), ("Yes, always", False), ("No", False)] == [
        (each["label"], each["selected"]) for each in payload["options"]
    ]


def test_program_output_stays_inside_the_fence_of_a_notice() -> None:
    """Whatever fences the output itself has."""
    text = cards.notice(record(asked=prompt(text="```\nrm\n````")), "@one")
    assert 2 == text.count("\n`````\n")
    assert "@one waits" in text


@pytest.mark.parametrize(
    ("status", "reason", "keys"),
    [
        (PromptStatus.RESOLVED, LEFT, {"status": "settled", "reason": LEFT}),
        *(
            (
                PromptStatus.RESOLVED,
                reason,
                {
                    "status": "discarded",
                    "chosen": "moved_on",
                    "discard_reason": reason,
                    "discarded_at": clock.stamp(AT),
                },
            )
            for reason in (ENDED, LOST)
        ),
    ],
)
def test_the_end_of_a_prompt_is_in_the_meta(
    status: PromptStatus, reason: str, keys: dict[str, str]
) -> None:
    """With the status words of the original."""
    assert keys == cards.closed_meta(record(status=status, reason=reason, closed_at=AT))


def test_who_answered_is_on_the_card() -> None:
    """With the justification."""
    one = record(status=PromptStatus.ANSWERED, answer=decision(justification="why"))
    keys = cards.closed_meta(one)
    assert ("responded", "Yes", True) == (
        keys["status"],
        keys["chosen"],
        keys["resolved"],
    )
    assert {
        "by": "@ada",
        "responder_id": None,
        "response_msg_id": None,
        "source": "test",
        "justification": "why",
        "decided_at": "2026-05-17T12:00:00.000000Z",
    } == keys["decision"]
    assert {} == cards.answer_meta(record())
