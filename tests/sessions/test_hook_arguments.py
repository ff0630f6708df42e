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


def package(folder: Path, version: str) -> str:
    """The path of a program of an npm package of that version."""
    (folder / "bin").mkdir()
    (folder / "package.json").write_text(f'{{"version": "{version}"}}')
    (folder / "bin" / "claude").touch()
    return str(folder / "bin" / "claude")


def program(*command: str, hooks: bool = True) -> Program:
    session = attrs.evolve(SESSION, hooks=hooks)
    rest: Any = (80, 24, session.status, None, None, None, None, 0, 0)
    return Program(session, "pty", command or None, {}, *rest)


def test_an_agent_gets_a_file_of_its_own(files: HookFiles, tmp_path: Path) -> None:
    """Only its user reads it; its settings are those of its form, right behind it."""
    claude = program("claude", "--model", "x", "do it")
    path, file = tmp_path / "hooks" / "one.json", package(tmp_path, "2.1.197")
    added = hook_arguments(claude, file, files, URL)
    assert (("--settings", str(path)), None) == (added.arguments, added.reason)
    expected: Any = hook_settings("claude-code", URL, "2.1.197")
    assert expected == codec.loads(path.read_bytes())
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)]
    assert [0o600, 0o700] == modes
    assert [path] == list(path.parent.iterdir())
    expected = (file, "--settings", str(path), "--model", "x", "do it")
    assert expected == added.added_to((file, "--model", "x", "do it"))
    assert added == hook_arguments(claude, file, files, URL)


def test_versions(files: HookFiles, tmp_path: Path) -> None:
    """One that is not known runs a command; one that is too old gets nothing."""
    claude = program("claude")
    assert hook_arguments(claude, "/nonexistent", files, URL).arguments
    written = codec.loads((tmp_path / "hooks" / "one.json").read_bytes())
    assert hook_settings("claude-code") == written
    old = hook_arguments(claude, package(tmp_path, "2.0.44"), files, URL)
    assert ((), "claude-code 2.0.44 is too old for them") == (
        old.arguments,
        old.reason,
    )


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
    assert NO_HOOKS == hook_arguments(other, "/bin/true", files, URL)
    assert NO_HOOKS == hook_arguments(program("claude"), "/bin/true", None, URL)
    assert ("a", "b") == NO_HOOKS.added_to(("a", "b"))
    assert not (tmp_path / "hooks").exists()


def test_settings_of_the_user_stay(files: HookFiles, tmp_path: Path) -> None:
    """Then ANT adds none, and says why."""
    own = program("claude", "-c", "--settings", "mine.json")
    added = hook_arguments(own, "/bin/true", files, URL)
    assert ((), "the command has --settings already") == (
        added.arguments,
        added.reason,
    )
    assert not (tmp_path / "hooks").exists()


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """The agent starts without hooks, and the reason is known."""
    (tmp_path / "hooks").write_text("in the way")
    blocked = HookFiles(tmp_path / "hooks")
    added = hook_arguments(program("claude"), "/bin/true", blocked, URL)
    assert () == added.arguments
    assert added.reason is not None
    assert "their file cannot be written: " in added.reason
    assert added.reason.endswith("hooks/one.json: File exists.")


def test_files_go(files: HookFiles, tmp_path: Path) -> None:
    """That of a session, and all but those of some sessions; missing ones are fine."""
    files.remove("one")
    files.keep([])
    paths = [files.put(each, {}) for each in ("a", "b", "c")]
    (tmp_path / "hooks" / "d.part").touch()
    files.remove("a")
    files.keep(["b", "z"])
    assert [paths[1]] == list((tmp_path / "hooks").iterdir())
