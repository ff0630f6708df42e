"""The key that seals tokens."""

import stat
from pathlib import Path

import pytest

from ant.core.errors import StorageFailed
from ant.data_dir.key_file import LENGTH, NAME, read_key


def test_a_key_stays(tmp_path: Path) -> None:
    """It is made once, for its owner only, and another folder has another."""
    key = read_key(tmp_path)
    assert LENGTH == len(key)
    assert key == read_key(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / NAME).stat().st_mode)
    (tmp_path / "other").mkdir()
    assert key != read_key(tmp_path / "other")


@pytest.mark.parametrize("left", [b"", b"half", b"x" * (LENGTH + 1)])
def test_what_is_no_key_is_replaced(tmp_path: Path, left: bytes) -> None:
    """What somebody who died while writing left, say."""
    (tmp_path / NAME).write_bytes(left)
    key = read_key(tmp_path)
    assert key == (tmp_path / NAME).read_bytes() == read_key(tmp_path)


def test_others_lose_what_they_could_read(tmp_path: Path) -> None:
    """Whatever it was copied with."""
    (tmp_path / NAME).write_bytes(b"k" * LENGTH)
    (tmp_path / NAME).chmod(0o644)
    assert b"k" * LENGTH == read_key(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / NAME).stat().st_mode)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Nor is a folder that is not there made."""
    (tmp_path / NAME).symlink_to("elsewhere")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StorageFailed, match=NAME):
            read_key(folder)
