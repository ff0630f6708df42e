"""`ant hooks`: the settings that a person gives to an agent."""

import json

import pytest

from ant.terminal.agents.hook_settings import FORMS, hook_settings
from tests.served import ant


@pytest.mark.parametrize("form", FORMS)
def test_the_settings_are_printed(form: str) -> None:
    """As JSON for every server, and on standard error how to use them."""
    result = ant("hooks", "print", form, ANT_SERVER_URL="http://x", ANT_TOKEN="ant.x.y")
    assert hook_settings(form) == json.loads(result.stdout)
    assert result.stderr.startswith("ant: ")


def test_how_claude_code_is_given_them() -> None:
    """By an argument, also for a conversation that is resumed."""
    said = ant("hooks", "print", "claude-code").stderr
    assert [
        "ant: Start it so: claude --settings FILE",
        "ant: Resume it so: claude --resume ID --settings FILE",
    ] == said.splitlines()


def test_an_agent_without_hooks() -> None:
    """It is bad usage, and the agents are named."""
    result = ant("hooks", "print", "aider")
    assert 2 == result.exit_code
    assert "'claude-code', 'codex-cli', 'gemini-cli'" in result.stderr
