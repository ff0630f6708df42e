"""The foreground process of a terminal, and whether it waits for keys."""

import os
from pathlib import Path

WRAPPERS = {"sh", "bash", "dash", "zsh", "fish", "git", "sudo", "env", "man", "npm"}


def in_front(group: int) -> tuple[int, str]:
    """The process of a foreground group that uses the terminal, and its name.

    A shell or wrapper that waits for a child of the same group lends it the terminal.
    """
    pid, name = group, _name(group)
    if not name:  # Its first process has ended, as in `head text | less`.
        numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
        pid = max((one for one in numbers if _group(one) == group), default=0)
        name = _name(pid)
    while name in WRAPPERS:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        own = [int(child) for child in children if _group(int(child)) == group]
        if not own:
            break
        pid, name = own[-1], _name(own[-1])
    return pid, name


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except OSError:  # It has ended; others of its group may live.
        return ""


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0


def is_reading(pid: int) -> bool | None:
    """Whether a process waits in `read` of a terminal; None where it may do so."""
    try:
        waits_in = Path(f"/proc/{pid}/wchan").read_text()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
    if waits_in in ("wait_woken", "n_tty_read"):
        return True
    if state == "R" or (waits_in not in ("", "0") and "poll" not in waits_in):
        return None if "select" in waits_in else False
    return None
