"""Drivers that users own: which files count, and what happens to a bad one."""

import os
from pathlib import Path
from typing import Any

import pytest

from ant.terminal.agents.driver import driver_for, driver_of, drivers
from ant.terminal.agents.driver_files import driver_files
from ant.terminal.agents.flags import accepted_flags, program_flags
from ant.terminal.agents.own_drivers import (
    FILES_MAX,
    SIZE_MAX,
    OwnDrivers,
    read_folder,
    use_own,
)

MINE = 'name = "mine"\nprograms = ["mine"]\n[[composer]]\nid="c"\npattern="^mine> "\n'
CLAUDE = 'name = "claude-code"\nprograms = ["claude", "cc"]\nescapes = true\n'


def write(folder: Path, name: str, text: str, mode: int = 0o644) -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_new_name_adds_a_driver(own_folder: Path) -> None:
    """It has a program and a flag, and the drivers of ANT stay."""
    before = dict(drivers())
    path = write(own_folder, "mine.toml", MINE)
    own = read_folder(own_folder)
    assert () == own.refused
    use_own(own)
    mine = driver_of("mine")
    assert mine is not None
    assert str(path) == mine.path
    assert mine is driver_for("mine", "node")
    assert {**before, "mine": mine} == drivers()
    assert "mine" == accepted_flags()[-1]
    assert "mine" == program_flags()["mine"]


def test_the_name_of_ours_replaces_it(own_folder: Path) -> None:
    """Its programs and flags are those of the user's file alone."""
    write(own_folder, "claude.toml", CLAUDE)
    use_own(read_folder(own_folder))
    claude = drivers()["claude-code"]
    assert claude is driver_of("claude") is driver_of("cc")
    assert claude is driver_for("claude-code", "x")
    assert () == claude.composer
    assert 1 == len([e for e in driver_files().values() if e["name"] == claude.name])
    use_own(OwnDrivers())
    assert drivers()["claude-code"].composer
    assert driver_of("cc") is None


def test_no_folder_is_no_driver(own_folder: Path) -> None:
    """Most users have none. Other files of the folder do not count."""
    assert OwnDrivers() == read_folder(own_folder / "nothing")
    write(own_folder, "README.md", "text")
    write(own_folder, ".hidden.toml", "text")
    assert OwnDrivers() == read_folder(own_folder)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "bad.toml: Invalid value"),
        ("", "bad.toml: the key `name` is missing"),
        ('name = "a"\nbussy = 1', "bad.toml: bussy: unknown key"),
        ('name = "A"', "bad.toml: name: expected a name of a-z"),
        ('name = "shell"', "bad.toml: name: expected another one: 'shell' describes"),
        ('name = "mine"', "bad.toml: name: expected another one: a.toml has 'mine'"),
        ('name = "b"\nprograms = ["bash"]', "bad.toml: programs: expected names of a"),
        ('name = "b"\nprograms = ["ssh"]', "bad.toml: programs: expected names of ag"),
        ('name = "b"\nprograms = ["python3.12"]', "bad.toml: programs: expected name"),
        (
            'name = "b"\nbusy = [{id = "c", pattern = "(a+)+(?!b)"}]',
            "bad.toml: busy[1].pattern: expected a regular expression: ",
        ),
        ("#" * (SIZE_MAX + 1), "bad.toml: It has more than 65536 bytes."),
    ],
)
def test_a_bad_file_is_named_and_the_rest_works(
    own_folder: Path, text: str, reason: str
) -> None:
    """The reason begins with the path."""
    write(own_folder, "a.toml", MINE)
    bad = write(own_folder, "bad.toml", text)
    own = read_folder(own_folder)
    assert ["mine"] == [each.driver.name for each in own.accepted]
    (refused,) = own.refused
    assert bad == refused.path
    assert refused.reason.startswith(f"{own_folder}/{reason}")
    assert not refused.is_kept


def test_a_file_that_others_may_write_is_refused(own_folder: Path) -> None:
    """By group or by all; a link counts as what it leads to."""
    write(own_folder, "a.toml", MINE, 0o664)
    write(own_folder, "b.toml", MINE, 0o646)
    outside = write(own_folder.parent, "outside.toml", MINE, 0o666)
    (own_folder / "c.toml").symlink_to(outside)
    own = read_folder(own_folder)
    assert () == own.accepted
    modes = ["mode 664", "mode 646", "mode 666"]
    for each, mode in zip(own.refused, modes, strict=True):
        assert mode in each.reason
        assert "chmod go-w" in each.reason


def test_a_folder_that_others_may_write_is_refused(own_folder: Path) -> None:
    """Whoever may write to it may replace every file."""
    write(own_folder, "a.toml", MINE)
    own_folder.chmod(0o777)
    own = read_folder(own_folder)
    assert () == own.accepted
    assert [own_folder] == [each.path for each in own.refused]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_file_of_another_user_is_refused(own_folder: Path) -> None:
    """A link leads to it."""
    path = write(own_folder, "a.toml", MINE)
    os.chown(path, 4321, -1)
    (refused,) = read_folder(own_folder).refused
    assert "belongs to uid 4321" in refused.reason


def test_what_is_no_file_is_refused(own_folder: Path) -> None:
    """A pipe, which would block; a folder; a link that leads nowhere; other bytes."""
    os.mkfifo(own_folder / "a.toml")
    (own_folder / "b.toml").mkdir()
    (own_folder / "c.toml").symlink_to("nothing")
    (own_folder / "d.toml").write_bytes(b'name = "\xff"')
    own = read_folder(own_folder)
    reasons = [each.reason.split(": ", 1)[1] for each in own.refused]
    regular = "It is no regular file."
    assert [regular, regular, "It leads nowhere.", reasons[-1]] == reasons
    assert "not UTF-8 at byte 8" in reasons[-1]


def test_a_folder_has_a_bound(own_folder: Path) -> None:
    """Files beyond it are named."""
    for number in range(FILES_MAX + 2):
        name = f"mine-{number:03}"
        write(own_folder, f"{name}.toml", f'name = "{name}"')
    own = read_folder(own_folder)
    assert FILES_MAX == len(own.accepted)
    assert ["mine-100.toml", "mine-101.toml"] == [e.path.name for e in own.refused]


def test_a_file_that_became_bad_keeps_its_driver(own_folder: Path) -> None:
    """A typing mistake takes no driver from the terminals that use it."""
    path = write(own_folder, "a.toml", MINE)
    first = read_folder(own_folder)
    write(own_folder, "a.toml", MINE + "bussy = 1")
    second = read_folder(own_folder, first)
    assert first.accepted == second.accepted
    assert [(path, True)] == [(each.path, each.is_kept) for each in second.refused]
    own_folder.chmod(0o777)
    third = read_folder(own_folder, second)
    assert first.accepted == third.accepted
    assert [(own_folder, True)] == [(e.path, e.is_kept) for e in third.refused]
    own_folder.chmod(0o755)
    path.unlink()
    assert OwnDrivers() == read_folder(own_folder, third)


def test_drivers_are_equal_if_their_files_are(own_folder: Path) -> None:
    """So a reload can count the terminals for which something has changed."""
    write(own_folder, "a.toml", MINE)
    first, second = read_folder(own_folder), read_folder(own_folder)
    assert first.accepted[0].driver is not second.accepted[0].driver
    assert first == second
    write(own_folder, "a.toml", MINE.replace("mine> ", "mine: "))
    assert first != read_folder(own_folder)


def test_a_driver_whose_patterns_take_too_long_is_not_used(own_folder: Path) -> None:
    """Neither by its program nor by its flag."""
    busy = '[[busy]]\nid = "slow"\npattern = "[ab]*a[ab]{400}c"\n'
    write(own_folder, "a.toml", MINE + busy)
    own = read_folder(own_folder)
    assert () == own.refused
    use_own(own)
    mine: Any = driver_of("mine")
    while mine.is_usable:
        mine.busy[0].pattern.search("aaaab" * 200)
    assert driver_of("mine") is driver_for("mine", "x") is None
    assert "mine" in drivers()
