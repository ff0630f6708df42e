"""`ant hooks`: hook settings for agents that a person starts."""

import shlex
from typing import Final

import click

from ant.cli.runner import echo_json, note
from ant.terminal.agents.driver import drivers
from ant.terminal.agents.hook_settings import FORMS, hook_settings
from ant.terminal.agents.launch_hints import ID

_WHERE: Final = {
    "codex-cli": "Write it to ~/.codex/hooks.json. Codex asks whether to trust it.",
    "gemini-cli": "Add it to ~/.gemini/settings.json.",
}
"""Where an agent reads hook settings that takes none by an argument."""


@click.group(short_help="Print hook settings for an agent CLI.")
def hooks() -> None:
    """Hook settings, by which an agent reports to ANT and takes answers from it.

    ANT gives them to an agent that it starts itself, if the agent takes them by an
    argument. For all others, print them here. In the files of an agent they stay
    without effect outside of a terminal of ANT.
    """


@hooks.command("print", short_help="Print the settings as JSON.")
@click.argument("agent", type=click.Choice(FORMS))
def print_(agent: str) -> None:
    """Print the hook settings for AGENT.

    The agent runs ant hook, which finds the server and the token of its terminal. So
    the settings have neither, and fit every server.
    """
    echo_json(hook_settings(agent))
    if (hints := drivers()[agent].launch) is not None and hints.hooks:
        given = hints.hook_arguments("FILE")
        note(f"Start it so: {shlex.join((*hints.start, *given))}")
        resumed = (each.replace(ID, "ID") for each in hints.resume)
        note(f"Resume it so: {shlex.join((*resumed, *given))}")
    else:
        note(_WHERE[agent])
