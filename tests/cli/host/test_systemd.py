"""The systemd of the user, as a program that answers in its place."""

import os
from pathlib import Path

import pytest

from ant.cli.host import systemd
from ant.core.errors import AntError
from tests.cli.host.test_installation import script


def test_whether_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a socket in the runtime folder, and there is a systemctl."""
    script(tmp_path / "bin", "systemctl", "")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert not systemd.is_running()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert not systemd.is_running()
    (tmp_path / "systemd").mkdir()
    (tmp_path / "systemd" / "private").write_text("")
    assert systemd.is_running()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not systemd.is_running()


def test_what_systemctl_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its properties, its refusal, and no answer."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AntError, match="does not run"):
        systemd.systemctl("start")
    script(tmp_path, "systemctl", "echo ActiveState=active; echo Sub=a=b")
    assert {"ActiveState": "active", "Sub": "a=b"} == systemd.properties("ActiveState")
    script(tmp_path, "systemctl", "echo 'No bus.' >&2; exit 1")
    with pytest.raises(
        AntError, match=r"systemctl --user --no-pager start.*: No bus\."
    ):
        systemd.systemctl("start")
    script(tmp_path, "systemctl", "exec /bin/sleep 5")
    with pytest.raises(AntError, match=r"more than 0\.1 s"):
        systemd.systemctl("start", timeout_s=0.1)


def test_where_the_unit_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the user's configuration; linger is a file of logind."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert tmp_path / "systemd" / "user" / "ant.service" == systemd.unit_path()
    monkeypatch.setattr(systemd, "LINGER", tmp_path)
    assert not systemd.lingers()
    (tmp_path / systemd.user_name()).write_text("")
    assert systemd.lingers()
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert "54321" == systemd.user_name()
