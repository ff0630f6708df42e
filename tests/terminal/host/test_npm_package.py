"""The commands of npm packages, by files as npm and pnpm lay them out."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ant.terminal.host.npm_package import PACKAGE_MAX, commands_of


def installed(folder: Path, name: str, about: Any, script: str = "cli.js") -> Path:
    """Install a package with one script; return the script."""
    package = folder / "node_modules" / name
    file = package / script
    file.parent.mkdir(parents=True)
    file.write_text("")
    text = about if isinstance(about, str) else json.dumps(about, indent=1)
    (package / "package.json").write_text(text)
    return file


@pytest.mark.parametrize(
    ("name", "bin_", "expected"),
    [
        ("@google/gemini-cli", {"gemini": "cli.js"}, ("gemini",)),
        ("kilo", {"kilo": "./cli.js", "kilocode": "cli.js"}, ("kilo", "kilocode")),
        ("@scope/agent", "cli.js", ("agent",)),
        ("agent", "./cli.js", ("agent",)),
        ("agent", {"agent": "other.js"}, ()),
        ("agent", {}, ()),
    ],
)
def test_commands_of_a_script(
    tmp_path: Path, name: str, bin_: Any, expected: tuple[str, ...]
) -> None:
    """By `bin`, which is a table or, for one command, a text."""
    script = installed(tmp_path, name, {"directories": {"bin": "x"}, "bin": bin_})
    assert expected == commands_of(script)


def test_a_link_and_a_path_with_steps_up(tmp_path: Path) -> None:
    """pnpm names the script by its links."""
    script = installed(tmp_path / "store", "agent", {"bin": {"agent": "cli.js"}})
    (tmp_path / "bin").mkdir()
    (tmp_path / "agent").symlink_to(script.parent)
    assert ("agent",) == commands_of(tmp_path / "bin/../agent/cli.js")


@pytest.mark.parametrize("about", ["", "{", '{"bin": 3}', "x" * PACKAGE_MAX * 2])
def test_a_file_that_tells_nothing(tmp_path: Path, about: str) -> None:
    """There is no command, and no error."""
    assert () == commands_of(installed(tmp_path, "agent", about))


def test_a_script_of_no_package(tmp_path: Path) -> None:
    """Nor one that is not there."""
    script = tmp_path / "cli.js"
    script.write_text("")
    assert () == commands_of(script)
    assert () == commands_of(tmp_path / "node_modules/agent/cli.js")


@pytest.mark.timeout(10)
def test_a_package_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A program in a terminal could stop the server by one."""
    script = installed(tmp_path, "agent", {"bin": "cli.js"})
    (script.parent / "package.json").unlink()
    os.mkfifo(script.parent / "package.json")
    assert commands_of(script) == ()
