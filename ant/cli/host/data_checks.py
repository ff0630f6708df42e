"""Checks of `ant doctor`: the data folder, its lock, its disk and its database."""

import os
import re
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Final

import attrs

from ant.cli.host.finding import Check, Finding, ok, problem, warning
from ant.core import clock
from ant.core.errors import StorageFailed
from ant.data_dir.file_modes import OTHERS
from ant.data_dir.startup_checks import FILES, FOLDERS

DATABASE: Final = "ant.db"
DATABASE_S: Final = 2.0
"""How long the check of the database may take; one of 1 GiB takes about 5 s."""

LOW_ON_DISK: Final = 512 << 20
"""Free bytes below which the disk is nearly full: two full transcripts."""

FUTURE_S: Final = 60
"""How far the time of a file may be ahead of the clock."""

_NETWORK: Final = re.compile(
    r"nfs4?|cifs|smb3|smbfs|9p|ceph|afs|lustre|gpfs|fuse\.(sshfs|glusterfs|rclone|s3fs)"
)
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})


@attrs.frozen
class Mount:
    """A mounted file system: its device, type and folder."""

    device: str
    type: str
    folder: str
    is_read_only: bool


def data_checks(folder: Path) -> dict[str, Check]:
    """The checks of a data folder, by name."""
    return {
        "data folder": partial(check_folder, folder),
        "disk": partial(check_disk, folder),
        "lock": partial(check_lock, folder),
        "database": partial(check_database, folder / DATABASE),
    }


def check_folder(folder: Path) -> Iterator[Finding]:
    """The owner and the modes of the folder and of what ANT makes in it."""
    subject = "data folder"
    try:
        found = folder.stat()
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        if folder.is_symlink():
            yield problem(
                subject,
                f"{folder} is a link to nothing.",
                "Remove the link, or make the folder.",
            )
        else:
            yield ok(subject, f"{folder} is not there yet; `ant serve` makes it")
        return
    except OSError as exc:
        yield problem(
            subject, f"{folder}: {exc.strerror}.", "Change its owner or its mode."
        )
        return
    own = os.geteuid()
    if found.st_uid != own:
        yield problem(
            subject,
            f"{folder} belongs to uid {found.st_uid}, and you are uid {own}.",
            f"Change its owner (chown -R {own}), or run ant as its owner.",
        )
        return
    mode = stat.S_IMODE(found.st_mode)
    if mode & OTHERS:
        yield warning(
            subject,
            f"Others may enter {folder} (mode {mode:o}).",
            f"Run chmod 700 {quote(str(folder))}",
        )
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield problem(
            subject, f"{folder} is not writable.", f"Run chmod 700 {quote(str(folder))}"
        )
    else:
        yield ok(subject, f"{folder}, mode {mode:o}")
    for name in names:
        yield from _check_entry(folder / name)


def _check_entry(path: Path) -> Iterator[Finding]:
    """What is wrong with a file or a folder that ANT makes in its data folder."""
    is_file = path.name in FILES or path.name.startswith(f"{DATABASE}-")
    if not is_file and path.name not in FOLDERS:
        return
    try:
        found = path.lstat()
    except FileNotFoundError:
        return  # SQLite removes its files when the last process closes them.
    wanted = stat.S_ISREG if is_file else stat.S_ISDIR
    if not wanted(found.st_mode):
        yield problem(
            "files",
            f"{path} is no {'regular file' if is_file else 'folder'}.",
            "Move it away.",
        )
    elif found.st_uid != os.geteuid():
        yield problem(
            "files",
            f"{path} belongs to uid {found.st_uid}.",
            f"Change its owner (chown {os.geteuid()} {quote(str(path))}).",
        )
    elif (mode := stat.S_IMODE(found.st_mode)) & OTHERS:
        yield warning(
            "files",
            f"Others may read {path} (mode {mode:o}).",
            f"Run chmod {mode & ~OTHERS:o} {quote(str(path))}",
        )


def check_disk(folder: Path) -> Iterator[Finding]:
    """The file system of the folder: its type, its free space and inodes, its times."""
    from ant.data_dir.reserve import SIZE, START

    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    mount = mount_of(there)
    if mount is not None:
        yield _mounted(mount)
    found = os.statvfs(there)
    free, mib = found.f_bavail * found.f_frsize, 1 << 20
    held = _size(folder / "reserve")
    text = f"{free // mib} MiB free for {there}"
    if free < START and held < SIZE:
        yield problem("disk", f"{text}.", "Make room there: a server may not start.")
    elif free < SIZE:
        yield problem(
            "disk",
            f"{text}; the reserve has {held // mib} MiB.",
            "Make room there, or delete sessions (ant rm --hard).",
        )
    elif free < LOW_ON_DISK:
        yield warning("disk", f"{text}.", "Make room there soon.")
    else:
        yield ok("disk", text)
    if found.f_files and not found.f_favail:
        yield problem("disk", f"No inode is left for {there}.", "Delete some files.")
    ahead = _modified(folder / DATABASE) - clock.now().timestamp()
    if ahead > FUTURE_S:
        yield warning(
            "clock",
            f"The database was written {round(ahead)} s in the future.",
            "Set the clock of this machine; let it follow a time server.",
        )
    else:
        yield ok("clock", clock.stamp(clock.now()))


def _mounted(mount: Mount) -> Finding:
    where = f"{mount.type} at {mount.folder}"
    if _NETWORK.fullmatch(mount.type):
        return problem(
            "file system",
            f"{where} is a network file system.",
            "Put the data folder on a local disk (--data-dir): SQLite's log needs one.",
        )
    if mount.is_read_only:
        return problem(
            "file system", f"{where} is mounted read-only.", "Mount it writable."
        )
    if mount.type in _IN_MEMORY:
        return warning(
            "file system",
            f"{where} is in memory.",
            "Put the data folder on a disk if it should survive a restart.",
        )
    return ok("file system", where)


def mount_of(path: Path, table: Path = Path("/proc/self/mountinfo")) -> Mount | None:
    """The file system that a path is on; None if the kernel does not say."""
    try:
        # The device of a path decides, since one mount may hide another.
        device = os.stat(path).st_dev
        lines = table.read_text(errors="replace").splitlines()
    except OSError:
        return None
    number = f"{os.major(device)}:{os.minor(device)}"
    real, best = f"{path.resolve()}/", None
    for line in lines:
        head, _, tail = line.partition(" - ")
        fields, rest = head.split(" "), tail.split(" ")
        folder = _unescaped(fields[4])
        if fields[2] != number or not real.startswith(f"{folder.rstrip('/')}/"):
            continue
        if best is None or len(folder) >= len(best.folder):
            is_read_only = "ro" in fields[5].split(",") or "ro" in rest[2].split(",")
            best = Mount(number, rest[0], folder, is_read_only)
    return best


def _unescaped(text: str) -> str:
    """A path of mountinfo, where blanks are octal."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def check_lock(folder: Path) -> Iterator[Finding]:
    """Which process has the lock of the folder, which a server holds."""
    holder = lock_holder(folder)
    if holder is None:
        yield ok("lock", "No server uses the data folder")
    else:
        yield ok("lock", f"Process {holder} has it: {command_line(holder)}")


def lock_holder(folder: Path, table: Path = Path("/proc/locks")) -> int | None:
    """The pid of the server that uses a data folder; None if there is none.

    The kernel's table is read, since a try to take the lock could hinder a start.
    """
    try:
        found = (folder / "lock").stat()
        lines = table.read_text().splitlines()
    except OSError:
        return None
    device = found.st_dev
    name = f"{os.major(device):02x}:{os.minor(device):02x}:{found.st_ino}"
    for line in lines:
        fields = line.split()
        if len(fields) >= 6 and fields[1] == "FLOCK" and fields[5] == name:
            return int(fields[4])
    return None


def command_line(pid: int) -> str:
    """The command line of a process; `unknown` if the kernel does not show it."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "unknown"
    text = os.fsdecode(b" ".join(words)).strip()
    return text.encode(errors="backslashreplace").decode()[:200] or "unknown"


def check_database(path: Path) -> Iterator[Finding]:
    """Whether the database is whole, and of this ANT."""
    from ant.store.inspect import inspect

    if not path.parent.exists():
        return
    if not path.exists():
        yield ok("database", f"{path} is not there yet; a server makes it")
        return
    try:
        state = inspect(path, DATABASE_S)
    except StorageFailed as exc:
        yield problem(
            "database", str(exc), "Start `ant serve` to see what it says about it."
        )
        return
    if state.faults:
        yield problem(
            "database",
            f"{path} is damaged: {state.faults[0]}.",
            "Restore a backup (docs/deployment.md).",
        )
        return
    text = f"{path}, {state.size / (1 << 20):.1f} MiB, "
    if state.is_complete:
        text += "undamaged"
    else:
        text += (
            f"no damage found in {DATABASE_S:g} s; `ant backup --check {path}` reads "
            "all of it"
        )
    if state.pending:
        text += f"; the next start applies {state.pending} migrations"
    yield ok("database", text)
