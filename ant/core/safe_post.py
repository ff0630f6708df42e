"""HTTP posts to URLs that a caller chose, without server-side request forgery.

A caller that may set a webhook could otherwise make this server call services that only
this machine or its network can reach. So this module resolves the name itself, requires
every address of it to be public, and connects to exactly those addresses. It follows no
redirect. `private` lifts the requirement.
"""

import ipaddress
import logging
import ssl
from collections.abc import Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11
import trio

from ant.core.errors import Forbidden
from ant.core.ip_addresses import is_public

log = logging.getLogger(__name__)

ANSWER: Final = 16 << 10
"""Bytes of a response head that are read; the body is not read."""

_PORTS: Final = {"http": 80, "https": 443}


def private_host(url: str) -> str | None:
    """The host of a URL that names a private address itself; None for any other host.

    It looks no name up, so a name with a private address is found only at the post.
    Raises `ValueError` for brackets around something else than an IPv6 address.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = str(ipaddress.IPv4Address(trio.socket.inet_aton(host)))
    except OSError:  # No IPv4 address in any of its spellings, such as 127.1.
        address = host
    try:
        return None if is_public(address) else host
    except ValueError:
        return host if host == "localhost" else None


def private_refusal(host: str) -> str:
    """The sentence for a host in a private network."""
    return (
        f"{host} is in a private network: use a public address, or set "
        "ANT_WEBHOOK_PRIVATE."
    )


async def addresses(host: str, port: int, private: bool) -> list[str]:
    """The addresses of a name. Raises `OSError`, and `Forbidden` if one is private."""
    found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    resolved = list(dict.fromkeys(str(where[0]) for *_, where in found))
    if not private and not all(map(is_public, resolved)):
        raise Forbidden(private_refusal(host))
    return resolved


async def post(url: str, data: bytes, private: bool) -> int:
    """Post JSON to a URL; the status of the response.

    Raises `Forbidden`, and as `post_to` does. *Cancellation:* as that of `post_to`.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", _port(parts)
    return await post_to(await addresses(host, port, private), url, data)


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


async def post_to(known: Sequence[str], url: str, data: bytes) -> int:
    """Post JSON to the first address that accepts; the status of the response.

    The host of the URL goes into the Host header and the TLS handshake, and is not
    looked up. Raises `OSError`, and the errors of TLS and HTTP. *Cancellation:* drops
    the connection.
    """
    parts = urlsplit(url)
    stream = await _connect(known, _port(parts))
    async with stream:
        if parts.scheme == "https":
            stream = trio.SSLStream(
                stream,
                ssl.create_default_context(),
                server_hostname=parts.hostname,
                https_compatible=True,
            )
        return await _exchange(stream, parts, data)


async def _connect(known: Sequence[str], port: int) -> trio.abc.Stream:
    """A connection to the first address that accepts. Raises `OSError`."""
    last: OSError | None = None
    for address in known:
        try:
            return await trio.open_tcp_stream(address, port)
        except OSError as exc:
            last = exc
    raise last or OSError("no address")


async def _exchange(stream: trio.abc.Stream, parts: SplitResult, data: bytes) -> int:
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=ANSWER)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = h11.Request(
        method="POST",
        target=target,
        headers=[
            ("Host", parts.netloc),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("User-Agent", "ant"),
            ("Connection", "close"),
        ],
    )
    for part in (request, h11.Data(data), h11.EndOfMessage()):
        await stream.send_all(http.send(part) or b"")
    while True:
        await trio.lowlevel.checkpoint()
        event = http.next_event()
        if isinstance(event, h11.Response):
            return event.status_code
        if event is h11.NEED_DATA:
            http.receive_data(bytes(await stream.receive_some(ANSWER)))
        elif not isinstance(event, h11.InformationalResponse):
            raise OSError("the server closed without a response")
