"""Which IP addresses are public, and which are this machine's own.

The tables are ours, since `ipaddress` knows other special ranges in each release of
Python. They follow the special-purpose registries of IANA (RFC 6890 and its updates).
"""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SPECIAL_V4: Final = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",  # documentation, as are 198.51.100.0 and 203.0.113.0
            "192.88.99.0/24",  # relays of 6to4, which are no longer in use
            "192.168.0.0/16",
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)

_UNICAST_V6: Final = ipaddress.IPv6Network("2000::/3")
"""The only addresses that IANA assigns as public ones."""

_SPECIAL_V6: Final = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)

_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def _parsed(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def is_public(text: str) -> bool:
    """Whether an IP address is a public one. Raises `ValueError` if it is none.

    An IPv6 address that embeds an IPv4 address (mapped, 6to4, NAT64 with its public
    prefix) is public if that is.
    """
    address = _parsed(text)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    inner = address.ipv4_mapped or address.sixtofour
    if address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    is_special = any(address in network for network in _SPECIAL_V6)
    return address in _UNICAST_V6 and not is_special


def is_address(host: str) -> bool:
    """Whether a host is an IP address, not a name."""
    try:
        _parsed(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's own: a loopback address, or `localhost`.

    Any other name is not: `127.example.com` may be any machine.
    """
    if not is_address(host):
        return host.lower() == "localhost"
    address = _parsed(host)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
