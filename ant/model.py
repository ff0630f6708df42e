"""The nouns of ANT: frozen classes that rules return, events carry and REST answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

SessionId = NewType("SessionId", str)
MessageId = NewType("MessageId", str)
LinkId = NewType("LinkId", str)
TaskId = NewType("TaskId", str)
FileRefId = NewType("FileRefId", str)


class SessionType(StrEnum):
    """What a session is; its terminal half, if it has one, is in `TerminalInfo`."""

    TERMINAL = "terminal"
    CHAT = "chat"
    AGENT = "agent"

    @property
    def has_terminal(self) -> bool:
        """Whether such a session runs a program on a terminal."""
        return self is not SessionType.CHAT


class Status(StrEnum):
    """What is known of a session's process; never what the agent in it is doing."""

    NONE = "none"
    STARTING = "starting"
    RUNNING = "running"
    EXITED = "exited"
    LOST = "lost"


class CliFlag(StrEnum):
    """The agent CLI drivers a session may name."""

    CLAUDE_CODE = "claude-code"
    CODEX_CLI = "codex-cli"
    GEMINI_CLI = "gemini-cli"
    COPILOT_CLI = "copilot-cli"
    COPILOT = "copilot"
    QWEN_CLI = "qwen-cli"
    QWEN = "qwen"
    OPENCODE = "opencode"
    AIDER = "aider"
    HERMES_ACP = "hermes-acp"
    OLLAMA = "ollama"
    PERSPECTIVE = "perspective"
    MSTY = "msty"
    LM_STUDIO = "lm-studio"
    LLAMAFILE = "llamafile"
    LLM = "llm"
    PI = "pi"
    LEMONADE = "lemonade"
    MLX_LM = "mlx-lm"
    KIMI_CODE = "kimi-code"
    KIMI = "kimi"


PROGRAMS: Final = {
    "claude": CliFlag.CLAUDE_CODE,
    "codex": CliFlag.CODEX_CLI,
    "gemini": CliFlag.GEMINI_CLI,
    "copilot": CliFlag.COPILOT_CLI,
    "qwen": CliFlag.QWEN_CLI,
    "opencode": CliFlag.OPENCODE,
    "aider": CliFlag.AIDER,
    "ollama": CliFlag.OLLAMA,
    "llm": CliFlag.LLM,
    "pi": CliFlag.PI,
    "kimi": CliFlag.KIMI_CODE,
}
"""Which driver belongs to a program of that name."""


TMUX: Final = "tmux"
"""The host whose programs outlive the server."""


@attrs.frozen
class TerminalInfo:
    """The terminal half of a session row.

    `oldest` and `end` are byte offsets of the stored transcript: the first byte that is
    kept and one past the last. `exit_code` and `exit_signal` are null until the program
    ended, and then one of them is not, unless the process was lost.
    """

    host: str
    command: tuple[str, ...] | None
    cols: int
    rows: int
    pid: int | None
    exit_code: int | None
    exit_signal: int | None
    status_reason: str | None
    started_at: datetime | None
    exited_at: datetime | None
    oldest: int
    end: int


@attrs.frozen
class Session:
    """One row of the session list, the same everywhere it is seen.

    `accepts_messages`: messages are typed at a composer that no driver knows, too.
    """

    id: SessionId
    name: str
    type: SessionType
    workspace_id: str | None
    root_dir: str | None
    status: Status
    archived: bool
    ttl: str
    deleted_at: datetime | None
    last_activity: datetime | None
    meta: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    handle: str | None
    display_name: str | None
    alias: str | None
    cli_flag: CliFlag | None
    linked_chat_id: SessionId | None
    auto_forward_chat: bool
    accepts_messages: bool
    terminal: TerminalInfo | None

    @property
    def active(self) -> bool:
        """Neither archived nor deleted."""
        return not self.archived and self.deleted_at is None


@attrs.frozen
class SessionList:
    """Active sessions, newest change first, and those that can be brought back.

    `next` is the `after` of the next page, which goes on with `recoverable` once all
    active ones were told; null where there is none.
    """

    sessions: tuple[Session, ...]
    recoverable: tuple[Session, ...]
    next: str | None = None


@attrs.frozen
class Chunk:
    """A stored run of terminal bytes; `offset` is that of its first byte."""

    id: int
    session_id: SessionId
    offset: int
    at: datetime
    data: bytes

    @property
    def end(self) -> int:
        """One past the offset of the last byte."""
        return self.offset + len(self.data)


@attrs.frozen
class Gap:
    """Offsets without a byte: lost in a crash or no longer kept. `to` is exclusive."""

    from_: int = attrs.field(metadata={"wire": "from"})
    to: int


@attrs.frozen
class HistoryRow:
    """A piece of transcript, as `text` (no escape sequences), `raw` or a `snippet`.

    A `line` that was searched for has its number, which also is its `id`, and the bytes
    from `start` to `end` that drew it; `text` is the whole line, cut where it is long.
    """

    id: int
    chunk_index: int
    ts_ms: int
    byte_offset: int
    size: int
    text: str | None = None
    raw: str | None = None
    raw_b64: str | None = None
    snippet: str | None = None
    line: int | None = None
    start: int | None = None
    end: int | None = None


@attrs.frozen
class History:
    """A page of transcript; `next` is the byte offset at which a later page goes on.

    `previous` is the byte offset before which there is more, to be asked for as `to`;
    null where there is nothing. A search has looked at all before `indexed_to`.
    """

    session_id: SessionId
    mode: str
    limit: int
    count: int
    rows: tuple[HistoryRow, ...]
    gaps: tuple[Gap, ...]
    oldest: int
    end: int
    next: int
    since_ms: int | None = None
    query: str | None = None
    indexed_to: int | None = None
    previous: int | None = None


@attrs.frozen
class EventPage:
    """A page of the event log; `events` are as on `/ws`, oldest first.

    `oldest` is the first `seq` that is kept, `newest` the last that there was, `next`
    the `since` of the next page, `gap` what was pruned before this one.
    """

    epoch: str
    oldest: int
    newest: int
    next: int
    gap: Gap | None
    events: tuple[dict[str, Any], ...]


@attrs.frozen
class InputReceipt:
    """What became of an input while the caller waited, in bytes.

    `ok`: all of it was taken, in order. `written` of it is in the terminal; `queued`
    waits for the program to read.
    """

    ok: bool
    size: int
    written: int
    queued: int


class Relationship(StrEnum):
    """What a room is to another; the older room is the source, the newer the target."""

    DISCUSSION_OF = "discussion_of"
    PROMOTED_SUMMARY_FOR = "promoted_summary_for"
    SPAWNED_FROM = "spawned_from"
    FOLLOWS_UP = "follows_up"


@attrs.frozen
class Message:
    """One row of a room's history.

    `hops`: 0 where a person wrote it, else how many programs in a row have spoken to
    each other, up to this message, since a person said something.
    """

    id: MessageId
    session_id: SessionId
    role: str
    content: str
    format: str
    status: str
    sender_id: str | None
    target: str | None
    reply_to: MessageId | None
    msg_type: str
    meta: dict[str, Any]
    created_at: datetime
    pinned: bool
    client_id: str | None
    hops: int = 0


@attrs.frozen(order=True)
class Chain:
    """How far a word is from a person's: which that was, and posts of programs since.

    Words of people are numbered as they come. The greater is the later word, and of one
    word the longer chain.
    """

    person: int = 0
    hops: int = 0


@attrs.frozen
class Messages:
    """A page of a room's history, oldest first.

    `next` is the id to go on with where there are more rows than a page has: as
    `before`, or as `since` where only `since` was given; null where there are none.
    """

    messages: tuple[Message, ...]
    next: MessageId | None = None


@attrs.frozen
class Found:
    """A message that was searched for; the words are marked in `snippet`."""

    message: Message = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class SearchResults:
    """Newest first, or best first where that was asked for.

    Not `complete`: fewer than `limit` are answered, since an answer has 4 MiB, and a
    search looks through so much, at most. A smaller `limit` or more words help.
    """

    results: tuple[Found, ...]
    complete: bool = True


@attrs.frozen
class Participant:
    """A member of a room, or somebody who posted in it."""

    id: str
    name: str
    handle: str | None
    alias: str | None
    session_type: SessionType | None
    session_status: Status | None
    cli_flag: CliFlag | None
    role: str
    joined_at: datetime | None
    first_seen: datetime | None
    last_seen: datetime | None
    message_count: int


@attrs.frozen
class Participants:
    """Members, those who post from outside, and both together.

    `next` is the `after` of the next page; null where there is none.
    """

    participants: tuple[Participant, ...]
    posts_from: tuple[Participant, ...] = attrs.field(metadata={"wire": "postsFrom"})
    all: tuple[Participant, ...]
    next: str | None = None


@attrs.frozen
class Read:
    """Who read a message, when first."""

    session_id: str
    reader_name: str
    reader_handle: str | None
    read_at: datetime


@attrs.frozen
class RoomLink:
    """A typed relationship; each end's name and type come with it."""

    id: LinkId
    source_room_id: SessionId
    target_room_id: SessionId
    relationship: Relationship
    title: str | None
    created_by: str | None
    created_at: datetime
    settings: dict[str, Any]
    source_name: str
    source_type: SessionType
    target_name: str
    target_type: SessionType


@attrs.frozen
class RoomLinks:
    """Links in which a room is the source, and those in which it is the target.

    `next` is the `after` of the next page; null where there is none.
    """

    outgoing: tuple[RoomLink, ...]
    incoming: tuple[RoomLink, ...]
    next: str | None = None


@attrs.frozen
class Task:
    """Something to be done in a room. `status` is free; `deleted` is a soft delete."""

    id: TaskId
    session_id: SessionId
    created_by: str | None
    assigned_to: str | None
    title: str
    description: str | None
    status: str
    file_refs: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@attrs.frozen
class FileRef:
    """A file that somebody flagged in a room."""

    id: FileRefId
    session_id: SessionId
    flagged_by: str | None
    file_path: str
    note: str | None
    created_at: datetime
