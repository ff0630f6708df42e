"""Every setting: a field and a sentence each. `cli` fills it from flags and ANT_…"""

from pathlib import Path
from typing import Literal

import attrs


@attrs.frozen
class Config:
    """What a server run is told; nothing reads the environment after this."""

    host: str = "127.0.0.1"
    """Address to listen on; a public one needs `api_key` or `insecure`."""
    port: int = 6458
    """Port to listen on; 0 takes a free one."""
    data_dir: Path = Path("~/.ant")
    """Folder of the database and the lock; made for its owner only if missing."""
    api_key: str | None = attrs.field(default=None, repr=False)
    """The key that every caller must show; None: loopback only, nobody is asked."""
    insecure: bool = False
    """Listen on a public address without a key all the same."""
    allowed_hosts: tuple[str, ...] = ()
    """More names that a request's Host may have, beside loopback and `host`."""
    public_url: str | None = None
    """How others reach us, when it is not http://HOST:PORT (behind TLS, say)."""
    max_active_sessions: int = 0
    """Terminals that may run at once; 0 is no cap."""
    max_hops: int = 8
    """Programs in a row that may answer each other unasked; 0 is no bound."""
    room_posts_per_minute: int = 60
    """Posts of tokens that reach others, in one room; 0 is no bound."""
    token_bytes_per_minute: int = 1 << 20
    """Bytes that one terminal's token may write; 0 is no bound."""
    token_requests_per_minute: int = 600
    """Requests that write which one terminal's token may make; 0 is no bound."""
    token_body_max: int = 64 << 10
    """Bytes of one such request."""
    transcript_max_bytes: int = 256 << 20
    """Transcript kept per session; beyond it the oldest whole chunks go."""
    event_log_keep: int = 100_000
    """Events kept in the log."""
    event_log_max_age_days: int = 30
    """Days that an event is kept in the log."""
    webhook_private: bool = False
    """Whether prompts may be posted to private and local addresses."""
    export_dir: Path | None = None
    """Folder that exports are written to; None: they come back in the answer."""
    obsidian_vault: Path | None = None
    """Vault that Markdown exports are written to."""
    shell_integration: bool = True
    """Whether bash, zsh and fish are made to tell their prompts and commands."""
    default_host: Literal["pty", "tmux"] = "pty"
    """Who holds a terminal whose creation does not say so: `pty` (we) or `tmux`."""
    spool_max_bytes: int = 256 << 20
    """Output of a tmux session that may wait to be stored; then the newest goes."""
    grace_s: float = 5.0
    """Seconds that sockets, requests and sessions have to leave on a stop."""
    log_level: str = "info"
    """Least severe log line that is written: debug, info, warning or error."""

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data_dir / "ant.db"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach `host`."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")
