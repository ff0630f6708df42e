"""A draft is what the operator has typed, without placeholders and prompt signs."""

import pytest

from ant.terminal.agents.driver import driver_for
from ant.terminal.detect.drafts import draft_of
from tests.terminal.drawn import SHELL, look_at
from tests.terminal.measure import without_name
from tests.terminal.recorded import recordings

AGENTS = [each for each in recordings() if each.driver and "prose" in each.name]


@pytest.mark.parametrize("name", [each.name for each in AGENTS])
def test_agents_show_drafts_and_ghosts(name: str) -> None:
    """Each recording begins with an empty composer and ends with a draft."""
    recording = next(each for each in AGENTS if each.name == name)
    drafts = [
        draft_of(snapshot, driver_for(recording.driver, moment.tty.foreground))
        for moment, snapshot in recording.looks()
        if moment.expect["kind"] in ("at_rest", "question")
    ]
    assert ["half a thought"] == [each for each in drafts if each]
    assert "half a thought" == drafts[-1]


@pytest.mark.parametrize(
    ("line", "draft"),
    [
        ("$ ", ""),
        ("$ ls -l", "ls -l"),
        ("user@host:~/x$ git st", "git st"),
        ("% ", ""),
        ("no prompt here", ""),
        ("~/x ❯ make", "make"),
    ],
)
def test_the_draft_of_a_command_line_follows_its_prompt(line: str, draft: str) -> None:
    """For every prompt that ends in a usual sign."""
    assert draft == draft_of(look_at(line, tty=SHELL), None)


@pytest.mark.parametrize(
    "name",
    [
        each.name
        for each in AGENTS
        if (driver := driver_for(each.driver, "")) is not None and not driver.inline
    ],
)
def test_drafts_and_ghosts_without_a_driver(name: str) -> None:
    """A composer that only its form shows has the same draft, or more, but never less:

    ANT types nothing behind a placeholder that looks like a draft.
    """
    recording = next(each for each in AGENTS if each.name == name)
    *_, (_, last) = recording.looks()
    assert "half a thought" == draft_of(without_name(last), None)


def test_the_draft_of_a_driver_whose_composer_has_changed() -> None:
    """It is the text of the field that is found by its form."""
    rule, cell = "─" * 60, "\x1b[7m \x1b[27m"
    for text in ("", "half a thought"):
        snapshot = look_at(rule, f"→ {text}{cell}", rule, "  ? for help", hidden=True)
        assert text == draft_of(snapshot, driver_for("claude-code", ""))
