"""`ant service`: ANT as a service of the user's systemd."""

import difflib
import os
import sys
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from ant.cli.host import systemd
from ant.cli.host.unit_file import UnitState, read_unit, state_of, unit_text
from ant.cli.runner import REFUSED, echo_json, note, printable
from ant.cli.table import table
from ant.config import API_KEY_FILE, SETTINGS
from ant.core.errors import AntError
from ant.data_dir import operator_key

_PASSED_ON: Final = ("PATH", "LANG")
"""Variables that the unit has. systemd gives a service a short PATH, on which programs
of terminals, such as agent CLIs, are missing."""


@click.group(short_help="Run the server as a service of systemd.")
def service() -> None:
    """ANT as a service of your own systemd: install, uninstall, status."""


@service.command(context_settings={"ignore_unknown_options": False})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option("--dry-run", is_flag=True, help="Print the unit, and change nothing.")
@click.option("--yes", is_flag=True, help="Replace a unit that was changed by hand.")
@click.option("--no-start", is_flag=True, help="Install it, and do not start it now.")
def install(options: tuple[str, ...], dry_run: bool, yes: bool, no_start: bool) -> None:
    """Install a unit that runs `ant serve OPTIONS`, and start it.

    Write -- before the options: ant service install -- --port 7000. To install again
    changes nothing, or shows the difference. It asks before it replaces a unit that a
    person changed. A running server goes on with its old options until a restart. The
    unit has no key: give --api-key-file.
    """
    try:
        wanted = unit_text([*_ant(), "serve", *_words(options)], _environment())
        if dry_run:
            click.echo(printable(wanted), nl=False)
            _warn_of_environment()
            return
        _need_systemd()
        _warn_of_environment()
        path = systemd.unit_path()
        _install(path, wanted, yes)
        systemd.systemctl("daemon-reload")
        systemd.systemctl("enable", systemd.UNIT)
        if not no_start:
            systemd.systemctl("start", systemd.UNIT)
            click.echo(f"{systemd.UNIT} runs. Its log: journalctl --user -u ant -e")
    except AntError as exc:
        note(str(exc))
        sys.exit(REFUSED)
    if not systemd.lingers():
        note(
            "The server starts when you log in and ends when you log out. To start it "
            f"with the machine: loginctl enable-linger {systemd.user_name()}"
        )


@service.command()
@click.option("--yes", is_flag=True, help="Remove a unit that was changed by hand.")
def uninstall(yes: bool) -> None:
    """Stop the service and remove its unit. The data stays, and so do tmux programs."""
    path = systemd.unit_path()
    try:
        text = read_unit(path)
        if text is None:
            click.echo(printable(f"There is no {path}, so nothing was removed."))
            return
        if state_of(text, "") is UnitState.CHANGED:
            _ask(f"{path} was changed by hand. Remove it?", yes)
        if systemd.is_running():
            systemd.systemctl("disable", "--now", systemd.UNIT)
        path.unlink(missing_ok=True)
        if systemd.is_running():
            systemd.systemctl("daemon-reload")
    except AntError as exc:
        note(str(exc))
        sys.exit(REFUSED)
    except OSError as exc:
        note(f"{path} cannot be removed: {exc.strerror}.")
        sys.exit(REFUSED)
    click.echo(printable(f"Removed {path}."))


@service.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Report the unit and whether the service runs. Exits with 1 if it does not run."""
    path = systemd.unit_path()
    try:
        text = read_unit(path)
        found = {}
        if systemd.is_running():
            found = systemd.properties("ActiveState", "SubState", "MainPID")
    except AntError as exc:
        note(str(exc))
        sys.exit(REFUSED)
    active = found.get("ActiveState")
    answer = {
        "unit": str(path),
        "installed": text is not None,
        "changed_by_hand": text is not None and state_of(text, "") is UnitState.CHANGED,
        "systemd": systemd.is_running(),
        "active": active,
        "state": found.get("SubState"),
        "pid": int(found.get("MainPID") or 0) or None,
        "linger": systemd.lingers(),
    }
    if as_json:
        echo_json(answer)
    else:
        for line in table(_rows(answer)):
            click.echo(line)
    if active != "active":
        sys.exit(REFUSED)


def _rows(answer: dict[str, object]) -> list[tuple[str, str]]:
    there = "installed" if answer["installed"] else "not installed"
    changed = ", changed by hand" if answer["changed_by_hand"] else ""
    state = f"{answer['active']} ({answer['state']}), pid {answer['pid'] or '-'}"
    return [
        ("unit", f"{answer['unit']}, {there}{changed}"),
        ("service", state if answer["systemd"] else "no systemd runs for this user"),
        ("linger", "yes" if answer["linger"] else "no: it starts when you log in"),
    ]


def _ant() -> list[str]:
    """The words that run this installation's `ant`, whatever the home folder has."""
    return [sys.executable, "-P", "-m", "ant"]


def _words(options: tuple[str, ...]) -> list[str]:
    """The options of `ant serve`, with absolute paths. Raises `click.UsageError`."""
    from ant.cli.serve import serve

    context = serve.make_context("ant serve", list(options))
    words: list[str] = []
    for setting in (*SETTINGS.values(), API_KEY_FILE):
        source = context.get_parameter_source(setting.name)
        if source is not ParameterSource.COMMANDLINE:
            continue
        if setting.secret:
            raise click.UsageError(
                "Everybody who reads the unit could read the key: put it into a file "
                f"and give {API_KEY_FILE.flag} FILE."
            )
        value = context.params[setting.name]
        if value is False:
            words.append(f"--no-{setting.flag.removeprefix('--')}")
        elif value is True:
            words.append(setting.flag)
        else:
            text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            words += [setting.flag, text]
    return words


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}


def _warn_of_environment() -> None:
    """Say which variables of this shell the service does not see."""
    settings = {each.variable for each in (*SETTINGS.values(), API_KEY_FILE)}
    if missed := sorted(settings & os.environ.keys() - {operator_key.VARIABLE}):
        note(
            f"The service does not see {', '.join(missed)} of this shell: give the "
            "options instead."
        )
    if os.environ.get(operator_key.VARIABLE):
        note(
            f"The service does not see {operator_key.VARIABLE}: without "
            f"{API_KEY_FILE.flag} FILE it has no key."
        )


def _need_systemd() -> None:
    if not systemd.is_running():
        raise AntError(systemd.ABSENT)


def _install(path: Path, wanted: str, yes: bool) -> None:
    """Write the unit, unless it is there. Raises `AntError`."""
    text = read_unit(path)
    state = state_of(text, wanted)
    if state is UnitState.SAME:
        click.echo(printable(f"{path} is there already."))
        return
    if text is not None:
        lines = difflib.unified_diff(
            text.splitlines(), wanted.splitlines(), str(path), "new", lineterm=""
        )
        click.echo(printable("\n".join(lines)))
    if state is UnitState.CHANGED:
        _ask(f"{path} was changed by hand. Replace it?", yes)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(wanted)
        os.replace(part, path)
    except OSError as exc:
        raise AntError(f"{path} cannot be written: {exc.strerror}.") from exc
    click.echo(printable(f"Wrote {path}."))


def _ask(question: str, yes: bool) -> None:
    """Ask a person. Raises `AntError` if there is none, or the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise AntError(f"{question} Give --yes if so; nothing was changed.")
    if not click.confirm(printable(question), err=True):
        raise AntError("Nothing was changed.")
