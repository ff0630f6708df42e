"""Who may call: the Host, where a browser's call comes from, and the key.

All three are asked of every request and socket. A terminal's token is shown as the key
is and counts instead of it, for less (`http.permits`). Where there is no key, the
kernel is asked who calls without a token (`peers`). The operator page's login cookie
will be a fourth way to show the key, in `shown_keys`, for calls from our own origin
only.
"""

import hmac
import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.datastructures import Headers

from ant.config import Config
from ant.core.errors import Forbidden, Unauthorized
from ant.http.access.peers import ConnectedPeer
from ant.identity.tokens import PREFIX

_LOCAL = frozenset({"localhost"})


def host_name(netloc: str) -> str:
    """The host of `host:port`, without port and brackets, in lower case."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def check_host(config: Config, host: str | None) -> None:
    """Answer only for names that are ours: DNS rebinding comes with another name.

    An address cannot be rebound, so any is taken. Raises `Forbidden`.
    """
    name = host_name(host or "")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        ours = {*_LOCAL, config.host.lower(), *map(str.lower, config.allowed_hosts)}
        if config.public_url:
            ours.add(urlsplit(config.public_url).hostname or "")
        if name not in ours or not name:
            raise Forbidden(
                f"This server does not answer for host {name!r}; "
                "name it in ANT_ALLOWED_HOSTS if it should."
            ) from None


def check_origin(headers: Headers) -> None:
    """Refuse what a page of another origin makes a browser send. Raises `Forbidden`.

    For every method: what a page may not read it could still measure, and load.
    """
    host = (headers.get("Host") or "").lower()
    sites, origins = headers.getlist("Sec-Fetch-Site"), headers.getlist("Origin")
    foreign_site = any(each not in {"same-origin", "none"} for each in sites)
    foreign_origin = any(
        not each.startswith(("http://", "https://"))
        or urlsplit(each).netloc.lower() != host
        for each in origins
    )
    if foreign_site or foreign_origin:
        raise Forbidden("This call comes from a page of another origin.")


def shown_keys(headers: Headers, query_key: str | None) -> Iterator[bytes]:
    """Every key that the caller showed; a header is read as latin-1, whatever it is."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield token.strip().encode("latin-1", "replace")
    yield headers.get("X-API-Key", "").encode("latin-1", "replace")
    yield (query_key or "").encode("utf-8", "surrogateescape")


def shown_token(headers: Headers, query_key: str | None) -> str | None:
    """What the caller showed as a terminal's token, whatever it is worth."""
    start = PREFIX.encode()
    shown = shown_keys(headers, query_key)
    token = next((each for each in shown if each.startswith(start)), None)
    return token.decode("latin-1") if token is not None else None


def has_key(config: Config, headers: Headers, query_key: str | None) -> bool:
    """Whether the key was shown, in constant time; never where there is none."""
    if config.api_key is None:
        return False
    wanted = config.api_key.encode()
    matches = [
        hmac.compare_digest(shown, wanted) for shown in shown_keys(headers, query_key)
    ]
    return any(matches)


def has_priority(
    config: Config, headers: Sequence[tuple[bytes, bytes]], target: bytes
) -> bool:
    """Whether a call shows the key, or there is none to show.

    It says who goes first when many come, and nothing else.
    """
    if config.api_key is None:
        return True
    shown = Headers(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    )
    query = parse_qs(target.partition(b"?")[2].decode("latin-1"))
    return has_key(config, shown, query.get("apiKey", [None])[0])


def check_key(config: Config, headers: Headers, query_key: str | None) -> None:
    """Ask for the key where there is one. Raises `Unauthorized`."""
    if config.api_key is not None and not has_key(config, headers, query_key):
        raise Unauthorized(
            "Invalid or missing API key: send it as Authorization: Bearer KEY, "
            "X-API-Key: KEY or ?apiKey=KEY."
        )


def peer_of(scope: Any) -> ConnectedPeer:
    """What the listener noted of the connection. Raises `Unauthorized` for nothing."""
    peer = (scope.get("state") or {}).get("peer")
    if not isinstance(peer, ConnectedPeer):
        raise Unauthorized("ANT cannot tell where this call comes from.")
    return peer
