"""One server per data folder."""

import os
from pathlib import Path

import pytest

from ant.core.errors import Conflict
from ant.data_dir.lock import locked


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    """The error names the pid of the holder and what to do."""
    with (
        locked(tmp_path),
        pytest.raises(Conflict, match=rf"pid {os.getpid()}\).*--data-dir"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    """A missing folder is made for its owner; so is its lock file."""
    folder = tmp_path / "deep" / "down"
    with locked(folder):
        assert 0o700 == folder.stat().st_mode & 0o777
        assert 0o600 == (folder / "lock").stat().st_mode & 0o777


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    """Neither a held lock nor a failed one leaks a descriptor."""
    before = len(os.listdir("/proc/self/fd"))
    with locked(tmp_path), pytest.raises(Conflict), locked(tmp_path):
        pass
    assert before == len(os.listdir("/proc/self/fd"))
