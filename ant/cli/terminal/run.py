"""`ant run`: a command in a terminal of ANT, followed until it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, Final

import click

from ant.cli.naming import session_name, variable
from ant.cli.runner import (
    ServerCall,
    clean,
    note,
    printable,
    retry_option,
    server_command,
)
from ant.cli.terminal.endings import (
    LOST,
    SIGNAL,
    Detached,
    Signalled,
    detach_key,
    detach_key_option,
    exit_code,
    sentence,
)
from ant.core.errors import AntError

LONGEST_NAME: Final = 60
"""Characters of a name that is made of the command."""


@click.command(
    short_help="Run a command in a terminal, and follow it.",
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, required=True)
@click.option("--name", help="The name of the terminal. Default: the command.")
@click.option("--cwd", help="The folder in which it starts. Default: this one.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable to add.")
@click.option(
    "--host", type=click.Choice(["pty", "tmux"]), help="tmux outlives the server."
)
@click.option("--keep", is_flag=True, help="Keep the terminal when the command ends.")
@click.option("--detach", "-d", is_flag=True, help="Start it, and do not follow it.")
@detach_key_option
@retry_option
@server_command(as_operator=True)
async def run(
    call: ServerCall,
    command: tuple[str, ...],
    name: str | None,
    cwd: str | None,
    env: tuple[str, ...],
    host: str | None,
    keep: bool,
    detach: bool,
    detach_key_name: str,
    retry: float,
) -> None:
    """Run COMMAND in a terminal, in this folder, and exit with its exit code.

    On a terminal it is as if you ran it there: you type into it, and Ctrl+] leaves it
    running. In a pipe its output is printed byte by byte. Ctrl-C interrupts it; a
    second one within two seconds ends it. A signal N makes the code 128+N. The code is
    125 if nobody knows how it ended. The variables of your shell are not passed on.
    """
    key = detach_key(detach_key_name)
    if call.as_json and not detach:
        raise click.UsageError("run prints what the command prints: no --json.")
    fields: dict[str, Any] = {
        "command": list(map(clean, command)),
        "root_dir": clean(cwd or os.getcwd()),
        "env": dict(map(variable, env)),
    }
    if host is not None:
        fields["host"] = host
    name = clean(name) if name is not None else await _free_name(call, command)
    if detach:
        row = await call.ant.create(name, **fields)
        call.show(row, f"Started {session_name(row)}.")
        return
    from ant.cli.terminal.followed_run import FollowedRun
    from ant.cli.terminal.local_terminal import size_of_terminal

    is_interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if is_interactive:
        fields["cols"], fields["rows"] = size_of_terminal()
    row = await call.ant.create(name, start=False, **fields)
    followed = FollowedRun(call, row, retry, keep)
    try:
        show = followed.on_terminal(key) if is_interactive else followed.in_pipe()
        result = await show
    except AntError:
        await _remove_unstarted(call, row["id"])  # noqa: ASYNC120
        raise
    shown = printable(row["name"])
    if isinstance(result, Detached):
        click.echo(f"[detached from {shown}]")
        return
    if isinstance(result, Signalled):
        with suppress(OSError):  # The terminal may be gone.
            note(f"{shown} goes on; ant attach shows it.")
        sys.exit(SIGNAL + result.number)
    code = exit_code(result)
    if code == LOST and result.exit_code is None:
        note(f"{sentence(row['name'], result)}.")
    elif not keep:
        await call.ant.remove(row["id"])
    sys.exit(code)


async def _remove_unstarted(call: ServerCall, session_id: str) -> None:
    """Remove a session whose program never started; nothing is lost with it."""
    from httpx import TransportError

    with suppress(AntError, TransportError):
        row = await call.ant.call("GET", f"/api/sessions/{session_id}")
        if row["status"] == "none":
            await call.ant.remove(session_id, hard=True)


async def _free_name(call: ServerCall, command: tuple[str, ...]) -> str:
    """A name made of the command that no active session has."""
    words = clean(" ".join(command))
    text = "".join(char if char.isprintable() else "?" for char in words)
    base = text[:LONGEST_NAME].strip() or "run"
    taken = {row["name"] for row in (await call.ant.sessions())["sessions"]}
    names = (base if n == 1 else f"{base} ({n})" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
