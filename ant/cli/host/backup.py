"""`ant backup`: copy the database while a server uses it, and check such a copy."""

import sys
from pathlib import Path
from typing import Any

import click

from ant.cli.host.data_checks import DATABASE
from ant.cli.options import setting_option
from ant.cli.progress import progress
from ant.cli.runner import INTERRUPTED, REFUSED, echo_json, note, printable
from ant.core.errors import AntError


@click.command(short_help="Copy the database while it is in use.")
@click.argument(
    "file", type=click.Path(path_type=Path, dir_okay=False, resolve_path=True)
)
@click.option("--check", is_flag=True, help="Check FILE, and copy nothing.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@setting_option("data_dir")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backup(file: Path, check: bool, force: bool, data_dir: Path, as_json: bool) -> None:
    """Copy the database of the data folder into FILE, while a server may use it.

    The copy is the database at one moment: sessions, messages, transcripts, events and
    access tokens. It has no key, and no output that tmux holds for the server.
    docs/deployment.md says how to restore it. Exits with 1 if the copy or, with
    --check, FILE is damaged.
    """
    from ant.store.backup import back_up, counts
    from ant.store.inspect import inspect

    try:
        if check:
            state = inspect(file)
        else:
            with progress("Copying the database") as shown:
                state = back_up(data_dir / DATABASE, file, shown.show, force=force)
        found = {} if state.faults else counts(file)
    except AntError as exc:
        note(str(exc))
        sys.exit(REFUSED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    answer: dict[str, Any] = {
        "file": str(file),
        "size": state.size,
        "faults": list(state.faults),
        "pending_migrations": state.pending,
        **found,
    }
    if as_json:
        echo_json(answer)
    else:
        for line in _lines(answer, check):
            click.echo(printable(line))
    if state.faults:
        sys.exit(REFUSED)


def _lines(answer: dict[str, Any], is_check: bool) -> list[str]:
    if answer["faults"]:
        return [f"{answer['file']} is damaged:", *answer["faults"]]
    done = "undamaged" if is_check else "written and checked"
    return [
        f"{answer['file']}: {done}, {answer['size'] / (1 << 20):.1f} MiB.",
        f"{answer['sessions']} sessions, {answer['messages']} messages, "
        f"{answer['transcript_bytes'] / (1 << 20):.1f} MiB of transcripts.",
    ]
