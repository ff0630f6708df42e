"""Checks of `ant doctor`: what ANT needs of the kernel."""

import os
import resource
from pathlib import Path

import pytest

from ant.cli.host import kernel_checks
from ant.cli.host.finding import Level
from ant.cli.host.kernel_checks import check_descriptors, check_kernel, limit_of
from ant.data_dir.lock import locked


def test_this_kernel_is_fit() -> None:
    """The tests run on one that is, or at least without the owner of connections."""
    assert Level.PROBLEM not in {each.level for each in check_kernel()}


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOCK_DIAG has a substitute, the others have none."""

    def fails() -> bool:
        raise OSError("no")

    monkeypatch.setattr(kernel_checks, "_has_pidfd", fails)
    monkeypatch.setattr(kernel_checks, "_has_sock_diag", lambda: False)
    found = {each.text: each.level for each in check_kernel()}
    assert Level.PROBLEM is found["pidfd does not work here."]
    assert Level.WARNING in found.values()


def test_the_limit_is_that_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which one it is is said; without a server it is that of a new one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert hard == limit_of(os.getpid())
    assert limit_of(0) is None
    assert "started here" in next(check_descriptors(tmp_path)).text
    with locked(tmp_path):
        assert f"process {os.getpid()}" in next(check_descriptors(tmp_path)).text
    monkeypatch.setattr(kernel_checks, "_own_limit", lambda: 500)
    assert Level.WARNING is next(check_descriptors(tmp_path)).level
    monkeypatch.setattr(kernel_checks, "_own_limit", lambda: 20)
    assert Level.PROBLEM is next(check_descriptors(tmp_path)).level
