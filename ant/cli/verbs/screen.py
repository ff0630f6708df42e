"""Verbs that show a screen and what ANT makes of it: `ant screen` and `ant explain`."""

from typing import Any

import click

from ant.cli.runner import ServerCall, clean, server_command


@click.command(short_help="Print the screen of a terminal.")
@click.argument("session")
@click.option("--raw", is_flag=True, help="Print the sequences that draw the screen.")
@server_command(as_operator=True, short=True)
async def screen(call: ServerCall, session: str, raw: bool) -> None:
    """Print the screen of the terminal SESSION: as it is now, or was at its end.

    --raw draws it with its colours, and is for a terminal of at least that size.
    """
    row = await call.ant.session(clean(session))
    page = await call.ant.screen(row["id"])
    if raw and not call.as_json:
        click.echo(page["ansi"], nl=False, color=True)
        return
    lines = [line.rstrip() for line in page["lines"]]
    while lines and not lines[-1]:
        lines.pop()
    call.show(page, *lines)


@click.command(short_help="Explain a detected state.")
@click.argument("session")
@click.option(
    "--offset",
    type=click.IntRange(min=0),
    help="The screen at that byte of the transcript, not the present one.",
)
@server_command(as_operator=True, short=True)
async def explain(call: ServerCall, session: str, offset: int | None) -> None:
    """Explain the state of the terminal SESSION: which rule matched which rows."""
    row = await call.ant.session(clean(session))
    found = await call.ant.explain(row["id"], offset)
    lines = [f"{row['name']} is {found['kind']} by the rule {found['rule']}."]
    if found["driver"]:
        lines.append(f"Its driver is {found['driver']}.")
    lines += _version(found["agent"])
    if found["tty"]:
        lines.append(f"In front is {found['tty'].get('foreground') or 'unknown'}.")
    matched = set(found["rows"])
    for number, line in enumerate(found["lines"]):
        if line.strip() or number in matched:
            mark = ">" if number in matched else " "
            lines.append(f"{mark} {number:3} {line.rstrip()}")
    call.show(found, *lines)


def _version(agent: dict[str, Any] | None) -> list[str]:
    """The version that runs, beside those that the driver was recorded with."""
    if agent is None:
        return []
    recorded = " and ".join(agent["recorded"]) or "an unknown version"
    origin = f" (from {agent['file']})" if agent["file"] else ""
    if agent["running"] is None:
        runs = "Which version runs is unknown."
    elif agent["differs"]:
        runs = f"Version {agent['running']} runs, which differs."
    else:
        runs = f"Version {agent['running']} runs."
    return [
        f"The driver {agent['driver']}{origin} was recorded with {recorded}.",
        runs,
    ]
