"""Permissions of the data folder."""

import os
import stat
from pathlib import Path

import pytest

from ant.core.errors import Conflict
from ant.data_dir.file_modes import DATABASE, close_to_others


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_permissions_of_others_are_removed(tmp_path: Path) -> None:
    """From the folder and an existing database; other files stay as they are."""
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    for name in (*DATABASE, "mine.txt"):
        (folder / name).write_text(name)
        (folder / name).chmod(0o644)
    close_to_others(folder)
    assert 0o700 == mode(folder)
    assert {0o600} == {mode(folder / name) for name in DATABASE}
    assert 0o644 == mode(folder / "mine.txt")
    assert [name for name in DATABASE if (folder / name).read_text() != name] == []


def test_a_closed_folder_stays_as_it_is(tmp_path: Path) -> None:
    """Even if its owner has removed permissions of the owner."""
    tmp_path.chmod(0o500)
    close_to_others(tmp_path)
    assert 0o500 == mode(tmp_path)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["lock", "ant.db", "token.key"])
def test_a_data_folder_is_recognised_by_its_files(tmp_path: Path, name: str) -> None:
    """It may also contain folders: a spool, an inbox."""
    tmp_path.chmod(0o755)
    (tmp_path / "spool").mkdir()
    (tmp_path / name).touch()
    close_to_others(tmp_path)
    assert 0o700 == mode(tmp_path)


def test_a_shared_folder_is_refused(tmp_path: Path) -> None:
    """A home directory or `/tmp`: its other users would lose access."""
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    (home / "projects").mkdir(parents=True)
    temporary.mkdir()
    home.chmod(0o755)
    temporary.chmod(0o1777)
    for folder, before in ((home, 0o755), (temporary, 0o1777)):
        with pytest.raises(Conflict, match=f"{folder}.*chmod 700"):
            close_to_others(folder)
        assert before == mode(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    """That user could replace the files in it."""
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(Conflict, match=r"belongs to uid 65534.*--data-dir"):
        close_to_others(tmp_path)


def test_a_link_in_the_place_of_the_database_is_left_alone(tmp_path: Path) -> None:
    """ANT does not change the target of the link."""
    other = tmp_path / "other"
    other.touch()
    other.chmod(0o644)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ant.db").symlink_to(other)
    close_to_others(tmp_path / "data")
    assert 0o644 == mode(other)
