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
NO_ANSWER: Final = "no_answer_in_time"
CLIENT_LEFT: Final = "hook_left"
STOPPED: Final = "server_stopped"
TOLD: Final = "told_by_hook"
TOOL_RAN: Final = "tool_ran"
"""Why a prompt is no longer pending that was not answered through ANT."""


KEYS, HOOK = "keys", "hook"
"""How an answer goes to the program."""


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
    """It waits for its next task."""
    BUSY = "busy"
    """It works."""
    WAITING = "waiting"
    """It waits for a person."""
    ERROR = "error"
    """It reported an error."""
    UNKNOWN = "unknown"
    """ANT cannot tell."""


class TargetKind(StrEnum):
    """The kind of place that prompts are sent to."""

    LINKED_CHAT = "linked_chat"
    CHAT = "chat"
    WEBHOOK = "webhook"


@attrs.frozen
class Target:
    """A place that prompts are sent to: a chat by its id, or a webhook."""

    kind: TargetKind
    """The kind of the place."""
    session_id: SessionId | None = None
    """The id of the chat; null unless the kind is `chat`."""
    url: str | None = None
    """The address to which ANT sends a POST; null unless the kind is `webhook`."""


LINKED_CHAT: Final = Target(TargetKind.LINKED_CHAT)


@attrs.frozen
class BridgeConfig:
    """Where ANT sends prompts.

    While `enabled` is false, ANT detects prompts and accepts answers, but sends prompts
    nowhere.
    """

    enabled: bool = True
    """Whether ANT sends prompts anywhere; it detects them in any case."""
    audit: bool = AUDIT
    """Has no effect; ANT records every prompt."""
    default_targets: tuple[Target, ...] = (LINKED_CHAT,)
    """Where prompts go that have no route."""
    routes: dict[str, tuple[Target, ...]] = attrs.field(factory=dict)
    """Where the prompts of a session go, by its id."""
    detect: Detect = Detect()
    """Has no effect; ANT reads prompts from the screen."""


@attrs.frozen
class Decision:
    """The answer to a prompt and its author."""

    type: str
    """The kind of the answer: `approve`, `deny`, `select`, `text`, `confirm`, `retry`
    or `abort`."""
    chosen: str
    """The label of the option, or the type if no option was chosen."""
    text: str | None
    """The line that was typed, or the reason that an agent's hook was given; null for
    a secret, and if there was none."""
    resolved: bool
    """Whether the prompt left the screen while ANT watched it."""
    by: str | None
    """Who answered; null if nobody is named."""
    responder_id: str | None
    """The id of who answered, from a message; null for an answer by `respond`."""
    source: str | None
    """The interface that the answer came by; null if it is unknown."""
    justification: str | None
    """Why it was answered so; null if no reason was given."""
    decided_at: datetime
    """When ANT gave the answer."""
    via: str = KEYS
    """How the answer went: `keys` were typed, or the agent's `hook` took it."""


@attrs.frozen
class PromptDetails:
    """What a permission is about, as the agent's own hook reported it.

    The texts are the agent's. `input` is as it came, with hidden characters.
    """

    agent: str
    """The agent CLI."""
    tool: str
    """The tool that it wants to use."""
    input: dict[str, Any]
    """The input of the tool: the exact command, or the path and the edit."""
    complete: bool
    """Whether `input` is whole. An input over 32 KiB is cut."""
    folder: str | None
    """The folder in which the agent works; null if it named none."""
    mode: str | None
    """The agent's mode of permissions; null if it named none."""


@attrs.frozen
class PromptRecord:
    """A prompt of a terminal. Some fields repeat others by names of the original."""

    id: PromptId
    """The id of the prompt."""
    type: str
    """Always `prompt_detected`."""
    terminal_id: SessionId
    """The id of the terminal; the same as `session_id`."""
    session_id: SessionId
    """The id of the terminal."""
    run: str
    """The id of the run of the program that asked."""
    status: PromptStatus
    """Whether it waits for an answer, and if not, how it ended."""
    reason: str | None
    """Why it is no longer pending; null while it is, and if it was answered."""
    kind: Kind
    """The state of the program: it shows a dialog, or asks a question."""
    class_: PromptClass = attrs.field(metadata={"wire": "class"})
    """What the prompt asks for."""
    form: Form
    """How a person works it."""
    question: str
    """The question, as the screen has it."""
    summary: str
    """The question in one line."""
    options: tuple[Option, ...]
    """The options in their order; empty if it takes a line of text."""
    selected: int | None
    """The index of the marked option, counted from 0; null if none is marked."""
    fingerprint: str
    """Equal for prompts to which an answer means the same; 32 hex digits."""
    rule: str
    """The name of the rule that found it."""
    raw_text: str
    """The text of the rows that show it."""
    start: int
    """The byte offset of the first byte that drew it."""
    end: int
    """The byte offset after the last byte that drew it."""
    detector: str
    """What found it first: the `screen`, or the agent's `hook`."""
    ts: int
    """When ANT detected it, in epoch milliseconds."""
    detected_at: datetime
    """When ANT detected it."""
    closed_at: datetime | None
    """When it was no longer pending; null while it is."""
    answer: Decision | None
    """The answer through ANT; null without one."""
    targets: tuple[Target, ...]
    """Where ANT sent it."""
    delivered_to: tuple[SessionId, ...]
    """The ids of the chats that have its card or a notice of it."""
    chat_id: SessionId | None
    """The id of the chat with its card; null without a card."""
    message_id: MessageId | None
    """The id of its card; null without a card."""
    details: PromptDetails | None = None
    """What a permission is about, by the agent's hook; null if no hook reported it."""

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
    """The state of a program."""

    state: AgentState
    """What the program does."""
    detected_at: int = attrs.field(metadata={"wire": "detectedAt"})
    """When ANT found the state, in epoch milliseconds."""
    kind: Kind | None
    """The state of the screen; null if ANT has not looked at it yet."""
    rule: str | None
    """The name of the rule that matched the screen; null if ANT has not looked at it
    yet."""
    source: str
    """`screen` or `hook`."""
    prompt_id: PromptId | None = attrs.field(metadata={"wire": "promptId"})
    """The id of the prompt that it waits for; null if there is none."""
    waiting_for: str | None = attrs.field(metadata={"wire": "waitingFor"})
    """What it waits for, in one line; null if it does not wait."""
    activity: str | None
    """Further text that a hook reported, such as the name of a tool; null without
    one."""
    last_message: str | None = attrs.field(
        default=None, metadata={"wire": "lastMessage"}
    )
    """What the agent said last, by its hook, while it is ready, at most 2,000
    characters; null if it is not known."""
    via: str | None = None
    """Where an answer to the prompt goes: to the agent's `hook`, which waits for it, or
    by `keys`; null without a prompt."""
    queued: int = 0
    """How many further requests of the agent's hook wait behind the prompt."""


@attrs.frozen
class HookReport:
    """The last state that an agent's hook reported."""

    event: str
    """The name of the hook event."""
    state: AgentState
    """The state that follows from it."""
    activity: str | None
    """The tool or the notification that it names; null without one."""
    reported_at: datetime
    """When the hook reported it."""
    counts: bool
    """Whether it outranks the screen: it is newer, or the screen shows only a guess."""


@attrs.frozen
class SessionBrief:
    """The part of a session that the status page contains."""

    id: SessionId
    """The id of the session."""
    name: str
    """The name of the session."""
    type: SessionType
    """Whether it is a terminal, an agent or a chat."""
    handle: str | None
    display_name: str | None
    status: Status
    """The state of its process."""
    ttl: str
    """How long it can be restored after it is deleted."""
    last_activity: datetime | None
    """When it last had output or a message; null if never."""
    linked_chat_id: SessionId | None
    """The id of its linked chat; null if it has none."""
    cli_flag: CliFlag | None
    auto_forward_chat: bool
    """Whether a person's message in the linked chat is typed as it is."""


@attrs.frozen
class BridgeState:
    """The pending prompt in the form of the original ANT."""

    prompt_id: PromptId
    """The id of the prompt."""
    detector: str
    """What found it first: the `screen`, or the agent's `hook`."""
    summary: str
    """The question in one line."""
    since: datetime
    """When ANT detected it."""
    status: PromptStatus
    """The state of the prompt."""


@attrs.frozen
class RouteState:
    """Where a message to a session goes."""

    mode: str
    """`private_terminal_input`, `terminal`, `chatroom` or `unknown`."""
    terminal_id: SessionId | None
    """The id of the terminal; null if there is none."""
    linked_chat_id: SessionId | None
    """The id of the linked chat; null if there is none."""
    executes_in_terminal: bool
    """Whether a person's message is typed as it is, as if by hand."""


@attrs.frozen
class TerminalActivity:
    """How long a program had no output."""

    state: str
    """`working` below 10 seconds without output, `thinking` below 30, then `idle`."""
    age_ms: int = attrs.field(metadata={"wire": "ageMs"})
    """Milliseconds since the last output."""


@attrs.frozen
class CaptureState:
    """The sources of the status page."""

    status_source: str
    """Where the state is from: `hook`, `driver_status_line`, `terminal_activity` or
    `none`."""
    interactive_source: str
    """Where the prompt is from: `agent_event_bus` if it has a card, `prompt_bridge` if
    not, or `none`."""
    detected_at: int | None
    """When ANT found the state, in epoch milliseconds; null if there is none."""
    terminal_activity: TerminalActivity | None
    """How long the program had no output; null if none runs."""


@attrs.frozen
class StatusPage:
    """Whether a session waits for input, and for which."""

    needs_input: bool
    """Whether a prompt waits for an answer."""
    event_id: MessageId | None
    """The id of the card of the prompt; null without a card."""
    event_chat_id: SessionId | None
    """The id of the chat with the card; null without a card."""
    event: dict[str, Any] | None
    """The content of the card, as an object; null without a card."""
    event_class: PromptClass | None
    """What the prompt asks for; null without a prompt."""
    summary: str | None
    """The question in one line; null without a prompt."""
    since: datetime | None
    """When ANT detected the prompt; null without a prompt."""
    agent_status: AgentStatus | None
    """The state of the program; null if it is not known."""
    prompt_bridge: BridgeState | None
    """The prompt in the form of the original ANT; null without one."""
    prompt: PromptRecord | None
    """The whole prompt; null without one."""
    session: SessionBrief
    """The session of the request."""
    terminal: SessionBrief | None
    """The terminal: the session itself, or the one whose linked chat it is. Null if
    there is none."""
    linked_chat: SessionBrief | None
    """The linked chat; null if there is none."""
    route: RouteState
    """Where a message to the session goes."""
    capture: CaptureState
    """Where this status is from."""


@attrs.frozen
class RoomBrief:
    """A room that a terminal is in."""

    id: SessionId
    """The id of the room."""
    name: str
    """The name of the room."""


@attrs.frozen
class TerminalStatus:
    """The state and the prompt of a terminal, and where it is."""

    session: SessionBrief
    """The terminal."""
    needs_input: bool
    """Whether a prompt waits for an answer."""
    since: datetime | None
    """When ANT detected the prompt; null without a prompt."""
    prompt: PromptRecord | None
    """The prompt; null without one."""
    agent_status: AgentStatus | None
    """The state of the program; null if it is not known yet."""
    terminal_activity: TerminalActivity | None
    """How long the program had no output; null if none runs."""
    folder: str | None
    """The folder that its shell reported last, else the one in which its program
    started; null if neither is known."""
    rooms: tuple[RoomBrief, ...]
    """The rooms that it is a member of, the last joined first, at most 20; its linked
    chat is not among them."""
    screen: tuple[str, ...] | None
    """The last ten rows of its screen as text, while it waits; null otherwise. Empty
    rows at the end of the screen are left out."""


@attrs.frozen
class Overview:
    """The running terminals. Those with a pending prompt come first, the oldest first.

    `waiting` is the number of these. Next come terminals with a pager or an editor,
    which a person is using.
    """

    waiting: int
    """The number of terminals with a prompt."""
    terminals: tuple[TerminalStatus, ...]
    """The running terminals: first those that wait, the longest wait first."""
