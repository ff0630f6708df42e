"""What a terminal host offers: the one face of a PTY, of tmux and of the fake.

`session.run_session` drives a `Terminal` and knows no more of it than this page. All
hosts pass one contract suite (`tests/terminal/contract.py`).
"""

from typing import Any, Protocol

import attrs

from ant.terminal.model.tty import Tty


@attrs.frozen
class ControlSeen:
    """The terminal's host told something; `kind` and `data` are as it is kept."""

    kind: str
    data: dict[str, Any]


HANG_UP_GRACE_S = 2.0
"""Between HUP and KILL: a shell leaves at once, an agent first saves its work."""


@attrs.frozen
class Spec:
    """How to start a program: `argv[0]` is an absolute path, `env` is complete."""

    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]
    cols: int
    rows: int


@attrs.frozen
class Exit:
    """How a program ended: exactly one of `code` (0..255) and `signal` is not None."""

    code: int | None = None
    signal: int | None = None


@attrs.frozen
class Identity:
    """Which process this is, so that a later server run cannot mistake another for it.

    `start_ticks` is field 22 of /proc/PID/stat (clock ticks since boot); `boot_id` is
    /proc/sys/kernel/random/boot_id. The pid alone may be given to somebody else.
    """

    pid: int
    start_ticks: int
    boot_id: str


class Skipped(Exception):
    """`count` bytes before the next one are gone for ever: they were dropped."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} bytes were dropped.")
        self.count = count


class Terminal(Protocol):
    """A program on a terminal. One task reads, one task writes, any task may ask.

    Foreign errors do not leave a host: the far end being gone is `b""` from `read` and
    `NotRunning` from everything else.
    """

    @property
    def identity(self) -> Identity | None:
        """The program's process; None where the host has none (the fake)."""
        ...

    @property
    def outlives_server(self) -> bool:
        """Whether the program goes on when we let go of it, to be found again."""
        ...

    @property
    def answers_queries(self) -> bool:
        """Whether the host is a terminal to the program: it answers its queries."""
        ...

    async def read(self) -> bytes:
        """At least one and at most `MAX_READ` of the next bytes; `b""` at the end.

        Raises `Skipped` once where bytes are missing; the next `read` goes on behind
        them, and `read_nowait` has nothing until then.
        *Cancellation:* no byte is lost: it arrives by the next `read`.
        """
        ...

    async def write(self, data: bytes) -> int:
        """Write a first part of `data`, wait for room if there is none; how much went.

        Raises `NotRunning` when the far end is gone, or the program has ended.
        *Cancellation:* nothing was written.
        """
        ...

    def read_nowait(self) -> bytes:
        """What is there now, at most `MAX_READ`; `b""` if nothing is, or ever will be.

        Only while nobody is between `read` and its answer.
        """
        ...

    def tty(self) -> Tty | None:
        """The line discipline and who is in front; None where that cannot be known."""
        ...

    def shows_input(self) -> bool:
        """Whether the line discipline edits lines and shows them as they are typed.

        Asked for each key, so it must cost nothing; False where it cannot be known.
        """
        ...

    def has_environ(self, variable: str, value: str) -> bool:
        """Whether the first process has this in the environment it was started with.

        No more once it has replaced itself by another program (`exec`) without it.
        """
        ...

    def write_nowait(self, data: bytes) -> int:
        """Write a first part of `data`; how much went, 0 while there is no room.

        Raises `NotRunning` as `write` does. Only while nobody is in `write`.
        """
        ...

    def interrupt(self) -> None:
        """What Ctrl-C does, even while a full input queue blocks `write`."""
        ...

    def resize(self, cols: int, rows: int) -> None:
        """Set the window size; the program is told (SIGWINCH) when it changed."""
        ...

    async def wait_exit(self) -> Exit:
        """Wait until the program itself has ended; may be asked again and by many."""
        ...

    async def notice(self) -> ControlSeen:
        """The next thing that the host notified of; for ever where it never does."""
        ...

    async def detach(self) -> None:
        """Let go of a program that outlives us, as it is. Idempotent.

        Afterwards nothing of it is left with us. *Cancellation:* it is let go of.
        """
        ...

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> Exit:
        """End the program and all it left in its terminal session, then let go of it.

        HUP (and CONT), `grace_s` to leave, then KILL until none is left. Reading goes
        on meanwhile if somebody reads. Afterwards there is no process, zombie or
        descriptor, and what was said until then can still be read.
        Idempotent. *Cancellation:* the caller shields it with a deadline; a cancelled
        close goes straight to KILL, so it is bounded all the same.
        """
        ...
