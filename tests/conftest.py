"""Shared fixtures, Hypothesis profiles, and the refusal of skips where CI asks it."""

import atexit
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ant.core.counters import counted
from ant.store import Store
from ant.terminal.agents import driver, driver_files
from tests.http.asking import Api
from tests.installed import not_driven
from tests.made_once import open_store, remember
from tests.systems import Rig, running

# To import and collect everything makes a million objects, and all of them stay.
gc.disable()

NO_SKIP = bool(os.environ.get("ANT_TEST_NO_SKIP"))
"""Whether a skipped test fails the run: CI installs what tests need."""

# Shells that are tested read no files of who runs the tests: these may take long, or
# wait for a lock that a killed shell has left. Nor is `python3` a shim of theirs.
_home = tempfile.mkdtemp(prefix="ant-test-home-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["HOME"] = _home
os.environ.pop("XDG_CONFIG_HOME", None)  # Nor drivers or servers of theirs.
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

# Started by nohup, or with `&` by a script, we would ignore these, and so would every
# child that is tested.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

remember()

settings.register_profile(
    "default",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "fuzz",
    max_examples=3000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "gate",
    settings.get_profile("default"),
    derandomize=True,
)
# What may land is not a matter of luck; luck is what `make fuzz` is for.
settings.load_profile("gate" if NO_SKIP else "default")


def _refuse_skip(report: Any) -> None:
    """Turn a skip into a failure that says so, unless it is an expected failure."""
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr
        if isinstance(reason, tuple):
            reason = reason[2]
        report.outcome = "failed"
        report.longrepr = f"{reason}\nANT_TEST_NO_SKIP is set: a skip is a failure."


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    """Every phase of every test."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[Any]:
    """Whole modules that skip themselves."""
    report = yield
    _refuse_skip(report)
    return report


def pytest_collection_finish() -> None:
    """Collect garbage from here on, but never look at the tests themselves."""
    gc.freeze()
    gc.enable()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say which programs would have been driven if they were installed."""
    skipped = terminalreporter.stats.get("skipped", [])
    if lines := not_driven(str(each.longrepr) for each in skipped):
        terminalreporter.section("skipped for lack of a program")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture
def own_folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder of a user's drivers; those in use are ANT's again at the end."""
    folder = tmp_path / "drivers"
    folder.mkdir(mode=0o755)
    yield folder
    driver_files.use_own_files({})
    driver.use()


@pytest.fixture(autouse=True)
def _meets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Limits that a test says it meets must have been counted."""
    limits = [mark.args[0] for mark in request.node.iter_markers("meets")]
    before = [counted(limit) for limit in limits]
    yield
    for limit, count in zip(limits, before, strict=True):
        assert counted(limit) > count, limit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new database in a file of its own."""
    opened = open_store(tmp_path / "ant.db")
    yield opened
    opened.close()


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A whole server but its listener, with fake terminals; runs on real time."""
    async with running(tmp_path) as one:
        yield one


@pytest.fixture
def api(rig: Rig) -> Api:
    """A client of the app of a whole server."""
    return Api(rig)
