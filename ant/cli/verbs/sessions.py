"""Verbs for sessions: `ant ls`, `new`, `rename`, `archive`, `restore` and `rm`."""

import sys
from typing import Any

import click

from ant.cli.naming import session_name, variable
from ant.cli.runner import ServerCall, clean, note, server_command
from ant.cli.table import table


@click.command(short_help="List sessions.")
@click.option("--all", "-a", "with_all", is_flag=True, help="Also what was put away.")
@server_command(short=True)
async def ls(call: ServerCall, with_all: bool) -> None:
    """List active sessions; in a terminal of ANT, those that it may see.

    --all also lists the archived and deleted sessions that can be restored.
    """
    page = await call.ant.sessions()
    rows = page["sessions"] + (page["recoverable"] if with_all else [])
    call.show(page, *table(map(_row, rows)))


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    put_away = "archived" if each.get("archived") else "deleted"
    state = put_away if _is_put_away(each) else each["status"]
    return each["id"], each["type"], state, each["handle"] or "-", each["name"]


def _is_put_away(row: dict[str, Any]) -> bool:
    return bool(row.get("archived") or row.get("deleted_at"))


@click.command(short_help="Start a program in a new terminal.")
@click.argument("name")
@click.argument("command", nargs=-1)
@click.option("--dir", "root_dir", help="The folder in which the program starts.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable to add.")
@click.option("--cols", type=int, help="The width in columns.")
@click.option("--rows", type=int, help="The height in rows.")
@click.option("--agent", is_flag=True, help="The program is an agent CLI.")
@click.option("--driver", help="The agent CLI driver to use.")
@click.option("--no-hooks", is_flag=True, help="Give the agent no hook settings.")
@click.option(
    "--host", type=click.Choice(["pty", "tmux"]), help="tmux outlives the server."
)
@click.option("--ttl", help="How long it can be restored: forever, or such as 15m.")
@server_command(as_operator=True, short=True)
async def new(
    call: ServerCall,
    name: str,
    command: tuple[str, ...],
    env: tuple[str, ...],
    agent: bool,
    driver: str | None,
    no_hooks: bool,
    **options: Any,
) -> None:
    """Start COMMAND, or your login shell, in a new terminal called NAME.

    Write -- before a command that has options: ant new web -- npm run --silent dev
    """
    fields = {key: value for key, value in options.items() if value is not None}
    if command:
        fields["command"] = list(map(clean, command))
    if env:
        fields["env"] = dict(map(variable, env))
    if driver is not None:
        fields["cli_flag"] = driver
    if no_hooks:
        fields["hooks"] = False
    kind = "agent" if agent else "terminal"
    row = await call.ant.create(clean(name), kind, **fields)
    call.show(row, f"Started {session_name(row)}.")


@click.command(short_help="Give a session another name.")
@click.argument("session")
@click.argument("name", required=False)
@click.option("--handle", help="Another handle.")
@click.option("--display-name", help="The name to show in place of NAME.")
@server_command(as_operator=True, short=True)
async def rename(
    call: ServerCall,
    session: str,
    name: str | None,
    handle: str | None,
    display_name: str | None,
) -> None:
    """Give SESSION another NAME, handle or display name."""
    given = {"handle": handle, "display_name": display_name}
    fields = {key: clean(value) for key, value in given.items() if value is not None}
    if name is None and not fields:
        raise click.UsageError("Give a NAME, --handle or --display-name.")
    row = await call.ant.session(clean(session))
    if fields:
        await call.ant.set_handle(row["id"], **fields)
    if name is not None:
        await call.ant.change(row["id"], name=clean(name))
    changed = await call.ant.call("GET", f"/api/sessions/{row['id']}")
    call.show(changed, f"It is {session_name(changed)} now.")


@click.command(short_help="End sessions and put them away.")
@click.argument("sessions", nargs=-1, required=True)
@server_command(as_operator=True, short=True)
async def archive(call: ServerCall, sessions: tuple[str, ...]) -> None:
    """End the programs of SESSIONS and put them away; ant restore brings them back.

    What is archived is never deleted by age.
    """
    for row in await _rows(call, sessions):
        changed = await call.ant.change(row["id"], archived=True)
        call.show_one(changed, f"Archived {session_name(changed)}.")


@click.command(short_help="Bring sessions back.")
@click.argument("sessions", nargs=-1, required=True)
@click.option("--start", is_flag=True, help="Also start their programs.")
@server_command(as_operator=True, short=True)
async def restore(call: ServerCall, sessions: tuple[str, ...], start: bool) -> None:
    """Bring SESSIONS back that are archived or deleted."""
    for row in await _rows(call, sessions, inactive_first=True):
        changed = await call.ant.restore(row["id"])
        if start and changed["type"] != "chat":
            changed |= await call.ant.start(row["id"])
        call.show_one(changed, f"Restored {session_name(changed)}.")
        for each in changed["replaced"]:
            note(f"{each['taken']} is taken, so it is {each['now']} now.")


@click.command(short_help="End sessions and delete them.")
@click.argument("sessions", nargs=-1, required=True)
@click.option("--hard", is_flag=True, help="Delete all of them for good.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before --hard.")
@server_command(as_operator=True, short=True)
async def rm(
    call: ServerCall, sessions: tuple[str, ...], hard: bool, yes: bool
) -> None:
    """End the programs of SESSIONS and delete them.

    ant restore brings them back until their ttl is over; --hard deletes them and all
    that belongs to them for good.
    """
    rows = await _rows(call, sessions)
    if hard and not yes:
        names = ", ".join(map(session_name, rows))
        if not sys.stdin.isatty():
            raise click.UsageError("--hard is for good: add --yes to mean it.")
        note(f"This deletes {names} and all their output and messages for good.")
        if not click.confirm("Delete?", err=True):
            raise click.Abort
    for row in rows:
        await call.ant.remove(row["id"], hard=hard)
        how = "Deleted for good" if hard else "Deleted"
        call.show_one(
            {"id": row["id"], "deleted": True}, f"{how}: {session_name(row)}."
        )


async def _rows(
    call: ServerCall, names: tuple[str, ...], *, inactive_first: bool = False
) -> list[Any]:
    """The rows of all these sessions, each once, before anything is done to one."""
    found = {}
    for name in names:
        row = await call.ant.session(clean(name), inactive_first=inactive_first)
        found[row["id"]] = row
    return list(found.values())
