"""`ant hooks`: hook settings for agents that a person starts."""

import shlex
from typing import Final

import click

from ant.cli.runner import echo_json, note
from ant.client.access.servers import DEFAULT_SERVER, URL_VARIABLE
from ant.terminal.agents.driver import drivers
from ant.terminal.agents.hook_settings import FORMS, hook_settings
from ant.terminal.agents.launch_hints import ID

_WHERE: Final = {
    "codex-cli": "Write it to ~/.codex/hooks.json, and trust it with /hooks in Codex.",
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
@click.option(
    "--server",
    metavar="URL",
    envvar=URL_VARIABLE,
    default=DEFAULT_SERVER,
    help="The server that the agent calls.",
)
@click.option(
    "--command",
    "is_command",
    is_flag=True,
    help="For every server: the agent runs ant hook, and calls none by itself.",
)
def print_(agent: str, server: str, is_command: bool) -> None:
    """Print the hook settings for AGENT.

    They have no token: the agent reads that of its terminal from ANT_TOKEN.
    """
    echo_json(hook_settings(agent, None if is_command else server))
    if (hints := drivers()[agent].launch) is not None and hints.hooks:
        given = hints.hook_arguments("FILE")
        note(f"Start it so: {shlex.join((*hints.start, *given))}")
        resumed = (each.replace(ID, "ID") for each in hints.resume)
        note(f"Resume it so: {shlex.join((*resumed, *given))}")
    else:
        note(_WHERE[agent])
