"""Checks of `ant doctor`: variables, `servers.toml`, key files."""

from pathlib import Path

import pytest

from ant.cli.host.finding import Level
from ant.cli.host.settings_checks import (
    check_environment_key,
    check_key_file,
    check_servers,
    check_variables,
    known_variables,
)
from ant.cli.main import main
from ant.cli.serve import serve
from ant.runtime.launch import child_environment


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "key"
    file.write_text("a key of sixteen\n")
    file.chmod(0o600)
    return file


def test_a_variable_that_is_misspelt() -> None:
    """The right name is proposed; what is not ANT's does not count."""
    environ = {"ANT_DATADIR": "/x", "ANT_PORT": "1", "PATH": "/bin", "ANT_QQQQ": ""}
    one, two = check_variables(main, serve, environ)
    assert "Write ANT_DATA_DIR, or unset it." == one.remedy
    assert ("ANT does not know ANT_QQQQ.", "Unset it.") == (two.text, two.remedy)
    (found,) = check_variables(main, serve, {"ANT_PORT": "1", "ANT_TOKEN": "secret"})
    assert (Level.OK, "ANT_PORT, ANT_TOKEN") == (found.level, found.text)


def test_a_value_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `ant serve` would."""
    monkeypatch.setenv("ANT_PORT", "many")
    (found,) = check_variables(main, serve, {"ANT_PORT": "many"})
    assert (Level.PROBLEM, True) == (found.level, "'many' is not a valid" in found.text)


def test_what_a_terminal_has_is_known() -> None:
    """Every variable that ANT gives to programs."""
    given = {"ANT_SESSION_ID", "ANT_TOKEN", "ANT_SERVER_URL", "ANT_HANDLE", "ANT_RUN"}
    assert given <= known_variables(main)
    assert "ANT_PLAIN_HTTP" in known_variables(main)
    assert not [each for each in child_environment({}) if each.startswith("ANT_")]


def test_the_file_of_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: Path
) -> None:
    """Missing, good, with a key that others can read, and broken."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (found,) = check_servers()
    assert (Level.OK, True) == (found.level, "is not there" in found.text)
    file = tmp_path / "ant" / "servers.toml"
    file.parent.mkdir()
    file.write_text(f'[box]\nurl = "https://a:1"\napi-key-file = "{key}"\n')
    assert [Level.OK, Level.OK] == [each.level for each in check_servers()]
    key.chmod(0o640)
    assert Level.PROBLEM is list(check_servers())[1].level
    file.write_text("[box\n")
    (found,) = check_servers()
    assert (Level.PROBLEM, True) == (found.level, "cannot be read" in found.text)


def test_key_files(tmp_path: Path, key: Path) -> None:
    """The key itself is in no text."""
    assert [Level.OK] == [each.level for each in check_key_file("key", key)]
    key.write_text("short\n")
    (found,) = check_key_file("key", key)
    assert (Level.PROBLEM, True) == (found.level, "5 characters" in found.text)
    for path in (tmp_path / "none", tmp_path):
        assert Level.PROBLEM is next(check_key_file("key", path)).level
    environ = {"ANT_API_KEY_FILE": str(tmp_path / "none"), "ANT_API_KEY": "the secret"}
    one, two = check_environment_key(environ)
    assert (Level.PROBLEM, Level.WARNING) == (one.level, two.level)
    assert "the secret" not in one.text + two.text
    assert [] == list(check_environment_key({}))
