"""A tmux server of a test's own, which ends with the test."""

import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from ant.terminal.host import processes
from ant.terminal.tmux.pane_ids import read_pid
from ant.terminal.tmux.tmux_commands import name_of
from ant.terminal.tmux.tmux_server import SPOOL_MAX, Tmux
from tests.installed import need, needs

needs_tmux = needs("tmux")


def command(data_dir: Path, *words: str) -> str:
    """The output of a tmux command, run as a user would; "" without tmux."""
    if shutil.which("tmux") is None:
        return ""
    done = subprocess.run(
        ["tmux", "-L", name_of(data_dir), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMUX": "", "TMUX_TMPDIR": ""},
        timeout=20,
    )
    return done.stdout.rstrip("\n") if done.returncode == 0 else done.stderr


def end_programs(data_dir: Path) -> None:
    """End the programs of this folder's sessions, also those that ignore a hang-up."""
    for folder in data_dir.glob("spool/*"):
        pid = read_pid(folder / "pid") or 0
        if processes.environ_of(pid).get("ANT_SESSION_ID") == folder.name:
            processes.signal_all(processes.members(pid), signal.SIGKILL)


@contextmanager
def ended_with_us(data_dir: Path) -> Iterator[None]:
    """End whatever tmux server the folder has after the block."""
    try:
        yield
    finally:
        end_programs(data_dir)
        pid = command(data_dir, "display-message", "-p", "#{pid}")
        command(data_dir, "kill-server")
        if pid.isdecimal():  # With a client that is stuck it would never end.
            processes.kill(int(pid))
        folder = Path(os.environ.get("TMUX_TMPDIR", "/tmp"), f"tmux-{os.getuid()}")
        (folder / name_of(data_dir)).unlink(missing_ok=True)


@asynccontextmanager
async def running_tmux(
    data_dir: Path, spool_max: int = SPOOL_MAX
) -> AsyncIterator[Tmux]:
    """The private tmux of a folder, for the length of the block; skip without tmux."""
    need("tmux")
    with ended_with_us(data_dir):
        tmux = Tmux(data_dir, dict(os.environ), spool_max)
        async with tmux.running():
            yield tmux
