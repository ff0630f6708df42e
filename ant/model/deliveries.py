"""The nouns of delivery: who a message is meant for, and what became of it there."""

from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

import attrs

from ant.model.messages import Message, MessageId
from ant.model.sessions import SessionId

INJECTION, LINKED, CHANNEL = "pty-injection", "linked-chat", "mcp-channel"
"""Adapters, by the names the original gave them."""

DeliveryId = NewType("DeliveryId", str)


class DeliveryState(StrEnum):
    """How far a message has come on its way into a terminal."""

    QUEUED = "queued"
    """It waits to be typed, perhaps behind others."""
    WITHHELD = "withheld"
    """It is not typed; `reason` says why. It is tried again, unless `final` says no."""
    TYPED = "typed"
    """Its text is in the terminal, without Enter yet."""
    SUBMITTED = "submitted"
    """Enter was pressed, and the program is being watched."""
    REACTED = "reacted"
    """The program showed that it took it."""
    ACKED = "acked"
    """Who runs there said so: by a reply, or by marking it read."""
    UNCONFIRMED = "unconfirmed"
    """It was typed, or perhaps was, and nothing showed that it was taken."""
    FAILED = "failed"
    """It could not be typed, and is not tried again."""
    DEAD = "dead"
    """It was given up before it could be typed."""
    SKIPPED = "skipped"
    """It was never to be typed there; `reason` says why."""


PENDING: Final = frozenset({DeliveryState.QUEUED, DeliveryState.WITHHELD})
"""Nothing of it was typed, and it will be tried, unless it is withheld for good."""

UNDER_WAY: Final = frozenset({DeliveryState.TYPED, DeliveryState.SUBMITTED})
"""It was typed, and what comes of that is being watched."""

ARRIVED: Final = frozenset(
    {
        *UNDER_WAY,
        DeliveryState.REACTED,
        DeliveryState.ACKED,
        DeliveryState.UNCONFIRMED,
    }
)
"""Something of it is, or may be, in the terminal."""


class Reason(StrEnum):
    """Why a delivery is in its state, where that needs a reason."""

    # Withheld by the screen, in the terminal's own words.
    DIALOG = "dialog"
    DRAFT = "draft"
    BUSY = "busy"
    UNKNOWN = "unknown"
    NOT_AT_REST = "not_at_rest"
    LINE_TOO_LONG = "line_too_long"
    NO_SCREEN = "no_screen"
    # Withheld otherwise.
    NOT_RUNNING = "not_running"
    # Withheld for good (`FINAL_REASONS`).
    NOT_AN_AGENT = "not_an_agent"
    NOTED = "noted"
    LOOP = "loop"
    # Typed, and no more is known.
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
    CHANNEL = "channel"
    NO_TERMINAL = "no_terminal"
    OWN_MESSAGE = "own_message"
    TERMINAL_DIRECT = "terminal_direct"
    # Dead.
    QUEUE_FULL = "queue_full"
    TOO_LATE = "too_late"
    # Acked.
    REPLY = "reply"
    READ = "read"


FINAL_REASONS: Final = frozenset({Reason.NOT_AN_AGENT, Reason.NOTED, Reason.LOOP})
"""Reasons for which a message is withheld and not tried again."""


SENTENCES: Final = {
    Reason.DIALOG: "A dialog is open in the terminal.",
    Reason.DRAFT: "Somebody has begun to type in the terminal.",
    Reason.BUSY: "The program is at work.",
    Reason.UNKNOWN: "What the screen shows may be a menu.",
    Reason.NOT_AT_REST: "The program does not wait for input.",
    Reason.LINE_TOO_LONG: "The line is longer than the terminal takes.",
    Reason.NO_SCREEN: "No screen library is installed on this server.",
    Reason.NOT_RUNNING: "No program runs in the terminal.",
    Reason.NOT_AN_AGENT: "It was not typed: no agent's composer is in front of the "
    "terminal. The message is in its file.",
    Reason.NOTED: "It was not typed: a shell is in front of the terminal, and was "
    "given a comment that names the message's file.",
    Reason.LOOP: (
        "Programs have answered each other too often; a person's message in the room "
        "lets them go on."
    ),
    Reason.NOT_SUBMITTED: "It was typed, and Enter was not pressed.",
    Reason.UNKNOWN_SCREEN: "It was typed on a screen that nobody could read.",
    Reason.NO_REACTION: "It was typed, and the program showed no reaction.",
    Reason.SERVER_RESTARTED: "The server ended while it was being typed.",
    Reason.PROGRAM_ENDED: "The program ended while it was being typed.",
    Reason.NOT_READING: "The program does not read its input.",
    Reason.CANNOT_TYPE: "It could not be typed; the server's log says more.",
    Reason.WAITING: "The agent waits for an answer.",
    Reason.EXCLUDED: "Its name stands in brackets.",
    Reason.UNKNOWN_MENTION: "The message mentions only names that nobody has here.",
    Reason.UNKNOWN_TARGET: "Nobody has that name.",
    Reason.CHANNEL: "A local channel is told, which the ledger does not follow.",
    Reason.NO_TERMINAL: "The session has no terminal.",
    Reason.OWN_MESSAGE: "A terminal is not sent its own message.",
    Reason.TERMINAL_DIRECT: "It was typed by who posted it.",
    Reason.TOO_LATE: "It waited too long.",
    Reason.QUEUE_FULL: "Too many messages wait for the terminal.",
}
"""Why something did not arrive, or not for certain, in words."""


class DeliveryKind(StrEnum):
    """How a message is typed: as a person would, or in one line that says whose."""

    RAW = "raw"
    LINE = "line"


@attrs.frozen
class Transition:
    """A step of a delivery; `offset` is a byte of the terminal that it refers to."""

    state: DeliveryState
    reason: Reason | None
    at: datetime
    offset: int | None = None


def is_final(state: DeliveryState, reason: Reason | None) -> bool:
    """Whether a delivery in that state is not tried or watched any more."""
    if state is DeliveryState.WITHHELD:
        return reason in FINAL_REASONS
    return state not in PENDING | UNDER_WAY


@attrs.frozen
class Delivery:
    """An attempt to bring a message to somebody, as its poster is told.

    `delivered` says that it was typed and not yet that it was taken; `state` does.
    `final`: it is not tried or watched any more, though a shell may yet be told of its
    file, and its terminal acknowledge it. `file` has the message, where it could not be
    typed. What has no id is no terminal, and has no state either.
    """

    adapter: str
    target_id: str = attrs.field(metadata={"wire": "targetId"})
    delivered: bool
    error: str | None = None
    id: DeliveryId | None = None
    state: DeliveryState | None = None
    reason: Reason | None = None
    final: bool = True
    file: str | None = None


def is_routed(delivery: Delivery) -> bool:
    """Whether somebody is sent the message, by its terminal or a local channel."""
    if delivery.reason is Reason.CHANNEL:
        return True
    return delivery.state not in (None, DeliveryState.SKIPPED, DeliveryState.WITHHELD)


@attrs.frozen
class DeliveryRecord:
    """All that is known of one delivery; `transitions` are its steps, oldest first.

    `route` is why it is meant for that terminal. `targetId` is the terminal's id, or a
    name that nobody has. `offset` is the byte that its last step refers to. `final` and
    `file` are as in `Delivery`: a path on the server's machine.
    """

    id: DeliveryId
    message_id: MessageId
    session_id: SessionId
    adapter: str
    target_id: str = attrs.field(metadata={"wire": "targetId"})
    kind: DeliveryKind
    route: str
    state: DeliveryState
    reason: Reason | None
    delivered: bool
    error: str | None
    offset: int | None
    final: bool
    created_at: datetime
    updated_at: datetime
    transitions: tuple[Transition, ...]
    file: str | None = None

    @property
    def waits(self) -> bool:
        """Whether nothing of it was typed, and it will be tried."""
        return self.state in PENDING and not self.final

    def told(self) -> Delivery:
        """As the poster is told."""
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
    """A page of deliveries, oldest first, of 4 MiB at most.

    `next` is the id to go on with where there are more: as `before`, or as `since`
    where only `since` was given; null where there are none.
    """

    deliveries: tuple[DeliveryRecord, ...]
    next: DeliveryId | None = None


@attrs.frozen
class Posted:
    """A stored message, all its columns, and the deliveries of its route."""

    message: Message = attrs.field(metadata={"flat": True})
    deliveries: tuple[Delivery, ...]
