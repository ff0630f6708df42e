"""The real `ant` command against a real server: in this process, and on a terminal."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import attrs
from click.testing import CliRunner, Result

from ant.cli.main import main
from tests.live.server import environment
from tests.served import VARIABLES

PATIENCE_S = 30.0

_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@attrs.define(eq=False)
class RealServer:
    """A server process, and its URL."""

    process: subprocess.Popen[Any]
    url: str

    def ant(self, *argv: str, stdin: bytes | None = None, **env: str) -> Result:
        """Run a verb in this process."""
        nowhere = {"ANT_DATA_DIR": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent"}
        known = {**dict.fromkeys(VARIABLES), **nowhere, "ANT_SERVER_URL": self.url}
        return CliRunner().invoke(main, argv, input=stdin, env={**known, **env})

    def good(self, *argv: str, stdin: bytes | None = None) -> str:
        """Run a verb that must succeed; what it printed."""
        result = self.ant(*argv, stdin=stdin)
        assert 0 == result.exit_code, result.output
        assert result.exception is None
        return result.stdout

    def until(self, text: str, *argv: str) -> str:
        """Run a verb until it prints a text."""

        def look() -> str | None:
            printed = self.good(*argv)
            return printed if text in printed else None

        found: str = wait_for(look)
        return found

    def start(self, *argv: str, text: bool = True) -> subprocess.Popen[Any]:
        """A verb as a process of its own, with pipes of text or of bytes."""
        return subprocess.Popen(
            [sys.executable, "-m", "ant", *argv],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=text,
            env=self.env(),
        )

    def env(self, **more: str) -> dict[str, str]:
        """The environment of a verb that is a process of its own."""
        return environment(ANT_SERVER_URL=self.url, XDG_CONFIG_HOME="/none", **more)

    def kill(self) -> None:
        """kill -9 of the server."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> None:
        """End the server."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)


def wait_for(look: Callable[[], Any]) -> Any:
    """The first true answer of `look`."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if answer := look():
            return answer
        time.sleep(0.02)
    raise TimeoutError


@contextmanager
def real_server(folder: Path, **env: str) -> Iterator[RealServer]:
    """A server for the length of a block."""
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ant", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(ANT_DATA_DIR=str(folder / "data"), **env),
            start_new_session=True,
        )
    assert process.stdout is not None
    said = process.stdout.readline()
    assert "listening" in said, (folder / "server.log").read_text()
    server = RealServer(process, said.split()[-1])
    try:
        yield server
    finally:
        if process.poll() is None:
            server.stop()
        process.stdout.close()


@attrs.define(eq=False)
class Proxy:
    """A way to a server that can be cut: its connections end, and new ones may come."""

    _port: int
    _listener: socket.socket = attrs.field(
        factory=lambda: socket.create_server(("127.0.0.1", 0))
    )
    _open: list[socket.socket] = attrs.field(factory=list)
    count: int = 0
    _lock: Lock = attrs.field(factory=Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def lead_to(self, server: RealServer | None) -> None:
        """Connect to this server from now on; None ends each new connection."""
        self._port = int(server.url.rpartition(":")[2]) if server else 0

    def run(self) -> None:
        """Accept connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.count += 1
                try:
                    far = socket.create_connection(("127.0.0.1", self._port))
                except OSError:  # There is no server at that port.
                    near.close()
                    continue
                with self._lock:
                    self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    Thread(target=self._pump, args=pair, daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """End all connections that are open now, but none that comes meanwhile."""
        with self._lock:
            known, self._open = self._open, []
        for each in known:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """Take no more connections, and end all."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()


@contextmanager
def proxy_of(server: RealServer) -> Iterator[Proxy]:
    """A proxy of a server for the length of a block."""
    proxy = Proxy(int(server.url.rpartition(":")[2]))
    Thread(target=proxy.run, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()


@attrs.define(eq=False)
class Screen:
    """A verb on a terminal of its own, and what it has drawn there."""

    process: subprocess.Popen[bytes]
    _master: int
    drawn: str = ""

    def see(self, text: str) -> str:
        """Wait until this is drawn, and forget what was drawn up to it."""
        while text not in self.plain:
            ready, _, _ = select.select([self._master], [], [], PATIENCE_S)
            assert ready, self.drawn
            try:
                part = os.read(self._master, 65536)
            except OSError:
                part = b""
            assert part, f"It ended with {self.drawn!r}"
            self.drawn += part.decode("utf-8", "replace")
        before, _, self.drawn = self.plain.partition(text)
        return before + text

    @property
    def plain(self) -> str:
        """What was drawn, without sequences."""
        return _SEQUENCES.sub("", self.drawn)

    def type(self, text: str) -> None:
        """Type on the terminal; `\\x03` is Ctrl-C."""
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C until it ends, as a person does.

        Python misses one that comes between the prompt and its read. It dies of one
        that comes while it exits, so the next one waits.
        """
        end = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < end:
            self.type("\x03")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(PATIENCE_S / 4)

    def rest(self) -> str:
        """All that it still draws until it ends."""
        while True:
            try:
                part = os.read(self._master, 65536)
            except OSError:
                break
            if not part:
                break
            self.drawn += part.decode("utf-8", "replace")
        return self.drawn

    def code(self) -> int:
        """Its exit code, once it has ended."""
        self.rest()
        return self.process.wait(PATIENCE_S)


@contextmanager
def on_terminal(server: RealServer, *argv: str, **env: str) -> Iterator[Screen]:
    """A verb on a terminal of 80×24; it is killed if it does not end."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "ant", *argv],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=server.env(**{"TERM": "xterm-256color", **env}),
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield Screen(process, master)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()
        os.close(master)
