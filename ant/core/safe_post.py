"""Posts prompts to web addresses: late, bounded, and only where that does no harm.

Anybody who may set a webhook could otherwise have this server call services that only
this machine or its network can reach. So a name is looked up here, every address that
it has must be a public one, and exactly that address is called; a redirect is not
followed. `private` lifts this.
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

log = logging.getLogger(__name__)

ANSWER: Final = 16 << 10
"""Bytes of an answer's head that are read; its body is not."""

_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str) -> bool:
    """Whether an address is that of a machine in the open internet.

    One that stands for another (mapped, 6to4, Teredo, NAT64) is as public as that.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


async def addresses(host: str, port: int, private: bool) -> list[str]:
    """What a name stands for now. Raises `Forbidden` if any of it is not public."""
    found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
    known = list(dict.fromkeys(str(where[0]) for *_, where in found))
    if not private and not all(map(is_public, known)):
        raise Forbidden(f"{host} is an address of a private network.")
    return known


async def post(url: str, data: bytes, private: bool) -> int:
    """Post JSON and return the status of the answer.

    Raises `Forbidden`, and as `post_to` does. *Cancellation:* so does that.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", _port(parts)
    return await post_to(await addresses(host, port, private), url, data)


def _port(parts: SplitResult) -> int:
    return parts.port or _PORTS[parts.scheme]


async def post_to(known: Sequence[str], url: str, data: bytes) -> int:
    """Post JSON to the first of these addresses that answers; the answer's status.

    The host of the URL is only told, not looked up. Raises `OSError`, and what TLS and
    HTTP have to say. *Cancellation:* the connection is dropped.
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
    """The first of these addresses that answers: names are not looked up again."""
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
            raise OSError("no answer")
