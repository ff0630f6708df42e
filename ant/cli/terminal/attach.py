"""`ant attach`: a terminal of ANT on your own."""

from __future__ import annotations

import math
import os
import sys
from contextlib import suppress
from typing import Any

import click

from ant.cli.runner import ServerCall, clean, printable, server_command
from ant.cli.terminal.endings import (
    SIGNAL,
    Detached,
    Signalled,
    detach_key,
    detach_key_option,
    exit_code,
    refuse_pipes,
    sentence,
)
from ant.core.errors import Conflict, NotRunning


@click.command(short_help="Show a terminal on yours, and type into it.")
@click.argument("session")
@click.option("--read-only", "-r", is_flag=True, help="Type nothing and keep its size.")
@detach_key_option
@server_command(as_operator=True, lists_json=False)
async def attach(
    call: ServerCall, session: str, read_only: bool, detach_key_name: str
) -> None:
    """Show the terminal SESSION on yours and type into it, until you press Ctrl+].

    It gets the size of your terminal until you leave. What your terminal showed before
    is in its scrollback. If the server goes away, attach waits for it; nothing that you
    type meanwhile is sent. Exits with the code of the program if that ends.
    """
    key = detach_key(detach_key_name)
    if call.as_json:
        raise click.UsageError("attach shows a terminal, so it takes no --json.")
    refuse_pipes("attach", "ant logs -f prints the output, and ant send types.")
    row = await call.ant.session(clean(session))
    name = printable(row["name"])
    _check(row)
    from ant.cli.terminal.attachment import Attachment
    from ant.cli.terminal.local_terminal import LocalTerminal

    with LocalTerminal.opened() as terminal:
        size = None if read_only else terminal.size
        async with call.ant.follow(
            row["id"], screen=True, size=size, retry_s=math.inf
        ) as stream:
            shown = Attachment(call, row, terminal, stream, key, read_only)
            result = await shown.run()
    if isinstance(result, Signalled):
        with suppress(OSError):  # The terminal may be gone.
            click.echo(f"[detached from {name}]")
        sys.exit(SIGNAL + result.number)
    if isinstance(result, Detached):
        lost = f"; {result.unsent} typed bytes were not sent" if result.unsent else ""
        click.echo(f"[detached from {name}{lost}]")
    else:
        click.echo(f"[{sentence(row['name'], result)}]")
        sys.exit(exit_code(result))


def _check(row: dict[str, Any]) -> None:
    """Raise `NotRunning` or `Conflict` where there is nothing to attach to."""
    name = row["name"]
    if row["type"] == "chat":
        raise NotRunning(f"{name} is a room; ant chat shows it.")
    if row["id"] == os.environ.get("ANT_SESSION_ID"):
        raise Conflict(f"{name} is the terminal that this command runs in.")
    if row["status"] != "running":
        raise NotRunning(
            f"{name} runs no program (it is {row['status']}); ant logs prints what it "
            "printed."
        )
