"""Drivers are data: all of them can be read, and a bad one says where it is bad."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from ant.terminal.agents import driver
from ant.terminal.agents.driver import Driver, Rule, driver_for, drivers
from ant.terminal.model.prompt import PromptClass

PATTERN = re.compile("x")
FOLDER = Path(driver.__file__).parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where drivers are read from instead."""
    monkeypatch.setattr(driver.resources, "files", lambda name: tmp_path)
    drivers.cache_clear()
    yield tmp_path
    drivers.cache_clear()


def test_all_of_ours_are_read() -> None:
    """Every file is a driver, under its own name and with programs of its own."""
    assert len(list(FOLDER.glob("*.toml"))) == len(drivers())
    programs = [name for each in drivers().values() for name in each.programs]
    assert sorted(set(programs)) == sorted(programs)
    assert all(name == each.name for name, each in drivers().items())
    for each in drivers().values():
        ids = [(rule.id, rule.pattern.pattern) for rule in each.rules()]
        assert len(set(ids)) == len(ids), each.name


def test_the_program_in_front_decides() -> None:
    """Else the name that the session gives, and else there is none."""
    named = driver_for("claude-code", "")
    assert named is not None
    assert "claude-code" == named.name
    assert named is driver_for(None, "claude") is driver_for("nothing", "claude")
    assert driver_for(None, "") is driver_for("nothing", "bash") is None


def test_what_is_read(folder: Path) -> None:
    """Strings, flags and numbers as they are; rules with their class and in order."""
    (folder / "a.toml").write_text(
        'name = "a"\nprograms = ["a", "b"]\nescapes = true\nsettle_ms = 30\n'
        'busy = [{id = "b1", pattern = "x"}, {id = "b2", pattern = "[yz]"}]\n'
        '[[dialog]]\nid = "d"\npattern = "x"\nclass = "permission_request"\n'
    )
    (folder / "README.md").write_text("no driver")
    expected = Driver(
        "a",
        programs=("a", "b"),
        busy=(Rule("b1", PATTERN), Rule("b2", re.compile("[yz]"))),
        dialog=(Rule("d", PATTERN, PromptClass.PERMISSION_REQUEST),),
        escapes=True,
        settle_ms=30,
    )
    assert {"a": expected} == drivers()
    assert ["b1", "b2", "d"] == [rule.id for rule in expected.rules()]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "a"\nbussy = []', "a.toml: unknown bussy"),
        ('name = "a"\nbusy = [{id = "b"}]', "a.toml: busy: a rule has"),
        ('name = "a"\nbusy = [{pattern = "b"}]', "a.toml: busy: a rule has"),
        ('name = "a"\nbusy = [{id = "b", pattern = "("}]', "a.toml: busy: b: "),
        ('name = "a"\nbusy = [{id = "b", pattern = "b", to = 1}]', "a.toml: busy: a"),
        ('name = "a"\ndialog = [{id = "b", pattern = "b", class = "x"}]', "'x'"),
    ],
)
def test_a_bad_file_is_named(folder: Path, text: str, told: str) -> None:
    """An unknown key, a rule without its parts, a bad pattern, an unknown class."""
    (folder / "a.toml").write_text(text)
    with pytest.raises(ValueError, match=re.escape(told)):
        drivers()


def test_a_driver_has_no_rules_of_itself() -> None:
    """A name is enough; nothing is assumed of how the program looks."""
    bare = Driver("a")
    assert [] == bare.rules()
    assert not bare.escapes
    assert attrs.evolve(bare, busy=(Rule("b", PATTERN),)).rules()


@pytest.mark.parametrize("name", sorted(drivers()))
def test_no_pattern_takes_long(name: str) -> None:
    """A row is as wide as a terminal may be; a pattern that backtracks would hang."""
    rows = [
        each * (1000 // len(each))
        for each in ("a ", "word ", "x", "(", " │ ", "1. ", "- ", "if ", "> ", "[a]/")
    ]
    for rule in drivers()[name].rules():
        start = time.perf_counter()
        for row in rows:
            rule.pattern.search(row)
        assert time.perf_counter() - start < 0.5, rule.id
