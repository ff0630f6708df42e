"""`ant prompts`: the rules that detect prompts, tried on stored screens."""

import sys
from pathlib import Path

import click

from ant.cli.options import setting_option
from ant.cli.runner import printable
from ant.config import Config
from ant.core.errors import AntError


@click.group(short_help="Try the rules that detect prompts.")
def prompts() -> None:
    """Prompts of terminals, and the rules that detect them."""


@prompts.command()
@click.argument("sessions", nargs=-1)
@setting_option("data_dir")
@setting_option("drivers_dir")
def replay(sessions: tuple[str, ...], data_dir: Path, drivers_dir: Path | None) -> None:
    """Classify stored screens again by the present rules, and print what differs.

    Without SESSIONS it reads all sessions. Exits with 1 if a verdict differs.
    """
    from ant.history.replay import replay_all
    from ant.terminal.agents.own_drivers import DriverFolder

    try:
        config = Config(data_dir=data_dir, drivers_dir=drivers_dir)
        DriverFolder(config.drivers).load()
        count, changed = replay_all(config.database, sessions)
    except AntError as exc:
        click.echo(f"ant: {printable(str(exc))}", err=True)
        sys.exit(1)
    for each in changed:
        before, now = (" ".join(map(str, part)) for part in (each.before, each.now))
        line = f"{each.session_id} {each.offset}: {before} -> {now}"
        click.echo(printable(line))
    click.echo(f"{count} verdicts replayed, {len(changed)} differ.")
    sys.exit(1 if changed else 0)
