"""Deliveries: the target of a message, and its way into the terminal there."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

import attrs

from ant.model.messages import Message, MessageId
from ant.model.sessions import SessionId

INJECTION, LINKED, CHANNEL = "pty-injection", "linked-chat", "mcp-channel"
"""The adapters, by their names in the original ANT."""

MENTION, ROOM_MENTION = "mention", "room_mention"
"""Rules that chose a target: a mention, and one that was looked up in the room only."""

DeliveryId = NewType("DeliveryId", str)


class DeliveryState(StrEnum):
    """The state of a message on its way into a terminal."""

    QUEUED = "queued"
    """It waits to be typed, perhaps behind other messages."""
    WITHHELD = "withheld"
    """It is not typed, for `reason`. ANT tries again unless the delivery is `final`."""
    TYPED = "typed"
    """Its text is in the terminal; Enter is not pressed yet."""
    SUBMITTED = "submitted"
    """Enter was pressed, and ANT watches for a reaction of the program."""
    REACTED = "reacted"
    """The program reacted to it: on its screen, or with `reason` `hook` by its own
    hook."""
    ACKED = "acked"
    """The agent in the terminal acknowledged it, by a reply or by marking it read."""
    UNCONFIRMED = "unconfirmed"
    """It was typed, or may have been, and the program showed no reaction."""
    FAILED = "failed"
    """It could not be typed, and ANT does not try again."""
    DEAD = "dead"
    """ANT gave it up before it could be typed."""
    SKIPPED = "skipped"
    """It is not meant to be typed there, for `reason`."""


PENDING: Final = frozenset({DeliveryState.QUEUED, DeliveryState.WITHHELD})
"""Nothing of it was typed, and ANT will try, unless it is withheld for good."""

UNDER_WAY: Final = frozenset({DeliveryState.TYPED, DeliveryState.SUBMITTED})
"""It was typed, and ANT watches for a reaction."""

ARRIVED: Final = frozenset(
    {
        *UNDER_WAY,
        DeliveryState.REACTED,
        DeliveryState.ACKED,
        DeliveryState.UNCONFIRMED,
    }
)
"""Some of it is in the terminal, or may be."""


class Reason(StrEnum):
    """Why a delivery is in its state, for states that need a reason."""

    # Withheld because of the screen.
    DIALOG = "dialog"
    DRAFT = "draft"
    BUSY = "busy"
    UNKNOWN = "unknown"
    NOT_AT_REST = "not_at_rest"
    LINE_TOO_LONG = "line_too_long"
    NO_SCREEN = "no_screen"
    # Withheld for another cause.
    NOT_RUNNING = "not_running"
    # Withheld for good (`FINAL_REASONS`).
    NOT_AN_AGENT = "not_an_agent"
    NOTED = "noted"
    LOOP = "loop"
    # Typed, with an unknown outcome.
    NOT_SUBMITTED = "not_submitted"
    UNKNOWN_SCREEN = "unknown_screen"
    NO_REACTION = "no_reaction"
    SERVER_RESTARTED = "server_restarted"
    PROGRAM_ENDED = "program_ended"
    # Failed.
    NOT_READING = "not_reading"
    CANNOT_TYPE = "cannot_type"
    # Skipped.
    WAITING = "waiting"
    EXCLUDED = "excluded"
    UNKNOWN_MENTION = "unknown_mention"
    UNKNOWN_TARGET = "unknown_target"
    NOT_A_MEMBER = "not_a_member"
    NOT_A_ROOM = "not_a_room"
    PERSON = "person"
    CHANNEL = "channel"
    NO_TERMINAL = "no_terminal"
    OWN_MESSAGE = "own_message"
    TERMINAL_DIRECT = "terminal_direct"
    # Dead.
    QUEUE_FULL = "queue_full"
    TOO_LATE = "too_late"
    # Reacted.
    HOOK = "hook"
    # Acked.
    REPLY = "reply"
    READ = "read"


FINAL_REASONS: Final = frozenset({Reason.NOT_AN_AGENT, Reason.NOTED, Reason.LOOP})
"""Reasons for which ANT withholds a message for good."""


SENTENCES: Final = {
    Reason.DIALOG: "A dialog is open in the terminal.",
    Reason.DRAFT: "The composer in the terminal contains unsent text.",
    Reason.BUSY: "The program is busy.",
    Reason.UNKNOWN: "The screen may show a menu.",
    Reason.NOT_AT_REST: "The program does not wait for input.",
    Reason.LINE_TOO_LONG: "The line is longer than the terminal accepts.",
    Reason.NO_SCREEN: "No screen library is installed on this server.",
    Reason.NOT_RUNNING: "No program runs in the terminal.",
    Reason.NOT_AN_AGENT: "It was not typed: no agent's composer is in the foreground "
    "of the terminal. The message is in its file.",
    Reason.NOTED: "It was not typed: a shell is in the foreground of the terminal. ANT "
    "typed a comment there that names the message's file.",
    Reason.LOOP: (
        "Programs have answered each other too often in a row; a person's message in "
        "the room resets the count."
    ),
    Reason.NOT_SUBMITTED: "It was typed, but Enter was not pressed.",
    Reason.UNKNOWN_SCREEN: "It was typed on a screen that ANT cannot interpret.",
    Reason.NO_REACTION: "It was typed, but the program showed no reaction.",
    Reason.SERVER_RESTARTED: "The server ended while it was being typed.",
    Reason.PROGRAM_ENDED: "The program ended while it was being typed.",
    Reason.NOT_READING: "The program does not read its input.",
    Reason.CANNOT_TYPE: "It could not be typed; the server's log has the error.",
    Reason.WAITING: "The agent waits for an answer to a prompt.",
    Reason.EXCLUDED: "The message has its name in brackets, which excludes it.",
    Reason.UNKNOWN_MENTION: "No member of the room has a name that it mentions.",
    Reason.UNKNOWN_TARGET: "No member of the room has that name.",
    Reason.NOT_A_MEMBER: (
        "The session with that handle is not a member of the room: add it, or address "
        "it with `target`."
    ),
    Reason.NOT_A_ROOM: "It was posted to the terminal itself: post it to its linked "
    "chat, or type by terminal/input.",
    Reason.PERSON: "A person with that name reads it in the room.",
    Reason.CHANNEL: "A local channel receives it; ANT does not track that further.",
    Reason.NO_TERMINAL: "The session has no terminal.",
    Reason.OWN_MESSAGE: "ANT does not deliver a terminal's own message to it.",
    Reason.TERMINAL_DIRECT: "The sender typed it into the terminal itself.",
    Reason.TOO_LATE: "It waited too long in the queue.",
    Reason.QUEUE_FULL: "Too many messages wait for the terminal.",
}
"""A sentence for each reason for which a message did not surely arrive."""


class DeliveryKind(StrEnum):
    """How ANT types a message: as it is, or in one line that names the sender."""

    RAW = "raw"
    """As it is, as if by hand."""
    LINE = "line"
    """In one line that names the sender."""


@attrs.frozen
class Transition:
    """A change of a delivery's state, at the byte `offset` of the terminal."""

    state: DeliveryState
    """The state that it took."""
    reason: Reason | None
    """Why; null for a state that needs no reason."""
    at: datetime
    """When it took that state."""
    offset: int | None = None
    """The byte offset of the terminal's output then; null if nothing was typed."""


def is_final(state: DeliveryState, reason: Reason | None) -> bool:
    """Whether ANT no longer tries or watches a delivery in that state."""
    if state is DeliveryState.WITHHELD:
        return reason in FINAL_REASONS
    return state not in PENDING | UNDER_WAY


@attrs.frozen
class Delivery:
    """The delivery of a message to one target, in the response to its sender.

    A shell may still get a comment about its file when it is `final`, and its terminal
    may still acknowledge it.
    """

    adapter: str
    """How it goes there: `pty-injection`, `linked-chat`, `mcp-channel`, `ws-broadcast`
    or `agent-event-bus`."""
    target_id: str = attrs.field(metadata={"wire": "targetId"})
    """The id of the session, or the name that the message has if no session has it."""
    delivered: bool
    """Whether the message was typed, or sent. Only `state` says whether a program
    reacted."""
    error: str | None = None
    """A sentence that says why it did not surely arrive; null if it did, or may yet."""
    id: DeliveryId | None = None
    """The id of the delivery; null if the target is no terminal."""
    state: DeliveryState | None = None
    """What is known of it; null if the target is no terminal."""
    reason: Reason | None = None
    """Why it is in this state; null for a state that needs no reason."""
    final: bool = True
    """Whether ANT no longer tries or watches it."""
    file: str | None = None
    """The path, on the server's host, of a file with the message; null if there is
    none."""


def is_routed(delivery: Delivery) -> bool:
    """Whether a terminal or a local channel receives the message."""
    if delivery.reason is Reason.CHANNEL:
        return True
    return delivery.state not in (None, DeliveryState.SKIPPED, DeliveryState.WITHHELD)


@attrs.frozen
class DeliveryRecord:
    """One delivery with its history."""

    id: DeliveryId
    """The id of the delivery."""
    message_id: MessageId
    """The id of the message."""
    session_id: SessionId
    """The id of the room of the message."""
    adapter: str
    """How it goes there: `pty-injection` or `linked-chat`."""
    target_id: str = attrs.field(metadata={"wire": "targetId"})
    """The id of the terminal, or the name that the message has if no session has it."""
    kind: DeliveryKind
    """How ANT types it."""
    route: str
    """The rule that chose the target: `target`, `linked_chat`, `mention`, `everyone`,
    `room` or `idle`."""
    state: DeliveryState
    """What is known of it."""
    reason: Reason | None
    """Why it is in this state; null for a state that needs no reason."""
    delivered: bool
    """Whether the message was typed. Only `state` says whether the program reacted."""
    error: str | None
    """A sentence that says why it did not surely arrive; null if it did, or may yet."""
    offset: int | None
    """The byte offset of the terminal's output at the last change; null if nothing was
    typed."""
    final: bool
    """Whether ANT no longer tries or watches it."""
    created_at: datetime
    updated_at: datetime
    transitions: tuple[Transition, ...]
    """The states that it took, the oldest first."""
    file: str | None = None
    """The path, on the server's host, of a file with the message; null if there is
    none."""

    @property
    def waits(self) -> bool:
        """Whether nothing of it was typed and ANT will try."""
        return self.state in PENDING and not self.final

    def summary(self) -> Delivery:
        """The delivery in the response to the sender."""
        return Delivery(
            self.adapter,
            self.target_id,
            self.delivered,
            self.error,
            self.id,
            self.state,
            self.reason,
            self.final,
            self.file,
        )


@attrs.frozen
class Deliveries:
    """A page of deliveries, oldest first, of at most 4 MiB."""

    deliveries: tuple[DeliveryRecord, ...]
    """The deliveries, the oldest first."""
    next: DeliveryId | None = None
    """The id that continues the list: pass it as `before`, or as `since` if the request
    had only `since`. Null on the last page."""


@attrs.frozen
class Posted:
    """A stored message with its deliveries."""

    message: Message = attrs.field(metadata={"flat": True})
    deliveries: tuple[Delivery, ...]
    """Each recipient with the state of its delivery; the first is the broadcast to
    clients of the room."""
