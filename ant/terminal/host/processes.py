"""Whom to end, and how: by what /proc tells, so nobody is killed by name or guess.

Rule 1: a terminal's processes are those of its session id, job groups included.
Rule 2: what left that session (a daemon, a tmux server and its panes) is not ours.
Rule 3: after a crash a pid proves nothing; boot id with start time, or the environment
we gave it, does.
"""

import contextlib
import functools
import os
import re
import signal
from collections.abc import Iterable

import attrs
import trio

from ant.terminal.host.base import Identity

KILL_BOUND_S = 2.0
"""KILL cannot be refused, only delayed in the kernel: beyond this, waiting is vain."""

LOOK_AGAIN_S = 0.02
"""Between two looks when no descriptor is left to wait on."""

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
        """Whether it still runs: a first thread may be a zombie while others go on."""
        return self.state not in "ZX" or self.threads > 1


@functools.cache
def boot_id() -> str:
    """This boot's name; pids and start times mean nothing across two of them."""
    with open("/proc/sys/kernel/random/boot_id", "rb", buffering=0) as file:
        return file.readall().decode().strip()


def identify(pid: int) -> Identity | None:
    """Who has this pid now, a zombie included; None if nobody has."""
    process = look(pid)
    return Identity(pid, process.start_ticks, boot_id()) if process else None


def foreground_of(pid: int) -> int:
    """The foreground group of a process' terminal; 0 where there is none."""
    process = look(pid)
    return max(process.tpgid, 0) if process else 0


def is_waiting(pid: int) -> bool:
    """Whether a process sleeps till something comes, or is no more."""
    process = look(pid)
    return process is None or process.state in "SZX"


def kill(pid: int) -> None:
    """End a process by force; nothing where it has ended or is not ours to signal."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def signal_group(group: int, signum: int) -> None:
    """Signal a job; nothing where it has ended or is not ours to signal."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signum)


def snapshot() -> list[Process]:
    """Every process there is, as one pass saw them; costs about 10 µs for each."""
    found = (look(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [process for process in found if process is not None]


def members(sid: int) -> list[Process]:
    """The live processes of a terminal session."""
    return [process for process in snapshot() if process.sid == sid and process.live]


class _Rounds:
    """Looks at all of /proc that are shared: one serves all who asked before it began.

    A look takes milliseconds, and a stop ends a hundred terminals side by side, each of
    which has to look several times.
    """

    def __init__(self) -> None:
        self._asked = self._covered = 0
        self._by_sid: dict[int, list[Process]] = {}

    async def members(self, sid: int) -> list[Process]:
        """As `members`, by a look that began after this was called.

        *Cancellation:* waits for no more than its turn, and does not notice.
        """
        self._asked += 1
        turn = self._asked
        await trio.lowlevel.cancel_shielded_checkpoint()  # Others may ask meanwhile.
        if self._covered < turn:
            self._covered, self._by_sid = self._asked, {}
            for process in snapshot():
                if process.live:
                    self._by_sid.setdefault(process.sid, []).append(process)
        return self._by_sid.get(sid, [])


_rounds = _Rounds()


def read_proc(pid: int, name: str) -> bytes:
    """That file of a process in /proc; empty once it has ended or if we may not see it.

    As text it would take twice as long or more, and each look at a terminal asks.
    """
    try:
        with open(f"/proc/{pid}/{name}", "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""


def environ_of(pid: int) -> dict[str, str]:
    """The environment a process was started with; empty if we may not see it."""
    block = read_proc(pid, "environ")
    pairs = (entry.partition(b"=") for entry in block.split(b"\0") if b"=" in entry)
    return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}


def inheritable_fds() -> list[int]:
    """Our descriptors, beyond 0, 1 and 2, that a child would get unless told to close.

    Python makes none, but whoever started us may have left some open.
    """
    found = []
    for fd in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):  # The listing's own is closed by now.
            if fd > 2 and os.get_inheritable(fd):
                found.append(fd)
    return found


def signal_all(found: Iterable[Process], signum: int) -> int:
    """Signal those that are there still and ours to signal; how many were."""
    count = 0
    for process in found:
        now = look(process.pid)  # The pid may be somebody else's by now.
        if now is not None and now.start_ticks == process.start_ticks:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(process.pid, signum)
                count += 1
    return count


def find_lost(session_id: str, identity: Identity | None, run: str) -> set[int]:
    """The terminal sessions (sids) to end that a crashed server run left behind.

    With an `identity`: the session of that very process, else of what it left that
    still carries our `ANT_SESSION_ID`. Without one (the crash came between spawn and
    record): the sessions whose leader runs on a terminal under our session and run, and
    was started by nobody who did. Never raises; what cannot be seen is not ours.
    """
    everyone = [process for process in snapshot() if process.live]
    if identity is None:
        return {
            process.sid
            for process in everyone
            if process.pid == process.sid
            and _carries(process.pid, ANT_SESSION_ID=session_id, ANT_RUN=run)
            and not _carries(process.ppid, ANT_RUN=run)
            and _on_terminal(process)
        }
    if identity.boot_id != boot_id():
        return set()
    for process in everyone:
        same = process.pid == identity.pid
        if same and process.start_ticks == identity.start_ticks:
            return {process.sid}
    return {
        process.sid
        for process in everyone
        if process.sid == identity.pid
        and _carries(process.pid, ANT_SESSION_ID=session_id)
    }


async def end_session(sid: int, grace_s: float) -> None:
    """End a terminal session: HUP and CONT, `grace_s` to leave, then KILL until empty.

    Takes at most `grace_s` and `KILL_BOUND_S`. What is not ours to signal is waited for
    during the grace only. The caller sees to it that `sid` cannot be given away
    meanwhile: its leader is our unreaped child, or was just found by `find_lost`.
    *Cancellation:* cuts the grace short, never the KILL.
    """
    empty = False
    try:
        found = await _rounds.members(sid)
        signal_all(found, signal.SIGHUP)
        signal_all(found, signal.SIGCONT)  # A stopped job takes its HUP only now.
        with trio.move_on_after(grace_s):
            await trio.lowlevel.checkpoint()  # A look at all of /proc takes a while.
            while left := await _rounds.members(sid):
                await _wait_gone(left)
            empty = True
    finally:
        if not empty:
            deadline = trio.current_time() + KILL_BOUND_S
            with trio.CancelScope(deadline=deadline, shield=True):
                await trio.lowlevel.checkpoint()
                while signal_all(left := await _rounds.members(sid), signal.SIGKILL):
                    await _wait_gone(left)


async def _wait_gone(processes: list[Process]) -> None:
    """Wait until each of these has exited, one descriptor at a time."""
    for process in processes:
        try:
            pidfd = os.pidfd_open(process.pid)
            try:
                now = look(process.pid)
                if now is not None and now.start_ticks == process.start_ticks:
                    await trio.lowlevel.wait_readable(pidfd)
            finally:
                os.close(pidfd)
        except ProcessLookupError:
            continue
        except OSError:  # No descriptor is free.
            await trio.sleep(LOOK_AGAIN_S)


def look(pid: int) -> Process | None:
    """What /proc tells of a process now, a zombie included; None if it is no more."""
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


def _carries(pid: int, **expected: str) -> bool:
    return expected.items() <= environ_of(pid).items()


def _on_terminal(process: Process) -> bool:
    """Whether its session has, or had until the hang-up, a terminal.

    A dying server closes the master, and the kernel then takes the controlling
    terminal from the whole session: `tty_nr` is 0. Only 0, 1 and 2 still tell; a daemon
    has given them up.
    """
    if process.tty_nr:
        return True
    for fd in range(3):
        with contextlib.suppress(OSError):
            if _TERMINAL.match(os.readlink(f"/proc/{process.pid}/fd/{fd}")):
                return True
    return False
