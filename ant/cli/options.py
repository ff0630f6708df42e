"""Options of click: of the settings in `ant.config`, and those that verbs share."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ant.config import API_KEY_FILE, SETTINGS, Setting

F = TypeVar("F", bound=Callable[..., Any])

ON: Final = "ant.cli.on"
"""The key in `click.Context.meta` of the server that `ant --on NAME` names."""


def _absolute(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """The absolute path, with `~` expanded: a variable or `--flag=~/x` still has it."""
    try:
        return None if path is None else path.expanduser().absolute()
    except RuntimeError as exc:
        raise click.BadParameter(str(exc)) from exc


def _split(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> tuple[str, ...]:
    """The items of a list: of all flags, and those that commas separate."""
    return tuple(filter(None, map(str.strip, ",".join(texts).split(","))))


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
        return {"callback": _split, "multiple": True}
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


SCOPES = ("view", "type", "answer", "post", "admin")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    """The seconds of a duration such as `30d`."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if found is None:
        raise click.BadParameter(f"{text!r} is no duration such as 12h or 30d.")
    return int(found[1]) * _UNITS[found[2]]


def scopes_option(default: str | None) -> Callable[[Any], Any]:
    """The option of both `ant tokens new` and `ant open`."""

    def split(_: click.Context, __: click.Parameter, text: str) -> list[str]:
        found = [each.strip() for each in text.split(",") if each.strip()]
        wrong = [each for each in found if each not in SCOPES]
        if wrong or not found:
            raise click.BadParameter(
                f"Expected some of {', '.join(SCOPES)}, with commas between them."
            )
        return found

    # click takes a default of None for a value.
    given: dict[str, Any] = (
        {"required": True} if default is None else {"default": default}
    )
    return click.option(
        "--scopes",
        **given,
        callback=split,
        help="What the holder may do: view, type, answer, post, admin, with commas "
        "between them. admin includes view, type and post; nothing includes answer.",
    )
