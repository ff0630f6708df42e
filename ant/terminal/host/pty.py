"""A program on a pseudo-terminal of our own: the plain host, and the hot path.

Rule 1: the child opens the far end itself, in a session of its own, so that it has a
controlling terminal and no Python runs between fork and exec.
Rule 2: the leader stays a zombie until `aclose` is done: until then nobody else can get
its pid, and killing by session id hits only what it started.
Rule 3: the far end being gone is POLLHUP; writing to it would succeed all the same.
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
import sys
import termios
from collections import deque

import trio

from ant.core.counters import Limit, increment
from ant.core.descriptors import check_terminal, child_limit
from ant.core.errors import CapacityReached, Invalid, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host import foreground, processes, umask
from ant.terminal.host.base import HANG_UP_GRACE_S, ControlSeen, Exit, Identity, Spec
from ant.terminal.host.subreaper import children
from ant.terminal.model.tty import Tty

CTRL_C = b"\x03"

INPUT_UNREAD_MAX = 2048
"""The line discipline stops looking at 4 KiB unread: Ctrl-C would wait behind them."""

SIZE_MAX = 65535
"""What the kernel's struct winsize can hold."""

LAST_READS = 4
"""At the close the kernel holds less than these, unless a stranger goes on writing."""

HANG_UP_S = 1.0
"""For a leader we may not signal (sudo): what the kernel's own hang-up is given."""

_TIOCSIG = 0x40045436  # Linux: signal the foreground group, past the queue.
_TIOCGPTPEER = 0x5441  # Linux: open the far end without its name.
_IUTF8 = 0o40000  # Linux: erase whole characters; Python names it from 3.13 on.
SPENT = {errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EAGAIN, errno.ENOMEM}
"""Errors that say that the machine has no more to give."""

_IFLAG, _LFLAG, _CC = 0, 3, 6


async def open_pty(spec: Spec) -> "PtyTerminal":
    """Start a program on a new PTY.

    Raises `Invalid` if it or its directory is not there, and `CapacityReached` if the
    machine has no more to give; then nothing was created. `PWD` is the caller's to set.
    *Cancellation:* nothing was created. After the return it is the caller's to close.
    """
    check(spec)
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
            os.close(slave)  # Only now: the far end must never be without an owner.
    except OSError as exc:
        if exc.errno in SPENT:
            increment(Limit.TERMINALS)
            raise CapacityReached(f"No terminal to be had: {exc.strerror}.") from exc
        raise Invalid(f"Cannot start this: {exc.strerror} at $.command") from exc
    except ValueError as exc:  # A NUL, a name with "=", a lone surrogate.
        raise Invalid(f"Cannot pass this on: {exc} at $.command") from exc
    return PtyTerminal(master, *started)


class PtyTerminal:
    """A `host.Terminal` on a PTY; made by `open_pty`, to be closed with `aclose`."""

    def __init__(
        self, master: int, pidfd: int, pid: int, identity: Identity | None
    ) -> None:
        self._master, self._pidfd = master, pidfd
        self._pid, self._identity = pid, identity
        self._far_end = select.poll()
        self._far_end.register(master, 0)
        self._rest: deque[bytes] = deque()
        self._exit: Exit | None = None
        self._exit_turn = trio.Lock()  # Only one task may wait on a descriptor.
        self._open = True
        self._closing = False
        self._closed = trio.Event()

    outlives_us = answers_queries = False

    @property
    def identity(self) -> Identity | None:
        return self._identity

    async def read(self) -> bytes:
        """See `Terminal.read`. *Cancellation:* comes before a byte is taken, or not."""
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
        """See `Terminal.read_nowait`."""
        return (self._take() or b"") if self._open else b""

    def tty(self) -> Tty | None:
        """See `Terminal.tty`."""
        if not self._open:
            return None
        try:
            group = os.tcgetpgrp(self._master)
            return foreground.look_at(self._master, self._pid, group)
        except (OSError, termios.error):
            return None

    def shows_input(self) -> bool:
        """See `Terminal.shows_input`."""
        if not self._open:
            return False
        try:
            modes = termios.tcgetattr(self._master)[_LFLAG]
        except (OSError, termios.error):
            return False
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def was_given(self, variable: str, value: str) -> bool:
        """See `Terminal.was_given`."""
        return processes.environ_of(self._pid).get(variable) == value

    def _take(self) -> bytes | None:
        """What is there now; None if nothing is, `b""` if nothing ever will be."""
        parts: list[bytes] = []
        room = MAX_READ
        while room:
            try:
                part = os.read(self._master, room)
            except BlockingIOError:
                return b"".join(parts) or None
            except OSError:  # EIO: nobody holds the far end any more.
                break
            parts.append(part)
            room -= len(part)
        return b"".join(parts)

    async def write(self, data: bytes) -> int:
        """See `Terminal.write`. *Cancellation:* comes before a byte is written."""
        await trio.lowlevel.checkpoint()
        while not (count := self.write_nowait(data)) and data:
            try:
                await trio.lowlevel.wait_writable(self._master)
            except trio.ClosedResourceError:
                raise NotRunning("The terminal is closed.") from None
        return count

    def write_nowait(self, data: bytes) -> int:
        """See `Terminal.write_nowait`."""
        self._check_running()
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError as exc:
            raise NotRunning("The terminal is gone.") from exc

    def interrupt(self) -> None:
        """See `Terminal.interrupt`.

        Not delivered to a program that wants it as input but has its queue full.
        """
        self._check_running()
        modes = termios.tcgetattr(self._master)
        signals = modes[_LFLAG] & termios.ISIG and modes[_CC][termios.VINTR] == CTRL_C
        if not (signals and self._unread() > INPUT_UNREAD_MAX):
            try:
                os.write(self._master, CTRL_C)
            except BlockingIOError:
                pass
            else:
                return
        if signals:
            fcntl.ioctl(self._master, _TIOCSIG, signal.SIGINT)

    def _unread(self) -> int:
        flags = os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC
        try:
            slave = fcntl.ioctl(self._master, _TIOCGPTPEER, flags)
        except OSError:  # No descriptor is free: the plain way must do.
            return 0
        try:
            count = fcntl.ioctl(slave, termios.FIONREAD, bytes(4))
        finally:
            os.close(slave)
        return int.from_bytes(count, sys.byteorder)

    def resize(self, cols: int, rows: int) -> None:
        """See `Terminal.resize`."""
        self._check_running()
        _set_size(self._master, cols, rows)

    def _check_running(self) -> None:
        if not self._open:
            raise NotRunning("The terminal is closed.")
        if self._has_ended() or self._far_end.poll(0):
            raise NotRunning("The program has ended.")

    async def wait_exit(self) -> Exit:
        """See `Terminal.wait_exit`. *Cancellation:* the next waiter takes over."""
        async with self._exit_turn:
            while not self._has_ended():
                with contextlib.suppress(trio.ClosedResourceError):
                    await trio.lowlevel.wait_readable(self._pidfd)
        return self._how_it_ended()

    def _how_it_ended(self) -> Exit:
        assert self._exit is not None
        return self._exit

    def _has_ended(self) -> bool:
        if self._exit is None:
            how = os.WEXITED | os.WNOHANG | os.WNOWAIT
            status = os.waitid(os.P_PIDFD, self._pidfd, how)
            if status is not None and status.si_code == os.CLD_EXITED:
                self._exit = Exit(code=status.si_status)
            elif status is not None:
                self._exit = Exit(signal=status.si_status)
        return self._exit is not None

    async def notice(self) -> ControlSeen:
        """See `Terminal.notice`: the kernel has none."""
        await trio.sleep_forever()

    async def leave(self) -> None:
        """See `Terminal.leave`: without us it is hung up, so it is closed."""
        await self.aclose()

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> Exit:
        """See `Terminal.aclose`. Takes a few seconds at most, however it is called.

        *Cancellation:* the first caller's goes straight to KILL and all is let go of;
        a later caller only stops waiting for the first.
        """
        if self._closing:
            await self._closed.wait()
        else:
            self._closing = True
            try:
                try:
                    # Without a free descriptor it fails; closing ours frees one.
                    with contextlib.suppress(OSError):
                        await processes.end_session(self._pid, grace_s)
                finally:
                    self._hang_up()
                if not self._has_ended():
                    with contextlib.suppress(OSError):
                        await processes.end_session(self._pid, HANG_UP_S)
            finally:
                self._reap()
        return self._how_it_ended()

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
        else:  # It hangs in the kernel, or is not ours to signal: it leaves later.
            with contextlib.suppress(OSError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._exit = Exit(signal=signal.SIGKILL)
        children.release(self._pid)
        trio.lowlevel.notify_closing(self._pidfd)
        os.close(self._pidfd)
        self._closed.set()


def check(spec: Spec) -> None:
    """Whether this can be started at all. Raises `Invalid` if not."""
    program = spec.argv[0] if spec.argv else ""
    if not (os.path.isabs(program) and os.path.isfile(program)):
        raise Invalid(f"There is no program {program!r} at $.command[0]")
    if not os.access(program, os.X_OK):
        raise Invalid(f"{program!r} may not be executed at $.command[0]")
    if "=" in program:  # `env` would take it for a variable.
        raise Invalid(f"The path {program!r} contains '=' at $.command[0]")
    if not (os.path.isabs(spec.cwd) and os.path.isdir(spec.cwd)):
        raise Invalid(f"There is no directory {spec.cwd!r} at $.root_dir")
    if not os.access(spec.cwd, os.X_OK):
        raise Invalid(f"The directory {spec.cwd!r} may not be entered at $.root_dir")


def _start(spec: Spec, master: int, slave: int) -> tuple[int, int, Identity | None]:
    """The pidfd, pid and identity of the program; it is running."""
    os.set_blocking(master, False)
    _set_size(master, spec.cols, spec.rows)
    modes = termios.tcgetattr(slave)
    modes[_IFLAG] |= _IUTF8
    termios.tcsetattr(slave, termios.TCSANOW, modes)
    for fd in processes.inheritable_fds():  # Nobody's but ours, from now on.
        os.set_inheritable(fd, False)
    with umask.as_given(), child_limit():
        pid = os.posix_spawn(
            _env_program(),
            ["env", "-C", spec.cwd, "--", *spec.argv],
            spec.env,
            setsid=True,
            setsigmask=[],
            # All: what we, or who started us, ignore would stay ignored beyond exec.
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
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


@functools.cache
def _env_program() -> str:
    return shutil.which("env") or "/usr/bin/env"


def _set_size(master: int, cols: int, rows: int) -> None:
    if not (0 < cols <= SIZE_MAX and 0 < rows <= SIZE_MAX):
        raise Invalid(f"A side of a terminal is 1 to {SIZE_MAX} at $.cols")
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
