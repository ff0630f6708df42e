"""The Unix socket that a server listens on: its file, and who is at the other end."""

import errno
import os
import socket
import stat
import struct
from pathlib import Path
from typing import Final

import attrs
import trio

from ant.core.errors import Conflict

PATH_MAX: Final = 107
"""Bytes of a path that the kernel takes: `sun_path` has 108, with a zero at the end."""

BACKLOG: Final = 512
"""Connections that may wait to be accepted, as many as trio gives a TCP listener."""

_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred


@attrs.frozen
class Credentials:
    """The process that connected to a Unix socket, when it connected."""

    pid: int
    uid: int


def credentials(connection: trio.socket.SocketType) -> Credentials:
    """Who connected, by the kernel (`SO_PEERCRED`). Raises `OSError`."""
    option = socket.SOL_SOCKET, socket.SO_PEERCRED
    pid, uid, _ = _CREDENTIALS.unpack(connection.getsockopt(*option, _CREDENTIALS.size))
    return Credentials(pid, uid)


@attrs.frozen
class UnixSocket:
    """A socket that this server listens on, and its file."""

    path: Path
    listener: trio.SocketListener
    _file: tuple[int, int]
    """Device and inode of the file."""

    def remove(self) -> None:
        """Close the socket, and remove its file unless another one took its place."""
        self.listener.socket.close()
        try:
            if _identity(self.path.lstat()) == self._file:
                self.path.unlink()
        except OSError:
            pass  # It has gone, or the disk refuses: the next start removes it.


def listen(path: Path) -> UnixSocket:
    """Listen on a Unix socket with mode 600.

    A file that a server of this user left there is replaced if no server listens on it.
    Raises `Conflict` if anything else is there, or the folder does not permit it.
    """
    if len(os.fsencode(path)) > PATH_MAX:
        raise Conflict(
            f"The path of a Unix socket has at most {PATH_MAX} bytes, and {path} has "
            f"{len(os.fsencode(path))}: choose a shorter one."
        )
    _check_folder(path.parent)
    _remove_stale(path)
    one = socket.socket(socket.AF_UNIX)
    try:
        one.bind(os.fspath(path))
        os.chmod(path, 0o600)
        one.listen(BACKLOG)
        file = _identity(path.lstat())
    except OSError as exc:
        one.close()
        raise Conflict(f"Cannot listen on {path}: {exc.strerror or exc}.") from exc
    listener = trio.SocketListener(trio.socket.from_stdlib_socket(one))
    return UnixSocket(path, listener, file)


def _check_folder(folder: Path) -> None:
    """Refuse a folder in which another user could replace the socket.

    Raises `Conflict`.
    """
    try:
        found = folder.stat()
    except OSError as exc:
        raise Conflict(f"There is no folder {folder} for the Unix socket.") from exc
    is_open = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if is_open and not found.st_mode & stat.S_ISVTX:
        raise Conflict(
            f"Other users may write into {folder}, so they could put another socket "
            "there: choose a folder of your own."
        )


def _remove_stale(path: Path) -> None:
    """Remove the file of a server that has ended. Raises `Conflict`."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as exc:
        raise Conflict(f"Cannot listen on {path}: {exc.strerror}.") from exc
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise Conflict(
            f"{path} exists and is no socket of this user: choose another path, or "
            "move that file away."
        )
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        number = client.connect_ex(os.fspath(path))
    if number != errno.ECONNREFUSED:
        raise Conflict(
            f"A server listens on {path} already: choose another path, or stop it."
        )
    try:
        path.unlink()
    except OSError as exc:
        raise Conflict(f"{path} cannot be replaced: {exc.strerror}.") from exc


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
