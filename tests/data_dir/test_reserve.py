"""Room that is kept on the disk, and given back."""

import logging
import os
from pathlib import Path

import pytest

from ant.data_dir.reserve import NAME, SIZE, START, Reserve

SMALL = 1 << 20


def free_is(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Have every file system tell that so many bytes are free."""
    told = list(os.statvfs("/"))
    told[1], told[4] = 1, count  # The unit, and how many are free for us.
    found = os.statvfs_result(told)
    monkeypatch.setattr(os, "statvfs", lambda path: found)


def test_it_is_made_for_its_owner_and_really_has_the_room(tmp_path: Path) -> None:
    """The blocks are taken. Given back, the part of a start is still there."""
    reserve = Reserve(tmp_path)
    assert reserve.held == 0
    for _ in range(2):
        reserve.keep()
        found = (tmp_path / NAME).stat()
        assert (SIZE, SIZE) == (reserve.held, found.st_blocks * 512)
        assert found.st_mode & 0o777 == 0o600
        assert not reserve.is_short
    for _ in range(2):
        reserve.give_back()
        assert reserve.held == START


def test_a_start_takes_a_part_of_it_where_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some times, and then there is nothing to take; with room it takes nothing."""
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


def test_no_more_than_half_of_what_is_free_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held already counts as free; where too little is left, it is short."""
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


def test_what_is_in_the_way_is_no_reserve_and_breaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A link is not followed, a folder is not removed."""
    (tmp_path / "elsewhere").write_text("precious")
    (tmp_path / NAME).symlink_to("elsewhere")
    reserve = Reserve(tmp_path)
    with pytest.raises(OSError, match=NAME):
        reserve.keep()
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    with caplog.at_level(logging.ERROR):
        reserve.give_back()
    assert "cannot be given back" in caplog.text
    assert (tmp_path / "elsewhere").read_text() == "precious"
