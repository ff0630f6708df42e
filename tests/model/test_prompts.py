"""Prompts and their settings."""

import pytest

from ant.api import codec
from ant.model.prompts import BridgeConfig, PromptRecord, PromptStatus
from ant.terminal.model.prompt import PromptClass
from tests.asked import decision, prompt, record, secret


def test_only_a_pending_prompt_waits() -> None:
    """Other states are closed."""
    pending = [status for status in PromptStatus if record(status=status).is_pending]
    assert [PromptStatus.PENDING] == pending


def test_secrets_are_recognised() -> None:
    """By the form of the input, or by the class of the prompt."""
    assert record(asked=secret()).is_secret
    assert record(asked=prompt(class_=PromptClass.PASSWORD)).is_secret
    assert not record().is_secret


@pytest.mark.parametrize("asked", [prompt(), secret()])
def test_a_record_comes_back_as_it_was(asked: object) -> None:
    """Over the wire, with the names of the original ANT."""
    one = record(asked=asked, answer=decision())  # type: ignore[arg-type]
    body = codec.loads(codec.dumps(one))
    assert one == codec.read_data(body, PromptRecord)
    assert {
        *("id", "type", "terminal_id", "session_id", "raw_text", "detector", "ts"),
        *("targets", "delivered_to", "status"),
    } <= body.keys()
    assert ("prompt_detected", asked.class_) == (body["type"], body["class"])  # type: ignore[attr-defined]


def test_the_bridge_is_on_for_linked_chats() -> None:
    """By default."""
    body = codec.loads(codec.dumps(BridgeConfig()))
    (target,) = body["default_targets"]
    assert (True, "linked_chat") == (body["enabled"], target["kind"])
