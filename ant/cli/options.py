"""Options of click, made from the declarations of the settings in `ant.config`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ant.config import API_KEY_FILE, SETTINGS, Setting

F = TypeVar("F", bound=Callable[..., Any])


def _absolute(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """The absolute path, with `~` expanded: a variable or `--flag=~/x` still has it."""
    try:
        return None if path is None else path.expanduser().absolute()
    except RuntimeError as exc:
        raise click.BadParameter(str(exc)) from exc


def _split(_: click.Context, __: click.Parameter, text: str | None) -> tuple[str, ...]:
    """The items of a list that is separated by commas."""
    return tuple(filter(None, map(str.strip, (text or "").split(","))))


def _details(setting: Setting) -> dict[str, Any]:
    """The arguments of `click.option` that depend on the type of a setting."""
    if setting.choices:
        return {"type": click.Choice(setting.choices, case_sensitive=False)}
    if setting.type is bool:
        return {"is_flag": True}
    if setting.type is int:
        low, high = (None if x is None else int(x) for x in (setting.low, setting.high))
        return {"type": click.IntRange(low, high)}
    if setting.type is float:
        return {"type": click.FloatRange(setting.low, setting.high)}
    if setting.type is Path:
        # `startup_checks` reports a data folder that cannot be read.
        readable = setting.name != "data_dir"
        path = click.Path(path_type=Path, readable=readable)
        return {"type": path, "callback": _absolute}
    if setting.type is tuple:
        return {"callback": _split}
    return {"type": str}


def _option(setting: Setting) -> Callable[[F], F]:
    flags, default = setting.flag, setting.default
    if setting.type is bool and default:
        flags += f"/--no-{flags.removeprefix('--')}"
    if setting.type is Path and default is not None:
        default = str(default)
    return click.option(
        flags,
        setting.name,
        default=default or None if setting.type is tuple else default,
        envvar=setting.variable,
        help=setting.help,
        hidden=setting.secret,
        **_details(setting),
    )


def setting_option(name: str) -> Callable[[F], F]:
    """The option of the `Config` field of that name."""
    return _option(SETTINGS[name])


def server_options(command: F) -> F:
    """Give a command an option for each field of `Config`, and `--api-key-file`."""
    command = _option(API_KEY_FILE)(command)
    for each in reversed(SETTINGS.values()):
        command = _option(each)(command)
    return command
