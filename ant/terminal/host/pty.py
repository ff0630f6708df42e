"""The PTY host: a program on a pseudo-terminal that ANT opens itself.

The far end is the program's end of the PTY.

Rule 1: the child opens the far end itself, in a session of its own. So it gets a
controlling terminal, and no Python runs between fork and exec.
Rule 2: the leader stays a zombie until `aclose` is done. Until then its pid is not
reused, and killing by session id hits only what it started. What left that session is
found by `run_processes`.
Rule 3: POLLHUP shows that the far end is closed; a write would succeed all the same.
"""

import contextlib
import errno
import fcntl
import functools
import os
import select
import shutil
import signal
import struct
import termios
from collections import deque
from collections.abc import Iterator

import trio

from ant.core.counters import Limit, increment
from ant.core.descriptors import check_terminal, child_limit
from ant.core.errors import CapacityReached, Invalid, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host import foreground, line_discipline, processes, umask
from ant.terminal.host.end_session import end_session
from ant.terminal.host.host_terminal import (
    HANG_UP_GRACE_S,
    SECRET_FD,
    ControlSeen,
    ExitStatus,
    Identity,
    Spec,
)
from ant.terminal.host.line_discipline import CTRL_C, INPUT_UNREAD_MAX
from ant.terminal.host.run_processes import tag_of_child
from ant.terminal.host.subreaper import children
from ant.terminal.model.tty import Tty

SIZE_MAX = 65535
"""The largest value that the kernel's struct winsize can hold."""

LAST_READS = 4
"""Reads at the close: the kernel holds less, unless a process that lives on writes."""

HANG_UP_S = 1.0
"""Time to obey the kernel's hang-up, for a leader that ANT may not signal (sudo)."""

_TIOCSIG = 0x40045436  # Linux: signal the foreground group, past the queue.
_TIOCGPTPEER = 0x5441  # Linux: open the far end without its name.
OUT_OF_RESOURCES = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOSPC,
    errno.EAGAIN,
    errno.ENOMEM,
}
"""Errors of a machine that is out of descriptors, PTYs, processes or memory."""


async def open_pty(spec: Spec) -> "PtyTerminal":
    """Start a program on a new PTY.

    The caller sets `PWD`, and closes the terminal. Raises `Invalid` if the program or
    its directory does not exist, and `CapacityReached` if the machine is out of
    resources; then nothing was created. *Cancellation:* nothing was created.
    """
    check_spec(spec)
    check_terminal()
    await trio.lowlevel.checkpoint()
    try:
        master, slave = os.openpty()
        try:
            started = _start(spec, master, slave)
        except Exception:
            os.close(master)
            raise
        finally:
            os.close(slave)  # Only now: the far end must be open at all times.
    except OSError as exc:
        if exc.errno in OUT_OF_RESOURCES:
            increment(Limit.TERMINALS)
            raise CapacityReached(cannot_open(exc)) from exc
        raise Invalid(f"Cannot start the program: {exc.strerror} at $.command") from exc
    except ValueError as exc:  # A NUL, a name with "=", a lone surrogate.
        raise Invalid(f"Cannot pass this to a program: {exc} at $.command") from exc
    return PtyTerminal(master, *started, spec.env)


class PtyTerminal:
    """A `HostTerminal` on a PTY. `open_pty` makes it; the caller closes it."""

    def __init__(
        self,
        master: int,
        pidfd: int,
        pid: int,
        identity: Identity | None,
        env: dict[str, str],
    ) -> None:
        self._master, self._pidfd = master, pidfd
        self._pid, self._identity = pid, identity
        self._tag = tag_of_child(env, identity)
        self._far_end = select.poll()
        self._far_end.register(master, 0)
        self._rest: deque[bytes] = deque()
        self._exit: ExitStatus | None = None
        self._exit_lock = trio.Lock()  # trio lets one task wait on a descriptor.
        self._open = True
        self._closing = False
        self._closed = trio.Event()

    outlives_server = answers_queries = False

    @property
    def identity(self) -> Identity | None:
        return self._identity

    async def read(self) -> bytes:
        """See `HostTerminal.read`. *Cancellation:* only before a byte is taken."""
        await trio.lowlevel.checkpoint()
        while self._open:
            data = self._take()
            if data is not None:
                return data
            try:
                await trio.lowlevel.wait_readable(self._master)
            except trio.ClosedResourceError:
                break
        return self._rest.popleft() if self._rest else b""

    def read_nowait(self) -> bytes:
        """See `HostTerminal.read_nowait`."""
        return (self._take() or b"") if self._open else b""

    def tty(self) -> Tty | None:
        """See `HostTerminal.tty`."""
        if not self._open:
            return None
        try:
            group = os.tcgetpgrp(self._master)
            return foreground.look_at(self._master, self._pid, group)
        except (OSError, termios.error):
            return None

    def shows_input(self) -> bool:
        """See `HostTerminal.shows_input`."""
        if not self._open:
            return False
        try:
            return line_discipline.read_modes(self._master).shows_input
        except (OSError, termios.error):
            return False

    def has_environ(self, variable: str, value: str) -> bool:
        """See `HostTerminal.has_environ`."""
        return processes.has_environ(self._pid, **{variable: value})

    def remember(self, data: bytes) -> None:
        """See `HostTerminal.remember`: the program ends with the server."""

    def remembered(self) -> bytes:
        """See `HostTerminal.remembered`."""
        return b""

    def _take(self) -> bytes | None:
        """What can be read now; None if nothing can be, `b""` if nothing ever will."""
        parts: list[bytes] = []
        room = MAX_READ
        while room:
            try:
                part = os.read(self._master, room)
            except BlockingIOError:
                return b"".join(parts) or None
            except OSError:  # EIO: no process holds the far end any more.
                break
            parts.append(part)
            room -= len(part)
        return b"".join(parts)

    async def write(self, data: bytes) -> int:
        """See `HostTerminal.write`. *Cancellation:* only before a byte is written."""
        await trio.lowlevel.checkpoint()
        while not (count := self.write_nowait(data)) and data:
            try:
                await trio.lowlevel.wait_writable(self._master)
            except trio.ClosedResourceError:
                raise NotRunning("The terminal is closed.") from None
        return count

    def write_nowait(self, data: bytes) -> int:
        """See `HostTerminal.write_nowait`."""
        self._check_running()
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as exc:
            raise NotRunning("The terminal is gone.") from exc

    def interrupt(self) -> None:
        """See `HostTerminal.interrupt`.

        It is lost where the program reads Ctrl-C as input, and its queue is full.
        """
        self._check_running()
        interrupts = line_discipline.read_modes(self._master).interrupts
        if not (interrupts and self._unread() > INPUT_UNREAD_MAX):
            try:
                os.write(self._master, CTRL_C)
            except BlockingIOError:
                pass
            else:
                return
        if interrupts:
            fcntl.ioctl(self._master, _TIOCSIG, signal.SIGINT)

    def _unread(self) -> int:
        flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
        try:
            slave = fcntl.ioctl(self._master, _TIOCGPTPEER, flags)
        except OSError:  # No descriptor is free: send Ctrl-C as input then.
            return 0
        try:
            return line_discipline.count_unread(slave)
        finally:
            os.close(slave)

    def resize(self, cols: int, rows: int) -> None:
        """See `HostTerminal.resize`."""
        self._check_running()
        _set_size(self._master, cols, rows)

    def _check_running(self) -> None:
        if not self._open:
            raise NotRunning("The terminal is closed.")
        if self._has_ended() or self._far_end.poll(0):
            raise NotRunning("The program has ended.")

    async def wait_exit(self) -> ExitStatus:
        """See `HostTerminal.wait_exit`. *Cancellation:* the next task waits on."""
        async with self._exit_lock:
            while not self._has_ended():
                with contextlib.suppress(trio.ClosedResourceError):
                    await trio.lowlevel.wait_readable(self._pidfd)
        return self._get_exit()

    def _get_exit(self) -> ExitStatus:
        assert self._exit is not None
        return self._exit

    def _has_ended(self) -> bool:
        if self._exit is None:
            how = os.WEXITED | os.WNOHANG | os.WNOWAIT
            status = os.waitid(os.P_PIDFD, self._pidfd, how)
            if status is not None and status.si_code == os.CLD_EXITED:
                self._exit = ExitStatus(code=status.si_status)
            elif status is not None:
                self._exit = ExitStatus(signal=status.si_status)
        return self._exit is not None

    async def notice(self) -> ControlSeen:
        """See `HostTerminal.notice`: a PTY has none."""
        await trio.sleep_forever()

    async def detach(self) -> None:
        """See `HostTerminal.detach`: the kernel would hang a PTY up, it is closed."""
        await self.aclose()

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> ExitStatus:
        """See `HostTerminal.aclose`. Takes a few seconds at most, however it is called.

        *Cancellation:* for the first caller: goes straight to KILL, and releases
        everything. A later caller only stops waiting for the first.
        """
        if self._closing:
            await self._closed.wait()
        else:
            self._closing = True
            try:
                try:
                    # It fails without a free descriptor; the hang-up below frees one.
                    with contextlib.suppress(OSError):
                        await end_session(self._pid, grace_s, self._tag)
                finally:
                    self._hang_up()
                if not self._has_ended():
                    with contextlib.suppress(OSError):
                        await end_session(self._pid, HANG_UP_S, self._tag)
            finally:
                self._reap()
        return self._get_exit()

    def _hang_up(self) -> None:
        for _ in range(LAST_READS):
            if data := self._take():
                self._rest.append(data)
        self._open = False
        trio.lowlevel.notify_closing(self._master)
        os.close(self._master)

    def _reap(self) -> None:
        if self._has_ended():
            os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED)
        else:  # It hangs in the kernel, or ANT may not signal it: it exits later.
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._exit = ExitStatus(signal=signal.SIGKILL)
        children.release(self._pid)
        trio.lowlevel.notify_closing(self._pidfd)
        os.close(self._pidfd)
        self._closed.set()


def check_spec(spec: Spec) -> None:
    """Check that the program and its directory exist. Raises `Invalid` if not."""
    program = spec.argv[0] if spec.argv else ""
    if not (os.path.isabs(program) and os.path.isfile(program)):
        raise Invalid(f"There is no program {program!r} at $.command[0]")
    if not os.access(program, os.X_OK):
        raise Invalid(f"{program!r} is not executable at $.command[0]")
    if "=" in program:  # `env` would take it for a variable.
        raise Invalid(f"The path {program!r} contains '=' at $.command[0]")
    if not (os.path.isabs(spec.cwd) and os.path.isdir(spec.cwd)):
        raise Invalid(f"There is no directory {spec.cwd!r} at $.root_dir")
    if not os.access(spec.cwd, os.X_OK):
        raise Invalid(f"Cannot enter the directory {spec.cwd!r} at $.root_dir")


def _start(spec: Spec, master: int, slave: int) -> tuple[int, int, Identity | None]:
    """Start the program; its pidfd, pid and identity."""
    os.set_blocking(master, False)
    _set_size(master, spec.cols, spec.rows)
    line_discipline.erase_whole_characters(slave)
    for fd in processes.inheritable_fds():
        os.set_inheritable(fd, False)
    with umask.restored(), child_limit(), _readable(spec.secret) as secret:
        pid = os.posix_spawn(
            env_program(),
            ["env", "-C", spec.cwd, "--", *spec.argv],
            spec.env,
            setsid=True,
            setsigmask=[],
            # All: a signal that ANT or its parent ignores would stay ignored.
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
                *((os.POSIX_SPAWN_DUP2, fd, SECRET_FD) for fd in secret),
            ],
        )
    children.claim(pid)
    try:
        identity = processes.identify(pid)
        return os.pidfd_open(pid), pid, identity
    except OSError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        children.release(pid)
        raise


@contextlib.contextmanager
def _readable(secret: str) -> Iterator[list[int]]:
    """The descriptor of a pipe from which this can be read once; [] without a secret.

    The pipe's other end is closed, so whoever reads on finds the end.
    """
    if not secret:
        yield []
        return
    reader, writer = os.pipe()
    try:
        try:
            os.write(writer, secret.encode())
        finally:
            os.close(writer)
        yield [reader]
    finally:
        os.close(reader)


def cannot_open(error: OSError) -> str:
    """The error text for a machine that has no terminal left to give."""
    return f"Cannot open a terminal: {error.strerror}. End a session, or try again."


@functools.cache
def env_program() -> str:
    """The path of `env`, which enters the program's directory and starts it."""
    return shutil.which("env") or "/usr/bin/env"


def _set_size(master: int, cols: int, rows: int) -> None:
    if not (0 < cols <= SIZE_MAX and 0 < rows <= SIZE_MAX):
        raise Invalid(f"A terminal has 1 to {SIZE_MAX} columns and rows at $.cols")
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
