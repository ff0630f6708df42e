"""Checks of `ant doctor`: variables of the environment, `servers.toml`, key files."""

import difflib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from shlex import quote
from typing import Final

import click

from ant.cli.host.finding import Finding, ok, problem, warning
from ant.client.access.credentials import CA_VARIABLE
from ant.client.access.servers import URL_VARIABLE, VARIABLE, WrongServer, path, read
from ant.config import API_KEY_FILE, SETTINGS
from ant.core.errors import AntError
from ant.data_dir import operator_key
from ant.data_dir.file_modes import OTHERS

_PREFIX: Final = "ANT_"

INSIDE: Final = frozenset(
    {
        *("ANT_HANDLE", "ANT_RUN", "ANT_SESSION_ID", "ANT_SHELL_INTEGRATION"),
        *("ANT_SHELL_KEY_FD", "ANT_TMUX_CLIENT", "ANT_TOKEN", "ANT_ZDOTDIR"),
        operator_key.DESCRIPTOR,
    }
)
"""Variables that ANT sets for programs in its terminals, or for itself."""


def known_variables(root: click.Command) -> set[str]:
    """Every variable that ANT reads: those of settings, of verbs and of terminals."""
    found = {*INSIDE, VARIABLE, URL_VARIABLE, CA_VARIABLE, API_KEY_FILE.variable}
    found |= {each.variable for each in SETTINGS.values()}
    commands = [root]
    while commands:
        command = commands.pop()
        for param in command.params:
            names = param.envvar or ()
            found |= {names} if isinstance(names, str) else {*names}
        if isinstance(command, click.Group):
            context = click.Context(command)
            each = (
                command.get_command(context, n) for n in command.list_commands(context)
            )
            commands += [one for one in each if one is not None]
    return found


def check_variables(
    root: click.Command, serve: click.Command, environ: Mapping[str, str]
) -> Iterator[Finding]:
    """Variables that ANT does not know, and values that `ant serve` refuses."""
    known, wrong = known_variables(root), False
    for name in sorted(environ):
        if not name.startswith(_PREFIX) or name in known:
            continue
        wrong = True
        near = difflib.get_close_matches(name, known, 1)
        remedy = f"Write {near[0]}, or unset it." if near else "Unset it."
        yield warning("variables", f"ANT does not know {name}.", remedy)
    try:
        serve.make_context("serve", [])
    except click.UsageError as exc:
        wrong = True
        sentence = exc.format_message().rstrip(".")
        yield problem(
            "variables", f"{sentence}.", "Mend the value; docs/settings.md has them."
        )
    if not wrong:
        ours = [name for name in sorted(environ) if name.startswith(_PREFIX)]
        yield ok("variables", ", ".join(ours) or "No ANT_ variable is set")


def check_servers() -> Iterator[Finding]:
    """The file with the names of servers, and their key files."""
    try:
        file, servers = path(), read()
    except (WrongServer, RuntimeError) as exc:
        yield problem("servers.toml", str(exc), "Mend the file (docs/cli.md).")
        return
    if not file.exists():
        yield ok("servers.toml", f"{file} is not there; no server has a name")
    else:
        yield ok("servers.toml", f"{file} names {', '.join(servers) or 'no server'}")
    for each in servers.values():
        if each.key_file is not None:
            yield from check_key_file(f"key of {each.name}", each.key_file)


def check_environment_key(environ: Mapping[str, str]) -> Iterator[Finding]:
    """The key file that the environment names."""
    name = environ.get(API_KEY_FILE.variable)
    if name:
        yield from check_key_file(API_KEY_FILE.variable, Path(name))
    if environ.get(operator_key.VARIABLE):
        yield warning(
            operator_key.VARIABLE,
            "Every program that is started here receives the key.",
            f"Put it into a file and set {API_KEY_FILE.variable}.",
        )


def check_key_file(subject: str, file: Path) -> Iterator[Finding]:
    """Whether a key file can be read, by its owner only, and has a key."""
    try:
        file = file.expanduser()
        found = file.stat()
        operator_key.read_key_file(file)
    except (OSError, AntError, RuntimeError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        yield problem(subject, f"{file}: {reason}.", "Mend the file, or name another.")
        return
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISREG(found.st_mode):
        yield problem(subject, f"{file} is no regular file.", "Name a file.")
    elif found.st_uid not in (os.geteuid(), 0):
        yield problem(
            subject,
            f"{file} belongs to uid {found.st_uid}.",
            "Make a file of your own.",
        )
    elif mode & OTHERS:
        yield problem(
            subject,
            f"Others may read {file} (mode {mode:o}).",
            f"Run chmod 600 {quote(str(file))} and make a new key.",
        )
    else:
        yield ok(subject, f"{file}, mode {mode:o}")
