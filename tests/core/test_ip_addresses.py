"""Which addresses are public, and which are this machine's own."""

import pytest

from ant.core.ip_addresses import is_address, is_loopback, is_public

V4 = {
    "93.184.216.34": True,
    "1.1.1.1": True,
    "223.255.255.255": True,
    "127.0.0.1": False,
    "127.8.8.8": False,
    "0.0.0.0": False,
    "0.1.2.3": False,
    "10.1.2.3": False,
    "172.16.0.1": False,
    "172.31.255.255": False,
    "172.32.0.1": True,
    "192.168.0.1": False,
    "100.64.0.1": False,
    "169.254.169.254": False,
    "192.0.0.1": False,
    "192.0.0.170": False,
    "192.0.2.1": False,
    "192.88.99.1": False,
    "198.18.0.1": False,
    "198.51.100.1": False,
    "203.0.113.1": False,
    "224.0.0.1": False,
    "240.0.0.1": False,
    "255.255.255.255": False,
}

V6 = {
    "2606:2800:220:1:248:1893:25c8:1946": True,
    "2a00:1450:4001:82b::200e": True,
    "::": False,
    "::1": False,
    "::127.0.0.1": False,
    "::93.184.216.34": False,
    "::ffff:127.0.0.1": False,
    "::ffff:93.184.216.34": True,
    "64:ff9b::7f00:1": False,
    "64:ff9b::5db8:d822": True,
    "64:ff9b:1::5db8:d822": False,
    "64:ff9b:1::1": False,
    "100::1": False,
    "2001::1": False,
    "2001:2::1": False,
    "2001:10::1": False,
    "2001:db8::1": False,
    "2002:7f00:1::": False,
    "2002:5db8:d822::": True,
    "3fff::1": False,
    "5f00::1": False,
    "fc00::1": False,
    "fd00::1": False,
    "fe80::1": False,
    "fe80::1%eth0": False,
    "fec0::1": False,
    "ff02::1": False,
}


@pytest.mark.parametrize(("address", "public"), [*V4.items(), *V6.items()])
def test_public_addresses(address: str, public: bool) -> None:
    """On every Python alike; an address that embeds another is as public as that."""
    assert public == is_public(address)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("LocalHost", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("127.example.com", False),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("127.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("", False),
    ],
)
def test_loopback_is_recognised(host: str, expected: bool) -> None:
    """Other machines cannot reach it; a name that begins like one may be anything."""
    assert expected == is_loopback(host)


def test_a_name_is_no_address() -> None:
    """Also where the system would read it as one."""
    assert is_address("::1")
    assert is_address("0.0.0.0")
    assert not is_address("127.1")
    assert not is_address("localhost")
