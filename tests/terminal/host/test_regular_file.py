"""Files of which a program in a terminal decides what they are."""

import os
from pathlib import Path

import pytest

from ant.terminal.host.regular_file import beginning


def test_the_beginning_is_text(tmp_path: Path) -> None:
    """Whatever the bytes are."""
    path = tmp_path / "file"
    path.write_bytes(b"ab\xff" + b"c" * 100)
    assert beginning(path, 5) == "ab\ufffdcc"


@pytest.mark.timeout(10)
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe without a writer would be opened for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("pipe", "loop", "missing", ".", "a\0b", "x" * 300):
        assert beginning(tmp_path / name, 5) is None, name
    assert beginning(Path("/dev/zero"), 5) is None
