"""`ant doctor`, as a person runs it."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ant.cli.host import doctor as module
from ant.cli.host import systemd
from ant.cli.host.finding import Level, ok
from ant.cli.main import main
from tests.cli.host.test_installation import script
from tests.cli.real import RealServer, on_terminal
from tests.mounts import fill, small_disk
from tests.served import VARIABLES

NOWHERE = "http://127.0.0.1:9"
SUBJECTS = {
    *("Python", "system", "libraries", "screen library", "RE2", "data folder", "disk"),
    *("clock", "lock", "server", "variables", "servers.toml", "kernel", "descriptors"),
    *("tmux", "shells", "agents", "drivers", "terminal", "locale", "service"),
}


def run(folder: Path, *argv: str, **env: str) -> Result:
    known: dict[str, str | None] = {
        **dict.fromkeys(VARIABLES),
        "ANT_DATA_DIR": str(folder),
        "ANT_SERVER_URL": NOWHERE,
        "XDG_CONFIG_HOME": "/nonexistent",
        **env,
    }
    return CliRunner().invoke(main, ["doctor", *argv], env=known)


@pytest.mark.slow
def test_without_a_server(tmp_path: Path) -> None:
    """It looks at everything, changes nothing, and each finding has a remedy."""
    before = sorted(tmp_path.rglob("*"))
    done = run(tmp_path / "data", "--json")
    report = json.loads(done.stdout)
    found = report["findings"]
    assert SUBJECTS <= {each["subject"] for each in found}
    assert [] == [e for e in found if (e["level"] == "ok") is bool(e["remedy"])]
    (server,) = (each for each in found if each["subject"] == "server")
    assert "warning" == server["level"]
    bad = [each for each in found if each["level"] == "problem"]
    assert (len(bad), bool(bad)) == (report["problems"], done.exit_code == 1)
    assert before == sorted(tmp_path.rglob("*"))


@pytest.mark.slow
def test_a_healthy_server(server: RealServer) -> None:
    """The caller, the lock and the database are those of the server."""
    environ = Path(f"/proc/{server.process.pid}/environ").read_bytes().split(b"\0")
    (data,) = (e[13:].decode() for e in environ if e.startswith(b"ANT_DATA_DIR="))
    done = run(Path(data), "--json", ANT_SERVER_URL=server.url)
    found = {each["subject"]: each for each in json.loads(done.stdout)["findings"]}
    assert "You are the operator" == found["caller"]["text"]
    assert f"Process {server.process.pid} " in found["lock"]["text"]
    assert "undamaged" in found["database"]["text"]
    ours = ("server", "caller", "lock", "database", "data folder", "descriptors")
    assert {"ok"} == {found[each]["level"] for each in ours}


@pytest.mark.slow
def test_hostile_text_is_made_visible(tmp_path: Path) -> None:
    """In the lines: no escape, no second line."""
    folder = tmp_path / "da\x1b[31mta\nx"
    folder.mkdir()
    done = run(folder, **{"ANT_\x1b[2J": "x"})
    assert "\x1b" not in done.stdout
    assert "ANT_\\u001b[2J" in done.stdout
    levels = [line.split()[0] for line in done.stdout.splitlines()]
    assert {"ok", "warning", "problem"} >= set(levels)


@pytest.mark.slow
def test_on_a_full_disk(tmp_path: Path) -> None:
    """It still reports all, and says that the disk is full."""
    with small_disk(tmp_path, 1 << 20):
        fill(tmp_path)
        done = run(tmp_path, "--json")
    report = json.loads(done.stdout)
    assert 1 == done.exit_code
    assert "problem" in [
        each["level"] for each in report["findings"] if each["subject"] == "disk"
    ]
    assert SUBJECTS <= {each["subject"] for each in report["findings"]}


@pytest.mark.slow
def test_colours_are_for_terminals(server: RealServer) -> None:
    """And not where NO_COLOR forbids them."""
    with on_terminal(server, "doctor") as screen:
        assert "\x1b[32mok" in screen.rest()
    with on_terminal(server, "doctor", NO_COLOR="1") as screen:
        assert "\x1b[3" not in screen.rest()


def test_a_problem_is_exit_code_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warnings are not; Ctrl-C is 130."""
    monkeypatch.setattr(module, "run_checks", lambda _: [ok("a", "b")])
    assert 0 == run(tmp_path).exit_code
    bad = module.problem("a", "b", "Do c.")
    monkeypatch.setattr(module, "run_checks", lambda _: [bad])
    done = run(tmp_path)
    assert (1, "problem  a  b Do c.\n") == (done.exit_code, done.stdout)

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_checks", interrupted)
    assert 130 == run(tmp_path).exit_code


def test_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its state and whether it needs a login, where a systemd runs."""
    monkeypatch.setattr(systemd, "LINGER", tmp_path / "linger")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (found,) = module.check_service()
    assert "No systemd runs" in found.text
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").write_text("")
    answer = "echo ActiveState={}; echo SubState=x; echo NeedDaemonReload={}"
    script(tmp_path, "systemctl", answer.format("active", "no"))
    (found,) = module.check_service()
    assert "ant service install" in found.text
    unit = systemd.unit_path()
    unit.parent.mkdir(parents=True)
    unit.write_text("[Service]\n")
    state, changed, linger = module.check_service()
    assert [Level.OK, Level.OK, Level.WARNING] == [
        each.level for each in (state, changed, linger)
    ]
    script(tmp_path, "systemctl", answer.format("failed", "yes"))
    levels = [each.level for each in module.check_service()]
    assert [Level.PROBLEM, Level.WARNING, Level.OK, Level.WARNING] == levels
    script(tmp_path, "systemctl", answer.format("inactive", "no"))
    assert Level.WARNING is next(iter(module.check_service())).level
