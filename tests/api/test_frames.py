"""The frames that a client may send over `/ws`."""

import json
from typing import Any

import attrs
import pytest

from ant.api import codec
from ant.api.constraints import MAX_INPUT
from ant.api.frames import FRAMES, JoinSession, PresencePing, SendInput, SendResize
from ant.core.errors import Invalid

MINIMAL: dict[str, dict[str, Any]] = {
    "join_session": {"sessionId": "one"},
    "resume": {"seq": 0},
    "leave_session": {"sessionId": "one"},
    "terminal_input": {"sessionId": "one", "data": "x"},
    "terminal_resize": {"sessionId": "one", "cols": 1, "rows": 1000},
    "check_health": {"sessionId": "one"},
    "presence_ping": {},
}


def read(kind: str, **fields: Any) -> Any:
    return codec.read_frame(json.dumps({"type": kind, **fields}))


def test_every_frame_is_listed() -> None:
    """By its type, each once."""
    assert list(MINIMAL) == [each.type for each in FRAMES]


@pytest.mark.parametrize("cls", FRAMES, ids=lambda cls: cls.type)
def test_a_frame_is_read_by_its_type(cls: Any) -> None:
    """With its required fields and a `ref`; an unknown field is refused."""
    fields = MINIMAL[cls.type]
    frame = read(cls.type, **fields, ref="r1")
    assert isinstance(frame, cls)
    assert "r1" == frame.ref
    assert read(cls.type, **fields).ref is None
    with pytest.raises(Invalid, match="unknown field"):
        read(cls.type, **fields, extra=1)
    for missing in fields:
        rest = {key: value for key, value in fields.items() if key != missing}
        with pytest.raises(Invalid, match=rf"missing at \$\.{missing}$"):
            read(cls.type, **rest)


def test_a_join_has_all_its_fields() -> None:
    """In names on the wire."""
    frame = read(
        "join_session",
        sessionId="one",
        spawnPty=True,
        cols=80,
        rows=24,
        cwd="/tmp",
        handle="@ada",
        **{"from": 7},
    )
    expected = JoinSession(
        session_id="one",  # type: ignore[arg-type]
        spawn_pty=True,
        cols=80,
        rows=24,
        cwd="/tmp",
        from_=7,
        handle="@ada",
    )
    assert expected == frame
    assert not JoinSession(session_id=expected.session_id).spawn_pty


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("join_session", {"sessionId": "a b"}),
        ("join_session", {"sessionId": 1}),
        ("join_session", {"from": -1}),
        ("join_session", {"cols": 0}),
        ("join_session", {"cols": "80"}),
        ("join_session", {"spawnPty": 1}),
        ("join_session", {"handle": ""}),
        ("join_session", {"handle": "x" * 65}),
        ("terminal_input", {"data": None}),
        ("terminal_input", {"data": "x" * (MAX_INPUT + 1)}),
        ("terminal_resize", {"rows": 1001}),
        ("presence_ping", {"ref": "x" * 201}),
        ("presence_ping", {"ref": 5}),
    ],
)
def test_a_fault_is_named_by_its_path(kind: str, wrong: dict[str, Any]) -> None:
    """No text becomes a number."""
    (name,) = wrong
    with pytest.raises(Invalid, match=rf"at \$\.{name}$") as raised:
        read(kind, **{**MINIMAL[kind], **wrong})
    assert 1 == len(raised.value.issues)


@pytest.mark.parametrize("kind", ["message_created", "", None, 5, [], {}])
def test_an_unknown_type_is_refused(kind: Any) -> None:
    """The error lists the known types."""
    with pytest.raises(Invalid, match=r"presence_ping at \$\.type$"):
        read(kind)


@pytest.mark.parametrize("text", ["[]", "1", "null", "x", "", '{"type":'])
def test_a_frame_is_an_object(text: str) -> None:
    """Other JSON values are refused."""
    with pytest.raises(Invalid, match=r"at \$$"):
        codec.read_frame(text)


def test_frames_are_told_apart_by_class() -> None:
    """The type is not one of the fields."""
    names = {"type"} & {f.name for cls in FRAMES for f in attrs.fields(cls)}
    assert set() == names
    assert isinstance(read("presence_ping"), PresencePing)
    assert isinstance(read("terminal_input", **MINIMAL["terminal_input"]), SendInput)
    assert isinstance(read("terminal_resize", **MINIMAL["terminal_resize"]), SendResize)
