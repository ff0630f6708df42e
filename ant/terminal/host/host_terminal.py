"""The interface of a terminal host: a PTY, a tmux pane, or the fake of the tests.

`terminal.run_session` drives a `HostTerminal`, and uses only what this module defines.
All hosts pass one contract suite (`tests/terminal/contract.py`).
"""

from typing import Any, Protocol

import attrs

from ant.terminal.model.tty import Tty


@attrs.frozen
class ControlSeen:
    """A notification of the terminal's host; ANT records `kind` and `data` as here."""

    kind: str
    data: dict[str, Any]


SECRET_FD = 9
"""The descriptor of a `Spec.secret`. Zsh closes only descriptors with one digit by
number, and this is the one that scripts use least."""

HANG_UP_GRACE_S = 2.0
"""Between HUP and KILL: a shell exits at once, an agent saves its work first."""


@attrs.frozen
class Spec:
    """How to start a program: `argv[0]` is an absolute path, `env` is complete.

    The program can read the `secret`, if any, once from its descriptor `SECRET_FD`. It
    must fit into a pipe, and has no NUL.
    """

    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    cols: int
    rows: int
    secret: str = attrs.field(default="", repr=False)


@attrs.frozen
class ExitStatus:
    """How a program ended: exactly one of `code` (0..255) and `signal` is not None."""

    code: int | None = None
    signal: int | None = None


@attrs.frozen
class Identity:
    """The identity of a process: a later server run cannot mistake another for it.

    `start_ticks` is field 22 of /proc/PID/stat (clock ticks since boot). `boot_id` is
    /proc/sys/kernel/random/boot_id. The pid alone may be reused by another process.
    """

    pid: int
    start_ticks: int
    boot_id: str


class Skipped(Exception):
    """The host dropped `count` bytes before the next one; they are lost."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} bytes were dropped.")
        self.count = count


class HostTerminal(Protocol):
    """A program on a terminal.

    One task reads and one task writes; any task may call the other methods. A host
    raises no errors of the system for a program that is gone: `read` returns `b""`, and
    everything else raises `NotRunning`.
    """

    @property
    def identity(self) -> Identity | None:
        """The program's process; None where the host has none (the fake)."""
        ...

    @property
    def outlives_server(self) -> bool:
        """Whether the program goes on when ANT detaches, so that ANT can reattach."""
        ...

    @property
    def answers_queries(self) -> bool:
        """Whether the host itself answers the program's terminal queries."""
        ...

    async def read(self) -> bytes:
        """The next bytes, at least one and at most `MAX_READ`; `b""` at the end.

        Raises `Skipped` once where bytes are missing; the next `read` goes on behind
        them. Until then `read_nowait` returns nothing.
        *Cancellation:* no byte is lost: the next `read` returns it.
        """
        ...

    async def write(self, data: bytes) -> int:
        """Write the first part of `data`, after waiting for room; how many bytes.

        Raises `NotRunning` when the terminal is gone, or the program has ended.
        *Cancellation:* nothing was written.
        """
        ...

    def read_nowait(self) -> bytes:
        """What can be read now, at most `MAX_READ` bytes; `b""` if nothing can be.

        It may be called while another task waits in `read`; bytes keep their order.
        """
        ...

    def tty(self) -> Tty | None:
        """The line discipline and the foreground program; None if it is unknown."""
        ...

    def shows_input(self) -> bool:
        """Whether the line discipline edits lines and echoes them as they are typed.

        False where it cannot be known. It is called for each key, so it must be cheap.
        """
        ...

    def has_environ(self, variable: str, value: str) -> bool:
        """Whether the program was started with this environment variable.

        False once it has replaced itself (`exec`) by one without the variable.
        """
        ...

    def remember(self, data: bytes) -> None:
        """Keep this, in place of what was kept before, while the program runs.

        A host whose programs end with the server keeps nothing. Never raises.
        """
        ...

    def remembered(self) -> bytes:
        """What an earlier server run kept last; empty if nothing."""
        ...

    def write_nowait(self, data: bytes) -> int:
        """Write the first part of `data`; how many bytes, 0 while there is no room.

        Raises `NotRunning` as `write` does. Do not call it while a task is in `write`.
        """
        ...

    def interrupt(self) -> None:
        """Do what Ctrl-C does, even while a full input queue blocks `write`."""
        ...

    def resize(self, cols: int, rows: int) -> None:
        """Set the window size; the program gets SIGWINCH if it has changed."""
        ...

    async def wait_exit(self) -> ExitStatus:
        """Wait until the program has ended. Any number of tasks may wait, repeatedly.

        Processes that the program has left behind do not count.
        """
        ...

    async def notice(self) -> ControlSeen:
        """Wait for the next notification of the host; a host may have none, ever."""
        ...

    async def detach(self) -> None:
        """Detach from a program that outlives the server; it runs on. Idempotent.

        Afterwards ANT holds no resource of it. *Cancellation:* ANT detaches all the
        same.
        """
        ...

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> ExitStatus:
        """End the program and all it left in its terminal session; release everything.

        Send HUP (and CONT), wait `grace_s` for the processes to exit, then KILL until
        none is left. A reader may go on reading meanwhile. Afterwards there is no
        process, zombie or descriptor. What was printed until then can still be read.
        Idempotent. *Cancellation:* the caller shields it with a deadline. A cancelled
        close goes straight to KILL, so it is bounded all the same.
        """
        ...
