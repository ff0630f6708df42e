"""The reserve of disk space."""

import logging
import os
from pathlib import Path

import pytest

from ant.data_dir.reserve import NAME, SIZE, START, Reserve

SMALL = 1 << 20


def free_is(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Make every file system report so many free bytes."""
    told = list(os.statvfs("/"))
    told[1], told[4] = 1, count  # The unit, and how many are free for us.
    found = os.statvfs_result(told)
    monkeypatch.setattr(os, "statvfs", lambda path: found)


def test_it_is_made_for_its_owner_and_allocates_its_blocks(tmp_path: Path) -> None:
    """A release keeps the part of a start."""
    reserve = Reserve(tmp_path)
    assert reserve.held == 0
    for _ in range(2):
        reserve.keep()
        found = (tmp_path / NAME).stat()
        assert (SIZE, SIZE) == (reserve.held, found.st_blocks * 512)
        assert found.st_mode & 0o777 == 0o600
        assert not reserve.is_short
    for _ in range(2):
        reserve.release()
        assert reserve.held == START


def test_a_start_on_a_full_disk_releases_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until nothing is left; on a disk with room it releases nothing."""
    reserve = Reserve(tmp_path)
    reserve.begin()
    assert reserve.held == 0
    reserve.keep()
    free_is(monkeypatch, START)
    reserve.begin()
    assert reserve.held == SIZE
    free_is(monkeypatch, START - 1)
    for left in (SIZE - START, SIZE - 2 * START, SIZE - 3 * START, START, 0, 0):
        reserve.begin()
        assert reserve.held == left


def test_it_takes_at_most_half_of_the_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own bytes count as free; with too little space it is short."""
    reserve = Reserve(tmp_path, SMALL)
    free_is(monkeypatch, SMALL - 1)
    reserve.keep()
    assert (SMALL // 2 - 1, True) == (reserve.held, reserve.is_short)
    free_is(monkeypatch, SMALL)
    reserve.keep()
    assert (3 * SMALL // 4 - 1, False) == (reserve.held, reserve.is_short)
    free_is(monkeypatch, 0)
    reserve.keep()
    assert (3 * SMALL // 4 - 1, True) == (reserve.held, reserve.is_short)


def test_a_link_or_a_folder_in_its_place_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """ANT does not follow the link and does not remove the folder."""
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / NAME).symlink_to("elsewhere")
    reserve = Reserve(tmp_path)
    with pytest.raises(OSError, match=NAME):
        reserve.keep()
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    with caplog.at_level(logging.ERROR):
        reserve.release()
    assert "cannot be released" in caplog.text
    assert (tmp_path / "elsewhere").read_text() == "precious"
