"""Sessions and variables as words of a command line."""

from typing import Any

import click

from ant.cli.runner import clean


def session_name(row: dict[str, Any]) -> str:
    """A session in a sentence: name, handle and id."""
    return f"{row['name']} ({row['handle'] or '-'}, {row['id']})"


def variable(text: str) -> tuple[str, str]:
    """NAME=VALUE as a pair. Raises `click.UsageError`."""
    name, equals, value = clean(text).partition("=")
    if not (name and equals):
        raise click.UsageError(f"--env takes NAME=VALUE, not {text!r}.")
    return name, value
