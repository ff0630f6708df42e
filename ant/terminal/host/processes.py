"""Processes, as /proc shows them: which ones belong to a terminal, and signals to them.

ANT kills no process by its name or by a guess.

Rule 1: a terminal's processes are those of its session id, job groups included. Those
that have left that session are the subject of `run_processes`.
Rule 2: after a crash a pid proves nothing. The boot id with the start time does, and so
does the environment that ANT gave the process.
"""

import contextlib
import functools
import os
import re
import signal
from collections.abc import Iterable

import attrs

from ant.terminal.host.host_terminal import Identity

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TERMINAL = re.compile(r"/dev/pts/\d+")


@attrs.frozen
class Process:
    """One line of /proc/PID/stat; `cpu_ticks` is user and system time together."""

    pid: int
    ppid: int
    sid: int
    tty_nr: int
    state: str
    start_ticks: int
    cpu_ticks: int
    rss_bytes: int
    threads: int
    tpgid: int = 0

    @property
    def live(self) -> bool:
        """Whether it still runs: its first thread may be a zombie while others run."""
        return self.state not in "ZX" or self.threads > 1


@functools.cache
def boot_id() -> str:
    """The id of this boot; pids and start times are only comparable within one."""
    with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
        return file.readall().decode().strip()


def identify(pid: int) -> Identity | None:
    """The identity of a process, a zombie included; None if there is none."""
    process = look(pid)
    return Identity(pid, process.start_ticks, boot_id()) if process else None


def foreground_of(pid: int) -> int:
    """The foreground group of a process's terminal; 0 where there is none."""
    process = look(pid)
    return max(process.tpgid, 0) if process else 0


def is_waiting(pid: int) -> bool:
    """Whether a process sleeps in an interruptible wait, or has ended."""
    process = look(pid)
    return process is None or process.state in "SZX"


def kill(pid: int) -> None:
    """Kill a process; do nothing if it has ended, or ANT may not signal it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def signal_group(group: int, signum: int) -> None:
    """Signal a job; do nothing if it has ended, or ANT may not signal it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def snapshot() -> list[Process]:
    """Every process, from one pass over /proc; costs about 10 µs for each."""
    found = (look(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def members(sid: int) -> list[Process]:
    """The live processes of a terminal session."""
    return [process for process in snapshot() if process.sid == sid and process.live]


def read_proc(pid: int, name: str) -> bytes:
    """The content of /proc/PID/`name`; empty if it has ended, or ANT may not read it.

    Unbuffered and as bytes: reading text takes at least twice as long, and each
    snapshot of a terminal reads several of these files.
    """
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""


def environ_of(pid: int) -> dict[str, str]:
    """The environment a process was started with; empty if ANT may not read it."""
    block = read_proc(pid, "environ")
    pairs = (entry.partition(b"=") for entry in block.split(b"\0") if b"=" in entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def inheritable_fds() -> list[int]:
    """The descriptors above 2 that a child of this process would inherit.

    Python opens none of these, but the parent process may have left some open.
    """
    found = []
    for fd in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):  # `listdir` has closed its own by now.
            if fd > 2 and os.get_inheritable(fd):
                found.append(fd)
    return found


def signal_all(found: Iterable[Process], signum: int) -> int:
    """Signal those that still run and that ANT may signal; how many these were.

    A process that has got the pid of one of these meanwhile is never signalled.
    """
    return sum(_signal(process, signum) for process in found)


def _signal(process: Process, signum: int) -> bool:
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError:
        return _signal_by_pid(process, signum)
    try:
        if not is_still(process):
            return False
        signal.pidfd_send_signal(pidfd, signum)
    except (ProcessLookupError, PermissionError):
        return False
    except OSError:  # `look` needs a descriptor, too, and this was the last one.
        pass
    else:
        return True
    finally:
        os.close(pidfd)
    return _signal_by_pid(process, signum)


def _signal_by_pid(process: Process, signum: int) -> bool:
    """Without a descriptor to spare; for a moment the pid is not guarded."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if is_still(process):
            os.kill(process.pid, signum)
            return True
    return False


def is_still(process: Process) -> bool:
    """Whether the pid still belongs to that process."""
    now = look(process.pid)
    return now is not None and now.start_ticks == process.start_ticks


def find_lost(session_id: str, identity: Identity | None, run: str) -> set[int]:
    """The terminal sessions (sids) to end that a crashed server run left behind.

    With an `identity`: the session of that very process; if it has ended, the session
    of the processes it left that still have ANT's `ANT_SESSION_ID`. Without one (the
    crash came between spawn and record): the sessions whose leader is on a terminal
    and has this session and run in its environment, while its parent does not have the
    run. Never raises; a process that ANT may not inspect is left alone.
    """
    live = [process for process in snapshot() if process.live]
    if identity is None:
        return {
            process.sid
            for process in live
            if process.pid == process.sid
            and has_environ(process.pid, ANT_SESSION_ID=session_id, ANT_RUN=run)
            and not has_environ(process.ppid, ANT_RUN=run)
            and _on_terminal(process)
        }
    if identity.boot_id != boot_id():
        return set()
    for process in live:
        same = process.pid == identity.pid
        if same and process.start_ticks == identity.start_ticks:
            return {process.sid}
    return {
        process.sid
        for process in live
        if process.sid == identity.pid
        and has_environ(process.pid, ANT_SESSION_ID=session_id)
    }


def look(pid: int) -> Process | None:
    """The process with this pid now, a zombie included; None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
            line = file.readall()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name in parentheses may hold spaces and parentheses: the last one closes it.
    fields = line[line.rindex(b")") + 2 :].split()
    return Process(
        pid=pid,
        ppid=int(fields[1]),
        sid=int(fields[3]),
        tty_nr=int(fields[4]),
        tpgid=int(fields[5]),
        state=fields[0].decode(),
        start_ticks=int(fields[19]),
        cpu_ticks=int(fields[11]) + int(fields[12]),
        rss_bytes=int(fields[21]) * _PAGE,
        threads=int(fields[17]),
    )


def has_environ(pid: int, **expected: str) -> bool:
    """Whether a process was started with these environment variables."""
    return expected.items() <= environ_of(pid).items()


def _on_terminal(process: Process) -> bool:
    """Whether the process's session has a terminal, or had one until the hang-up.

    When a server dies, the kernel closes the master and takes the controlling terminal
    from the whole session: `tty_nr` becomes 0. Only descriptors 0, 1 and 2 still show
    it. A daemon has closed these.
    """
    if process.tty_nr:
        return True
    for fd in range(3):
        with contextlib.suppress(OSError):
            if _TERMINAL.match(os.readlink(f"/proc/{process.pid}/fd/{fd}")):
                return True
    return False
