"""The types of messages."""

import pytest

from ant.model.messages import MessageType


@pytest.mark.parametrize(
    ("msg_type", "expected"),
    [
        ("agent_event", True),
        ("prompt_detected", True),
        ("agent_response", True),
        ("prompt", True),
        ("silence", True),
        ("terminal_line", True),
        ("title", True),
        ("message", False),
        ("a_type_of_a_caller", False),
    ],
)
def test_machine_types(msg_type: str, expected: bool) -> None:
    """All types that ANT knows, but for that of a plain message."""
    assert expected == MessageType.is_machine(msg_type)
