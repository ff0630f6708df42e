"""A folder of driver files that a test may fill."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ant.terminal.agents import driver, driver_files

_CACHES = (
    driver_files.driver_files,
    driver.drivers,
    driver._by_program,
    driver._by_flag,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, which ANT reads in place of its own."""
    monkeypatch.setattr(driver_files.resources, "files", lambda name: tmp_path)
    for each in _CACHES:
        each.cache_clear()
    yield tmp_path
    for each in _CACHES:
        each.cache_clear()
