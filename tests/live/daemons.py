"""Programs that leave their terminal in every way that there is."""

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ant.terminal.host import processes
from ant.terminal.tmux.pane_ids import read_pid
from tests.live.waiting import eventually

LEAVE = """
import os, signal, sys
how, path = sys.argv[1:]
if how != "child" and os.fork():
    # A parent that ends first: the daemon is an orphan when it writes its pid.
    os._exit(0)
os.setsid()
if how in ("twice", "deaf") and os.fork():
    os._exit(0)
if how == "deaf":  # As `nohup` makes it, and more.
    for signum in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, signal.SIG_IGN)
os.closerange(0, 100)
with open(path + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(path + ".new", path)
while True:
    signal.pause()
"""

PREFIXES = {
    "once": "",
    "twice": "",
    "deaf": "",
    "child": "env -i",
    "stays": "env -u ANT_SESSION_ID",
}
"""How each is started. `child` empties its environment, and has a parent that lives."""


def daemon(folder: Path, name: str) -> str:
    """A shell command that starts one; it writes its pid to the file of that name."""
    script = folder / "leave.py"
    script.write_text(LEAVE)
    how = "once" if name == "stays" else name
    words = [sys.executable, "-IS", str(script), how, str(folder / name)]
    return f"{PREFIXES[name]} {shlex.join(words)}"


def with_daemons(folder: Path) -> str:
    """A shell script that starts one of each, and ends at a line of input."""
    starts = [f"{daemon(folder, name)} &" for name in PREFIXES]
    return "\n".join([*starts, "read x"])


async def pid_in(file: Path) -> int:
    """The pid in a file, once it is there."""
    pid = await eventually(lambda: read_pid(file))
    assert isinstance(pid, int)
    return pid


async def daemons(folder: Path) -> dict[str, int]:
    """The pid of each, once all have left the terminal."""
    return {name: await pid_in(folder / name) for name in PREFIXES}


@contextlib.contextmanager
def copied_outside(leader: int) -> Iterator[int]:
    """The pid of a process elsewhere that has the whole environment of a terminal."""
    env = processes.environ_of(leader)
    copied = [f"{name}={env[name]}" for name in ("ANT_SESSION_ID", "ANT_RUN")]
    words = shlex.join(["env", *copied, "sleep", "1000"])
    shell = subprocess.Popen(
        ["sh", "-c", f"{words} & echo $!; wait"],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert shell.stdout is not None
    try:
        yield int(shell.stdout.readline())
    finally:
        os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
        shell.stdout.close()


def is_alive(pid: int) -> bool:
    process = processes.look(pid)
    return process is not None and process.live


def check_ended(pids: dict[str, int], outside: int, is_orphan_found: bool) -> None:
    """All have ended but those that were to stay; then these are ended, too.

    `is_orphan_found`: so has the one with an empty environment.
    """
    alive = {name for name, pid in pids.items() if is_alive(pid)}
    is_outside_alive = is_alive(outside)
    for name in alive:
        os.kill(pids[name], signal.SIGKILL)
    expected = {"stays"} if is_orphan_found else {"stays", "child"}
    assert (expected, True) == (alive, is_outside_alive)
