"""How a program ended, from what tmux reports step by step."""

import os
import subprocess
import sys
from collections import deque
from pathlib import Path

import trio

from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.tmux import spool_reader, spool_writer
from ant.terminal.tmux.exit_status import ExitWatcher, writer_of
from ant.terminal.tmux.pane_ids import PaneIds
from ant.terminal.tmux.spool_writer import WAKEUP
from tests.live.waiting import eventually

PLACE = PaneIds("s", "r", 0, 0, 0, 1, "/dev/null")


class Script:
    """A tmux that answers with one line after the other, and then always the last."""

    def __init__(self, *says: str | None) -> None:
        self.says = deque(says)

    async def ask(self, *words: str) -> str | None:
        await trio.lowlevel.checkpoint()
        return self.says.popleft() if len(self.says) > 1 else self.says[0]


async def exit_by(*says: str | None) -> ExitStatus:
    """The exit that these answers make."""
    words = ExitWatcher(PLACE, None, Path("/"), Script(*says).ask)
    with trio.fail_after(10):
        return await words.exit()


async def test_codes_and_signals() -> None:
    """A code or a signal; while there is neither, tmux is queried again."""
    assert await exit_by("1 0:") == ExitStatus(code=0)
    assert await exit_by("1 3:") == ExitStatus(code=3)
    assert await exit_by("1 :11") == ExitStatus(signal=11)
    assert await exit_by("0 :", "1 :", "1 7:") == ExitStatus(code=7)


async def test_without_tmux_the_exit_is_a_hang_up() -> None:
    """The terminal has gone with tmux; nothing more can be known."""
    assert await exit_by("0 :", None) == ExitStatus(signal=1)
    assert await exit_by("") == ExitStatus(signal=1)
    assert await exit_by("0 :", " :") == ExitStatus(signal=1)


async def test_bytes_on_their_way_are_waited_for(tmp_path: Path) -> None:
    """The spool is drained when it has stopped growing, with all bytes written."""
    os.mkfifo(tmp_path / WAKEUP)
    spool_reader.begin(tmp_path, 0)
    argv = [
        sys.executable,
        "-IS",
        spool_writer.__file__,
        str(tmp_path),
        "0",
        "999",
        "99",
    ]
    process = await trio.lowlevel.open_process(argv, stdin=subprocess.PIPE)
    stdin, turns = process.stdin, 0
    assert stdin is not None

    async def ask(*words: str) -> str | None:
        """Each turn of this tmux passes on ten of fifty bytes."""
        nonlocal turns
        turns += 1
        if turns <= 5:
            await stdin.send_all(b"x" * 10)
        return "turn"

    try:
        await eventually(lambda: writer_of(tmp_path) == process.pid)
        with trio.fail_after(10):
            await ExitWatcher(PLACE, None, tmp_path, ask).wait_drained()
        assert turns >= 6
        assert spool_reader.end_of(tmp_path) == 50
    finally:
        await stdin.aclose()
        await process.wait()
    assert writer_of(tmp_path / "none") is None
