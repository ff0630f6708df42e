"""`ant hooks`: the settings that a person gives to an agent."""

import json

import pytest

from ant.terminal.agents.hook_settings import FORMS, hook_settings
from tests.served import ant


@pytest.mark.parametrize("form", FORMS)
def test_the_settings_are_printed(form: str) -> None:
    """As JSON for the server of the terminal, and on standard error how to use them."""
    url = "http://127.0.0.1:9"
    result = ant("hooks", "print", form, ANT_SERVER_URL=url, ANT_TOKEN="ant.x.y")
    assert hook_settings(form, url) == json.loads(result.stdout)
    assert "ant.x.y" not in result.output
    assert result.stderr.startswith("ant: ")
    other = ant("hooks", "print", form, "--server", "http://127.0.0.1:8")
    assert hook_settings(form, "http://127.0.0.1:8") == json.loads(other.stdout)
    command = ant("hooks", "print", form, "--command", ANT_SERVER_URL=url)
    assert hook_settings(form) == json.loads(command.stdout)


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
