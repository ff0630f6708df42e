"""The operator's key: where it comes from, and how programs are kept from seeing it.

What a process was started with stays in /proc/PID/environ and /proc/PID/cmdline, also
when it is taken out of `os.environ`. So a server that was given its key there executes
itself anew without it, as the same process; the key goes through a pipe.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import attrs

from ant.config import SETTINGS
from ant.core import clock
from ant.core.errors import Forbidden, StorageFailed

VARIABLE: Final = SETTINGS["api_key"].variable
FLAG: Final = SETTINGS["api_key"].flag
DESCRIPTOR: Final = f"{VARIABLE}_FD"
"""The variable that names the descriptor of the pipe with the key, after an exec."""

FILE: Final = "operator.key"
KEY_MAX: Final = 4096
"""Bytes of a key: what goes into an empty pipe in one piece."""


def check_key(key: str) -> str:
    """The key, where it is one that a header can carry. Raises `Forbidden`."""
    if not key.strip():
        raise Forbidden(
            f"The key is empty: give {VARIABLE} (or --api-key-file) a value, or unset "
            "it to let only programs of this user in."
        )
    if len(os.fsencode(key)) > KEY_MAX or not key.isprintable():
        raise Forbidden(
            f"The key is no line of at most {KEY_MAX} bytes: choose a shorter one "
            "without control characters."
        )
    return key


def read_key_file(path: Path) -> str:
    """The key in a file: its only line. Raises `StorageFailed` and `Forbidden`."""
    try:
        with path.open("rb") as file:
            data = file.read(KEY_MAX + 2)
    except OSError as exc:
        raise StorageFailed(f"The key cannot be read: {path}: {exc.strerror}.") from exc
    return check_key(os.fsdecode(data).rstrip("\r\n"))


def without_key(argv: Sequence[str]) -> list[str]:
    """A command line without the flag of the key and its value."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word == FLAG:
            next(words, None)
        elif not word.startswith(f"{FLAG}="):
            kept.append(word)
    return kept


def execute_without(key: str) -> NoReturn:
    """Execute this very program anew, with the key in a pipe and nowhere else.

    Call it before anything was started or opened. Raises `OSError`.
    """
    reader, writer = os.pipe()
    os.write(writer, os.fsencode(key))
    os.close(writer)
    os.set_inheritable(reader, True)
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    environment[DESCRIPTOR] = str(reader)
    sys.stdout.flush()
    sys.stderr.flush()
    words = without_key(sys.orig_argv[1:])
    os.execve(sys.executable, [sys.executable, *words], environment)


def handed_over() -> str | None:
    """The key that `execute_without` passed on; None where nothing was.

    Raises `Forbidden` where the descriptor is not what it should be.
    """
    number = os.environ.pop(DESCRIPTOR, None)
    if number is None:
        return None
    try:
        with os.fdopen(int(number), "rb") as pipe:
            return check_key(os.fsdecode(pipe.read(KEY_MAX + 1)))
    except (OSError, ValueError) as exc:
        raise Forbidden(f"{DESCRIPTOR} names no pipe with a key: unset it.") from exc


@attrs.frozen
class OperatorKey:
    """A key that a server made for itself, and the address that it is good for."""

    key: str
    url: str


def make(folder: Path, url: str) -> str:
    """A new key in `operator.key`, for the owner of the folder. Raises `StorageFailed`.

    A server makes another one each time, so that a file that stayed opens nothing.
    """
    key = clock.new_id() + clock.new_id()
    path = folder / FILE
    try:
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w") as file:
            file.write(f"{key}\n{url}\n")
    except OSError as exc:
        raise StorageFailed(f"{path}: {exc.strerror or exc}.") from exc
    return key


def find(folder: Path) -> OperatorKey | None:
    """What `make` left in that folder; None where there is nothing that we may read."""
    try:
        key, url, *_ = (folder / FILE).read_text().splitlines()
    except (OSError, ValueError):
        return None
    return OperatorKey(key, url)


def forget(folder: Path) -> None:
    """Remove the file, where there is one. Raises `StorageFailed`."""
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as exc:
        raise StorageFailed(f"{folder / FILE}: {exc.strerror or exc}.") from exc
