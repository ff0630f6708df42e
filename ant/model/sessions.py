"""Sessions: the terminals, agents and chats of a server."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

from ant.core import clock
from ant.terminal.agents.flags import accepted_flags, program_flags

SessionId = NewType("SessionId", str)


class SessionType(StrEnum):
    """The type of a session; `TerminalInfo` has the terminal, if there is one."""

    TERMINAL = "terminal"
    """It runs any program on a terminal."""
    CHAT = "chat"
    """A room, without a program."""
    AGENT = "agent"
    """It runs an agent CLI on a terminal."""

    @property
    def has_terminal(self) -> bool:
        """Whether a session of this type runs a program on a terminal."""
        return self is not SessionType.CHAT


class Status(StrEnum):
    """The state of a session's process; `AgentState` is that of the program in it."""

    NONE = "none"
    """No program was started, or the session is a chat."""
    STARTING = "starting"
    """The program is being started."""
    RUNNING = "running"
    """The program runs."""
    EXITED = "exited"
    """The program ended."""
    LOST = "lost"
    """The server, or its tmux, ended before the program: the outcome is not known."""


class CliFlag(StrEnum):
    """The values of a session's `cli_flag`: each may name an agent's driver.

    ANT uses that driver for a program that no driver knows by its name. Some values of
    the original server have no driver; ANT accepts them for old clients. A driver of
    the operator's own adds its name and its flags.
    """

    # The members are `CLAUDE_CODE = "claude-code"` and so on.
    _ignore_ = "flag"
    for flag in accepted_flags():
        vars()[flag.upper().replace("-", "_")] = flag

    @classmethod
    def _missing_(cls, value: object) -> "CliFlag | None":
        """The flag of a driver of the operator's own, which may be gone by now.

        So a session that has it can still be read. Requests are checked against
        `accepted`.
        """
        if not isinstance(value, str):
            return None
        flag = str.__new__(cls, value)
        flag._name_, flag._value_ = value.upper().replace("-", "_"), value
        return flag

    @staticmethod
    def accepted() -> tuple[str, ...]:
        """The values that a request may have now."""
        return accepted_flags()


def flag_of(program: str | None) -> CliFlag | None:
    """The flag of an agent by the name of its process; None for other programs."""
    flag = program_flags().get(program) if program else None
    return CliFlag(flag) if flag else None


TMUX: Final = "tmux"
"""The host that outlives the server."""


@attrs.frozen
class TerminalInfo:
    """The terminal of a session."""

    host: str
    """What runs the program: `pty` or `tmux`."""
    command: tuple[str, ...] | None
    """The program and its arguments; null for the login shell."""
    cols: int
    rows: int
    pid: int | None
    """The process id of the program; null if none runs."""
    exit_code: int | None
    """The exit code; null until the program ends, and if a signal ended it."""
    exit_signal: int | None
    """The number of the signal that ended it; null if none did."""
    status_reason: str | None
    """A sentence on a start that failed or an outcome that is lost; null otherwise."""
    started_at: datetime | None
    """When the program last started; null if it never did."""
    exited_at: datetime | None
    """When it ended; null if it did not."""
    oldest: int
    """The byte offset of the first byte that is kept."""
    end: int
    """The byte offset after the last byte."""
    added_arguments: tuple[str, ...] = ()
    """The arguments that ANT added to `command` at the last start, to give an agent
    its hook settings; empty if it added none."""


@attrs.frozen
class Session:
    """A session, in the same form in all responses and events."""

    id: SessionId
    """The id of the session, for ever."""
    name: str
    """The name, which no other active session has."""
    type: SessionType
    """Whether it is a terminal, an agent or a chat."""
    workspace_id: str | None
    """Free text of the client, to group sessions by; null if not set."""
    root_dir: str | None
    """The folder in which its program starts; null for the default."""
    status: Status
    """The state of its process."""
    archived: bool
    """Whether it is archived."""
    ttl: str
    """How long it can be restored after it is deleted: `forever`, or a duration such as
    `15m`."""
    deleted_at: datetime | None
    """When it was deleted; null if it was not."""
    last_activity: datetime | None
    """When it last had output or a message; null if never."""
    meta: dict[str, Any]
    """Free data of clients."""
    created_at: datetime
    updated_at: datetime
    handle: str | None
    display_name: str | None
    alias: str | None
    """A short name, for clients of the original ANT; null if it has none."""
    cli_flag: CliFlag | None
    linked_chat_id: SessionId | None
    """The id of its linked chat; null if it has none."""
    auto_forward_chat: bool
    """Whether a person's message in the linked chat is typed as it is, as if by
    hand."""
    accepts_messages: bool
    """Whether ANT types messages at a composer that no driver knows."""
    hooks: bool
    """Whether ANT gives an agent hook settings by an argument when it starts."""
    terminal: TerminalInfo | None
    """Its terminal; null for a chat."""

    @property
    def active(self) -> bool:
        """Whether the session is neither archived nor deleted."""
        return not self.archived and self.deleted_at is None

    @property
    def recovery_end(self) -> datetime | None:
        """When the ttl of a deleted session is over. None is never."""
        if self.archived or self.deleted_at is None or self.ttl == "forever":
            return None
        try:
            return self.deleted_at + clock.parse_duration(self.ttl)
        except OverflowError:  # Beyond the last year of the calendar.
            return None


class NameField(StrEnum):
    """The fields of a session of which two active sessions never have the same."""

    NAME = "name"
    HANDLE = "handle"


@attrs.frozen
class ReplacedName:
    """A name or a handle that another session took while a session was inactive."""

    session_id: SessionId
    """The id of the session that had it."""
    field: NameField
    """Whether it is the name or the handle."""
    taken: str
    """What the session had before."""
    now: str
    """What it has now, which was free."""


@attrs.frozen
class SessionList:
    """Active sessions, last changed first, and sessions that can be restored.

    `next` is the `after` of the next page; null on the last page. Pages go on with
    `recoverable` after the last active session.
    """

    sessions: tuple[Session, ...]
    """The active sessions, the last changed first."""
    recoverable: tuple[Session, ...]
    """Archived and deleted sessions that can be restored, the last deleted first."""
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
