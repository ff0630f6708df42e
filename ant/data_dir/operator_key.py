"""The operator's key: its sources, and how it stays out of sight of other programs.

The initial environment and command line of a process stay in /proc/PID/environ and
/proc/PID/cmdline, also after a change of `os.environ`. So a server that finds its key
there executes itself again without it, as the same process, and passes the key in a
pipe.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import attrs

from ant.config import API_KEY_FILE, SETTINGS
from ant.core import clock
from ant.core.errors import Forbidden, StorageFailed

VARIABLE: Final = SETTINGS["api_key"].variable
FLAG: Final = SETTINGS["api_key"].flag
DESCRIPTOR: Final = f"{VARIABLE}_FD"
"""The variable that names the descriptor of the pipe with the key, after an exec."""

FILE: Final = "operator.key"
KEY_MAX: Final = 4096
"""The most bytes of a key: an empty pipe takes so many in one write."""

KEY_MIN: Final = 8
"""The fewest characters of a key: somebody who tries 300 keys a second finds one of
seven random letters within a year."""

KEY_SAFE: Final = 16
"""The fewest characters without a warning: nobody can try all of 16 random ones, and a
shorter key is often a word."""

HOW_TO_MAKE: Final = "head -c 32 /dev/urandom | base64"


def check_key(key: str) -> str:
    """The key, if a header can carry it and it is hard to guess.

    Raises `Forbidden` if not.
    """
    if not key.strip():
        raise Forbidden(
            f"The key is empty: give {VARIABLE} (or {API_KEY_FILE.flag}) a value, or "
            "unset it to admit only programs of this user."
        )
    if len(os.fsencode(key)) > KEY_MAX or not key.isprintable():
        raise Forbidden(
            f"The key is not one line of at most {KEY_MAX} bytes: choose a shorter key "
            "without control characters."
        )
    if key != key.strip():
        raise Forbidden(
            "The key begins or ends with a blank, which no header can carry: remove it."
        )
    if len(key) < KEY_MIN:
        raise Forbidden(
            f"The key has {len(key)} characters, which can be guessed; choose one of "
            f"at least {KEY_MIN}, better {KEY_SAFE}, for example by {HOW_TO_MAKE}."
        )
    return key


def read_key_file(path: Path) -> str:
    """The key in a file, its only line. Raises `StorageFailed` and `Forbidden`."""
    try:
        with path.open("rb") as file:
            data = file.read(KEY_MAX + 2)
    except OSError as exc:
        raise StorageFailed(f"The key cannot be read: {path}: {exc.strerror}.") from exc
    return check_key(os.fsdecode(data).rstrip("\r\n"))


def without_key(argv: Sequence[str]) -> list[str]:
    """The words of a command line without the flag of the key and its value."""
    kept: list[str] = []
    words = iter(argv)
    for word in words:
        if word == FLAG:
            next(words, None)
        elif not word.startswith(f"{FLAG}="):
            kept.append(word)
    return kept


def execute_without(key: str) -> NoReturn:
    """Execute this program again, with the key in a pipe and nowhere else.

    Call it before anything is started or opened. Raises `OSError`.
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


def passed_key() -> str | None:
    """The key that `execute_without` passed on, or None.

    Raises `Forbidden` if the descriptor is no pipe with a key.
    """
    number = os.environ.pop(DESCRIPTOR, None)
    if number is None:
        return None
    try:
        with os.fdopen(int(number), "rb") as pipe:
            return check_key(os.fsdecode(pipe.read(KEY_MAX + 1)))
    except (OSError, ValueError) as exc:
        raise Forbidden(
            f"{DESCRIPTOR} names no pipe with a key: unset that variable."
        ) from exc


@attrs.frozen
class OperatorKey:
    """A key that a server made for itself, and the URL of that server."""

    key: str
    url: str


def make(folder: Path, url: str) -> str:
    """Make a new key and store it in `operator.key`, for the owner of the folder.

    Each server makes a new key, so that an old file is of no use. Raises
    `StorageFailed`.
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


def read(folder: Path) -> OperatorKey | None:
    """The key that `make` stored in a folder; None if no file there can be read."""
    try:
        key, url, *_ = (folder / FILE).read_text().splitlines()
    except (OSError, ValueError):
        return None
    return OperatorKey(key, url)


def remove(folder: Path) -> None:
    """Remove the file, if there is one. Raises `StorageFailed`."""
    try:
        (folder / FILE).unlink(missing_ok=True)
    except OSError as exc:
        raise StorageFailed(f"{folder / FILE}: {exc.strerror or exc}.") from exc
