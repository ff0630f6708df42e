"""Every event: its name, its durability, its receivers and its frame."""

import json
from typing import Any, get_args

import attrs
import pytest

from ant.api import codec
from ant.api.message_requests import PostMessage
from ant.core import clock
from ant.journal import event_log
from ant.messages import messages
from ant.model import events
from ant.model.deliveries import (
    DeliveryId,
    DeliveryKind,
    DeliveryRecord,
    DeliveryState,
    Reason,
    Transition,
)
from ant.model.events import (
    AccessTokensChanged,
    CliFlagUpdated,
    DeliveryUpdated,
    Envelope,
    Event,
    FileRefCreated,
    FileRefDeleted,
    HandleUpdated,
    MessageCreated,
    MessageDeleted,
    MessagePinned,
    MessageRead,
    MessageUpdated,
    ParticipantsChanged,
    RoomLinkCreated,
    RoomLinkDeleted,
    RunEventCreated,
    SessionActivity,
    SessionExited,
    SessionsChanged,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
    TerminalResized,
    Tombstone,
    Typing,
)
from ant.model.messages import Message, MessageId
from ant.model.prompt_events import (
    AgentStatusUpdated,
    PromptBridgeResolved,
    PromptDetected,
    PromptUpdated,
    SessionInputResolved,
    SessionNeedsInput,
)
from ant.model.prompts import AgentState, AgentStatus, PromptStatus
from ant.model.rooms import FileRef, FileRefId, LinkId, Read, Relationship, Task, TaskId
from ant.model.run_events import RunEvent, Source, Trust
from ant.model.sessions import CliFlag, SessionId, Status
from ant.store import Job, Store, Unit
from ant.terminal.model.prompt import Kind
from tests.asked import decision, record
from tests.rules import room

AT = clock.parse_stamp("2026-05-17T12:00:00.000250Z")
ONE, TWO = SessionId("one"), SessionId("two")
MESSAGE = Message(
    id=MessageId("m"),
    session_id=ONE,
    role="user",
    content="hé\n漢🙂",
    format="text",
    status="complete",
    sender_id="@ada",
    target=None,
    reply_to=MessageId("n"),
    msg_type="message",
    meta={"type": "x", "deep": [{"er": None}]},
    created_at=AT,
    pinned=True,
    client_id="c",
)
TASK = Task(TaskId("t"), ONE, "@ada", None, "title", None, "new", ("a",), AT, AT)
REF = FileRef(FileRefId("f"), ONE, None, "/a", "note", AT)

DELIVERY = DeliveryRecord(
    id=DeliveryId("d"),
    message_id=MESSAGE.id,
    session_id=ONE,
    adapter="pty-injection",
    target_id=TWO,
    kind=DeliveryKind.LINE,
    route="mention",
    state=DeliveryState.WITHHELD,
    reason=Reason.DIALOG,
    delivered=False,
    error="A dialog is open in the terminal.",
    offset=7,
    final=False,
    created_at=AT,
    updated_at=AT,
    transitions=(
        Transition(DeliveryState.QUEUED, None, AT),
        Transition(DeliveryState.WITHHELD, Reason.DIALOG, AT, 7),
    ),
)

HAPPENED = RunEvent(
    id=3,
    session_id=ONE,
    n=2,
    ts_ms=clock.epoch_ms(AT),
    source=Source.TERMINAL,
    trust=Trust.HIGH,
    kind="command_block",
    text="make",
    payload={"exit_code": 2, "cwd": None},
    raw_ref={"prompt_id": "p"},
    start=7,
    end=70,
    created_at=AT,
    prev="a" * 64,
    hash="b" * 64,
)

ASKED = record(answer=decision())

# One of each: (durable, to all, event).
EVENTS: list[tuple[bool, bool, Event]] = [
    (True, True, SessionsChanged(ONE, (ONE, TWO))),
    (True, True, SessionExited(ONE, Status.EXITED, 0, None, None, 77)),
    (False, False, TerminalResized(ONE, 80, 24)),
    (False, True, SessionActivity(ONE, AT)),
    (True, False, MessageCreated(ONE, MESSAGE)),
    (True, False, MessageUpdated(ONE, MESSAGE.id, MESSAGE.meta, True, MESSAGE)),
    (True, False, MessagePinned(ONE, MESSAGE.id, True)),
    (True, False, MessageDeleted(ONE, MESSAGE.id)),
    (True, False, MessageRead(ONE, MESSAGE.id, "r", (Read("r", "R", None, AT),))),
    (True, False, DeliveryUpdated(ONE, MESSAGE.id, DELIVERY.id, DELIVERY)),
    (True, False, ParticipantsChanged(ONE)),
    (True, False, HandleUpdated(ONE, "@one", None)),
    (True, False, CliFlagUpdated(ONE, CliFlag.PI)),
    (True, False, TaskCreated(ONE, TASK)),
    (True, False, TaskUpdated(ONE, TASK)),
    (True, False, TaskDeleted(ONE, TASK.id)),
    (True, False, FileRefCreated(ONE, REF)),
    (True, False, FileRefDeleted(ONE, REF.id)),
    (
        True,
        False,
        RoomLinkCreated(ONE, ONE, LinkId("l"), TWO, Relationship.FOLLOWS_UP, None),
    ),
    (True, False, RoomLinkDeleted(TWO, ONE, LinkId("l"))),
    (True, False, RunEventCreated(ONE, HAPPENED)),
    (True, False, Tombstone(ONE, "task_created", "a" * 64)),
    (False, False, Typing(ONE, "@ada", True)),
    (True, True, AccessTokensChanged()),
    (True, True, PromptDetected(ONE, ASKED)),
    (True, True, PromptUpdated(ONE, ASKED)),
    (
        True,
        True,
        SessionNeedsInput(
            ONE,
            ASKED.class_,
            "Run it?",
            "prompt_bridge",
            ASKED.id,
            "screen",
            AT,
            ASKED.kind,
            ASKED.options,
        ),
    ),
    (
        True,
        True,
        SessionInputResolved(
            ONE, "prompt_bridge", ASKED.id, PromptStatus.RESOLVED, "left_screen"
        ),
    ),
    (True, True, PromptBridgeResolved(ONE, ASKED.id, ASKED)),
    (
        False,
        True,
        AgentStatusUpdated(
            ONE,
            AgentStatus(
                AgentState.WAITING,
                5,
                Kind.DIALOG,
                "menu",
                "screen",
                ASKED.id,
                "?",
                None,
            ),
        ),
    ),
]

PAGE = {
    "message_created",
    "message_updated",
    "message_deleted",
    "message_read",
    "task_created",
    "task_updated",
    "file_ref_created",
    "room_link_created",
    "typing",
    "sessions_changed",
    "agent_status_updated",
    "session_needs_input",
    "session_input_resolved",
    "prompt_detected",
}
"""Names of the API page that are events here; `terminal_output` is no event."""


def ids(value: Any) -> str | None:
    return codec.event_tag(value) if attrs.has(type(value)) else None


def frame_of(event: Event, seq: int | None = None) -> Any:
    return json.loads(codec.event_frame(Envelope(AT, event, seq)))


def test_there_is_one_of_each() -> None:
    """The tests below cover all events, and all names of the API page."""
    kinds = [type(event) for _, _, event in EVENTS]
    assert list(get_args(Event)) == kinds
    assert set() == PAGE - set(codec.TAGS)


@pytest.mark.parametrize(("durable", "to_all", "event"), EVENTS, ids=ids)
def test_durability_and_receivers(durable: bool, to_all: bool, event: Event) -> None:
    """Events of sessions and rooms are durable; those of a room go to the room."""
    assert (durable, to_all) == (event.durable, event.to_all)


@pytest.mark.parametrize("event", [each for _, _, each in EVENTS], ids=ids)
def test_an_event_comes_back_as_it_was(store: Store, event: Event) -> None:
    """From its body, and from the log if it is durable."""
    assert event == codec.load_event(codec.event_tag(event), codec.dump_event(event))

    def emit(unit: Unit) -> None:
        unit.emit(event)

    store.transact(emit)
    logged = [each.event for each in store.read(event_log.missed_events, 0, 10)[0]]
    assert ([event] if event.durable else []) == logged


@pytest.mark.parametrize("event", [each for _, _, each in EVENTS], ids=ids)
def test_a_frame_names_event_session_and_time(event: Event) -> None:
    """With a `seq` if the event is logged."""
    frame = frame_of(event, 7)
    assert (codec.event_tag(event), event.session_id, clock.stamp(AT), 7) == (
        frame["type"],
        frame["sessionId"],
        frame["at"],
        frame["seq"],
    )
    assert "seq" not in frame_of(event)


def test_a_frame_is_rendered_once() -> None:
    """And cached for the other sockets."""
    envelope = Envelope(AT, Typing(ONE, "@ada", True))
    assert codec.event_frame(envelope) is codec.event_frame(envelope)


def test_a_created_message_is_flat() -> None:
    """The row is inlined; a `type` in its meta does not matter."""
    frame = frame_of(MessageCreated(ONE, MESSAGE), 1)
    row = json.loads(codec.dumps(MESSAGE))
    extra = {"type": "message_created", "sessionId": "one", "seq": 1}
    assert {**row, **extra, "at": clock.stamp(AT)} == frame
    assert {"type": "x", "deep": [{"er": None}]} == frame["meta"]


def test_frames_keep_the_names_of_the_original() -> None:
    """`msgId` in most events, `messageId` in a read, rows in snake case."""
    keys = {codec.event_tag(event): set(frame_of(event)) for _, _, event in EVENTS}
    always = {"type", "at", "sessionId"}
    expected = {
        "message_updated": {"msgId", "meta", "pinned", "message"},
        "message_pinned": {"msgId", "pinned"},
        "message_deleted": {"msgId"},
        "message_read": {"messageId", "readerId", "reads"},
        "task_created": {"task"},
        "task_updated": {"task"},
        "task_deleted": {"taskId"},
        "file_ref_created": {"ref"},
        "file_ref_deleted": {"refId"},
        "room_link_created": {
            "roomId",
            "linkId",
            "targetRoomId",
            "relationship",
            "title",
        },
        "room_link_deleted": {"roomId", "linkId", "targetRoomId"},
        "typing": {"handle", "typing"},
        "handle_updated": {"handle", "display_name"},
        "cli_flag_updated": {"cli_flag"},
        "tombstone": {"eventType", "sha256"},
        "sessions_changed": {"removedIds"},
        "participants_changed": set(),
        "access_tokens_changed": set(),
        "prompt_detected": {"prompt"},
        "prompt_updated": {"prompt"},
        "session_needs_input": {
            *("eventClass", "summary", "source", "promptId", "detector", "since"),
            *("kind", "options"),
        },
        "session_input_resolved": {"source", "promptId", "status", "reason"},
        "prompt_bridge_resolved": {"promptId", "prompt"},
        "agent_status_updated": {"status"},
    }
    assert expected == {tag: keys[tag] - always for tag in expected}


def test_a_row_has_one_form_in_response_event_and_log(store: Store) -> None:
    """The three contain the same row."""
    here = room(store)
    job = Job(messages.post_message, (here.id, PostMessage("x", meta={"a": [1]})))
    store.transact_group([job])
    answer = json.loads(codec.dumps(job.outcome()))
    assert [
        {
            "adapter",
            "targetId",
            "delivered",
            "error",
            "id",
            "state",
            "reason",
            "final",
            "file",
        }
    ] == [set(each) for each in answer.pop("deliveries")]
    (told,) = [json.loads(codec.event_frame(each)) for each in job.envelopes]
    kept = store.read(event_log.missed_events, 1, 1)[0]
    again = [json.loads(codec.event_frame(each)) for each in kept]
    assert [told] == again
    assert answer == {key: told[key] for key in answer}
    assert {"type", "sessionId", "seq", "at"} == set(told) - set(answer)


def test_the_union_has_every_event() -> None:
    """An event outside of the union could not be logged or sent."""
    defined = {
        each
        for each in vars(events).values()
        if isinstance(each, type) and hasattr(each, "durable")
    }
    assert defined == set(get_args(Event))


@pytest.mark.parametrize("event", get_args(Event), ids=lambda event: event.__name__)
def test_an_event_declares_its_durability_and_receivers(event: type) -> None:
    """It is frozen, and of one session or of none."""
    assert isinstance(event.durable, bool)  # type: ignore[attr-defined]
    assert isinstance(event.to_all, bool)  # type: ignore[attr-defined]
    field = attrs.fields_dict(event)["session_id"]
    assert "sessionId" == field.metadata["wire"]
    assert event.__setattr__ is not object.__setattr__


def test_envelopes_compare_by_identity() -> None:
    """Two envelopes with equal events differ."""
    event = SessionsChanged()
    one, two = (Envelope(None, event) for _ in range(2))  # type: ignore[arg-type]
    assert one != two
