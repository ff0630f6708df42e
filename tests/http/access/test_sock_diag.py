"""Whose a connection is."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ant.http.access.sock_diag import SockDiag, SocketOwner, is_local, open_sock_diag

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def kernel() -> Iterator[SockDiag]:
    """One that answers: every Linux that tests run on has it."""
    found = open_sock_diag()
    assert found is not None
    yield found
    found.close()


@contextmanager
def connected(family: int, host: str, to: str | None = None) -> Iterator[Pair]:
    """Both ends of a connection: a client's, then what was accepted."""
    with socket.socket(family) as listener:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, 0))
        listener.listen()
        with socket.create_connection((to or host, listener.getsockname()[1])) as one:
            two, _ = listener.accept()
            with two:
                yield one, two


def places(accepted: socket.socket) -> tuple[tuple[str, int], tuple[str, int]]:
    """Theirs and ours, as a server sees them."""
    return accepted.getpeername()[:2], accepted.getsockname()[:2]


@pytest.mark.parametrize(
    ("family", "host", "to"),
    [
        (socket.AF_INET, "127.0.0.1", None),
        (socket.AF_INET, "0.0.0.0", "127.0.0.5"),
        (socket.AF_INET6, "::1", None),
        (socket.AF_INET6, "::", "127.0.0.1"),
        (socket.AF_INET6, "::", "::1"),
    ],
)
def test_the_peer_has_an_owner(
    kernel: SockDiag, family: int, host: str, to: str | None
) -> None:
    """In both families, and where one is told in the form of the other."""
    with connected(family, host, to) as (one, two):
        inode = os.fstat(one.fileno()).st_ino
        assert SocketOwner(os.geteuid(), inode) == kernel.owner(*places(two))
        # The other end is one of IPv6 that speaks IPv4, where that was asked for.
        theirs = os.fstat(two.fileno()).st_ino
        assert SocketOwner(os.geteuid(), theirs) == kernel.owner(*reversed(places(two)))


def test_a_closed_connection_has_no_owner(kernel: SockDiag) -> None:
    """The kernel has a row for it with uid 0, but it is not root's."""
    with connected(socket.AF_INET, "127.0.0.1") as (one, two):
        where = places(two)
        one.sendall(b"bytes that were sent all the same")
        one.shutdown(socket.SHUT_WR)
        assert kernel.owner(*where) is not None, "it listens still"
        one.close()
        assert kernel.owner(*where) is None
        assert b"bytes" in two.recv(99)
        assert kernel.owner(*where) is None


def test_a_listener_is_no_connection(kernel: SockDiag) -> None:
    """The kernel answers with who listens there where no connection is found."""
    with socket.socket() as listener, socket.socket() as server:
        for each in (listener, server):
            each.bind(("127.0.0.1", 0))
            each.listen()
        assert kernel.owner(listener.getsockname(), server.getsockname()) is None


@pytest.mark.parametrize("port", [1, 65535])
def test_no_connection_has_no_owner(kernel: SockDiag, port: int) -> None:
    """And the next ask is answered again."""
    assert kernel.owner(("127.0.0.1", port), ("127.0.0.1", 9)) is None
    assert kernel.owner(("::1", port), ("::1", 9)) is None
    with connected(socket.AF_INET, "127.0.0.1") as (_, two):
        assert kernel.owner(*places(two)) is not None


@pytest.mark.parametrize(
    ("theirs", "ours"), [("nonsense", "::1"), ("127.0.0.1", "::1"), ("", "127.0.0.1")]
)
def test_what_is_no_pair_of_addresses_raises(
    kernel: SockDiag, theirs: str, ours: str
) -> None:
    """It is no connection that could be asked about."""
    with pytest.raises(ValueError):  # noqa: PT011
        kernel.owner((theirs, 1), (ours, 2))


def test_a_closed_one_does_not_answer(kernel: SockDiag) -> None:
    """It raises, and does not say that there is nobody."""
    other = SockDiag()
    other.close()
    with pytest.raises(OSError):  # noqa: PT011
        other.owner(("127.0.0.1", 1), ("127.0.0.1", 2))


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.9", "127.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("192.0.2.8", "127.0.0.1", True),
        ("fd00::2", "::1", True),
        ("192.0.2.8", "192.0.2.7", False),
        ("fe80::2%eth0", "fe80::1%eth0", False),
        ("::ffff:192.0.2.8", "::ffff:192.0.2.7", False),
    ],
)
def test_what_stays_on_this_machine(theirs: str, ours: str, expected: bool) -> None:
    """Loopback, and what is called by its own address."""
    assert expected == is_local(theirs, ours)
