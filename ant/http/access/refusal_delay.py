"""Slows down callers that are refused often: who guesses keys, or runs in a loop.

Rule 1: an address may have `FREE` refusals (401) a minute that are answered at once;
each further one is answered `DELAY_S` later. Rule 2: a call that is not refused never
waits, so nobody can lock the operator out of an address that they share. Rule 3: a
connection that waits may be closed for a new one (`http.server.admission`), so the
connections of strangers are the bound of what waits.

This makes guesses slow, not impossible: the length of the key does that.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

import attrs

from ant.core.counters import Limit, increment

FREE = 100
"""Refusals that an address may have at once, and again in each `MINUTE_S`: more than
come from a person who mistypes a key, or from a page that polls with an old one."""

MINUTE_S = 60.0

DELAY_S = 1.0
"""Seconds until a further refusal is answered: a person hardly notices it."""

ADDRESSES = 1024
"""Addresses that are remembered; the one that was refused longest ago is forgotten."""


@attrs.define
class _Refused:
    """The refusals that an address has left, at a time in monotonic seconds."""

    left: float
    at: float


class Refusals:
    """The recent refusals of each address."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: OrderedDict[str, _Refused] = OrderedDict()

    def count(self, client: str | None) -> float:
        """Count a refusal; the seconds to wait before it is answered.

        `client` is the IP address of the caller. None, and what is no address, counts
        as one address. An IPv6 network of 64 bits counts as one, too, since a host may
        take any address in its network. So do all loopback addresses.
        """
        now, key = self._now(), _network(client or "")
        found = self._known.pop(key, None) or _Refused(FREE, now)
        regained = (now - found.at) * FREE / MINUTE_S
        found.left, found.at = min(found.left + regained, FREE), now
        self._known[key] = found
        if len(self._known) > ADDRESSES:
            self._known.popitem(last=False)
        if found.left >= 1:
            found.left -= 1
            return 0
        increment(Limit.REFUSALS)
        return DELAY_S


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return "loopback"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
