"""`ant servers`: the servers that have a name."""

from typing import Any

import click

from ant.cli.runner import echo_json
from ant.cli.table import table
from ant.client.access.servers import NamedServer, WrongServer, chosen, path, read


@click.command(short_help="List the servers that have a name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def servers(as_json: bool) -> None:
    """List the servers of servers.toml, which ant --on NAME calls.

    A * marks the one that is called without --on and --server. The file is
    ~/.config/ant/servers.toml, and has a table for each server:

    \b
    [build-box]
    url = "https://ant.example:6458"
    api-key-file = "build-box.key"  # Beside this file; optional.
    ca = "build-box.pem"            # A certificate to trust; optional.
    plain-http = false              # True: the key may go over plain http.
    """
    try:
        known = list(read().values())
        called = chosen(None, None)
    except WrongServer as exc:
        raise click.UsageError(str(exc)) from exc
    if as_json:
        rows = [_object(each, each == called) for each in known]
        echo_json({"file": str(path()), "servers": rows})
        return
    cells = (
        (
            "*" if each == called else " ",
            each.name,
            each.url,
            "-" if each.key_file is None else str(each.key_file),
        )
        for each in known
    )
    for line in table(cells):
        click.echo(line)
    if not known:
        click.echo(f"ant: {path()} has no servers.", err=True)


def _object(server: NamedServer, is_called: bool) -> dict[str, Any]:
    return {
        "name": server.name,
        "url": server.url,
        "api_key_file": None if server.key_file is None else str(server.key_file),
        "plain_http": server.plain_http,
        "ca": None if server.ca is None else str(server.ca),
        "called": is_called,
    }
