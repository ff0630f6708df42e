"""Calls that a reverse proxy forwards: from where they come, and by which URL.

Rule 1: only from an address of `--proxy` do `X-Forwarded-For`, `-Proto`, `-Host` and
`Forwarded` (RFC 7239) count. Of a list the last value counts: earlier ones may be the
client's. Rule 2: a call from there, and a call with such a header from anywhere, was
made for somebody else. The kernel would name the proxy, so it needs a credential.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
from werkzeug.datastructures import Headers

from ant.core.errors import Conflict

HEADERS: Final = frozenset(
    {
        *(b"forwarded", b"x-forwarded", b"x-forwarded-for", b"x-forwarded-host"),
        *(b"x-forwarded-proto", b"x-forwarded-server", b"x-forwarded-port"),
        *(b"x-forwarded-prefix", b"x-forwarded-ssl", b"x-forwarded-by"),
        *(b"x-forwarded-scheme", b"x-forwarded-user", b"x-forwarded-context"),
        *(b"x-original-forwarded-for", b"x-envoy-external-address", b"cdn-loop"),
        *(b"x-cluster-client-ip", b"tailscale-user-login"),
        *(b"x-real-ip", b"x-client-ip", b"via", b"cf-connecting-ip", b"true-client-ip"),
    }
)
"""Headers that proxies add. A client that calls directly sends none of them."""

_SCHEMES: Final = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PAIR: Final = re.compile(r'\s*(\w+)=("[^"]*"|[^\s;,"]*)\s*', re.ASCII)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@attrs.frozen
class CallSource:
    """Where a call comes from, and the URL that the client used.

    `client` is an IP address; None if the caller has none, or an invalid one.
    `is_forwarded`: the process that holds the connection calls for somebody else.
    """

    client: str | None
    scheme: str
    host: str | None
    is_forwarded: bool = False


class Proxies:
    """The reverse proxies whose headers count."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Read addresses and networks. Raises `Conflict` if one is neither."""
        self._networks = tuple(map(_network, texts))

    def source(
        self, scope: Mapping[str, Any], headers: Headers, names: set[bytes]
    ) -> CallSource:
        """The source of a call; `names` are those of its headers, in lower case."""
        client = scope.get("client")
        address = client[0] if client else None
        scheme = _SCHEMES.get(scope.get("scheme", "http"), "http")
        host = headers.get("Host")
        is_ours = bool(self._networks) and self._has(address)
        if not is_ours:
            is_forwarded = not names.isdisjoint(HEADERS)
            return CallSource(address, scheme, host, is_forwarded)
        address = str(_parsed(address or ""))  # An IPv4-mapped one as IPv4.
        if names.isdisjoint(HEADERS):
            return CallSource(address, scheme, host, is_forwarded=True)
        has_plain = any(name.startswith(b"x-forwarded-") for name in names)
        has_standard = b"forwarded" in names
        if has_plain and has_standard:
            # The proxy sets one kind, and passes on what a client put into the other.
            return CallSource(address, scheme, host, is_forwarded=True)
        if has_standard:
            last = _pairs(headers.getlist("Forwarded"))
            clients = [pairs.get("for", "") for pairs in last]
            proto, named = last[-1].get("proto", ""), last[-1].get("host")
        else:
            clients = _items(headers.getlist("X-Forwarded-For"))
            proto = _last(headers.getlist("X-Forwarded-Proto"))
            named = _last(headers.getlist("X-Forwarded-Host"))
        return CallSource(
            self._client(clients, address),
            _SCHEMES.get(proto.lower(), scheme),
            named or host,
            is_forwarded=True,
        )

    def _client(self, clients: list[str], proxy: str | None) -> str | None:
        """The last address that is no proxy; None if that is no address."""
        for text in reversed(clients):
            address = _parsed(text)
            if address is None:
                return None
            if not self._has(str(address)):
                return str(address)
        return proxy

    def _has(self, text: str | None) -> bool:
        address = _parsed(text or "")
        return address is not None and any(address in each for each in self._networks)


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as exc:
        raise Conflict(
            f"--proxy {text!r} is no address and no network: give one such as 10.0.0.2 "
            "or 10.0.0.0/8."
        ) from exc


def _parsed(text: str) -> _Address | None:
    """The address in `1.2.3.4`, `1.2.3.4:5`, `::1` or `[::1]:5`; None if none is."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _items(values: Iterable[str]) -> list[str]:
    """The items of headers that are lists, in their order."""
    return [item.strip() for value in values for item in value.split(",")]


def _last(values: Iterable[str]) -> str:
    """The last item of headers that are lists; empty if there is none."""
    return (_items(values) or [""])[-1]


def _pairs(values: Iterable[str]) -> list[dict[str, str]]:
    """The elements of `Forwarded` headers; one that cannot be read is empty."""
    found = []
    for element in _items(values):
        matches = [_PAIR.fullmatch(pair) for pair in element.split(";")]
        pairs = {m[1].lower(): m[2].strip('"') for m in matches if m is not None}
        found.append(pairs if all(matches) else {})
    return found
