"""Checks of `ant doctor`: what ANT needs of the kernel."""

import ctypes
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ant.cli.host.data_checks import lock_holder
from ant.cli.host.finding import Finding, ok, problem, warning
from ant.data_dir.startup_checks import FEWEST_FILES

FEW_FILES: Final = 1024
"""Descriptors with which ANT has room for about 60 terminals."""

_GET_CHILD_SUBREAPER: Final = 37  # prctl(2)


def check_kernel() -> Iterator[Finding]:
    """pidfd, the owner of connections, the adoption of orphans, /proc and PTYs."""
    works, missing = [], []
    for name, look, remedy in (
        ("pidfd", _has_pidfd, "use Linux 5.3 or newer"),
        ("SOCK_DIAG", _has_sock_diag, "load the modules tcp_diag and inet_diag"),
        ("subreaper", _has_subreaper, "use Linux 3.4 or newer"),
        ("PTY", _has_pty, "mount /dev/pts, or raise kernel.pty.max"),
        ("/proc", _has_proc, "mount /proc, without hidepid for this user"),
    ):
        try:
            is_there = look()
        except OSError:
            is_there = False
        if is_there:
            works.append(name)
        else:
            missing.append((name, remedy))
    for name, remedy in missing:
        if name == "SOCK_DIAG":
            yield warning(
                "kernel",
                "It does not report which process calls (SOCK_DIAG).",
                f"Callers must then show operator.key; or {remedy}.",
            )
        else:
            yield problem(
                "kernel", f"{name} does not work here.", f"To mend it, {remedy}."
            )
    if works:
        yield ok("kernel", f"{', '.join(works)} work")


def _has_pidfd() -> bool:
    os.close(os.pidfd_open(os.getpid()))
    return True


def _has_sock_diag() -> bool:
    from ant.http.access.sock_diag import open_sock_diag

    found = open_sock_diag()
    if found is not None:
        found.close()
    return found is not None


def _has_subreaper() -> bool:
    value = ctypes.c_int()
    libc = ctypes.CDLL(None, use_errno=True)
    rest = (ctypes.c_ulong(0),) * 3
    done: int = libc.prctl(_GET_CHILD_SUBREAPER, ctypes.byref(value), *rest)
    return done == 0


def _has_pty() -> bool:
    for each in os.openpty():
        os.close(each)
    return True


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists() and Path("/proc/1/stat").exists()


def check_descriptors(folder: Path) -> Iterator[Finding]:
    """The limit of descriptors, of the server that runs or of this process."""
    holder = lock_holder(folder)
    whose, limit = "a server started here", _own_limit()
    if holder is not None and (found := limit_of(holder)) is not None:
        whose, limit = f"the server, process {holder}", found
    text = f"{limit} for {whose}"
    remedy = "Raise the hard limit (ulimit -Hn, or LimitNOFILE= of a service)."
    if limit < FEWEST_FILES:
        yield problem("descriptors", f"{text} are too few.", remedy)
    elif limit < FEW_FILES:
        yield warning("descriptors", f"{text} are few.", remedy)
    else:
        yield ok("descriptors", text)


def _own_limit() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY:
        return int(Path("/proc/sys/fs/nr_open").read_text())
    return hard


def limit_of(pid: int) -> int | None:
    """The hard limit of descriptors of a process; None if the kernel hides it."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("Max open files"):
            hard = line.split()[4]
            return int(hard) if hard.isdecimal() else None
    return None
