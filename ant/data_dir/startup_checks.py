"""Checks before a server starts, and sentences for the errors that prevent it.

Only this module turns a system error into a sentence: what is wrong, what was expected,
what to do.
"""

import errno
import os
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

from ant.core.errors import AntError, CapacityReached, StorageFailed

FEWEST_FILES = 32
"""File descriptors of a server with one terminal and one client: 18, 2 and 1. The rest
are for moments: an import of a module, a reader and a backup of the database."""

FILES = (
    "lock",
    "token.key",
    "operator.key",
    "ant.db",
    "ant.db-wal",
    "ant.db-shm",
    "reserve",
)
FOLDERS = ("spool", "inbox", "hooks")
"""The files and folders that ANT makes in its data folder."""

ELSEWHERE = "or give another --data-dir."

_SENTENCES = {
    errno.EACCES: "{path} may not be used by uid {uid}: change its owner or mode, "
    + ELSEWHERE,
    errno.EPERM: "{path} may not be used by uid {uid}: change its owner or mode, "
    + ELSEWHERE,
    errno.EROFS: "{path} is on a file system that is mounted read-only, and ANT must "
    "write there: mount it writable, " + ELSEWHERE,
    errno.ENOSPC: "The disk of {path} is full: make room there, " + ELSEWHERE,
    errno.EDQUOT: "The disk quota of uid {uid} is used up at {path}: make room there, "
    + ELSEWHERE,
    errno.EIO: "The disk of {path} reports an error (Input/output error): look at the "
    "kernel's log, " + ELSEWHERE,
    errno.ENOTDIR: "{path} cannot be made, since a part of it is a file, not a folder: "
    "move that file away, " + ELSEWHERE,
    errno.EEXIST: "{path} is a file, and a folder was expected: move it away, "
    + ELSEWHERE,
    errno.EISDIR: "{path} is a folder, and a file was expected: move it away, "
    + ELSEWHERE,
    errno.ENOENT: "{path} does not exist and cannot be made: make it by hand, "
    + ELSEWHERE,
    errno.ELOOP: "{path} is a symbolic link, which ANT does not follow: put a file "
    "there, " + ELSEWHERE,
    errno.ENAMETOOLONG: "{path} is longer than a path may be: " + ELSEWHERE[3:],
    errno.EMFILE: "This process has no file descriptor left of its {limit}: raise that "
    "limit (ulimit -n).",
    errno.ENFILE: "The machine has no file descriptor left: end other programs, or "
    "raise fs.file-max.",
    errno.ENOMEM: "The machine has no memory left: end other programs, or give it "
    "more.",
}


def sentence(error: BaseException) -> str | None:
    """The sentence that explains an error to the operator; None if it is a bug.

    For a group: the distinct sentences of its errors, or None if one is a bug.
    """
    sentences = list(dict.fromkeys(map(_sentence, _leaves(error))))
    return None if None in sentences else " ".join(filter(None, sentences))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _sentence(error: BaseException) -> str | None:
    if isinstance(error, AntError):
        return " ".join(str(error).split())
    if isinstance(error, MemoryError):
        return _SENTENCES[errno.ENOMEM]
    if not isinstance(error, OSError):
        return None
    form = _SENTENCES.get(error.errno or 0)
    if form is None or ("{path}" in form and error.filename is None):
        where = "" if error.filename is None else f"{_text(error.filename)}: "
        return f"The system refused: {where}{error.strerror or error}."
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return form.format(path=_text(error.filename), uid=os.geteuid(), limit=limit)


def _text(name: object) -> str:
    text = os.fsdecode(name) if isinstance(name, str | bytes) else str(name)
    return text.encode(errors="backslashreplace").decode()


def check_descriptors() -> None:
    """Refuse to run with too few descriptors. Raises `CapacityReached`.

    The hard limit counts, since ANT raises the soft limit to it.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit != resource.RLIM_INFINITY and limit < FEWEST_FILES:
        raise CapacityReached(
            f"This process may have {limit} file descriptors, but a server needs at "
            f"least {FEWEST_FILES}: raise that limit (ulimit -n)."
        )


def check_output(stream: object) -> None:
    """Refuse to run without a standard output. Raises `StorageFailed`.

    Otherwise a file that is opened later would get the descriptor, and ANT would print
    into that file.
    """
    if stream is None:
        raise StorageFailed(
            "Standard output is closed, but ANT prints its address there: send it to a "
            "terminal, a file or /dev/null."
        )


def check_folder(folder: Path) -> None:
    """Refuse a data folder in which a file or folder has the wrong type or mode.

    Raises `StorageFailed` and `OSError`, which `sentence` explains.
    """
    for name in (*FILES, *FOLDERS):
        path, is_folder = folder / name, name in FOLDERS
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        if is_folder and not stat.S_ISDIR(mode):
            raise _system_error(errno.EEXIST, path)
        if not is_folder and stat.S_ISDIR(mode):
            raise _system_error(errno.EISDIR, path)
        if not (is_folder or stat.S_ISREG(mode)):
            raise StorageFailed(
                f"{path} is not a regular file: move it away, {ELSEWHERE}"
            )
        if not os.access(path, os.R_OK | os.W_OK):
            raise _system_error(errno.EACCES, path)


def _system_error(code: int, path: Path) -> OSError:
    return OSError(code, os.strerror(code), str(path))
