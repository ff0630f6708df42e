"""What to start."""

import os
import sys
from pathlib import Path

import pytest

from ant.core.errors import Invalid
from ant.model.sessions import SessionType
from ant.runtime import launch
from ant.runtime.launch import (
    SHELL_INTEGRATION,
    TERM,
    child_environment,
    default_command,
    default_shell,
    own_command,
    plan,
)
from ant.terminal.host.host_terminal import Spec
from ant.terminal.shell.osc133 import KEY_FD_NAME
from ant.terminal.shell.shell_key import ShellKey
from tests.terminal.marks import KEY


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that tests know."""
    known = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "HOME": "/"}
    monkeypatch.setattr(os, "environ", known)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    monkeypatch.setattr(sys, "argv", ["/no/such/ant"])


def planned(
    *command: str,
    root_dir: str | None = None,
    env: dict[str, str] | None = None,
    key: ShellKey | None = None,
) -> Spec:
    return plan(command or None, root_dir, env or {}, 80, 24, key)


def test_secrets_and_settings_are_not_inherited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No variable of ANT's, and none that describes the server's own terminal."""
    monkeypatch.setenv("ANT_API_KEY", "hunter2")
    monkeypatch.setenv("ANT_PORT", "1")
    monkeypatch.setenv("TMUX", "/tmp/x")
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setenv("TERM", "dumb")
    environment = child_environment({"ANT_SESSION_ID": "one"})
    environment.pop("PYTEST_CURRENT_TEST")
    assert {
        "PATH": "/usr/bin:/bin",
        "SHELL": "/bin/sh",
        "HOME": "/",
        "EDITOR": "vi",
        "TERM": TERM,
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "ANT_SESSION_ID": "one",
    } == environment


def test_a_language_is_kept_and_own_variables_win(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The session's own variables override all others."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    environment = child_environment({"TERM": "vt100"})
    assert "LANG" not in environment
    assert "vt100" == environment["TERM"]


def test_our_own_command_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside Python, or the file that was started; at the end of PATH, and once."""
    assert own_command() is None
    command = tmp_path / "ant"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert own_command() is None
    command.mkdir()
    assert own_command() is None, "a folder is no command"
    command.rmdir()
    command.write_text("#!/bin/sh\n")
    assert own_command() is None, "it cannot be run"
    command.chmod(0o755)
    assert str(command) == own_command()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    monkeypatch.setattr(sys, "argv", [str(command), "serve"])
    assert str(command) == own_command()
    path = f"/usr/bin:/bin:{tmp_path}"
    assert path == child_environment({})["PATH"]
    assert path == child_environment({"PATH": path})["PATH"]
    assert f"/x:{tmp_path}" == child_environment({"PATH": "/x"})["PATH"]
    assert (str(command),) == planned("ant").argv


def test_the_default_is_the_login_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """$SHELL if it can run, else /bin/sh; in the home directory."""
    spec = planned()
    assert (("/bin/sh",), "/") == (spec.argv, spec.cwd)
    assert "sh" == default_command(SessionType.TERMINAL, None)
    monkeypatch.setenv("SHELL", "/no/such/shell")
    assert "/bin/sh" == default_shell()


def test_a_program_is_found_on_the_sessions_path(tmp_path: Path) -> None:
    """By name on the session's PATH, by path from its own directory."""
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    expected = (str(program), "-x")
    assert expected == planned("tool", "-x", env={"PATH": str(tmp_path)}).argv
    assert expected == planned("./tool", "-x", root_dir=str(tmp_path)).argv
    assert expected == planned(str(program), "-x").argv
    assert "tool" == default_command(SessionType.AGENT, (str(program), "-x"))


def test_the_directory_is_in_the_environment(tmp_path: Path) -> None:
    """PWD is the directory it starts in, and a tilde is the home directory."""
    spec = planned(root_dir=str(tmp_path))
    assert (str(tmp_path), str(tmp_path)) == (spec.cwd, spec.env["PWD"])
    assert "/" == planned(root_dir="~").cwd


@pytest.mark.parametrize(
    ("command", "root_dir", "path"),
    [
        (("no-such-program",), None, "$.command[0]"),
        (("/etc/passwd",), None, "$.command[0]"),
        (("",), None, "$.command[0]"),
        (("/tmp",), None, "$.command[0]"),
        (("sh",), "relative", "$.root_dir"),
        (("sh",), "/no/such/folder", "$.root_dir"),
        (("sh",), "/etc/passwd", "$.root_dir"),
    ],
)
def test_what_cannot_be_started_is_refused(
    command: tuple[str, ...], root_dir: str | None, path: str
) -> None:
    """Before anything is created; the error names the field."""
    with pytest.raises(Invalid) as refused:
        planned(*command, root_dir=root_dir)
    assert refused.value.issues[0].endswith(f"at {path}")


def test_a_chat_runs_nothing() -> None:
    """It has no program, whatever the request names."""
    assert default_command(SessionType.CHAT, ("sh",)) is None


def shell_in(folder: Path, name: str) -> str:
    """A program that is called like a shell."""
    program = folder / name
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("bash", []),
        ("bash", ["-i"]),
        ("zsh", []),
        ("zsh", ["-il"]),
        ("fish", []),
        ("fish", ["--login", "-i"]),
    ],
)
def test_an_interactive_shell_is_integrated(
    tmp_path: Path, name: str, options: list[str]
) -> None:
    """By an existing startup file; the key is in no argument and no variable."""
    argv = [shell_in(tmp_path, name), *options]
    plain, integrated = planned(*argv), planned(*argv, key=KEY)
    assert ("9", KEY.text) == (integrated.env[KEY_FD_NAME], integrated.secret)
    number = KEY.needle.decode()
    assert not any(number in text for text in [*argv, *integrated.env.values()])
    assert argv == [
        integrated.argv[0],
        *integrated.argv[len(integrated.argv) - len(options) :],
    ]
    assert KEY_FD_NAME not in plain.env
    assert not plain.secret
    named = " ".join([*integrated.argv, integrated.env.get("ZDOTDIR", "")])
    assert "ant/terminal/shell" in named


def test_the_startup_files_exist() -> None:
    """They are in the package, the hidden one included."""
    folder = Path(launch.__file__).parents[1] / "terminal" / "shell"
    found = (path for path in folder.rglob("*.*") if path.suffix not in {".py", ".pyc"})
    names = {str(path.relative_to(folder)) for path in found}
    assert {"rc.bash", "rc.fish", "zsh/.zshenv"} == names


def test_zsh_finds_the_startup_files_of_the_user(tmp_path: Path) -> None:
    """It continues with the directory that it would have used."""
    argv = shell_in(tmp_path, "zsh")
    assert "ANT_ZDOTDIR" not in planned(argv, key=KEY).env
    integrated = planned(argv, key=KEY, env={"ZDOTDIR": "/mine"}).env
    assert "/mine" == integrated["ANT_ZDOTDIR"]


@pytest.mark.parametrize(
    ("command", "env"),
    [
        (["bash", "-l"], {}),
        (["bash", "--norc"], {}),
        (["bash", "--rcfile", "x"], {}),
        (["bash", "-c", "ls"], {}),
        (["bash", "script"], {}),
        (["zsh", "-f"], {}),
        (["fish", "-C", "x"], {}),
        (["sh"], {}),
        (["bash"], {SHELL_INTEGRATION: "0"}),
        (["bash"], {"POSIXLY_CORRECT": "1"}),
    ],
)
def test_other_programs_are_not_integrated(
    tmp_path: Path, command: list[str], env: dict[str, str]
) -> None:
    """Options of its own, a script, another program, or integration switched off."""
    argv = [shell_in(tmp_path, command[0]), *command[1:]]
    assert planned(*argv, env=env) == planned(*argv, env=env, key=KEY)
