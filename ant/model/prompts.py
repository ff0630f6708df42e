"""Prompts: the questions of terminals, their answers, and where ANT posts them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

from ant.model.compat import AUDIT, Detect
from ant.model.messages import MessageId
from ant.model.sessions import CliFlag, SessionId, SessionType, Status
from ant.terminal.model.prompt import Form, Kind, Option, PromptClass

PromptId = NewType("PromptId", str)

LEFT: Final = "left_screen"
ENDED: Final = "program_ended"
LOST: Final = "program_lost"
PUT_AWAY: Final = "card_put_away"
"""Why a prompt is no longer pending that was not answered through ANT."""


class PromptStatus(StrEnum):
    """The state of a prompt; only a `pending` one can be answered."""

    PENDING = "pending"
    ANSWERED = "answered"
    """It was answered through ANT."""
    RESOLVED = "resolved"
    """It left the screen by itself, or was answered in the terminal."""
    DISCARDED = "discarded"
    """A person dismissed its card; the screen may still show it."""


class AgentState(StrEnum):
    """The state of a terminal's program, by its names in the original ANT."""

    READY = "ready"
    BUSY = "busy"
    WAITING = "waiting"
    ERROR = "error"
    UNKNOWN = "unknown"


class TargetKind(StrEnum):
    """The kind of place that prompts are sent to."""

    LINKED_CHAT = "linked_chat"
    CHAT = "chat"
    WEBHOOK = "webhook"


@attrs.frozen
class Target:
    """A place that prompts are sent to: a chat by its id, or a webhook."""

    kind: TargetKind
    session_id: SessionId | None = None
    url: str | None = None


LINKED_CHAT: Final = Target(TargetKind.LINKED_CHAT)


@attrs.frozen
class BridgeConfig:
    """Where ANT sends prompts: `routes` by session id, or else `default_targets`.

    While `enabled` is false, ANT detects prompts and accepts answers, but sends prompts
    nowhere. `audit` and `detect` have no effect.
    """

    enabled: bool = True
    audit: bool = AUDIT
    default_targets: tuple[Target, ...] = (LINKED_CHAT,)
    routes: dict[str, tuple[Target, ...]] = attrs.field(factory=dict)
    detect: Detect = Detect()


@attrs.frozen
class Decision:
    """The answer to a prompt and its author. `text` never contains a secret.

    `resolved`: the prompt left the screen while ANT watched it.
    """

    type: str
    chosen: str
    text: str | None
    resolved: bool
    by: str | None
    responder_id: str | None
    source: str | None
    justification: str | None
    decided_at: datetime


@attrs.frozen
class PromptRecord:
    """A prompt of a terminal. Some fields repeat others by names of the original ANT.

    `start` and `end` are offsets of the bytes that drew it. `fingerprint` is equal for
    prompts to which an answer means the same. `reason` is why the prompt is no longer
    pending, if it was not answered. `message_id` is its card in the linked chat.
    """

    id: PromptId
    type: str
    terminal_id: SessionId
    session_id: SessionId
    run: str
    status: PromptStatus
    reason: str | None
    kind: Kind
    class_: PromptClass = attrs.field(metadata={"wire": "class"})
    form: Form
    question: str
    summary: str
    options: tuple[Option, ...]
    selected: int | None
    fingerprint: str
    rule: str
    raw_text: str
    start: int
    end: int
    detector: str
    ts: int
    detected_at: datetime
    closed_at: datetime | None
    answer: Decision | None
    targets: tuple[Target, ...]
    delivered_to: tuple[SessionId, ...]
    chat_id: SessionId | None
    message_id: MessageId | None

    @property
    def is_pending(self) -> bool:
        """Whether it waits for an answer."""
        return self.status is PromptStatus.PENDING

    @property
    def is_secret(self) -> bool:
        """Whether ANT must not store the answer."""
        return self.form is Form.SECRET or self.class_ is PromptClass.PASSWORD


@attrs.frozen
class AgentStatus:
    """The state of a program; `detectedAt` is in epoch milliseconds.

    `source` is `screen` or `hook`. `activity` is further text that a hook reported.
    """

    state: AgentState
    detected_at: int = attrs.field(metadata={"wire": "detectedAt"})
    kind: Kind | None
    rule: str | None
    source: str
    prompt_id: PromptId | None = attrs.field(metadata={"wire": "promptId"})
    waiting_for: str | None = attrs.field(metadata={"wire": "waitingFor"})
    activity: str | None


@attrs.frozen
class SessionBrief:
    """The part of a session that the status page contains."""

    id: SessionId
    name: str
    type: SessionType
    handle: str | None
    display_name: str | None
    status: Status
    ttl: str
    last_activity: datetime | None
    linked_chat_id: SessionId | None
    cli_flag: CliFlag | None
    auto_forward_chat: bool


@attrs.frozen
class BridgeState:
    """The pending prompt in the form of the original ANT."""

    prompt_id: PromptId
    detector: str
    summary: str
    since: datetime
    status: PromptStatus


@attrs.frozen
class RouteState:
    """Where a message to a session goes.

    `mode`: `private_terminal_input`, `terminal`, `chatroom` or `unknown`.
    """

    mode: str
    terminal_id: SessionId | None
    linked_chat_id: SessionId | None
    executes_in_terminal: bool


@attrs.frozen
class TerminalActivity:
    """How long a program had no output: `working`, `thinking` or `idle`."""

    state: str
    age_ms: int = attrs.field(metadata={"wire": "ageMs"})


@attrs.frozen
class CaptureState:
    """The sources of the status page; `detected_at` is in epoch milliseconds."""

    status_source: str
    interactive_source: str
    detected_at: int | None
    terminal_activity: TerminalActivity | None


@attrs.frozen
class StatusPage:
    """Whether a session waits for input, and for which; unknown fields are null.

    `event` is the content of the card in `event_chat_id`. `prompt` is the whole prompt.
    """

    needs_input: bool
    event_id: MessageId | None
    event_chat_id: SessionId | None
    event: dict[str, Any] | None
    event_class: PromptClass | None
    summary: str | None
    since: datetime | None
    agent_status: AgentStatus | None
    prompt_bridge: BridgeState | None
    prompt: PromptRecord | None
    session: SessionBrief
    terminal: SessionBrief | None
    linked_chat: SessionBrief | None
    route: RouteState
    capture: CaptureState


@attrs.frozen
class TerminalStatus:
    """The state and the prompt of a terminal; unknown fields are null.

    `since` is when the prompt or the state began.
    """

    session: SessionBrief
    needs_input: bool
    since: datetime | None
    prompt: PromptRecord | None
    agent_status: AgentStatus | None
    terminal_activity: TerminalActivity | None


@attrs.frozen
class Overview:
    """The running terminals. Those with a pending prompt come first, the oldest first.

    `waiting` is the number of these. Next come terminals with a pager or an editor,
    which a person is using.
    """

    waiting: int
    terminals: tuple[TerminalStatus, ...]
