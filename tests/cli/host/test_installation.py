"""Checks of `ant doctor`: Python, libraries, and the programs that ANT works with."""

import os
import sys
from importlib import metadata
from pathlib import Path

import pytest

from ant.cli.host import installation
from ant.cli.host.finding import Level
from ant.terminal.agents.driver import driver_for
from tests.installed import needs


def script(folder: Path, name: str, text: str) -> Path:
    """A program in a folder of the PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("0.28.1", "==0.28.*", True),
        ("0.29.0", "==0.28.*", False),
        ("0.1.3", "==0.1.3", True),
        ("0.1.30", "==0.1.3", False),
        ("26.2.1", "<27,>=26.2", True),
        ("27", "<27,>=26.2", False),
        ("26.1.9", "<27,>=26.2", False),
        ("1.1.20251105", ">=1.1.20251105,<2", True),
        ("1.0", "", True),
    ],
)
def test_versions_are_compared(version: str, wanted: str, expected: bool) -> None:
    """By their numbers."""
    assert expected is installation.satisfies(version, wanted)


def test_this_installation_is_whole() -> None:
    """The tests run in one that is."""
    found = [*installation.check_python(), *installation.check_libraries()]
    assert {Level.OK} == {each.level for each in found}
    assert ["Python", "system", "libraries", "screen library", "RE2"] == [
        each.subject for each in found
    ]


def test_a_library_that_is_missing_or_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are named; one for some machines only is not required."""
    monkeypatch.setattr(
        metadata,
        "requires",
        lambda _: ["attrs>=999", "nosuchlib<2", "absent>1; python_version < '3'"],
    )
    found = next(iter(installation.check_libraries()))
    assert Level.PROBLEM is found.level
    assert "expected >=999; nosuchlib is missing." in found.text
    assert "absent" not in found.text


@pytest.mark.slow
@needs("tmux")
def test_tmux_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its version decides; one that is missing, too old or broken is a warning."""
    levels = [each.level for each in installation.check_tmux()]
    assert [Level.OK] == levels
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in next(installation.check_tmux()).text
    script(tmp_path, "tmux", "echo tmux 2.9")
    assert "too old" in next(installation.check_tmux()).text
    monkeypatch.setattr(installation, "PROGRAM_S", 0.1)
    script(tmp_path, "tmux", "exec /bin/sleep 5")
    assert "does not run" in next(installation.check_tmux()).text


def test_shells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login shell without integration is a warning."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SHELL", str(script(tmp_path, "bash", "")))
    assert Level.OK is next(installation.check_shells()).level
    monkeypatch.setenv("SHELL", str(script(tmp_path, "tcsh", "")))
    found = next(installation.check_shells())
    assert (Level.WARNING, True) == (found.level, "bash, zsh, fish" in found.remedy)


def test_agents_are_found_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version is that of the package; the driver's is that of its recordings."""
    package = tmp_path / "lib" / "claude-code"
    program = script(package / "bin", "cli.js", "touch was-run")
    (package / "package.json").write_text('{"name": "c", "version": "2.1.200"}')
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "claude").symlink_to(program)
    script(tmp_path / "bin", "codex", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    drivers = tmp_path / "drivers"
    drivers.mkdir(mode=0o755)
    mine = 'name = "mine"\nprograms = ["mine"]\nrecorded = ["1.0", "1.1"]'
    (drivers / "mine.toml").write_text(mine)
    script(tmp_path / "bin", "mine", "")
    (found,) = installation.check_agents(drivers)
    claude, codex = (
        ", ".join(known.recorded)
        for known in (driver_for("claude-code", ""), driver_for("codex-cli", ""))
        if known is not None
    )
    assert f"claude (2.1.200; driver for {claude})" in found.text
    assert f"codex (version unknown; driver for {codex})" in found.text
    assert "mine (version unknown; driver for 1.0, 1.1)" in found.text
    assert not (tmp_path / "was-run").exists()


def test_drivers_of_the_user(tmp_path: Path) -> None:
    """Those that are used, and each that is refused with what to do."""
    folder = tmp_path / "drivers"
    (found,) = installation.check_drivers(folder)
    assert (Level.OK, True) == (found.level, "none of yours" in found.text)
    folder.mkdir(mode=0o755)
    (folder / "mine.toml").write_text('name = "mine"')
    (folder / "bad.toml").write_text("name = 1")
    bad, good = installation.check_drivers(folder)
    assert (Level.OK, f"mine, from {folder}") == (good.level, good.text)
    assert Level.PROBLEM is bad.level
    assert f"{folder}/bad.toml: name: expected a text" in bad.text
    assert "ant drivers reload" in bad.remedy


def test_the_terminal_and_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first variable that is set counts, as in C."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "TERM"):
        monkeypatch.delenv(name, raising=False)
    levels = [each.level for each in installation.check_terminal()]
    assert [Level.WARNING, Level.WARNING] == levels
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert [Level.OK, Level.OK] == [
        each.level for each in installation.check_terminal()
    ]
    monkeypatch.setenv("LC_ALL", "POSIX")
    assert "LC_ALL=POSIX" in list(installation.check_terminal())[1].text
    assert os.environ["LANG"]
