"""The first program of a pane, run as tmux runs it."""

import os
import subprocess
import sys
from pathlib import Path

from ant.terminal import starter


def run(path: Path, *parts: str) -> "subprocess.CompletedProcess[bytes]":
    """Start what a file tells, under a tmux that lends its variables."""
    path.write_bytes(b"".join(os.fsencode(part) + b"\0" for part in parts))
    return subprocess.run(
        [sys.executable, "-IS", starter.__file__, str(path)],
        capture_output=True,
        check=False,
        env={"TMUX": "sock,1,2", "TERM": "tmux-256color", "SECRET": "of the server"},
        timeout=20,
    )


def test_it_becomes_the_program(tmp_path: Path) -> None:
    """Words and variables as they are, tmux's own on top, nothing else; no file."""
    path = tmp_path / "start"
    done = run(path, "3", "/usr/bin/env", "--", "/usr/bin/env", "A=b=c\nd", "TERM=x")
    assert done.stdout == b"A=b=c\nd\nTERM=tmux-256color\nTMUX=sock,1,2\n"
    assert not path.exists()


def test_what_cannot_start_says_so(tmp_path: Path) -> None:
    """On the terminal, with the code that shells use."""
    done = run(tmp_path / "start", "1", "/no/such")
    assert done.returncode == 127
    assert done.stderr == b"ant: cannot start this: No such file or directory\n"
