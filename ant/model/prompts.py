"""The nouns of prompts: what a terminal asks, who answered, and where it is told."""

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
"""Why a prompt that nobody answered through us is no longer pending."""


class PromptStatus(StrEnum):
    """What became of a prompt; only `pending` can be answered."""

    PENDING = "pending"
    ANSWERED = "answered"
    """Somebody answered it through us, and it went away."""
    RESOLVED = "resolved"
    """It went away by itself, or was answered in the terminal."""
    DISCARDED = "discarded"
    """Its card was put away by a person; the screen may still show it."""


class AgentState(StrEnum):
    """What the program of a terminal does, in the original's words."""

    READY = "ready"
    BUSY = "busy"
    WAITING = "waiting"
    ERROR = "error"
    UNKNOWN = "unknown"


class TargetKind(StrEnum):
    """Where a prompt can be told."""

    LINKED_CHAT = "linked_chat"
    CHAT = "chat"
    WEBHOOK = "webhook"


@attrs.frozen
class Target:
    """One place where prompts are told; a chat has its id, a webhook its address."""

    kind: TargetKind
    session_id: SessionId | None = None
    url: str | None = None


LINKED_CHAT: Final = Target(TargetKind.LINKED_CHAT)


@attrs.frozen
class BridgeConfig:
    """Where prompts are told. `routes` go before `default_targets`, by session id.

    While it is not `enabled`, prompts are seen and can be answered, and told nowhere.
    """

    enabled: bool = True
    audit: bool = AUDIT
    default_targets: tuple[Target, ...] = (LINKED_CHAT,)
    routes: dict[str, tuple[Target, ...]] = attrs.field(factory=dict)
    detect: Detect = Detect()


@attrs.frozen
class Decision:
    """Who answered what. `text` is never that of a secret.

    `resolved`: the prompt went away while it was watched.
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
    """Something that a terminal asks, or asked, with the original's names beside ours.

    `start` and `end` are offsets of the bytes that drew it; `fingerprint` says what an
    answer would mean; `reason` is why it is no longer pending, where nobody answered.
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
        """Whether what is typed for it must not be kept."""
        return self.form is Form.SECRET or self.class_ is PromptClass.PASSWORD


@attrs.frozen
class AgentStatus:
    """What the program does, as far as it is known; `detectedAt` is in epoch ms.

    `source` is `screen` or `hook`, `activity` what a hook told beside the state.
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
    """A session, as the status page shows it."""

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
    """The pending prompt in the original's words."""

    prompt_id: PromptId
    detector: str
    summary: str
    since: datetime
    status: PromptStatus


@attrs.frozen
class RouteState:
    """Where a message to this session goes.

    `mode`: `private_terminal_input`, `terminal`, `chatroom` or `unknown`.
    """

    mode: str
    terminal_id: SessionId | None
    linked_chat_id: SessionId | None
    executes_in_terminal: bool


@attrs.frozen
class TerminalActivity:
    """How long the program has been silent: `working`, `thinking` or `idle`."""

    state: str
    age_ms: int = attrs.field(metadata={"wire": "ageMs"})


@attrs.frozen
class CaptureState:
    """Where the page has its facts from; `detected_at` is in epoch milliseconds."""

    status_source: str
    interactive_source: str
    detected_at: int | None
    terminal_activity: TerminalActivity | None


@attrs.frozen
class StatusPage:
    """Whether a session needs somebody, and for what; null where nothing is known.

    `event` is the content of the card in `event_chat_id`, `prompt` all of the prompt.
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
    """What a terminal does, and what it asks `since` when; null where it is not known.
    `since` is when it asked, or began to do what it does.
    """

    session: SessionBrief
    needs_input: bool
    since: datetime | None
    prompt: PromptRecord | None
    agent_status: AgentStatus | None
    terminal_activity: TerminalActivity | None


@attrs.frozen
class Overview:
    """The terminals that run: those that wait for somebody first, the longest first.

    So many are `waiting` for an answer to a prompt. Next come pagers and editors, in
    which a person is at work.
    """

    waiting: int
    terminals: tuple[TerminalStatus, ...]
