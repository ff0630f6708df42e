"""The nouns of ANT: frozen classes that rules return, events carry and REST answers."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

SessionId = NewType("SessionId", str)

NO_META: Final[dict[str, Any]] = {}


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
    """One row of the session list, the same everywhere it is seen."""

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
    terminal: TerminalInfo | None

    @property
    def active(self) -> bool:
        """Neither archived nor deleted."""
        return not self.archived and self.deleted_at is None


@attrs.frozen
class SessionList:
    """Active sessions, newest change first, and those that can be brought back."""

    sessions: tuple[Session, ...]
    recoverable: tuple[Session, ...]


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
    """A piece of transcript, as `text` (no escape sequences), `raw` or a `snippet`."""

    id: int
    chunk_index: int
    ts_ms: int
    byte_offset: int
    size: int
    text: str | None = None
    raw: str | None = None
    raw_b64: str | None = None
    snippet: str | None = None


@attrs.frozen
class History:
    """A page of transcript; `next` is the byte offset at which a later page goes on."""

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


@attrs.frozen
class StopReceipt:
    """An interrupt was sent; whether the program minds it, its output will tell."""

    ok: bool
    action: str
    key: str


@attrs.frozen
class SessionLoad:
    """What one running session costs, all its processes together."""

    session_id: SessionId = attrs.field(metadata={"wire": "sessionId"})
    pid: int
    cpu_pct: float = attrs.field(metadata={"wire": "cpuPct"})
    rss_mb: float = attrs.field(metadata={"wire": "rssMb"})


@attrs.frozen
class Resources:
    """What the sessions cost, with the original's key names. CPU: 100 is one core."""

    total_cpu_pct: float = attrs.field(metadata={"wire": "totalCpuPct"})
    total_rss_mb: float = attrs.field(metadata={"wire": "totalRssMb"})
    active_session_count: int = attrs.field(metadata={"wire": "activeSessionCount"})
    max_active_sessions: int = attrs.field(metadata={"wire": "maxActiveSessions"})
    at_cap: bool = attrs.field(metadata={"wire": "atCap"})
    can_spawn: bool = attrs.field(metadata={"wire": "canSpawn"})
    stalled_sessions: tuple[SessionId, ...] = attrs.field(
        metadata={"wire": "stalledSessions"}
    )
    sessions: tuple[SessionLoad, ...]
    sampled_at: datetime = attrs.field(metadata={"wire": "sampledAt"})


@attrs.frozen
class Pressure:
    """What the server process itself costs. The delay is of the last minute."""

    cpu_pct: float
    rss_bytes: int
    open_fds: int
    max_fds: int
    loop_delay_ms_p50: float
    loop_delay_ms_max: float


@attrs.frozen
class Health:
    """One snapshot: `ok`, `degraded` (the database refuses writes) or `stopping`."""

    status: str
    version: str
    started_at: datetime
    uptime_s: float
    active_session_count: int
    session_cap: int
    stalled_sessions: tuple[SessionId, ...]
    pressure: Pressure
    resources: Resources
