"""Records a real program on a PTY: every byte, and what a person says at moments.

A script is given a `Recorder`: it waits, notes moments, types. `tests.terminal.cases`
writes what came of it to files; recordings/README.md has their format.
"""

import os
import select
import shutil
import signal
import termios
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ant.terminal.screen.emulator import open_screen
from tests.terminal.front import in_front, is_reading

DEMO, HOME = "/tmp/demo", "/tmp/demo-home"
WAIT_S = 60.0
"""How long a script waits for a text before the program counts as stuck."""

ENV = {
    "TERM": "xterm-256color",
    "LANG": "C.UTF-8",
    "HOME": HOME,
    "PWD": DEMO,
    "USER": "demo",
    "LOGNAME": "demo",
    "SHELL": "/bin/bash",
    "PS1": "$ ",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
}


class Recorder:
    """One program on a PTY of its own, driven by a script; close it with `close`."""

    def __init__(
        self,
        argv: Iterable[str],
        cols: int,
        rows: int,
        env: Mapping[str, str],
        show: bool = False,
        cwd: str = DEMO,
    ) -> None:
        self._show = show  # Moments are printed, for the person who labels them.
        self.screen = open_screen(cols, rows)
        self.data = bytearray()
        self.moments: list[dict[str, Any]] = []
        self.resizes: list[dict[str, int]] = []
        self.ended = False
        self.turns = False  # The program draws something for ever: it is never quiet.
        self._started = self._last = time.monotonic()
        self._master, slave = os.openpty()
        termios.tcsetwinsize(self._master, (rows, cols))
        path = os.ttyname(slave)
        self._pid = os.posix_spawn(
            shutil.which("env") or "/usr/bin/env",
            ["env", "-C", cwd, "--", *argv],
            env,
            setsid=True,
            setsigdef=signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, path, os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
        )
        os.close(slave)

    @property
    def text(self) -> str:
        """The visible rows as lines."""
        return "\n".join(self.screen.text())

    def pump(self, for_s: float) -> bool:
        """Take output, and answer its queries; False if none came, or none ever will"""
        if self.ended or not select.select([self._master], [], [], for_s)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody holds the far end any more.
            data = b""
        if not data:
            self.ended = True
            return False
        self.data += data
        self._last = time.monotonic()
        self.screen.feed(data)
        if replies := self.screen.replies():
            os.write(self._master, replies)
        return True

    def wait(self, text: str, timeout_s: float = WAIT_S) -> None:
        """Until this is on the screen (blanks and line ends count as one blank)."""
        self.until(lambda: text in " ".join(self.text.split()), repr(text), timeout_s)

    def gone(self, text: str, timeout_s: float = WAIT_S) -> None:
        """Until this is no longer on the screen."""
        self.until(lambda: text not in self.text, f"no {text!r}", timeout_s)

    def until(
        self, is_so: Callable[[], bool], what: str, timeout_s: float = WAIT_S
    ) -> None:
        """Until the predicate holds, which is asked after each piece of output."""
        deadline = time.monotonic() + timeout_s
        while not is_so():
            if self.pump(0.1) or is_so():
                continue
            if self.ended or time.monotonic() > deadline:
                raise TimeoutError(f"waited for {what}, the screen is:\n{self.text}")

    def quiet(self, for_s: float = 0.5, timeout_s: float = WAIT_S) -> None:
        """Until nothing came for this long, counted from now.

        For a program that `turns`, it is twice this time, whatever comes.
        """
        if self.turns:
            self.sleep(2 * for_s)
            return
        deadline = time.monotonic() + timeout_s
        while not self.ended and self.pump(for_s):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never quiet, the screen is:\n{self.text}")

    def sleep(self, for_s: float) -> None:
        """Go on taking output for this long."""
        deadline = time.monotonic() + for_s
        while not self.ended and (left := deadline - time.monotonic()) > 0:
            self.pump(left)

    def end(self, timeout_s: float = WAIT_S) -> None:
        """Until the program has ended and said its last."""
        self.until(lambda: self.ended, "the end", timeout_s)

    def moment(
        self,
        kind: str,
        cls: str | None = None,
        question: str | None = None,
        options: Iterable[str] = (),
        selected: int | None = None,
        multi: bool = False,
        checked: list[bool] | None = None,
    ) -> None:
        """Note how things stand now, and what a careful person would say of them."""
        expect: dict[str, Any] = {"kind": kind, "class": cls, "question": question}
        expect |= {"options": list(options), "selected": selected, "multi": multi}
        expect |= {"checked": checked} if checked is not None else {}
        if self.ended:
            raise ValueError(f"the program has ended, it said:\n{self.text}")
        until = time.monotonic() + 3.0
        while self.turns and time.monotonic() < until and self.pump(0.2):
            pass  # Not in the middle of a drawing.
        now = time.monotonic()
        modes = termios.tcgetattr(self._master)
        flags = modes[3]
        group = os.tcgetpgrp(self._master)
        front, comm = in_front(group)
        self.moments.append(
            {
                "offset": len(self.data),
                "cols": self.screen.cols,
                "rows": self.screen.rows,
                "at_s": round(now - self._started, 2),
                "quiet_s": round(now - self._last, 2),
                "echo": bool(flags & termios.ECHO),
                "canonical": bool(flags & termios.ICANON),
                "foreground": comm,
                "leader": front == self._pid,
                "reading": is_reading(front),
                "icrnl": bool(modes[0] & termios.ICRNL),
                "expect": expect,
                "typed": None,
                "chose": None,
            }
        )
        if self._show:
            rule = "-" * self.screen.cols
            print(rule, self.text.rstrip(), rule, self.moments[-1], sep="\n")

    def type(self, keys: str, chose: str | None = None) -> None:
        """Type; what comes first after a moment is noted as typed at that moment."""
        if self.moments and self.moments[-1]["typed"] is None:
            self.moments[-1] |= {"typed": keys, "chose": chose}
        os.write(self._master, keys.encode())

    def resize(self, cols: int, rows: int) -> None:
        """Another size from here on, as when a window is dragged."""
        self.resizes.append({"offset": len(self.data), "cols": cols, "rows": rows})
        self.screen.resize(cols, rows)
        termios.tcsetwinsize(self._master, (rows, cols))

    def close(self) -> None:
        """Hang up, and kill whatever of the session is left."""
        os.close(self._master)
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(entry.name)) == self._pid:
                    os.kill(int(entry.name), signal.SIGKILL)
            except OSError:
                continue
        os.waitpid(self._pid, 0)
