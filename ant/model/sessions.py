"""The nouns of ANT: frozen classes that rules return, events carry and REST answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

from ant.terminal.agents.flags import accepted_flags, program_flags

SessionId = NewType("SessionId", str)


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


@attrs.frozen(order=True)
class Chain:
    """How far a word is from a person's: which that was, and posts of programs since.

    Words of people are numbered as they come. The greater is the later word, and of one
    word the longer chain.
    """

    person: int = 0
    hops: int = 0
