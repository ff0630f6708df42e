"""The version that an agent shows on its screen."""

import json
from pathlib import Path

import attrs
import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.agents.own_drivers import read_folder, use_own
from ant.terminal.version_banner import VERSION_MAX, VersionBanner
from tests.terminal.drawn import RAW, look_at
from tests.terminal.recorded import FOLDER, recordings

MINE = attrs.evolve(RAW, foreground="mine")
SHELL = attrs.evolve(RAW, foreground="bash")

DRIVER = """
name = "mine"
flags = ["other"]
programs = ["mine"]
[[version]]
id = "banner"
pattern = '^Mine v(?P<version>[0-9.]+|x+)'
"""


@pytest.fixture
def banner(own_folder: Path) -> VersionBanner:
    (own_folder / "mine.toml").write_text(DRIVER)
    use_own(read_folder(own_folder))
    return VersionBanner()


def test_the_lowest_banner_counts_and_is_remembered(banner: VersionBanner) -> None:
    """Also after it has scrolled away, and if another one is quoted later."""
    assert banner.version_of("mine") is None
    banner.see(look_at("Mine v1.0", "$ mine", "Mine v1.1", "> ", tty=MINE))
    assert "1.1" == banner.version_of("mine")
    banner.see(look_at("> ", tty=MINE))
    banner.see(look_at("Mine v9.0", "> ", tty=MINE))
    assert "1.1" == banner.version_of("mine")
    assert banner.version_of("bash") is None


def test_another_program_in_front_forgets_it(banner: VersionBanner) -> None:
    """The agent may have been updated when it is back."""
    banner.see(look_at("Mine v1.0", tty=MINE))
    banner.see(look_at("Mine v1.0", "$ ", tty=SHELL))
    assert banner.version_of("mine") is None
    banner.see(look_at("Mine v1.0", "Mine v2.0", tty=MINE))
    assert "2.0" == banner.version_of("mine")


def test_what_another_program_prints_is_no_version(banner: VersionBanner) -> None:
    """Even if the session's flag names the driver."""
    banner.see(look_at("Mine v1.0", tty=SHELL))
    assert banner.version_of("mine") is banner.version_of("bash") is None
    banner.see(look_at("Mine v1.0", tty=None))
    assert banner.version_of("") is None


def test_a_version_is_cut(banner: VersionBanner) -> None:
    """Whatever the program prints."""
    banner.see(look_at("Mine v" + "x" * 70, tty=MINE))
    assert "x" * VERSION_MAX == banner.version_of("mine")


@pytest.mark.slow
def test_recorded_agents_show_the_version_of_their_recording() -> None:
    """Each pattern of ANT's drivers reads what the program itself has said."""
    seen = set()
    for recording in recordings():
        driver = drivers().get(recording.driver or "")
        if driver is None:
            continue
        told = json.loads((FOLDER / f"{recording.name}.json").read_text())["version"]
        tty = attrs.evolve(RAW, foreground=driver.programs[0])
        banner = VersionBanner()
        for _, snapshot in recording.looks():
            banner.see(attrs.evolve(snapshot, tty=tty))
        version = banner.version_of(driver.programs[0])
        if version is not None:
            seen.add(driver.name)
            assert version in told.replace("(", " ").rstrip(".").split()
            assert version in driver.recorded
    assert {each.name for each in drivers().values() if each.version} == seen
