"""Launch hints of drivers."""

import re
from typing import Any

import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.agents.launch_hints import LaunchHints, launch_hints

CLAUDE = {
    "start": ["claude"],
    "resume": ["claude", "--resume", "{id}"],
    "hooks": ["--settings", "{file}"],
    "form": "claude-code",
}


def test_a_table_becomes_hints() -> None:
    """Its lists, and nothing that is left out."""
    hints = launch_hints(CLAUDE, "a.toml: launch")
    assert drivers()["claude-code"].launch == hints
    assert ("--settings", "/x/y.json") == hints.hook_arguments("/x/y.json")
    assert LaunchHints(("a",)) == launch_hints({"start": ["a"]}, "x")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], False),
        (["--settings", "x"], True),
        (["-p", "--settings=x"], True),
        (["--settingsx", "--setting"], False),
        (["--", "--settings"], False),
        (["--settings", "--"], True),
    ],
)
def test_an_option_of_the_user_is_seen(arguments: list[str], expected: bool) -> None:
    """In both spellings, and not in a text behind the end of the options."""
    assert expected is launch_hints(CLAUDE, "x").has_own(arguments)


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ([], "expected a table with start, resume, hooks, form"),
        ({}, "start is missing"),
        (CLAUDE | {"stop": ["x"]}, "unknown key stop"),
        (CLAUDE | {"start": "claude"}, "start is a list of texts; got 'claude'"),
        (CLAUDE | {"start": ["claude", 1]}, "start is a list of texts"),
        (CLAUDE | {"resume": ["claude"]}, "resume needs {id}"),
        (CLAUDE | {"hooks": ["{file}"]}, "hooks needs an option"),
        (CLAUDE | {"form": "x"}, "form is one of claude-code, codex-cli, gemini-cli"),
        ({"start": ["a"], "hooks": ["-s", "{file}"]}, "form is one of"),
    ],
)
def test_a_mistake_is_one_sentence(table: Any, error: str) -> None:
    """With the file and the key."""
    with pytest.raises(ValueError, match=re.escape(error)) as raised:
        launch_hints(table, "a.toml: launch")
    assert str(raised.value).startswith("a.toml: launch: ")
