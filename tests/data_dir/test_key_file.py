"""The key that signs tokens."""

import stat
from pathlib import Path

import pytest

from ant.core.errors import StorageFailed
from ant.data_dir.key_file import LENGTH, NAME, read_key


def test_a_key_is_made_once(tmp_path: Path) -> None:
    """For its owner only; another folder has another key."""
    key = read_key(tmp_path)
    assert LENGTH == len(key)
    assert key == read_key(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / NAME).stat().st_mode)
    (tmp_path / "other").mkdir()
    assert key != read_key(tmp_path / "other")


@pytest.mark.parametrize("left", [b"", b"half", b"x" * (LENGTH + 1)])
def test_an_incomplete_key_is_replaced(tmp_path: Path, left: bytes) -> None:
    """A server that died while writing leaves one."""
    (tmp_path / NAME).write_bytes(left)
    key = read_key(tmp_path)
    assert key == (tmp_path / NAME).read_bytes() == read_key(tmp_path)


def test_permissions_of_others_are_removed(tmp_path: Path) -> None:
    """Whatever mode a copy gave the file."""
    (tmp_path / NAME).write_bytes(b"k" * LENGTH)
    (tmp_path / NAME).chmod(0o644)
    assert b"k" * LENGTH == read_key(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / NAME).stat().st_mode)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """And a missing folder is not made."""
    (tmp_path / NAME).symlink_to("elsewhere")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StorageFailed, match=NAME):
            read_key(folder)
