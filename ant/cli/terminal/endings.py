"""What `ant attach` and `ant run` share before and after they show a terminal.

It imports no library that takes long: `--help` needs this, too.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import attrs
import click

from ant.cli.runner import printable
from ant.cli.terminal.detach_key import DEFAULT, VARIABLE, DetachKey

if TYPE_CHECKING:
    from ant.client import Exit

LOST: Final = 125
"""The exit code when nobody knows how the program ended. Of the same kind are those
that `env` and `timeout` use for their own failures."""

SIGNAL: Final = 128
"""Added to the number of a signal to make an exit code, as shells do."""


@attrs.frozen
class Detached:
    """The key was pressed, or the person's terminal is gone; the program goes on."""

    unsent: int = 0


@attrs.frozen
class Signalled:
    """A signal ended `ant`; the program goes on."""

    number: int


def exit_code(ended: Exit) -> int:
    """The exit code of `ant` for the end of a program."""
    if ended.exit_signal is not None:
        return SIGNAL + ended.exit_signal
    return LOST if ended.exit_code is None else ended.exit_code


def sentence(name: str, ended: Exit) -> str:
    """How a program ended, without a full stop; hidden characters are spelled."""
    if ended.exit_signal is not None:
        how = f"was ended by signal {ended.exit_signal}"
    elif ended.exit_code is not None:
        how = f"ended with exit code {ended.exit_code}"
    else:
        how = f"is lost: {ended.reason.rstrip('.')}" if ended.reason else "is lost"
    return printable(f"{name} {how}")


def refuse_pipes(verb: str, instead: str) -> None:
    """Raise `click.UsageError` unless standard input and output are terminals."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError(f"{verb} needs a terminal; {instead}")


def detach_key(name: str) -> DetachKey:
    """The key with this name. Raises `click.UsageError`."""
    try:
        return DetachKey.named(name)
    except ValueError as exc:
        raise click.UsageError(str(exc)) from exc


detach_key_option = click.option(
    "--detach-key",
    "detach_key_name",
    default=DEFAULT,
    envvar=VARIABLE,
    show_envvar=True,
    metavar="KEY",
    help="The key that detaches.",
)
