"""Flat fields: one class beside the fields of another."""

import json

import attrs
import pytest

from ant import wire
from ant.errors import Invalid
from ant.events import MessageCreated
from ant.model import Delivery, Found, Posted, SessionId
from tests.test_events import MESSAGE

ONE = SessionId("one")
ROW = json.loads(wire.dumps(MESSAGE))


def test_a_flat_field_stands_beside_the_others() -> None:
    """Under no name of its own."""
    posted = Posted(MESSAGE, (Delivery("ws-broadcast", ONE, False, "why"),))
    delivery = {
        "adapter": "ws-broadcast",
        "targetId": "one",
        "delivered": False,
        "error": "why",
    }
    assert {**ROW, "deliveries": [delivery]} == json.loads(wire.dumps(posted))
    found = Found(MESSAGE, "<mark>x</mark>")
    assert {**ROW, "snippet": "<mark>x</mark>"} == json.loads(wire.dumps(found))


def test_the_inner_class_has_no_name_of_the_outer() -> None:
    """Else one would hide the other."""
    inner = {field.name for field in attrs.fields(type(MESSAGE))}
    for cls in (Posted, Found, MessageCreated):
        outer = {f.metadata.get("wire", f.name) for f in attrs.fields(cls)}
        assert set() == (outer - {"message"}) & inner


def test_a_flat_event_is_read_back_strictly() -> None:
    """What belongs to neither is refused, and what is missing named."""
    body = json.loads(wire.dump_event(MessageCreated(ONE, MESSAGE)))
    event = wire.load_event("message_created", json.dumps(body))
    assert MessageCreated(ONE, MESSAGE) == event
    with pytest.raises(Invalid, match="unknown field extra"):
        wire.load_event("message_created", json.dumps({**body, "extra": 1}))
    del body["content"]
    with pytest.raises(Invalid, match="required field missing"):
        wire.load_event("message_created", json.dumps(body))


def test_depth_is_refused_and_never_fails() -> None:
    """Of a value that is shown in the refusal, too."""
    deep = '{"a":' * 900 + "1" + "}" * 900
    for body in (f'{{"sessionId":{deep}}}', f'{{"sessionId":"one","message":{deep}}}'):
        with pytest.raises(Invalid):
            wire.load_event("message_created", body)
