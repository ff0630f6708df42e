"""What happened."""

from typing import get_args

import attrs
import pytest

from ant import events, wire
from ant.events import Envelope, SessionsChanged

EVENTS = get_args(events.Event)


def test_the_union_has_every_event() -> None:
    """No class is forgotten: what is not in it cannot be logged or sent."""
    defined = {
        each
        for each in vars(events).values()
        if isinstance(each, type) and hasattr(each, "durable")
    }
    assert defined == set(EVENTS)


def test_names_on_the_wire() -> None:
    """Those of the original where it has them, and ours beside them."""
    assert {
        "sessions_changed",
        "session_exited",
        "terminal_resized",
        "session_activity",
    } == set(wire.TAGS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_says_how_it_travels(event: type) -> None:
    """Durable or not, to all or to who joined; frozen, and of a session or of none."""
    assert isinstance(event.durable, bool)  # type: ignore[attr-defined]
    assert isinstance(event.to_all, bool)  # type: ignore[attr-defined]
    field = attrs.fields_dict(event)["session_id"]
    assert "sessionId" == field.metadata["wire"]
    assert event.__setattr__ is not object.__setattr__


def test_an_envelope_is_itself() -> None:
    """Two that say the same are still two."""
    event = SessionsChanged()
    one, two = (Envelope(None, event) for _ in range(2))  # type: ignore[arg-type]
    assert one != two
