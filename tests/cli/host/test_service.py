"""`ant service`, with a program in the place of systemctl that notes its calls."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ant.cli.host import systemd
from ant.cli.main import main
from tests.cli.host.test_installation import script
from tests.served import VARIABLES


class Machine:
    """A home folder, and a systemd of the user there."""

    def __init__(self, folder: Path) -> None:
        self.calls = folder / "calls"
        self.unit = folder / "config" / "systemd" / "user" / "ant.service"
        self._folder = folder
        (folder / "run" / "systemd").mkdir(parents=True)
        (folder / "run" / "systemd" / "private").write_text("")
        self.answer("echo ActiveState=active; echo SubState=running; echo MainPID=7")

    def answer(self, text: str) -> None:
        script(self._folder / "bin", "systemctl", f'echo "$@" >> {self.calls}\n{text}')

    def run(self, *argv: str, stdin: str | None = None, **env: str) -> Result:
        known: dict[str, str | None] = {
            **dict.fromkeys(VARIABLES),
            "ANT_DATA_DIR": None,
            "PATH": f"{self._folder / 'bin'}:/usr/bin:/bin",
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
            **env,
        }
        return CliRunner().invoke(main, ["service", *argv], input=stdin, env=known)

    @property
    def called(self) -> list[str]:
        """The verbs of systemctl since the last look."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.write_text("")
        return [line.split()[2] for line in lines]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(systemd, "LINGER", tmp_path / "linger")
    return Machine(tmp_path)


def test_install_twice_and_uninstall_twice(machine: Machine) -> None:
    """The second time nothing is written."""
    first = machine.run("install", "--", "--port", "7000", "--data-dir", "data")
    assert 0 == first.exit_code, first.output
    assert ["daemon-reload", "enable", "start"] == machine.called
    text = machine.unit.read_text()
    assert f"ExecStart={sys.executable} -P -m ant serve --port 7000" in text
    assert f"--port 7000 --data-dir {Path('data').absolute()}" in text
    assert "loginctl enable-linger" in first.stderr
    second = machine.run("install", "--", "--port", "7000", "--data-dir", "data")
    assert (0, True) == (second.exit_code, "is there already" in second.stdout)
    other = machine.run("install", "--no-start")
    assert (0, True) == (other.exit_code, "-ExecStart=" in other.stdout)
    assert "--port" not in machine.unit.read_text()
    machine.called  # noqa: B018  Forget them.
    assert 0 == machine.run("uninstall").exit_code
    assert ["disable", "daemon-reload"] == machine.called
    assert not machine.unit.exists()
    again = machine.run("uninstall")
    assert (0, True) == (again.exit_code, "nothing was removed" in again.stdout)
    assert [] == machine.called


def test_a_unit_that_a_person_changed_is_kept(machine: Machine) -> None:
    """Unless they agree; the difference is shown first."""
    machine.run("install")
    changed = machine.unit.read_text() + "Nice=\x1b5\n"
    machine.unit.write_text(changed)
    machine.called  # noqa: B018  Forget them.
    for verb in ("install", "uninstall"):
        result = machine.run(verb)
        assert (1, True) == (result.exit_code, "changed by hand" in result.stderr)
        assert changed == machine.unit.read_text()
    assert [] == machine.called
    result = machine.run("install", "--yes")
    assert (0, True) == (result.exit_code, "-Nice=\\u001b5" in result.stdout)
    assert "Nice" not in machine.unit.read_text()


def test_no_key_is_in_the_unit(machine: Machine) -> None:
    """Not from the command line, nor from the environment, which is not passed on."""
    result = machine.run("install", "--", "--api-key", "a secret of mine")
    assert (2, True) == (result.exit_code, "--api-key-file" in result.stderr)
    assert not machine.unit.exists()
    result = machine.run("install", ANT_API_KEY="a secret of mine", ANT_PORT="7")
    assert "does not see ANT_PORT" in result.stderr
    assert "has no key" in result.stderr
    assert "secret" not in machine.unit.read_text()
    assert 2 == machine.run("install", "--", "--port", "many").exit_code


def test_a_dry_run_prints_the_unit(machine: Machine) -> None:
    """Nothing is written or called, and no systemd is needed."""
    result = machine.run("install", "--dry-run", XDG_RUNTIME_DIR="/nonexistent")
    assert (0, True) == (result.exit_code, "Type=notify" in result.stdout)
    assert not machine.unit.exists()
    assert [] == machine.called


def test_without_systemd_there_is_one_sentence(machine: Machine) -> None:
    """It says what else to do."""
    result = machine.run("install", XDG_RUNTIME_DIR="/nonexistent")
    assert (1, f"ant: {systemd.ABSENT}\n") == (result.exit_code, result.stderr)
    assert not machine.unit.exists()
    result = machine.run("status", XDG_RUNTIME_DIR="/nonexistent")
    assert (1, True) == (result.exit_code, "no systemd" in result.stdout)


def test_a_refusal_of_systemd(machine: Machine) -> None:
    """Its reason is in the sentence."""
    machine.answer("echo 'Unit is masked.' >&2; exit 1")
    result = machine.run("install")
    assert (1, True) == (result.exit_code, "Unit is masked." in result.stderr)


def test_status(machine: Machine) -> None:
    """It exits with 1 unless the service runs."""
    machine.run("install")
    result = machine.run("status")
    assert (0, True) == (result.exit_code, "active (running), pid 7" in result.stdout)
    assert '"pid": 7' in machine.run("status", "--json").stdout
    machine.answer("echo ActiveState=failed; echo SubState=failed; echo MainPID=0")
    result = machine.run("status")
    assert (1, True) == (result.exit_code, "failed (failed), pid -" in result.stdout)
