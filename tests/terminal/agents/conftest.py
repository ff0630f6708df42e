"""Folders of driver files that a test may fill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ant.terminal.agents import driver, driver_files

_CACHES = (driver_files.shipped_files, driver.shipped)


def _clear() -> None:
    for each in _CACHES:
        each.cache_clear()
    driver._current = None


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, which ANT reads in place of its own."""
    monkeypatch.setattr(driver_files.resources, "files", lambda name: tmp_path)
    _clear()
    yield tmp_path
    _clear()
