"""The unit of ANT's service."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ant.cli.host.unit_file import (
    UnitState,
    is_untouched,
    read_unit,
    state_of,
    unit_text,
)
from ant.core.errors import AntError
from tests.installed import needs

COMMAND = [
    sys.executable,
    "-m",
    "ant",
    "serve",
    "--data-dir",
    '/a "b" $HOME 100%; c\\d',
]


def test_words_are_quoted() -> None:
    """No word of a path is a specifier, a variable or a second command."""
    text = unit_text(COMMAND, {"PATH": "/my bin:/bin"})
    assert r'--data-dir "/a \"b\" $$HOME 100%%; c\\d"' in text
    assert 'Environment="PATH=/my bin:/bin"\n' in text
    for line in ("Type=notify", "KillMode=process", "OOMPolicy=continue"):
        assert f"{line}\n" in text
    with pytest.raises(AntError, match="control character"):
        unit_text(["ant", "a\nExecStartPre=/bin/x"], {})
    assert 'ant ""' in unit_text(["ant", ""], {})


def test_whether_a_person_changed_it(tmp_path: Path) -> None:
    """A hash in its first line says so."""
    text = unit_text(COMMAND, {})
    other = unit_text([*COMMAND, "--port", "1"], {})
    assert UnitState.SAME is state_of(text, text)
    assert UnitState.MISSING is state_of(None, text)
    assert UnitState.OLDER is state_of(other, text)
    assert UnitState.CHANGED is state_of(text + "Nice=1\n", text)
    assert UnitState.CHANGED is state_of("[Service]\n", text)
    assert is_untouched(text)
    file = tmp_path / "ant.service"
    assert read_unit(file) is None
    file.write_text(text)
    assert text == read_unit(file)
    with pytest.raises(AntError, match="cannot be read"):
        read_unit(tmp_path)


@pytest.mark.slow
@needs("systemd-analyze")
def test_systemd_accepts_it(tmp_path: Path) -> None:
    """Of a user. A unit with a line that is not one is not accepted, as a control."""
    (tmp_path / "run").mkdir(mode=0o700)
    env = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "run")}

    def verified(text: str) -> str:
        file = tmp_path / "ant.service"
        file.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "verify", "--user", str(file)],
            env=env,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if "Failed to initialize manager" in done.stderr:
            pytest.skip(f"systemd-analyze works on no such machine: {done.stderr}")
        return f"{done.returncode} {done.stderr}"

    text = unit_text(COMMAND, {"PATH": "/my bin:/bin"})
    said = verified(text)
    assert "0 " == said[:2], said
    assert "ant.service:" not in said
    assert "KillMood" in verified(text.replace("KillMode", "KillMood"))
