"""Flags: the driver files decide which there are and what they select."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ant.api import codec
from ant.api.session_requests import CreateSession, SetCliFlag
from ant.core.errors import Invalid
from ant.http.contract.schema import Components
from ant.model.sessions import CliFlag, flag_of
from ant.terminal.agents import driver
from ant.terminal.agents.driver import driver_for, driver_of, drivers
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.agents.flags import (
    ORIGINAL_FLAGS,
    ORIGINAL_PROGRAMS,
    accepted_flags,
    program_flags,
)
from ant.terminal.agents.own_drivers import OwnDrivers, read_folder, use_own

AGENTS = [each for each in drivers().values() if each.name != SHELL]


def test_every_flag_selects_its_driver() -> None:
    """The name and the further flags of a file; no two drivers share a flag."""
    flags = [(each, flag) for each in AGENTS for flag in (each.name, *each.flags)]
    assert len({flag for _, flag in flags}) == len(flags)
    for each, flag in flags:
        assert each == driver_for(flag, "")
        assert flag in accepted_flags()


@pytest.mark.parametrize(
    ("flag", "name"), [("copilot", "copilot-cli"), ("qwen", "qwen-cli")]
)
def test_a_further_flag_selects_the_driver(flag: str, name: str) -> None:
    """Clients of the original server send either of the two."""
    assert drivers()[name] is driver_for(flag, "")
    assert drivers()[name] is driver_for(flag, "a-wrapper")


def test_the_original_flags_are_accepted_in_their_order() -> None:
    """Some of them have no driver. The shells' driver has no flag."""
    assert ORIGINAL_FLAGS == accepted_flags()[: len(ORIGINAL_FLAGS)]
    without = {flag for flag in ORIGINAL_FLAGS if driver_for(flag, "") is None}
    assert {*ORIGINAL_PROGRAMS.values()} <= without
    assert {"hermes-acp", "ollama", "lm-studio"} <= without
    assert SHELL not in accepted_flags()


def test_a_program_has_the_flag_of_its_driver() -> None:
    """A program that the original knew and no driver names keeps its old flag."""
    flags = program_flags()
    for each in AGENTS:
        assert {each.name} == {flags[program] for program in each.programs}
    assert ORIGINAL_PROGRAMS.items() <= flags.items()
    assert "bash" not in flags


def test_the_model_equals_the_files() -> None:
    """`CliFlag` and `flag_of` are what the driver files contain."""
    assert accepted_flags() == tuple(CliFlag) == CliFlag.accepted()
    programs = program_flags()
    assert programs == {each: flag_of(each) for each in programs}
    assert flag_of("bash") is flag_of(None) is None
    assert CliFlag.CLAUDE_CODE is CliFlag("claude-code")


def test_a_new_agent_is_one_file(folder: Path) -> None:
    """One driver file gives it a flag, a program and a driver."""
    for file in Path(driver.__file__).parent.glob("*.toml"):
        shutil.copy(file, folder)
    (folder / "new.toml").write_text(
        'name = "new-cli"\nflags = ["new"]\nprograms = ["newest"]\n'
        "[[composer]]\nid = 'composer'\npattern = '^> '\n"
    )
    assert {*ORIGINAL_FLAGS, "new-cli", "new"} <= {*accepted_flags()}
    assert "new-cli" == program_flags()["newest"]
    new = drivers()["new-cli"]
    assert new is driver_of("newest") is driver_for("new", "")
    assert new is driver_for("new-cli", "a-wrapper")


def test_flags_are_cheap_to_import() -> None:
    """Importing the model builds no driver and loads no screen library."""
    code = "import sys, ant.model.sessions; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"trio", "ant.terminal.agents.driver", "ant.terminal.screen.emulator"}
    assert not heavy & {*done.stdout.split()}


def test_a_driver_of_the_operator_adds_a_flag(own_folder: Path) -> None:
    """Requests may have it, and a session that has it can be read for ever."""
    text = 'name = "mine"\nflags = ["mine-2"]\nprograms = ["mine"]\n'
    (own_folder / "mine.toml").write_text(text)
    body = b'{"name": "a", "type": "agent", "cli_flag": "mine-2"}'
    with pytest.raises(Invalid, match="expected one of"):
        codec.read_body(body, CreateSession)
    use_own(read_folder(own_folder))
    flag = codec.read_body(body, CreateSession).cli_flag
    assert "mine-2" == flag
    assert isinstance(flag, CliFlag)
    assert "mine" == flag_of("mine")
    assert "mine" == codec.read_body(b'{"cli_flag": "mine"}', SetCliFlag).cli_flag
    requests = Components(is_request=True)
    requests.schema(CreateSession)
    asked = requests.schemas["CreateSession"]["properties"]["cli_flag"]
    assert "mine" in asked["anyOf"][0]["enum"]
    use_own(OwnDrivers())
    assert "mine" == CliFlag("mine")
    with pytest.raises(Invalid, match="expected one of"):
        codec.read_body(b'{"cli_flag": "mine"}', SetCliFlag)
