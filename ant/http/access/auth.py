"""Access checks of every request and socket: the Host, the origin, and the key.

A terminal's token is sent like the key and takes its place, with fewer permissions
(`access.permissions`). So is an access token (`access.scopes`). The cookie of a signed
in browser is an access token, too, and counts for calls from the server's own origin
only. On a server without a key, the kernel identifies a caller without a token
(`access.peers`).
"""

import hmac
import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from werkzeug.datastructures import Headers

from ant.config import Config
from ant.core.errors import Forbidden, Unauthorized
from ant.http.access.forwarded import CallSource
from ant.http.access.peers import SAFE, ConnectedPeer
from ant.identity import access_tokens
from ant.identity.terminal_tokens import PREFIX

_LOCAL = frozenset({"localhost"})

_OWN_SITES = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site: a page of this server, and an address that was typed."""

PAGES = frozenset({"/", "/docs", "/sign-in"})
"""Paths that a link of another site may open: those of pages, which only show."""

_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host and port."""

OF_BROWSERS: Final = frozenset(
    {b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"sec-fetch-dest"}
)
"""The headers that `check_origin` reads beside Host. Without them it accepts a call."""

OF_CREDENTIALS: Final = frozenset({b"authorization", b"x-api-key", b"cookie"})
"""The headers that `credentials` reads, and that of the sign-in's cookie."""


def host_name(netloc: str) -> str:
    """The host of `host:port`, without port and brackets, in lower case.

    Empty if it cannot be parsed.
    """
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def check_host(config: Config, host: str | None) -> None:
    """Accept only the names of this server, against DNS rebinding.

    Any IP address is accepted, since an address cannot be rebound. Raises `Forbidden`.
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
                f"This server does not accept the host {name!r}; add it to "
                "ANT_ALLOWED_HOSTS if it should."
            ) from None


def check_origin(
    config: Config,
    method: str,
    path: str,
    headers: Headers,
    source: CallSource | None = None,
) -> None:
    """Refuse a call that a browser makes for a page of another origin.

    This applies to every method: a page cannot read the answer to a foreign GET, but it
    could measure it, or cause load. A link from another page may open one of `PAGES`.
    `source` has the scheme and the host that the browser used; None stands for HTTP and
    the Host header. Raises `Forbidden`.
    """
    origins = headers.getlist("Origin")
    sites = set(headers.getlist("Sec-Fetch-Site"))
    if not origins and (
        sites <= _OWN_SITES or _opens_page(method, path, headers, sites)
    ):
        return
    scheme, host = (source.scheme, source.host) if source else ("http", None)
    own = own_origins(config, host or headers.get("Host") or "", scheme)
    if not sites <= _OWN_SITES or not own.issuperset(map(_origin, origins)):
        raise Forbidden(
            "This call comes from a page of another origin; only pages of this server "
            "may call it. Behind a proxy with TLS, ANT_PUBLIC_URL must name the URL "
            "of the page, or --proxy the proxy."
        )


def _opens_page(method: str, path: str, headers: Headers, sites: set[str]) -> bool:
    """Whether a browser opens a page of this server in a tab, by a link elsewhere."""
    return (
        method == "GET"
        and path in PAGES
        and len(sites) == 1
        and headers.getlist("Sec-Fetch-Mode") == ["navigate"]
        and headers.getlist("Sec-Fetch-Dest") == ["document"]
    )


def own_origins(config: Config, host: str, scheme: str = "http") -> set[Origin]:
    """The origins of this server's pages for a request with that host and scheme.

    A proxy may speak HTTPS where ANT speaks HTTP; then ANT_PUBLIC_URL names that
    origin, and a page from the same host by HTTP is a foreign one.
    """
    plain = _origin(f"{scheme}://{host}")
    public = _origin(config.public_url or "")
    if public is None:
        return {plain} if plain else set()
    if _origin(f"{public[0]}://{host}") == public:
        return {public}
    return {plain, public} if plain else {public}


def _origin(text: str) -> Origin | None:
    """Scheme, host and port of an origin or a URL; None if it has none."""
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    if not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port


def may_have_key(query: bytes) -> bool:
    """Whether a query string may have an `apiKey`; to parse it takes far longer."""
    return b"apiKey" in query or b"%" in query


def credentials(headers: Headers, query_key: str | None) -> Iterator[bytes]:
    """Every credential of a call, as bytes; headers are encoded as latin-1."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield token.strip().encode("latin-1", "replace")
    yield headers.get("X-API-Key", "").encode("latin-1", "replace")
    yield (query_key or "").encode("utf-8", "surrogateescape")


def terminal_token(headers: Headers, query_key: str | None) -> str | None:
    """The credential that has the form of a terminal's token, valid or not."""
    prefix = PREFIX.encode()
    keys = credentials(headers, query_key)
    token = next((each for each in keys if each.startswith(prefix)), None)
    return token.decode("latin-1") if token is not None else None


def access_token(headers: Headers, query_key: str | None) -> str | None:
    """The credential that has the form of an access token, valid or not."""
    prefix = access_tokens.PREFIX.encode()
    keys = credentials(headers, query_key)
    token = next((each for each in keys if each.startswith(prefix)), None)
    return token.decode("latin-1") if token is not None else None


def cookie_name(epoch: str) -> str:
    """The name of a server's sign-in cookie.

    A browser sends cookies to all ports of a host, so each server has its own name.
    """
    return f"ant_device_{epoch[:8]}"


def device_token(
    method: str, headers: Headers, query_key: str | None, cookie: str | None
) -> str | None:
    """The access token in the sign-in cookie, unless the call shows a credential.

    A call that may change something, and the handshake of `/ws`, must also say that it
    comes from a page of this server, as browsers do; `check_origin` has compared what
    it says. Raises `Forbidden`.
    """
    if not cookie or any(credentials(headers, query_key)):
        return None
    sites = headers.getlist("Sec-Fetch-Site")
    is_told = "Origin" in headers or sites == ["same-origin"]
    if method not in SAFE and not is_told:
        raise Forbidden(
            "A sign-in counts only for pages of this server, and this call does not "
            "say that it comes from one (Origin). Use a token: Authorization: Bearer "
            "TOKEN."
        )
    return cookie


def is_secure(headers: Headers, source: CallSource) -> bool:
    """Whether a browser calls by https, by what `check_origin` has compared."""
    is_told = headers.get("Origin", "").lower().startswith("https://")
    return is_told or source.scheme == "https"


def has_key(config: Config, headers: Headers, query_key: str | None) -> bool:
    """Whether a call has the key, in constant time; False if the server has no key."""
    if config.api_key is None:
        return False
    expected = config.api_key.encode()
    matches = [
        hmac.compare_digest(each, expected) for each in credentials(headers, query_key)
    ]
    return any(matches)


def has_priority(
    config: Config, headers: Sequence[tuple[bytes, bytes]], target: bytes
) -> bool:
    """Whether a request goes before others: it has the key, or the server has none.

    This decides the order of requests under load, and nothing else.
    """
    if config.api_key is None:
        return True
    decoded = Headers(
        [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    )
    query = parse_qs(target.partition(b"?")[2].decode("latin-1"))
    return has_key(config, decoded, query.get("apiKey", [None])[0])


def check_key(config: Config, headers: Headers, query_key: str | None) -> None:
    """Require the key, if the server has one. Raises `Unauthorized`."""
    if config.api_key is not None and not has_key(config, headers, query_key):
        raise Unauthorized(
            "Invalid or missing API key: send it as Authorization: Bearer KEY, "
            "X-API-Key: KEY or ?apiKey=KEY. In a browser, sign in by the link of "
            "`ant open`."
        )


def check_direct(config: Config, source: CallSource) -> None:
    """Refuse a call without a credential that a proxy forwards.

    Otherwise a proxy of the server's own user would make each of its callers the
    operator. Raises `Unauthorized`.
    """
    if source.is_forwarded and not config.insecure:
        raise Unauthorized(
            "A proxy forwards this call, so ANT cannot determine who makes it: send an "
            "access token (`ant tokens new`), or set ANT_API_KEY (or --api-key-file) "
            "for the server and send that key. --proxy names the proxy, so that its "
            "callers are told apart."
        )


def peer_of(scope: Any) -> ConnectedPeer:
    """The peer of a request's connection, from its ASGI scope.

    Raises `Unauthorized` if the listener could not create one.
    """
    peer = (scope.get("state") or {}).get("peer")
    if not isinstance(peer, ConnectedPeer):
        raise Unauthorized("ANT cannot determine where this call comes from.")
    return peer
