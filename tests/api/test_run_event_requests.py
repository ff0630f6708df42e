"""Requests for run events."""

import pytest

from ant.api import codec
from ant.api.run_event_requests import ListRunEvents, ListTerminalEvents
from ant.core.errors import Invalid


def test_all_fields_are_optional() -> None:
    """With the limits and orders of the original ANT."""
    asked = (
        codec.read_query({}, ListRunEvents),
        codec.read_query({}, ListTerminalEvents),
    )
    assert [(200, None), (100, "desc")] == [(each.limit, each.order) for each in asked]


@pytest.mark.parametrize(
    ("pairs", "path"),
    [
        ({"source": "radio"}, "$.source"),
        ({"limit": "0"}, "$.limit"),
        ({"since": "soon"}, "$.since"),
        ({"after": "-1"}, "$.after"),
        ({"kind": "two words"}, "$.kind"),
    ],
)
def test_a_fault_is_named(pairs: dict[str, str], path: str) -> None:
    """One sentence with its path."""
    with pytest.raises(Invalid) as caught:
        codec.read_query(pairs, ListRunEvents)
    assert str(caught.value).endswith(path)
