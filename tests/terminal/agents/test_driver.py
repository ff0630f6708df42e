"""Drivers: ANT reads every driver file, and an error names what is wrong in one."""

import re
import time
from pathlib import Path

import attrs
import pytest

from ant.terminal.agents import driver
from ant.terminal.agents.driver import Driver, Rule, driver_for, drivers
from ant.terminal.model.prompt import PromptClass

PATTERN = re.compile("x")
FOLDER = Path(driver.__file__).parent


def test_all_of_ours_are_read() -> None:
    """Every file is one driver; no two share a name or a program."""
    assert len(list(FOLDER.glob("*.toml"))) == len(drivers())
    programs = [name for each in drivers().values() for name in each.programs]
    assert sorted(set(programs)) == sorted(programs)
    assert all(name == each.name for name, each in drivers().items())
    for each in drivers().values():
        ids = [(rule.id, rule.pattern.pattern) for rule in each.rules()]
        assert len(set(ids)) == len(ids), each.name


def test_the_program_in_front_decides() -> None:
    """If no driver names it, the session's flag decides; else there is no driver."""
    named = driver_for("claude-code", "")
    assert named is not None
    assert "claude-code" == named.name
    assert named is driver_for(None, "claude") is driver_for("nothing", "claude")
    assert driver_for(None, "") is driver_for("nothing", "bash") is None


def test_a_file_becomes_a_driver(folder: Path) -> None:
    """Plain values are kept; rules keep their order and their class."""
    (folder / "a.toml").write_text(
        'name = "a"\nprograms = ["a", "b"]\nescapes = true\nsettle_ms = 30\n'
        'recorded = "1.0"\n'
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
        recorded=("1.0",),
    )
    assert {"a": expected} == drivers()
    assert ["b1", "b2", "d"] == [rule.id for rule in expected.rules()]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("bussy = []", "bussy: unknown key; the keys here are name, recorded, "),
        ('busy = [{id = "b"}]', "busy[1].pattern: the key is missing."),
        ('busy = [{pattern = "b"}]', "busy[1].id: the key is missing."),
        ('busy = [{id = "b", pattern = "("}]', "busy[1].pattern: expected a regular"),
        ('busy = [{id = "b", pattern = "b", to = 1}]', "busy[1].to: unknown key; "),
        ('busy = [{id = "output", pattern = "b"}]', "busy[1].id: expected another"),
        ('busy = "x"', "busy: expected an array, got 'x'."),
        ("busy = [1]", "busy[1]: expected a table, got 1."),
        ('dialog = [{id = "b", pattern = "b", class = "x"}]', "dialog[1].class: expec"),
        ("escapes = 1", "escapes: expected true or false, got 1."),
        ("settle_ms = 5001", "settle_ms: expected an integer from 0 to 5000, got"),
        ("settle_ms = true", "settle_ms: expected an integer from 0 to 5000, got"),
        ("programs = [1]", "programs[1]: expected a text, got 1."),
        ('programs = [""]', "programs[1]: expected a text of 1 to 200 characters"),
        ('flags = ["A B"]', "flags[1]: expected a name of a-z, 0-9, "),
        ('version = [{id = "v", pattern = "v1"}]', "version: expected a pattern with"),
    ],
)
def test_a_bad_file_is_named(folder: Path, text: str, error: str) -> None:
    """The error is one sentence with the file, the key and what was expected."""
    (folder / "a.toml").write_text(f'name = "a"\n{text}')
    with pytest.raises(ValueError, match=re.escape(f"a.toml: {error}")):
        drivers()


def test_a_driver_without_rules() -> None:
    """Only the name is required; ANT assumes nothing of how the program looks."""
    bare = Driver("a")
    assert [] == bare.rules()
    assert not bare.escapes
    assert attrs.evolve(bare, busy=(Rule("b", PATTERN),)).rules()


@pytest.mark.parametrize("name", sorted(drivers()))
def test_no_pattern_takes_long(name: str) -> None:
    """The rows are as wide as a terminal may be; a pattern must not backtrack."""
    rows = [
        each * (1000 // len(each))
        for each in ("a ", "word ", "x", "(", " │ ", "1. ", "- ", "if ", "> ", "[a]/")
    ]
    for rule in drivers()[name].rules():
        start = time.perf_counter()
        for row in rows:
            rule.pattern.search(row)
        assert time.perf_counter() - start < 0.5, rule.id
