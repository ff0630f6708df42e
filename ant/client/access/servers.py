"""Servers by name: `servers.toml`, and which server a call means."""

import os
import re
from pathlib import Path
from typing import Final

import attrs

from ant.config import API_KEY_FILE, SETTINGS, user_folder
from ant.core.errors import AntError

DEFAULT_SERVER: Final = f"http://{SETTINGS['host'].default}:{SETTINGS['port'].default}"
VARIABLE: Final = "ANT_ON"
URL_VARIABLE: Final = "ANT_SERVER_URL"

_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
_KEY_FILE = API_KEY_FILE.flag.removeprefix("--")
_KEYS: Final = {"url": str, _KEY_FILE: str, "plain-http": bool, "ca": str}
"""The keys of a server in the file, and the type of each."""


SCHEMES: Final = ("http://", "https://", "unix:")
"""How the URL of a server may begin. After `unix:` comes the path of its socket."""

KINDS: Final = "http://, https:// or unix:/"


class WrongServer(AntError):
    """The caller, the environment or `servers.toml` names no server that may be called.

    It is raised before anything is sent.
    """


@attrs.frozen
class NamedServer:
    """A server of the file: its name, its URL, and the file with its operator key.

    `plain_http` allows to send the key over plain HTTP to another machine. `ca` is a
    file with certificates to trust.
    """

    name: str
    url: str
    key_file: Path | None = None
    plain_http: bool = False
    ca: Path | None = None


def path() -> Path:
    """The file: `ant/servers.toml` in `XDG_CONFIG_HOME`, or in `~/.config`."""
    return user_folder() / "servers.toml"


def read() -> dict[str, NamedServer]:
    """The servers in the file by name; none without a file.

    Raises `WrongServer` if the file cannot be read, or has what ANT does not know.
    """
    import tomllib

    file = path()
    try:
        tables = tomllib.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise WrongServer(f"{file} cannot be read: {reason}.") from exc
    return {name: _server(file, name, table) for name, table in tables.items()}


def _server(file: Path, name: str, table: object) -> NamedServer:
    def wrong(what: str) -> WrongServer:
        return WrongServer(f"{file}: [{name}] {what}.")

    if _NAME.fullmatch(name) is None:
        raise wrong("is no name: use letters, digits and . _ -, at most 64")
    if not isinstance(table, dict):
        raise wrong("is no table: write [NAME] and below it url = …")
    for key, value in table.items():
        if key not in _KEYS:
            raise wrong(f"has {key!r}, but the keys are {', '.join(_KEYS)}")
        if not isinstance(value, _KEYS[key]):
            raise wrong(f"needs a {_KEYS[key].__name__} as {key}")
    if not str(table.get("url", "")).startswith(SCHEMES):
        raise wrong(f"needs a url that begins with {KINDS}")

    def beside(key: str) -> Path | None:
        path = table.get(key)
        return None if path is None else file.parent / Path(path).expanduser()

    return NamedServer(
        name,
        table["url"],
        beside(_KEY_FILE),
        bool(table.get("plain-http")),
        beside("ca"),
    )


def chosen(on: str | None, url: str | None) -> NamedServer | str:
    """The server that a call means: one of the file, or a URL.

    `on` and `url` are the flags. Without either, `ANT_ON` counts, else
    `ANT_SERVER_URL`, else the default. In a terminal of ANT the server has set
    `ANT_SERVER_URL`, so that goes first there. Raises `WrongServer`.
    """
    if on is not None and url is not None:
        raise WrongServer("Give either --on or --server, not both.")
    if url is not None:
        return url
    variable = os.environ.get(URL_VARIABLE)
    if on is None and variable and os.environ.get("ANT_SESSION_ID"):
        return variable
    on = on or os.environ.get(VARIABLE)
    if not on:
        return variable or DEFAULT_SERVER
    servers = read()
    if on not in servers:
        known = ", ".join(servers) or "none"
        raise WrongServer(
            f"There is no server {on!r} in {path()}; the names there are: {known}."
        )
    return servers[on]
