"""JSON to and from the model, the requests and the events."""

import json
import time
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.api import codec, constraints, frames, terminal_requests
from ant.api.frames import JoinSession, PresencePing, SendInput
from ant.api.session_requests import CreateSession, SetCliFlag
from ant.api.terminal_requests import ReadHistory
from ant.core import clock
from ant.core.errors import Invalid
from ant.model import events
from ant.model.deliveries import Delivery, Posted
from ant.model.events import Envelope, MessageCreated, SessionExited, SessionsChanged
from ant.model.messages import Found
from ant.model.sessions import SessionId, SessionType, Status
from ant.model.transcript import Gap
from ant.runtime.health import SessionLoad
from tests.model.test_events import MESSAGE
from tests.strategies import EVENTS

ONE = SessionId("one")
ROW = json.loads(codec.dumps(MESSAGE))


def test_a_flat_field_is_inlined() -> None:
    """Without a key of its own."""
    posted = Posted(MESSAGE, (Delivery("ws-broadcast", ONE, False, "why"),))
    delivery = {
        "adapter": "ws-broadcast",
        "targetId": "one",
        "delivered": False,
        "error": "why",
        "id": None,
        "state": None,
        "reason": None,
        "final": True,
        "file": None,
    }
    assert {**ROW, "deliveries": [delivery]} == json.loads(codec.dumps(posted))
    found = Found(MESSAGE, "<mark>x</mark>")
    assert {**ROW, "snippet": "<mark>x</mark>"} == json.loads(codec.dumps(found))


def test_a_flat_field_shares_no_name_with_its_class() -> None:
    """Otherwise one field would hide the other."""
    inner = {field.name for field in attrs.fields(type(MESSAGE))}
    for cls in (Posted, Found, MessageCreated):
        outer = {f.metadata.get("wire", f.name) for f in attrs.fields(cls)}
        assert set() == (outer - {"message"}) & inner


def test_a_flat_event_is_read_back_strictly() -> None:
    """Unknown fields are refused, and missing fields are named."""
    body = json.loads(codec.dump_event(MessageCreated(ONE, MESSAGE)))
    event = codec.load_event("message_created", json.dumps(body))
    assert MessageCreated(ONE, MESSAGE) == event
    with pytest.raises(Invalid, match="unknown field extra"):
        codec.load_event("message_created", json.dumps({**body, "extra": 1}))
    del body["content"]
    with pytest.raises(Invalid, match="required field missing"):
        codec.load_event("message_created", json.dumps(body))


def test_deep_nesting_is_refused() -> None:
    """Also in a value that the error repeats."""
    deep = '{"a":' * 900 + "1" + "}" * 900
    for body in (f'{{"sessionId":{deep}}}', f'{{"sessionId":"one","message":{deep}}}'):
        with pytest.raises(Invalid):
            codec.load_event("message_created", body)


AT = clock.parse_stamp("2026-05-17T12:00:00.000250Z")


BODY = {"name": "one", "type": "terminal"}


def issues(body: Any, kind: type = CreateSession) -> list[str]:
    """The issues of a body."""
    with pytest.raises(Invalid) as refused:
        codec.read_body(json.dumps(body).encode(), kind)
    return refused.value.issues


def test_a_body_is_read_into_a_request() -> None:
    """With defaults, enums and tuples."""
    body = {**BODY, "command": ["sh", "-c", "x"], "env": {"A": "b"}, "meta": {"x": [1]}}
    ask = codec.read_body(json.dumps(body).encode(), CreateSession)
    expected = CreateSession(
        name="one",
        type=SessionType.TERMINAL,
        command=("sh", "-c", "x"),
        env={"A": "b"},
        meta={"x": [1]},
    )
    assert expected == ask


def test_an_empty_body_is_an_empty_object() -> None:
    """For requests without a required field."""
    assert terminal_requests.StopTerminal() == codec.read_body(
        b"", terminal_requests.StopTerminal
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": 5}, "$.name"),
        ({"name": None}, "$.name"),
        ({"name": ""}, "$.name"),
        ({"name": "   "}, "$.name"),
        ({"name": "a\nb"}, "$.name"),
        ({"name": "x" * 201}, "$.name"),
        ({"type": "window"}, "$.type"),
        ({"type": ["terminal"]}, "$.type"),
        ({"cols": "80"}, "$.cols"),
        ({"cols": 80.5}, "$.cols"),
        ({"cols": True}, "$.cols"),
        ({"cols": 0}, "$.cols"),
        ({"cols": 10**30}, "$.cols"),
        ({"start": 1}, "$.start"),
        ({"start": "true"}, "$.start"),
        ({"meta": []}, "$.meta"),
        ({"command": "sh"}, "$.command"),
        ({"command": ["sh", 5]}, "$.command[1]"),
        ({"command": ["a\x00b"]}, "$.command[0]"),
        ({"command": ["x"] * 1001}, "$.command"),
        ({"env": {"A": 5}}, "$.env['A']"),
        ({"env": {"A=B": "x"}}, "$.env['A=B']"),
        ({"env": []}, "$.env"),
        ({"root_dir": "a\x00b"}, "$.root_dir"),
        ({"ttl": "soon"}, "$.ttl"),
        ({"host": "screen"}, "$.host"),
        ({"nam": "x"}, "$"),
    ],
)
def test_a_fault_is_named_by_its_path(change: dict[str, Any], path: str) -> None:
    """No string becomes a number, and no unknown key is ignored."""
    (issue,) = issues({**BODY, **change})
    assert issue.endswith(f" at {path}")


def test_every_fault_is_reported() -> None:
    """Not only the first."""
    found = issues({"type": "window", "cols": "x", "more": 1})
    assert 4 == len(found)
    assert any("required field missing at $.name" == issue for issue in found)
    assert any("unknown field more" in issue for issue in found)


@pytest.mark.parametrize("data", [b"{", b"\xff", b"NaN", b"{'a': 1}"])
def test_invalid_json_is_refused(data: bytes) -> None:
    """With the path of the root."""
    with pytest.raises(Invalid, match=r"not JSON.* at \$"):
        codec.read_body(data, CreateSession)


@pytest.mark.parametrize("value", [[], "x", 5, None, True])
def test_a_body_is_an_object(value: Any) -> None:
    """Other JSON values are refused."""
    assert "expected an object" in issues(value)[0]


def test_a_bad_value_is_repeated_in_part() -> None:
    """The error has a short part of it."""
    (issue,) = issues({**BODY, "type": "x" * 10_000})
    assert len(issue) < 300


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8"), max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "type", "cols", "env", "command", "x"]), inner
            )
        ),
        max_leaves=8,
    )
)
def test_any_body_is_read_or_refused_fuzz(value: Any) -> None:
    """Only `Invalid` is raised, and every issue ends in a path."""
    for kind in (
        CreateSession,
        terminal_requests.TypeInput,
        terminal_requests.ResizeTerminal,
    ):
        try:
            codec.read_body(codec.dumps(value), kind)
        except Invalid as exc:
            found = exc.issues
        else:
            continue
        assert all(" at $" in issue for issue in found)


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_frame_is_read_or_refused_fuzz(frame: str | bytes) -> None:
    """As above, for `/ws`."""
    try:
        codec.read_frame(frame)
    except Invalid:
        assert codec.ref_of(frame) is None or isinstance(codec.ref_of(frame), str)


def test_a_query_is_text() -> None:
    """So there `"5"` is 5 and `"true"` is true, and wire names are used."""
    pairs = {"limit": "5", "raw": "true", "from": "7", "order": "asc", "since": "5m"}
    expected = ReadHistory(since="5m", from_=7, raw=True, limit=5, order="asc")
    assert expected == codec.read_query(pairs, ReadHistory)


@pytest.mark.parametrize(
    ("pairs", "path"),
    [
        ({"limit": "0"}, "$.limit"),
        ({"limit": "1001"}, "$.limit"),
        ({"limit": "five"}, "$.limit"),
        ({"limit": "5.0"}, "$.limit"),
        ({"limit": "٥"}, "$.limit"),
        ({"limit": "9" * 40}, "$.limit"),
        ({"raw": "maybe"}, "$.raw"),
        ({"raw": ""}, "$.raw"),
        ({"from": "-1"}, "$.from"),
        ({"from": str(2**53 + 1)}, "$.from"),
        ({"order": "up"}, "$.order"),
        ({"limits": "5"}, "$"),
    ],
)
def test_a_bad_query_is_never_a_default(pairs: dict[str, str], path: str) -> None:
    """Each value is refused by its name on the wire."""
    with pytest.raises(Invalid) as refused:
        codec.read_query(pairs, ReadHistory)
    assert refused.value.issues[0].endswith(f" at {path}")


def test_frames_are_read_by_their_type() -> None:
    """By the key names of the original ANT."""
    frame = {"type": "join_session", "sessionId": "a-b", "spawnPty": True, "from": 5}
    expected = JoinSession(session_id=SessionId("a-b"), spawn_pty=True, from_=5)
    assert expected == codec.read_frame(json.dumps(frame))
    assert PresencePing() == codec.read_frame('{"type":"presence_ping"}')
    assert {cls.type for cls in frames.FRAMES} == set(codec._FRAMES)


@pytest.mark.parametrize(
    ("frame", "path"),
    [
        ("[]", "$"),
        ("{}", "$.type"),
        ('{"type":5}', "$.type"),
        ('{"type":"shout"}', "$.type"),
        ('{"type":["join_session"]}', "$.type"),
        ('{"type":"join_session"}', "$.sessionId"),
        ('{"type":"join_session","sessionId":"a/b"}', "$.sessionId"),
        ('{"type":"join_session","sessionId":"a","session_id":"b"}', "$"),
        ('{"type":"terminal_input","sessionId":"a","data":5}', "$.data"),
        ('{"type":"presence_ping","ref":5}', "$.ref"),
    ],
)
def test_a_bad_frame_is_named_by_its_path(frame: str, path: str) -> None:
    """In names on the wire."""
    with pytest.raises(Invalid) as refused:
        codec.read_frame(frame)
    assert any(issue.endswith(f" at {path}") for issue in refused.value.issues)


def test_a_frame_with_a_large_input_is_refused() -> None:
    """An input has a bound."""
    data = "x" * (constraints.MAX_INPUT + 1)
    with pytest.raises(Invalid, match=r"characters.* at \$\.data"):
        codec.read_frame(
            json.dumps({"type": SendInput.type, "sessionId": "a", "data": data})
        )


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ('{"type":"shout","ref":"r"}', "r"),
        ('{"ref":5}', None),
        ('{"ref":"' + "x" * 201 + '"}', None),
        ("[]", None),
        ("{", None),
    ],
)
def test_a_ref_is_found_in_a_bad_frame(frame: str, expected: str | None) -> None:
    """The client can match the error to its frame."""
    assert expected == codec.ref_of(frame)


def test_wire_names_are_written() -> None:
    """A field is read and written under the same name."""
    assert {"from": 1, "to": 2} == json.loads(codec.dumps(Gap(1, 2)))
    load = SessionLoad(SessionId("a"), 1, 2.0, 3.0)
    body = json.loads(codec.dumps({"rows": [load]}))
    assert [{"sessionId": "a", "pid": 1, "cpuPct": 2.0, "rssMb": 3.0}] == body["rows"]


def test_a_frame_of_an_event_is_rendered_once() -> None:
    """With type, fields, seq and time; the text is cached for the next socket."""
    event = SessionExited(SessionId("a"), Status.EXITED, 3, None, None, 7)
    envelope = Envelope(AT, event, 5)
    text = codec.event_frame(envelope)
    assert {
        "type": "session_exited",
        "sessionId": "a",
        "status": "exited",
        "exit_code": 3,
        "exit_signal": None,
        "reason": None,
        "end": 7,
        "seq": 5,
        "at": "2026-05-17T12:00:00.000250Z",
    } == json.loads(text)
    assert text is codec.event_frame(envelope)
    ephemeral = json.loads(codec.event_frame(Envelope(AT, SessionsChanged())))
    assert "seq" not in ephemeral


@given(EVENTS)
def test_an_event_comes_back_from_the_log(event: events.Event) -> None:
    """The event that the log returns equals the one that was emitted."""
    assert event == codec.load_event(codec.event_tag(event), codec.dump_event(event))


@pytest.mark.parametrize("count", [codec.FAULTS + 1, codec.VALUES - 10, 300_000])
@pytest.mark.parametrize("item", [b"1", b"[]", b'"a"', b"{}"])
def test_many_wrong_items_cost_little(count: int, item: bytes) -> None:
    """The error reports only the first faults."""
    wrong = b"[]" if count == codec.FAULTS + 1 else item
    body = b'{"name":"m","type":"terminal","command":[%b]}' % b",".join([wrong] * count)
    frame = b'{"type":"resume","seq":0,"sessions":{%b}}' % b",".join(
        b'"%d":%b' % (n, wrong) for n in range(count)
    )
    began = time.thread_time()
    with pytest.raises(Invalid) as refused:
        codec.read_body(body, CreateSession)
    assert len(refused.value.issues) <= codec.FAULTS
    assert sum(map(len, refused.value.issues)) < 10_000
    with pytest.raises(Invalid) as refused:
        codec.read_frame(frame)
    assert sum(map(len, refused.value.issues)) < 10_000
    assert time.thread_time() - began < 2.0


def test_many_unknown_fields_cost_little() -> None:
    """The error names only the first ones."""
    names = b",".join(b'"field%d":1' % n for n in range(codec.VALUES - 10))
    with pytest.raises(Invalid) as refused:
        codec.read_body(b'{"name":"m","type":"chat",%b}' % names, CreateSession)
    assert sum(map(len, refused.value.issues)) < 10_000
    assert "more" in refused.value.issues[0]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        ({"a": [None, "x"]}, '{"a":[null,"x"]}'),
        ("x", "'x'"),
        (1.5, "1.5"),
    ],
)
def test_an_error_shows_a_value_as_json(value: Any, shown: str) -> None:
    """A reader of JSON knows no `None`; a text is in quotes."""
    with pytest.raises(Invalid) as caught:
        codec.read_data({"name": "a", "type": "chat", "cols": value}, CreateSession)
    assert [f"expected an integer, got {shown} at $.cols"] == caught.value.issues


def test_an_error_recommends_no_empty_word() -> None:
    """The empty flag clears it; the list has the others."""
    with pytest.raises(Invalid, match=r"one of claude-code, .*, got 'x'") as caught:
        codec.read_data({"cli_flag": "x"}, SetCliFlag)
    assert ", ," not in str(caught.value)
