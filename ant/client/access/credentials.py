"""Which server a call goes to, and who calls it.

The `ant` command and the library find both in the same way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from ant.client.access.servers import (
    DEFAULT_SERVER,
    KINDS,
    SCHEMES,
    URL_VARIABLE,
    NamedServer,
    WrongServer,
    chosen,
)
from ant.config import API_KEY_FILE, SETTINGS
from ant.core.ip_addresses import is_loopback
from ant.data_dir import operator_key

CA_VARIABLE: Final = "ANT_CA"
"""The file of a certificate to trust; set in the terminals of a server with TLS."""


@attrs.frozen
class CallerCredentials:
    """The key or token that a call shows, and its sender; either may be None.

    `withheld` is why a key of the environment is not shown.
    """

    key: str | None
    sender: str | None
    withheld: str | None = None


@attrs.frozen
class ServerTarget:
    """A server by its URL, and the caller that it sees.

    `ca` is a file with certificates to trust. `plain_http` allows to send the key of
    the operator over plain HTTP to another machine.
    """

    url: str
    caller: CallerCredentials
    ca: Path | None = None
    plain_http: bool = False


def find(
    on: str | None,
    url: str | None,
    *,
    as_operator: bool = False,
    key: str | None = None,
    key_file: Path | None = None,
    plain_http: bool = False,
    ca: Path | None = None,
    sender: str = "cli",
) -> ServerTarget:
    """The server that a call means (as `chosen`), and who calls it (as `identity`).

    With `key` the call shows that key or token and no other. Without `ca` the
    certificates are those of the named server, else those in ANT_CA. Raises
    `WrongServer`, and the errors of `read_key_file`.
    """
    server = chosen(on, url)
    if isinstance(server, NamedServer):
        url, plain_http = server.url, plain_http or server.plain_http
        key_file, ca = key_file or _key_file(server), ca or server.ca
    else:
        url = server
    if not url.startswith(SCHEMES):
        raise WrongServer(f"{url!r} is no URL of a server: it begins with {KINDS}.")
    if ca is None and os.environ.get(CA_VARIABLE):
        ca = Path(os.environ[CA_VARIABLE])
    try:
        if key is not None:
            caller = CallerCredentials(sendable(key, url, plain_http), sender)
            return ServerTarget(url, caller, ca, plain_http)
        caller = identity(
            url,
            as_operator=as_operator,
            key_file=key_file,
            plain_http=plain_http,
            sender=sender,
        )
    except ValueError as exc:
        raise WrongServer(f"{url!r} is not a URL: {exc}.") from exc
    return ServerTarget(url, caller, ca, plain_http)


def identity(
    server: str,
    *,
    as_operator: bool,
    key_file: Path | None = None,
    plain_http: bool = False,
    sender: str = "cli",
) -> CallerCredentials:
    """Who calls a server: no server receives a key or a token of another one.

    The token, the session and the operator's key of the environment (ANT_API_KEY, or
    the file in ANT_API_KEY_FILE) belong to the server of ANT_SERVER_URL, or else to the
    default one. It receives the token unless the call is one that only the operator may
    make. Another server receives the key in `key_file` only. Only the server that made
    an `operator.key` receives that key. Without `plain_http` no key of the operator
    goes over plain HTTP to another machine. `sender` is the name of a caller that is
    no session.

    Raises `WrongServer` for such a key, and the errors of `read_key_file`.
    """
    home = os.environ.get(URL_VARIABLE) or DEFAULT_SERVER
    is_home = _same(home, server)
    own = os.environ.get("ANT_SESSION_ID") if is_home else None
    if key_file is not None:
        key = operator_key.read_key_file(key_file.expanduser())
        return CallerCredentials(sendable(key, server, plain_http), own or sender)
    token = os.environ.get("ANT_TOKEN") if is_home else None
    if token and not (as_operator and _has_key()):
        return CallerCredentials(token, None)
    if _has_key() and is_home:
        return CallerCredentials(sendable(_key(), server, plain_http), own or sender)
    if "ANT_SESSION_ID" not in os.environ:
        data_dir = SETTINGS["data_dir"]
        folder = os.environ.get(data_dir.variable) or data_dir.default
        found = operator_key.read(Path(folder).expanduser())
        if found and _same(found.url, server):
            return CallerCredentials(found.key, own or sender)
    withheld = (
        f"The key of the environment is for {home}; for {server} give "
        f"{API_KEY_FILE.flag} FILE."
    )
    return CallerCredentials(None, own or sender, withheld if _has_key() else None)


def _has_key() -> bool:
    variables = operator_key.VARIABLE, API_KEY_FILE.variable
    return any(os.environ.get(each) for each in variables)


def _key() -> str:
    """The operator's key of the environment. Raises as `read_key_file` does."""
    key = os.environ.get(operator_key.VARIABLE)
    if key:
        return key
    file = Path(os.environ[API_KEY_FILE.variable])
    return operator_key.read_key_file(file.expanduser())


def sendable(key: str, server: str, plain_http: bool) -> str:
    """The operator's key, if it may go to that server. Raises `WrongServer` if not."""
    parts = urlsplit(server)
    is_encrypted = parts.scheme.lower() in {"https", "unix"}
    is_safe = is_encrypted or is_loopback(parts.hostname or "")
    if not (is_safe or plain_http):
        raise WrongServer(
            f"Everybody between here and {parts.hostname} could read the key, since "
            f"{server} is plain http: use https, an SSH tunnel, or --plain-http."
        )
    return key


def _same(one: str, two: str) -> bool:
    """Whether two URLs are equal; the case of the host does not count."""
    first, second = (urlsplit(each.rstrip("/")) for each in (one, two))
    return (first.scheme, first.netloc.lower(), first.path) == (
        *(second.scheme, second.netloc.lower(), second.path),
    )


def _key_file(server: NamedServer) -> Path | None:
    """The key file of a named server, but none in a terminal of that server.

    There the caller is the terminal, unless the command line names a key itself.
    """
    home = os.environ.get(URL_VARIABLE) or DEFAULT_SERVER
    is_inside = "ANT_SESSION_ID" in os.environ and _same(home, server.url)
    return None if is_inside else server.key_file
