"""Sessions: the terminals, agents and chats of a server."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

from ant.terminal.agents.flags import accepted_flags, program_flags

SessionId = NewType("SessionId", str)


class SessionType(StrEnum):
    """The type of a session; `TerminalInfo` has the terminal, if there is one."""

    TERMINAL = "terminal"
    CHAT = "chat"
    AGENT = "agent"

    @property
    def has_terminal(self) -> bool:
        """Whether a session of this type runs a program on a terminal."""
        return self is not SessionType.CHAT


class Status(StrEnum):
    """The state of a session's process; `AgentState` is that of the program in it."""

    NONE = "none"
    STARTING = "starting"
    RUNNING = "running"
    EXITED = "exited"
    LOST = "lost"


class CliFlag(StrEnum):
    """The accepted values of a session's `cli_flag`: each may name an agent's driver.

    ANT uses that driver for a program that no driver knows by its name. Some values of
    the original server have no driver; ANT accepts them for old clients.
    """

    # The members are `CLAUDE_CODE = "claude-code"` and so on.
    _ignore_ = "flag"
    for flag in accepted_flags():
        vars()[flag.upper().replace("-", "_")] = flag


PROGRAMS: Final = {program: CliFlag(flag) for program, flag in program_flags().items()}
"""The flag of each agent program, by the name of its process."""


TMUX: Final = "tmux"
"""The host that outlives the server."""


@attrs.frozen
class TerminalInfo:
    """The terminal of a session.

    `oldest` and `end` are byte offsets of the stored transcript: that of the first byte
    that is kept, and the one after the last. `exit_code` and `exit_signal` are null
    until the program ends. Then one of them is set, unless the process was lost.
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
    """A session, in the same form in all responses and events.

    `accepts_messages`: ANT also types messages at a composer that no driver knows.
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
        """Whether the session is neither archived nor deleted."""
        return not self.archived and self.deleted_at is None


class NameField(StrEnum):
    """The fields of a session of which two active sessions never have the same."""

    NAME = "name"
    HANDLE = "handle"


@attrs.frozen
class ReplacedName:
    """A name or a handle that another session took while a session was inactive.

    The session `session_id` had `taken`, and has `now`, which was free.
    """

    session_id: SessionId
    field: NameField
    taken: str
    now: str


@attrs.frozen
class SessionList:
    """Active sessions, last changed first, and sessions that can be restored.

    `next` is the `after` of the next page; null on the last page. Pages go on with
    `recoverable` after the last active session.
    """

    sessions: tuple[Session, ...]
    recoverable: tuple[Session, ...]
    next: str | None = None


@attrs.frozen(order=True)
class Chain:
    """The distance of a message from a person's message.

    `person` is the number of that message among those of people, `hops` the posts of
    programs in a row since. The greater chain is that of the later message of a person,
    and, for the same message, the longer one.
    """

    person: int = 0
    hops: int = 0
