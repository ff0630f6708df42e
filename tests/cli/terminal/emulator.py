"""A person's terminal: a PTY, an emulator behind it, and a verb of `ant` on it."""

import contextlib
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from ant.terminal.screen.emulator import ScreenEmulator, open_screen
from tests.cli.real import PATIENCE_S, RealServer

DETACH = b"\x1d"


@attrs.define(eq=False)
class Emulator:
    """What a verb has drawn: `raw` as bytes, `screen` as an emulator shows it.

    The emulator replies to what is queried. Without a `screen` it only counts bytes.
    """

    process: subprocess.Popen[bytes]
    screen: ScreenEmulator | None
    _master: int
    raw: bytearray = attrs.field(factory=bytearray)

    def look(self, patience_s: float = PATIENCE_S) -> bool:
        """Take what comes; False if it was the end."""
        ready, _, _ = select.select([self._master], [], [], patience_s)
        assert ready, self.text
        try:
            part = os.read(self._master, 65536)
        except OSError:
            return False
        self.raw += part
        if self.screen is not None:
            self.screen.feed(part)
            if replies := self.screen.replies():
                os.write(self._master, replies)
        return bool(part)

    @property
    def text(self) -> str:
        """The screen as text."""
        if self.screen is None:
            return bytes(self.raw[-2000:]).decode("utf-8", "replace")
        return "\n".join(self.screen.text())

    def until(self, done: Callable[["Emulator"], Any]) -> None:
        """Take what comes until this holds."""
        end = time.monotonic() + PATIENCE_S
        while not done(self):
            assert self.look(), self.text
            assert time.monotonic() < end, self.text

    def attached(self) -> None:
        """Wait until `ant attach` draws: before, the terminal itself takes what is
        typed."""
        self.until(lambda it: b"\x1b[22;0t" in it.raw)

    def see(self, text: str) -> None:
        """Wait until the screen shows this."""
        self.until(lambda it: text in it.text)

    def type(self, data: str | bytes) -> None:
        """Type, and take what comes as long as it finds no room."""
        rest = memoryview(data.encode() if isinstance(data, str) else data)
        os.set_blocking(self._master, False)
        try:
            while rest:
                readable, writable, _ = select.select(
                    [self._master], [self._master], [], PATIENCE_S
                )
                assert readable or writable
                if readable:
                    assert self.look()
                if writable:
                    with contextlib.suppress(BlockingIOError):
                        rest = rest[os.write(self._master, rest[:4096]) :]
        finally:
            os.set_blocking(self._master, True)

    def resize(self, cols: int, rows: int) -> None:
        """Give the window another size."""
        set_size(self._master, cols, rows)
        if self.screen is not None:
            self.screen.resize(cols, rows)

    def close(self) -> None:
        """Close the window."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDWR)

    def modes(self) -> list[Any]:
        """The line discipline."""
        return termios.tcgetattr(self._master)

    def code(self) -> int:
        """Its exit code, once it has ended."""
        while self.look():
            pass
        return self.process.wait(PATIENCE_S)


def set_size(fd: int, cols: int, rows: int) -> None:
    """Set the size of a terminal."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", rows, cols, 0, 0))


@contextmanager
def emulator(
    server: RealServer | dict[str, str],
    *argv: str,
    size: tuple[int, int] = (80, 24),
    is_shown: bool = True,
    before: str = "",
    **env: str,
) -> Iterator[Emulator]:
    """A verb on a terminal; it is killed if it does not end.

    A size of (0, 0) is one that nobody knows. `before` is a line that stands there
    already. In place of the server there may be an environment.
    """
    own = {"TERM": "xterm-256color", **env}
    given = {**server, **own} if isinstance(server, dict) else server.env(**own)
    command = [sys.executable, "-m", "ant", *argv]
    with on_pty(command, given, size, is_shown, before) as person:
        yield person


@contextmanager
def on_pty(
    command: Sequence[str],
    env: dict[str, str],
    size: tuple[int, int] = (80, 24),
    is_shown: bool = True,
    before: str = "",
) -> Iterator[Emulator]:
    """Any program on a terminal, as `emulator` has a verb there."""
    master, slave = pty.openpty()
    set_size(slave, *size)
    os.write(slave, before.encode())
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=env,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    cols, rows = size
    screen = open_screen(cols or 80, rows or 24) if is_shown else None
    person = Emulator(process, screen, master)
    try:
        yield person
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(person._master)
