"""Checks of `ant doctor`: the data folder, its lock, its disk and its database."""

import os
import sqlite3
from pathlib import Path

import pytest

from ant.cli.host import data_checks
from ant.cli.host.data_checks import (
    check_database,
    check_disk,
    check_folder,
    check_lock,
    lock_holder,
    mount_of,
)
from ant.cli.host.finding import Level
from ant.data_dir.lock import locked
from ant.store import Store
from tests.mounts import fill, small_disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir(0o700)
    return made


def test_a_folder_that_is_well(folder: Path) -> None:
    """Also one that is not there yet."""
    assert [Level.OK] == [each.level for each in check_folder(folder)]
    (found,) = check_folder(folder / "none")
    assert (Level.OK, True) == (found.level, "not there yet" in found.text)


def test_wrong_modes_are_found(folder: Path) -> None:
    """Of the folder and of keys; the remedy is a command."""
    key = folder / "token.key"
    key.write_text("secret")
    key.chmod(0o644)
    (folder / "ant.db").mkdir()
    (folder / "others.txt").write_text("not of ANT")
    folder.chmod(0o755)
    texts = {each.text: each for each in check_folder(folder)}
    assert f"Run chmod 600 {key}" in {each.remedy for each in texts.values()}
    assert f"Run chmod 700 {folder}" in {each.remedy for each in texts.values()}
    assert any("is no regular file" in text for text in texts)
    assert not any("others.txt" in text for text in texts)


def test_a_folder_of_another_user(folder: Path) -> None:
    """The owner is named."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(folder, 12345, -1)
    (found,) = check_folder(folder)
    assert (Level.PROBLEM, True) == (found.level, "uid 12345" in found.text)


def test_a_folder_that_is_a_file(folder: Path) -> None:
    """The system's own words."""
    (folder / "file").write_text("")
    (found,) = check_folder(folder / "file" / "data")
    assert (Level.PROBLEM, True) == (found.level, "Not a directory" in found.text)
    (folder / "link").symlink_to(folder / "none")
    assert "a link to nothing" in next(check_folder(folder / "link")).text


def test_a_full_disk(tmp_path: Path) -> None:
    """Nothing is written, and the finding says what to do."""
    with small_disk(tmp_path, 1 << 20):
        fill(tmp_path)
        found = list(check_disk(tmp_path))
        assert "tmpfs" in found[0].text
        assert Level.WARNING is found[0].level, "a disk in memory is not for ever"
        assert (Level.PROBLEM, "disk") == (found[1].level, found[1].subject)


def test_file_systems(tmp_path: Path) -> None:
    """The kernel's table names them; blanks in a path are octal."""
    here = tmp_path / "my data"
    here.mkdir()
    device = here.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    path = str(here).replace(" ", "\\040")
    table = tmp_path / "mountinfo"
    table.write_text(
        f"1 0 {number} / / rw - ext4 /dev/x rw\n"
        f"2 1 {number} / {path} rw,noatime shared:1 - nfs4 host:/x rw\n"
        f"3 1 9:9 / {path} rw - ext4 /dev/y rw\n"
    )
    mount = mount_of(here, table)
    assert mount is not None
    assert ("nfs4", str(here), False) == (mount.type, mount.folder, mount.is_read_only)
    assert Level.PROBLEM is data_checks._mounted(mount).level
    above = mount_of(tmp_path, table)
    assert above is not None
    assert "ext4" == above.type
    assert mount_of(here, tmp_path / "none") is None
    table.write_text(f"1 0 {number} / / ro - ext4 /dev/x rw\n")
    mount = mount_of(here, table)
    assert mount is not None
    assert "read-only" in data_checks._mounted(mount).text


def test_a_database_of_the_future(folder: Path) -> None:
    """Then the clock was set back."""
    (folder / "ant.db").write_text("")
    os.utime(folder / "ant.db", (4e9, 4e9))
    assert any("in the future" in each.text for each in check_disk(folder))


def test_the_holder_of_the_lock_is_named(folder: Path) -> None:
    """Without a try to take it."""
    assert "No server" in next(check_lock(folder)).text
    with locked(folder):
        assert os.getpid() == lock_holder(folder)
        assert f"Process {os.getpid()}" in next(check_lock(folder)).text
        command = Path(f"/proc/{os.getpid()}/cmdline").read_bytes().split(b"\0")
        assert command[0].decode() in next(check_lock(folder)).text
    assert lock_holder(folder) is None


def test_a_database_is_checked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, not there yet, in use, of another program, damaged."""
    path = folder / "ant.db"
    assert "not there yet" in next(check_database(path)).text
    store = Store.open(path)
    (found,) = check_database(path)
    assert (Level.OK, True) == (found.level, "undamaged" in found.text)
    store.close()
    (found,) = check_database(path)
    assert (Level.OK, True) == (found.level, "undamaged" in found.text)
    monkeypatch.setattr(data_checks, "DATABASE_S", -1.0)
    monkeypatch.setattr("ant.store.inspect.STEPS", 10)
    assert "ant backup --check" in next(check_database(path)).text
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    path.write_bytes(data)
    monkeypatch.undo()
    assert Level.PROBLEM is next(check_database(path)).level
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")
    assert "another program" in next(check_database(path)).text
    path.write_text("x" * 5000)
    assert Level.PROBLEM is next(check_database(path)).level
