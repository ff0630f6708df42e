"""The answers of the server that the library's handles return, as typed dictionaries.

The fields are those of `docs/api.md`, which explains them. A newer server may send
more.
"""

from typing import Any, Literal, TypedDict

EventRow = dict[str, Any]
"""A logged event: its `seq`, `type`, `sessionId` and further fields, as on `/ws`."""


class TerminalRow(TypedDict):
    """The terminal of a session."""

    host: str
    command: list[str] | None
    cols: int
    rows: int
    pid: int | None
    exit_code: int | None
    exit_signal: int | None
    status_reason: str | None
    started_at: str | None
    exited_at: str | None
    oldest: int
    end: int
    added_arguments: list[str]


class SessionRow(TypedDict):
    """A session; `terminal` is None for a chat."""

    id: str
    name: str
    type: Literal["terminal", "agent", "chat"]
    workspace_id: str | None
    root_dir: str | None
    status: Literal["none", "starting", "running", "exited", "lost"]
    archived: bool
    ttl: str
    deleted_at: str | None
    last_activity: str | None
    meta: dict[str, Any]
    created_at: str
    updated_at: str
    handle: str | None
    display_name: str | None
    alias: str | None
    cli_flag: str | None
    linked_chat_id: str | None
    auto_forward_chat: bool
    accepts_messages: bool
    hooks: bool
    terminal: TerminalRow | None


class OptionRow(TypedDict):
    """An option of a prompt."""

    label: str
    selected: bool
    checked: bool | None
    keys: str
    lasting: bool


class DetailsRow(TypedDict):
    """What a permission is about, as an agent's hook reported it."""

    agent: str
    tool: str
    input: dict[str, Any]
    complete: bool
    folder: str | None
    mode: str | None


_PromptClass = TypedDict("_PromptClass", {"class": str})


class PromptRow(_PromptClass):
    """A prompt of a terminal."""

    id: str
    type: str
    terminal_id: str
    session_id: str
    run: str
    status: Literal["pending", "answered", "resolved", "discarded"]
    reason: str | None
    kind: str
    form: str
    question: str
    summary: str
    options: list[OptionRow]
    selected: int | None
    fingerprint: str
    rule: str
    raw_text: str
    start: int
    end: int
    detector: str
    ts: int
    detected_at: str
    closed_at: str | None
    answer: dict[str, Any] | None
    targets: list[dict[str, Any]]
    delivered_to: list[str]
    chat_id: str | None
    message_id: str | None
    details: DetailsRow | None


class WaitRow(TypedDict):
    """What a wait was answered with: the first fact that came, or a time-out."""

    session_id: str
    until: str | None
    timed_out: bool
    stopping: bool
    next: str
    run: str | None
    status: str
    state: str | None
    end: int
    start: int | None
    event_id: int | None
    text: str | None
    command: str | None
    trust: str | None
    exit_code: int | None
    exit_signal: int | None
    reason: str | None
    prompt: PromptRow | None
    gap: dict[str, int] | None
    events_missing: bool


class CursorRow(TypedDict):
    """The cursor of a screen."""

    row: int
    col: int
    visible: bool


class ScreenPageRow(TypedDict):
    """The screen of a terminal."""

    session_id: str
    status: str
    offset: int
    cols: int
    rows: int
    lines: list[str]
    cursor: CursorRow
    title: str
    modes: dict[str, Any]
    ansi: str


class AnswerRow(TypedDict):
    """What became of the answer to a prompt."""

    ok: bool
    prompt: PromptRow
    chosen: str
    resolved: bool


class InputRow(TypedDict):
    """The receipt of an input."""

    ok: bool
    size: int
    written: int
    queued: int


class MessageRow(TypedDict):
    """A message of a room."""

    id: str
    session_id: str
    role: str
    content: str
    format: str
    status: str
    sender_id: str | None
    target: str | None
    reply_to: str | None
    msg_type: str
    meta: dict[str, Any]
    created_at: str
    pinned: bool
    client_id: str | None
    hops: int


class PostedRow(MessageRow):
    """A message that was posted, with the state of each delivery."""

    deliveries: list[dict[str, Any]]
