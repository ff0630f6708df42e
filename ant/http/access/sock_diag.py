"""The owner of a TCP connection, by one netlink request to the kernel.

`NETLINK_SOCK_DIAG` returns the uid that created the peer's socket, and its inode, to
any user, in about 15 µs. Rule: a client that sends and closes at once leaves a row with
uid 0 and inode 0, so only a row with an inode counts.
"""

import ipaddress
import os
import socket
import struct
from typing import Final

import attrs

Address = tuple[str, int]
"""Host and port; the host is an IP address, not a name."""

_HEADER: Final = struct.Struct("=IHHII")  # struct nlmsghdr
_REQUEST: Final = struct.Struct("=BBBBI")  # the head of struct inet_diag_req_v2
_SOCKET: Final = struct.Struct(">HH16s16s")  # the head of struct inet_diag_sockid
_REST: Final = struct.Struct("=III")  # its interface and cookie
_ROW: Final = struct.Struct("=BBBB48xIIIII")  # struct inet_diag_msg
_BY_FAMILY = 20  # SOCK_DIAG_BY_FAMILY
_ERROR = 2  # NLMSG_ERROR
_ONE_SOCKET = 1  # NLM_F_REQUEST, which without a dump is for one socket
_PROTOCOL = 4  # NETLINK_SOCK_DIAG
_ANY_STATE, _ANY_COOKIE = 0xFFFFFFFF, 0xFFFFFFFF
_LISTENING = 10  # TCP_LISTEN: what the kernel returns if there is no connection
_ANSWER_MAX = 8192
_SKIPPED = 8
"""Answers to earlier requests, which were interrupted, that are skipped."""


@attrs.frozen
class SocketOwner:
    """The creator of a socket. `inode` is its number in /proc/PID/fd; never 0."""

    uid: int
    inode: int


class SockDiag:
    """An open netlink socket, for one thread; close it with `close`."""

    def __init__(self) -> None:
        """Raises `OSError` if the kernel refuses such a socket."""
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC
        self._socket = socket.socket(socket.AF_NETLINK, kind, _PROTOCOL)
        self._seq = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def owner(self, theirs: Address, ours: Address) -> SocketOwner | None:
        """The creator of the socket at `theirs` that is connected to `ours`.

        None if the kernel knows no such socket, or one that no process holds any more.
        Raises `OSError` if the kernel does not answer, and `ValueError` for an invalid
        address.
        """
        family, theirs, ours = _in_one_family(theirs, ours)
        hosts = [socket.inet_pton(family, each[0]) for each in (theirs, ours)]
        socket_id = _SOCKET.pack(theirs[1], ours[1], *hosts)
        socket_ids = {socket_id}
        if family == socket.AF_INET:  # An IPv6 socket may carry an IPv4 connection.
            mapped = (b"\0" * 10 + b"\xff\xff" + each for each in hosts)
            socket_ids.add(_SOCKET.pack(theirs[1], ours[1], *mapped))
        self._seq += 1
        body = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ANY_STATE)
        body += socket_id + _REST.pack(0, _ANY_COOKIE, _ANY_COOKIE)
        length = _HEADER.size + len(body)
        header = _HEADER.pack(length, _BY_FAMILY, _ONE_SOCKET, self._seq, 0)
        self._socket.sendto(header + body, (0, 0))
        return _parse(self._answer(), socket_ids)

    def _answer(self) -> bytes:
        """The answer to the last request; the kernel sends it before `sendto` ends."""
        for _ in range(_SKIPPED):
            data = self._socket.recv(_ANSWER_MAX, socket.MSG_DONTWAIT)
            if len(data) >= _HEADER.size and _HEADER.unpack_from(data)[3] == self._seq:
                return data
        raise OSError("The kernel answered another request.")


def open_sock_diag() -> SockDiag | None:
    """A `SockDiag` that was tested on a connection of this process; None if it fails.

    It fails on a kernel without the module, in a sandbox, and under a filter of system
    calls.
    """
    try:
        kernel = SockDiag()
    except OSError:
        return None
    try:
        if _works(kernel):
            return kernel
    except OSError:
        pass
    kernel.close()
    return None


def _works(kernel: SockDiag) -> bool:
    """Whether it finds the owner of both ends of a new connection."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        with socket.create_connection(listener.getsockname()) as one:
            two, _ = listener.accept()
            with two:
                return all(
                    kernel.owner(each.getsockname(), each.getpeername())
                    == SocketOwner(os.geteuid(), os.fstat(each.fileno()).st_ino)
                    for each in (one, two)
                )


def _parse(data: bytes, socket_ids: set[bytes]) -> SocketOwner | None:
    """The owner in an answer. Raises `OSError` if the answer is an error."""
    kind = _HEADER.unpack_from(data)[1]
    if kind == _ERROR:
        (number,) = struct.unpack_from("=i", data, _HEADER.size)
        if number == -2:  # ENOENT: no such connection.
            return None
        raise OSError(-number, os.strerror(-number))
    if kind != _BY_FAMILY or len(data) < _HEADER.size + _ROW.size:
        raise OSError("The kernel's answer has an unknown form.")
    start = _HEADER.size + 4
    _, state, *_, uid, inode = _ROW.unpack_from(data, _HEADER.size)
    is_requested = data[start : start + _SOCKET.size] in socket_ids
    if state == _LISTENING or not is_requested or inode == 0:
        return None
    return SocketOwner(uid, inode)


def _in_one_family(
    theirs: Address, ours: Address
) -> tuple[socket.AddressFamily, Address, Address]:
    """Both addresses and their family; an IPv4-mapped address becomes IPv4.

    Raises `ValueError` for an invalid address, and for two different families.
    """
    found = [_unmapped(each) for each in (theirs, ours)]
    family = socket.AF_INET6 if found[0].version == 6 else socket.AF_INET
    if found[0].version != found[1].version:
        raise ValueError(f"{theirs[0]} and {ours[0]} are of different families.")
    hosts = [str(each) for each in found]
    return family, (hosts[0], theirs[1]), (hosts[1], ours[1])


def _unmapped(address: Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = ipaddress.ip_address(address[0].partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def is_local(theirs: str, ours: str) -> bool:
    """Whether a connection between these addresses cannot have left this host."""
    one, two = _unmapped((theirs, 0)), _unmapped((ours, 0))
    # A client may use any address of this host as its own.
    return one.is_loopback or two.is_loopback or one == two
