"""`ant evidence`: check a bundle without a server."""

import sys
from typing import BinaryIO

import click

from ant.cli.progress import progress
from ant.cli.runner import printable
from ant.core.errors import AntError


@click.group(short_help="Check an evidence bundle.")
def evidence() -> None:
    """Evidence bundles of sessions."""


@evidence.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--head", help="A head hash that you stored elsewhere; the bundle must contain it."
)
def verify(file: BinaryIO, head: str | None) -> None:
    """Check the bundle in FILE (`-` is standard input) without a server.

    Exports as `evidence` and as `json` are such bundles. The output names what was
    changed or removed, and lists what a check does not cover. Exits with 1 if something
    was changed, and with 2 if FILE is no bundle.
    """
    from ant.export import verify as verification

    try:
        with progress("Checking the bundle") as shown:
            result = verification.verify(file.read(), head, shown.show)
    except (AntError, OSError) as exc:
        click.echo(f"ant: {printable(str(exc))}", err=True)
        sys.exit(2)
    click.echo(
        f"{result.events} events checked, head {result.head or 'none'}; "
        f"{result.compared} outputs compared, {result.missing} not in the bundle."
    )
    if result.earlier:
        click.echo(f"{result.earlier} events before them are not in the bundle.")
    if result.redacted:
        click.echo(
            f"Events without content: {result.redacted}. It was deleted, or pruned by "
            "age; only their place in the chain is proven."
        )
    for line in result.faults or ["Nothing was changed in what the check covers."]:
        click.echo(printable(line))
    click.echo("Not covered, so a change there is not found:")
    for each in result.uncovered:
        text = f"{', '.join(each.paths)}: {each.reason}."
        click.echo(click.wrap_text(printable(text), 78, "- ", "  "))
    sys.exit(1 if result.faults else 0)
