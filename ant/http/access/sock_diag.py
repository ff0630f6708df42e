"""Whose a TCP connection is, as the kernel tells it: one netlink request for each ask.

`NETLINK_SOCK_DIAG` answers with the uid that made the peer's socket and with its inode,
to any user, in some 15 µs. Rule: who sends and closes at once leaves a row of uid 0 and
inode 0 behind, so only a row with an inode says anything.
"""

import ipaddress
import os
import socket
import struct
from typing import Final

import attrs

Address = tuple[str, int]
"""Host and port; the host is an address and no name."""

_HEADER: Final = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST: Final = struct.Struct("=BBBBI")  # the head of struct inet_diag_req_v2
_SOCKET: Final = struct.Struct(">HH16s16s")  # the head of struct inet_diag_sockid
_REST: Final = struct.Struct("=III")  # its interface and cookie
_ROW: Final = struct.Struct("=BBBB48xIIIII")  # struct inet_diag_msg
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_ERROR = 2  # NLMSG_ERROR
_ASK = 1  # NLM_F_REQUEST, which without a dump is for one socket
_PROTOCOL = 4  # NETLINK_SOCK_DIAG
_ANY_STATE, _ANY_COOKIE = 0xFFFFFFFF, 0xFFFFFFFF
_LISTENING = 10  # TCP_LISTEN: what the kernel answers with when no connection is there
_ANSWER_MAX = 8192
_MISSED = 8
"""Answers of earlier asks, which were cut off, that are passed over."""


@attrs.frozen
class Owner:
    """Who made a socket. `inode` is its number, as /proc/PID/fd shows it; never 0."""

    uid: int
    inode: int


class SockDiag:
    """A netlink socket that is kept; for one thread. Close it with `close`."""

    def __init__(self) -> None:
        """Raises `OSError` where the kernel has no such socket for us."""
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, _PROTOCOL)
        self._seq = 0

    def close(self) -> None:
        """Ask no more."""
        self._socket.close()

    def owner(self, theirs: Address, ours: Address) -> Owner | None:
        """Who made the socket at `theirs` that is connected to `ours`.

        None where the kernel knows none, or knows one that nobody holds any more.
        Raises `OSError` where it does not answer, `ValueError` for what is no address.
        """
        family, theirs, ours = _plain(theirs, ours)
        hosts = [socket.inet_pton(family, each[0]) for each in (theirs, ours)]
        place = _SOCKET.pack(theirs[1], ours[1], *hosts)
        places = {place}
        if family == socket.AF_INET:  # A socket of IPv6 that speaks IPv4 is told so.
            mapped = (b"\0" * 10 + b"\xff\xff" + each for each in hosts)
            places.add(_SOCKET.pack(theirs[1], ours[1], *mapped))
        self._seq += 1
        body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE)
        body += place + _REST.pack(0, _ANY_COOKIE, _ANY_COOKIE)
        length = _HEADER.size + len(body)
        header = _HEADER.pack(length, _BY_FAMILY, _ASK, self._seq, 0)
        self._socket.sendto(header + body, (0, 0))
        return _read(self._answer(), places)

    def _answer(self) -> bytes:
        """What came for the last ask. The kernel answers before `sendto` returns."""
        for _ in range(_MISSED):
            data = self._socket.recv(_ANSWER_MAX, socket.MSG_DONTWAIT)
            if len(data) >= _HEADER.size and _HEADER.unpack_from(data)[3] == self._seq:
                return data
        raise OSError("The kernel answers something else.")


def open_sock_diag() -> SockDiag | None:
    """A `SockDiag` that was tried on a connection of our own; None where it fails.

    A kernel without the module, a sandbox or a filter of system calls refuses.
    """
    try:
        kernel = SockDiag()
    except OSError:
        return None
    try:
        if _tells(kernel):
            return kernel
    except OSError:
        pass
    kernel.close()
    return None


def _tells(kernel: SockDiag) -> bool:
    """Whether it knows of both ends of a new connection who made them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with socket.create_connection(listener.getsockname()) as one:
            two, _ = listener.accept()
            with two:
                return all(
                    kernel.owner(each.getsockname(), each.getpeername())
                    == Owner(os.geteuid(), os.fstat(each.fileno()).st_ino)
                    for each in (one, two)
                )


def _read(data: bytes, places: set[bytes]) -> Owner | None:
    """The owner that an answer tells of. Raises `OSError` where it is a refusal."""
    kind = _HEADER.unpack_from(data)[1]
    if kind == _ERROR:
        (number,) = struct.unpack_from("=i", data, _HEADER.size)
        if number == -2:  # ENOENT: no such connection.
            return None
        raise OSError(-number, os.strerror(-number))
    if kind != _BY_FAMILY or len(data) < _HEADER.size + _ROW.size:
        raise OSError("The kernel answers something else.")
    start = _HEADER.size + 4
    _, state, *_, uid, inode = _ROW.unpack_from(data, _HEADER.size)
    same = data[start : start + _SOCKET.size] in places
    if state == _LISTENING or not same or inode == 0:
        return None
    return Owner(uid, inode)


def _plain(
    theirs: Address, ours: Address
) -> tuple[socket.AddressFamily, Address, Address]:
    """Both addresses in one family; one of IPv4 in IPv6 is told as what it is."""
    found = [_unmapped(each) for each in (theirs, ours)]
    family = socket.AF_INET6 if found[0].version == 6 else socket.AF_INET
    if found[0].version != found[1].version:
        raise ValueError(f"{theirs[0]} and {ours[0]} are of two families.")
    hosts = [str(each) for each in found]
    return family, (hosts[0], theirs[1]), (hosts[1], ours[1])


def _unmapped(address: Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = ipaddress.ip_address(address[0].partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def is_local(theirs: str, ours: str) -> bool:
    """Whether a connection between these addresses cannot have left this machine."""
    one, two = _unmapped((theirs, 0)), _unmapped((ours, 0))
    # Who calls may give any address of this machine as its own.
    return one.is_loopback or two.is_loopback or one == two
