"""The settings of a server. Each is declared once, as a field of `Config`.

`cli.options` makes a flag and an environment variable of each declaration.
`python -m ant.config` prints `docs/settings.md`; `make docs` writes it there.
"""

import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import attrs

_METADATA: Final = "setting"


@attrs.frozen(kw_only=True)
class Setting:
    """The declaration of a setting: its name, flag, variable, help, type and default.

    `low` and `high` are the bounds of a number, both included. `choices` are all the
    values that a setting with a fixed set of them takes. A `secret` is never printed,
    and its flag is not in the help.
    """

    name: str
    flag: str
    variable: str
    help: str
    type: type
    default: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False


def setting(default: Any, *, help: str, secret: bool = False, **details: Any) -> Any:
    """A field of `Config` with its declaration; `details` are fields of `Setting`."""
    declared = {"help": help, "secret": secret, **details}
    return attrs.field(default=default, repr=not secret, metadata={_METADATA: declared})


@attrs.frozen
class Config:
    """The settings of one server run; nothing reads the environment after this."""

    host: str = setting(
        "127.0.0.1",
        help="Address to listen on. A public address needs an operator key or "
        "--insecure.",
    )
    port: int = setting(
        6458, low=0, high=65535, help="Port to listen on; 0 takes a free one."
    )
    tcp: bool = setting(
        True, help="Listen on --host and --port. Without it only --uds is left."
    )
    uds: Path | None = setting(
        None,
        help="Unix socket to listen on besides, with mode 600. Its folder must exist.",
    )
    tls_cert: Path | None = setting(
        None,
        flag="--cert",
        help="PEM file with the certificate of the server and those above it. With it "
        "and --key, --port speaks https.",
    )
    tls_key: Path | None = setting(
        None, flag="--key", help="PEM file with the private key of --cert."
    )
    proxy: tuple[str, ...] = setting(
        (),
        help="Address or network of a reverse proxy, such as 10.0.0.2 or 10.0.0.0/8; "
        "several with commas between them. Only from there ANT reads X-Forwarded-For, "
        "-Proto and -Host. Each call from there needs a key or a token.",
    )
    base_path: str | None = setting(
        None,
        help="Path below which a reverse proxy shows this server, such as /ant. ANT "
        "takes calls with it and without it.",
    )
    data_dir: Path = setting(
        Path("~/.ant"),
        help="Folder of the database; only one server at a time can use it. If it is "
        "missing, ANT makes it with mode 700. ANT reserves 10 MiB there for a full "
        "disk.",
    )
    api_key: str | None = setting(
        None,
        secret=True,
        help="Operator key that every caller must send, as Authorization: Bearer KEY, "
        "X-API-Key: KEY or ?apiKey=KEY. Programs in terminals send ANT_TOKEN instead. "
        "A key of fewer than 8 characters is refused. Without a key, only programs of "
        "this user may call.",
    )
    insecure: bool = setting(
        False, help="Listen on a public address without an operator key."
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        help="More names that the Host header of a request may have, separated by "
        "commas. Loopback names and --host are always allowed.",
    )
    public_url: str | None = setting(
        None,
        help="URL at which others reach this server, with --base-path, if it is not "
        "http://HOST:PORT or https://HOST:PORT (behind a proxy, for example).",
    )
    max_active_sessions: int = setting(
        0, low=0, help="Terminals that may run at once; 0 is no limit."
    )
    max_hops: int = setting(
        8,
        low=0,
        help="Programs in a row that may answer each other before a person has to "
        "post; 0 is no limit.",
    )
    room_posts_per_minute: int = setting(
        60,
        low=0,
        help="Posts to others that terminal tokens may make in one room; 0 is no "
        "limit.",
    )
    token_bytes_per_minute: int = setting(
        1 << 20,
        low=0,
        help="Bytes that one terminal's token may write, by all routes together; 0 is "
        "no limit.",
    )
    token_requests_per_minute: int = setting(
        600,
        low=0,
        help="Writing requests that one terminal's token may make; 0 is no limit.",
    )
    token_body_max: int = setting(
        64 << 10,
        low=1024,
        high=10 << 20,
        help="Bytes of one writing request of a terminal's token; a report of a hook "
        "may have 1 MiB.",
    )
    transcript_max_bytes: int = setting(
        256 << 20,
        low=65536,
        help="Bytes of transcript that ANT keeps per session. Beyond them it deletes "
        "the oldest whole chunks.",
    )
    event_log_keep: int = setting(
        100_000, low=1, help="Events that ANT keeps in the event log."
    )
    event_log_max_age_days: int = setting(
        30, low=1, help="Days that ANT keeps an event in the event log."
    )
    webhook_private: bool = setting(
        False, help="Allow webhooks to private and local addresses."
    )
    export_dir: Path | None = setting(
        None,
        help="Folder that ANT writes exports to. Without it the response contains the "
        "export.",
    )
    obsidian_vault: Path | None = setting(
        None, help="Obsidian vault that ANT writes Markdown exports to."
    )
    drivers_dir: Path | None = setting(
        None,
        help="Folder of your own driver files (`*.toml`), which describe agent CLIs. "
        "Default: drivers in the folder ant of XDG_CONFIG_HOME, or of ~/.config. Only "
        "you may write to it.",
    )
    shell_integration: bool = setting(
        True,
        help="Have bash, zsh and fish report their prompts and commands. The env of a "
        "session may set the variable, too.",
    )
    default_host: Literal["pty", "tmux"] = setting(
        "pty",
        help="Host of a terminal that does not name one: a pty ends with the server, "
        "a tmux outlives it.",
    )
    spool_max_bytes: int = setting(
        256 << 20,
        low=65536,
        help="Bytes of output of one tmux session that may wait to be stored. Beyond "
        "them ANT drops the newest.",
    )
    grace_s: float = setting(
        5.0,
        low=0,
        high=60,
        flag="--grace",
        help="Seconds that sockets, requests and sessions get to finish when the "
        "server stops.",
    )
    log_level: str = setting(
        "info",
        choices=("debug", "info", "warning", "error"),
        help="Least severe log line that ANT writes.",
    )

    @property
    def database(self) -> Path:
        """The database file."""
        return self.data_dir / "ant.db"

    @property
    def drivers(self) -> Path:
        """The folder of the operator's own driver files, which may not exist."""
        return self.drivers_dir or user_folder() / "drivers"


def user_folder() -> Path:
    """The folder of files that a user edits: `ant` in `XDG_CONFIG_HOME`."""
    folder = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    try:
        return Path(folder).expanduser() / "ant"
    except RuntimeError:  # The user has no home.
        return Path("/nonexistent/ant")


def _without_none(kind: Any) -> Any:
    """The type that an optional type has when it is not None."""
    if get_origin(kind) is types.UnionType:
        (kind,) = (each for each in get_args(kind) if each is not type(None))
    return kind


def _names(name: str) -> dict[str, Any]:
    flag, variable = f"--{name.replace('_', '-')}", f"ANT_{name.upper()}"
    return {"name": name, "flag": flag, "variable": variable}


def _declarations() -> Iterator[Setting]:
    for field in attrs.fields(Config):
        kind, choices = _without_none(field.type), {}
        if get_origin(kind) is Literal:
            kind, choices = str, {"choices": get_args(kind)}
        declared = _names(field.name) | choices | field.metadata[_METADATA]
        yield Setting(type=get_origin(kind) or kind, default=field.default, **declared)


SETTINGS: Final = {each.name: each for each in _declarations()}
"""The declaration of every field of `Config`, by the field's name."""

API_KEY_FILE: Final = Setting(
    **_names("api_key_file"),
    type=Path,
    help="File with the operator key, in one line. Prefer it to ANT_API_KEY, which the "
    "process that starts the server may keep in its environment.",
)
"""Another way to set `api_key`; no field of its own."""

_PAGE: Final = """\
# Settings

`ant serve` takes each setting as a flag or as an environment variable; the flag wins.
A switch is a flag without a value; its variable takes `1` or `0`.

This page is generated from `ant/config.py`: change it there and run `make docs`.

| Flag | Variable | Values | Default | Meaning |
|---|---|---|---|---|
"""

_NOUNS: Final[dict[type, str]] = {
    bool: "switch",
    int: "integer",
    float: "number",
    Path: "path",
    tuple: "list",
}


def _values(declared: Setting) -> str:
    """The values that a setting takes, for the page."""
    if declared.choices:
        return ", ".join(f"`{each}`" for each in declared.choices)
    text = _NOUNS.get(declared.type, "text")
    if declared.low is not None and declared.high is not None:
        return f"{text}, {declared.low} to {declared.high}"
    return text if declared.low is None else f"{text}, at least {declared.low}"


def _default(declared: Setting) -> str:
    value = declared.default
    if declared.type is bool:
        value = int(value)
    return "" if value in (None, ()) else f"`{value}`"


def _flags(declared: Setting) -> str:
    if declared.secret:
        return ""
    if declared.type is bool and declared.default:
        return f"`--no-{declared.flag.removeprefix('--')}`"
    return f"`{declared.flag}`"


def settings_page() -> str:
    """The text of `docs/settings.md`."""
    declared = list(SETTINGS.values())
    declared.insert(declared.index(SETTINGS["api_key"]) + 1, API_KEY_FILE)
    return _PAGE + "".join(
        f"| {_flags(each)} | `{each.variable}` | {_values(each)} | {_default(each)} "
        f"| {each.help} |\n"
        for each in declared
    )


if __name__ == "__main__":
    sys.stdout.write(settings_page())
