"""Which agents get hook settings by an argument, and the files of these."""

import stat
from pathlib import Path
from typing import Any

import attrs
import pytest

from ant.api import codec
from ant.sessions.hook_arguments import NO_HOOKS, HookFiles, hook_arguments
from ant.store import Program
from ant.terminal.agents.hook_settings import hook_settings
from tests.store.test_sessions import SESSION

URL = "http://127.0.0.1:6458"


@pytest.fixture
def files(tmp_path: Path) -> HookFiles:
    return HookFiles(tmp_path / "hooks")


def program(*command: str, hooks: bool = True) -> Program:
    session = attrs.evolve(SESSION, hooks=hooks)
    rest: Any = (80, 24, session.status, None, None, None, None, 0, 0)
    return Program(session, "pty", command or None, {}, *rest)


def test_an_agent_gets_a_file_of_its_own(files: HookFiles, tmp_path: Path) -> None:
    """Only its user reads it; its settings are those of its form, right behind it."""
    claude = program("/opt/bin/claude", "--model", "x", "do it")
    path = tmp_path / "hooks" / "one.json"
    added = hook_arguments(claude, files, URL)
    assert (("--settings", str(path)), None) == (added.arguments, added.reason)
    assert hook_settings("claude-code", URL) == codec.loads(path.read_bytes())
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
    assert [0o600, 0o700] == modes
    assert [path] == list(path.parent.iterdir())
    expected = ("/opt/bin/claude", "--settings", str(path), "--model", "x", "do it")
    assert expected == added.added_to(claude.command)
    assert added == hook_arguments(claude, files, URL)


@pytest.mark.parametrize(
    "other",
    [
        program(),
        program("bash", "-c", "claude"),
        program("codex"),
        program("aider"),
        program("claude", hooks=False),
    ],
)
def test_others_get_none(files: HookFiles, tmp_path: Path, other: Program) -> None:
    """A shell, an agent without such an argument, and one whose session says no."""
    assert NO_HOOKS == hook_arguments(other, files, URL)
    assert NO_HOOKS == hook_arguments(program("claude"), None, URL)
    assert other.command == NO_HOOKS.added_to(other.command)
    assert not (tmp_path / "hooks").exists()


def test_settings_of_the_user_stay(files: HookFiles, tmp_path: Path) -> None:
    """Then ANT adds none, and says why."""
    own = program("claude", "-c", "--settings", "mine.json")
    added = hook_arguments(own, files, URL)
    assert ((), "the command has --settings already") == (
        added.arguments,
        added.reason,
    )
    assert not (tmp_path / "hooks").exists()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The agent starts without hooks, and the reason is known."""
    (tmp_path / "hooks").write_text("in the way")
    added = hook_arguments(program("claude"), HookFiles(tmp_path / "hooks"), URL)
    assert () == added.arguments
    assert added.reason is not None
    assert "their file cannot be written: " in added.reason
    assert added.reason.endswith("hooks/one.json: File exists.")


def test_files_go(files: HookFiles, tmp_path: Path) -> None:
    """That of a session, and all but those of some sessions; missing ones are fine."""
    files.remove("one")
    files.keep([])
    paths = [files.put(each, "claude-code", URL) for each in ("a", "b", "c")]
    (tmp_path / "hooks" / "d.part").touch()
    files.remove("a")
    files.keep(["b", "z"])
    assert [paths[1]] == list((tmp_path / "hooks").iterdir())
