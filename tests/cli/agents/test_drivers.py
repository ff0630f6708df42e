"""`ant drivers`, against a real server with a folder of drivers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ant.terminal.agents.driver import drivers
from tests.cli.real import RealServer, real_server, wait_for
from tests.mocks.mine import DRIVER, mine, write_driver
from tests.served import ant
from tests.terminal.recorded import FOLDER
from tests.terminal.sheet import PAGE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def own_server(folder: Path) -> Iterator[RealServer]:
    """A server whose drivers are in a folder of its own, one of them bad."""
    drivers = folder / "drivers"
    drivers.mkdir(mode=0o755)
    write_driver(drivers, "name = 1", "bad.toml")
    with real_server(folder, ANT_DRIVERS_DIR=str(drivers)) as server:
        yield server


def test_a_bad_file_keeps_nobody_from_starting(
    own_server: RealServer, folder: Path
) -> None:
    """It is named in the log and in the list."""
    reason = f"{folder}/drivers/bad.toml: name: expected a text, got 1."
    assert f"A driver file is not used: {reason}" in (folder / "server.log").read_text()
    lines = own_server.good("drivers", "list").splitlines()
    assert ["NAME", "PROGRAMS", "RECORDED", "FROM", "RUNNING"] == lines[0].split()
    (claude,) = [line for line in lines if line.startswith("claude-code ")]
    recorded = ", ".join(drivers()["claude-code"].recorded)
    assert ["claude-code", "claude", *recorded.split(), "ANT"] == claude.split()
    assert f"Not used: {reason}" == lines[-1]


def test_from_a_file_to_a_running_terminal(
    own_server: RealServer, folder: Path
) -> None:
    """Check it on the session, put it into the folder, reload: the agent is known."""
    own_server.good("new", "one", "--", str(mine(folder, "1.1")))
    own_server.until("mine>", "screen", "one")
    path = write_driver(folder)
    check = ("drivers", "check", str(path), "--session", "one")
    wait_for(lambda: "at rest" in own_server.ant(*check).stdout)
    printed = own_server.good(*check)
    assert printed.startswith("The file is in order. mine adds a driver, for mine.\n")
    assert ": at rest by the rule mine/composer\n  row 1: mine>" in printed
    assert "The pattern of busy works matches no row of these screens." in printed
    assert "mine" not in own_server.good("drivers", "list")

    own = write_driver(folder / "drivers")
    result = own_server.ant("drivers", "reload")
    assert 1 == result.exit_code
    lines = result.stdout.splitlines()
    assert f"Drivers of yours: mine, from {folder}/drivers." == lines[0]
    assert "1 running session took another driver." == lines[1]
    assert lines[2].startswith("Not used: ")
    (folder / "drivers" / "bad.toml").unlink()
    assert "0 running sessions took" in own_server.good("drivers", "reload")
    listed = own_server.until("one (1.1, not recorded)", "drivers", "list")
    assert str(own) in listed
    explained = own_server.good("explain", "one")
    assert f"The driver mine (from {own}) was recorded with 1.0.\n" in explained
    assert "Version 1.1 runs, which differs.\n" in explained
    found = json.loads(own_server.good("explain", "one", "--json"))
    assert ("1.1", True) == (found["agent"]["running"], found["agent"]["differs"])
    own_server.good("new", "two", "--agent", "--", str(folder / "bin/mine"))
    two = json.loads(own_server.good("ls", "--json"))["sessions"]
    assert "mine" in {each["cli_flag"] for each in two}


def test_the_example_of_the_page(own_server: RealServer, tmp_path: Path) -> None:
    """The program and the driver of docs/agents.md, in the steps that it explains."""
    blocks = re.findall(r"```(python|toml)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (_, program), (_, text) = blocks
    agent, path = tmp_path / "mine", tmp_path / "mine.toml"
    agent.write_text(program)
    agent.chmod(0o755)
    path.write_text(text)
    assert 0 == ant("drivers", "check", str(path)).exit_code
    own_server.good("new", "demo", "--", str(agent))
    own_server.until("mine>", "screen", "demo")
    own_server.good("send", "demo", "work", "--enter")
    own_server.until("Working", "screen", "demo")
    own_server.good("wait", "demo", "--until", "idle:1")
    own_server.good("send", "demo", "delete all", "--enter")
    own_server.until("Run this command", "screen", "demo")
    check = ("drivers", "check", str(path), "--session", "demo")
    own_server.until("a dialog by the rule mine/permission", *check)
    printed = own_server.good(*check)
    assert ": at rest by the rule mine/composer\n  row " in printed
    assert ": busy by the rule mine/works\n  row " in printed
    assert "matches no row" not in printed
    assert re.search(r"  and \d+ more like it\n", printed)
    assert 0 == own_server.ant(*check).exit_code


def test_a_driver_of_another_program(own_server: RealServer, tmp_path: Path) -> None:
    """The report says what is in front, and the exit code that it was not used."""
    own_server.good("new", "cat", "--", "cat")
    own_server.good("send", "cat", "hello", "--enter")
    own_server.until("hello", "screen", "cat")
    path = write_driver(tmp_path, DRIVER.replace('["mine"]', '["other"]'))

    def look() -> str:
        result = own_server.ant("drivers", "check", str(path), "--session", "cat")
        assert 1 == result.exit_code
        return result.stdout if "byte " in result.stdout else ""

    sentence = "`programs` does not name the program in front, which is cat."
    assert sentence in wait_for(look).splitlines()


def test_a_file_alone(tmp_path: Path) -> None:
    """No server is called; a mistake is one sentence, and the exit code says so."""
    path = write_driver(tmp_path)
    result = ant("drivers", "check", str(path))
    assert 0 == result.exit_code
    assert "Try it on screens with --session NAME" in result.stdout
    write_driver(tmp_path, DRIVER.replace("'^mine", "'(?!x)^mine"))
    result = ant("drivers", "check", str(path))
    assert (1, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("ant: mine.toml: composer[1].pattern: expected a ")
    assert "RE2 has no look-ahead" in result.stderr
    path.write_bytes(b"\xff")
    assert 1 == ant("drivers", "check", str(path)).exit_code
    assert 2 == ant("drivers", "check", str(tmp_path / "none")).exit_code
    both = ("--screens", str(tmp_path), "--session", "x")
    assert 2 == ant("drivers", "check", str(path), *both).exit_code


def test_recordings(tmp_path: Path) -> None:
    """A copy of ANT's own file fits its recordings; one with a fault does not."""
    screens = ("--screens", str(FOLDER / "nanocoder-1.25.2"))
    text = (Path("ant/terminal/agents") / "nanocoder.toml").read_text()
    path = write_driver(tmp_path, text, "nanocoder.toml")
    result = ant("drivers", "check", str(path), *screens)
    assert 0 == result.exit_code, result.stdout
    assert "nanocoder replaces the driver of ANT, for nanocoder." in result.stdout
    assert "0 of " in result.stdout.splitlines()[-1]
    write_driver(tmp_path, text.replace("mode on", "mode off"), "nanocoder.toml")
    result = ant("drivers", "check", str(path), *screens)
    assert 1 == result.exit_code
    assert ", but its label says at rest\n" in result.stdout
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.json").write_text("{}")
    result = ant("drivers", "check", str(path), "--screens", str(tmp_path / "bad"))
    assert 1 == result.exit_code
    assert "x.json is no recording" in result.stderr
