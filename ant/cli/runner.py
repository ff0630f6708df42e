"""How a verb of `ant` calls a server: which one, as whom, and what a no is worth.

A verb is an async function that is given a `Visit` first. It exits with 1 where the
server refuses, 2 on bad usage and 3 where there is no server. Nothing heavy is imported
before it runs.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import click

from ant.config import SETTINGS
from ant.core.errors import AntError
from ant.data_dir import operator_key

if TYPE_CHECKING:
    from ant.client import AntClient

DEFAULT_SERVER = f"http://{SETTINGS['host'].default}:{SETTINGS['port'].default}"

REFUSED, UNREACHABLE = 1, 3
"""Exit codes; bad usage is click's 2."""

_CONTROLS: dict[int, str] = dict.fromkeys((*range(32), *range(127, 160)), "\ufffd")
_CONTROLS |= {ord("\n"): "\n", ord("\t"): "\t"}


@attrs.frozen
class Visit:
    """One call at a server. `sender` is None where a token says who we are."""

    ant: AntClient
    sender: str | None
    as_json: bool

    def show(self, answer: Any, *lines: str) -> None:
        """Print the answer as JSON where that was asked for, else these lines."""
        from ant.client import render

        if self.as_json:
            click.echo(render(answer))
            return
        for line in lines:
            click.echo(printable(line))


def printable(text: str) -> str:
    """What others wrote, without what a terminal would obey."""
    return text.translate(_CONTROLS)


def clean(text: str) -> str:
    """An argument as text; bytes in it that are none show as such."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_text(text: str) -> str:
    """The text, or all of standard input for `-`. Raises `click.UsageError` on none."""
    if text == "-":
        data = sys.stdin.buffer.read()
        text = data.decode("utf-8", "replace").rstrip("\n")
    text = clean(text)
    if not text.strip():
        raise click.UsageError("There is no text to send.")
    return text


def identity(server: str, *, as_operator: bool) -> tuple[str | None, str | None]:
    """The key to show, and the sender to name, to this server.

    A token and a session are those of the server of ANT_SERVER_URL; no other is shown
    them, and that one always is: the operator's key goes before the token only for what
    a token cannot do. The operator's key is shown to any; one that a server made for
    itself, to that one.
    """
    is_home = _same(os.environ.get("ANT_SERVER_URL") or DEFAULT_SERVER, server)
    token = os.environ.get("ANT_TOKEN") if is_home else None
    key = os.environ.get(operator_key.VARIABLE) or None
    own = os.environ.get("ANT_SESSION_ID") if is_home else None
    if token and not (as_operator and key):
        return token, None
    if key is None and "ANT_SESSION_ID" not in os.environ:
        data_dir = SETTINGS["data_dir"]
        folder = os.environ.get(data_dir.variable) or data_dir.default
        made = operator_key.find(Path(folder).expanduser())
        key = made.key if made and _same(made.url, server) else None
    return key, own or "cli"


def _same(one: str, two: str) -> bool:
    """Whether two addresses are one: letters of a host have no case."""
    first, second = (urlsplit(each.rstrip("/")) for each in (one, two))
    return (first.scheme, first.netloc.lower(), first.path) == (
        *(second.scheme, second.netloc.lower(), second.path),
    )


def calling(
    *, as_operator: bool = False
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Make a verb of an async function: `(visit, arguments…)`.

    It gets the options --server and --json. `as_operator`: the operator's key is shown
    where there is one, since a token could not do this.
    """

    def decorate(verb: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @click.option(
            "--server",
            default=DEFAULT_SERVER,
            envvar="ANT_SERVER_URL",
            help="The server to call.",
        )
        @click.option("--json", "as_json", is_flag=True, help="Print the JSON answer.")
        @functools.wraps(verb)
        def command(server: str, as_json: bool, **arguments: Any) -> None:
            if not server.startswith(("http://", "https://")):
                raise click.UsageError(f"{server!r} is no http:// or https:// address.")
            _run(
                verb,
                server,
                identity(server, as_operator=as_operator),
                as_json,
                arguments,
            )

        return command

    return decorate


def _run(
    verb: Callable[..., Awaitable[None]],
    server: str,
    who: tuple[str | None, str | None],
    as_json: bool,
    arguments: dict[str, Any],
) -> None:
    import httpx
    import trio

    from ant.client import AntClient

    async def visit() -> None:
        async with AntClient(server, who[0]) as ant:
            await verb(Visit(ant, who[1], as_json), **arguments)

    try:
        trio.run(visit)
    except AntError as exc:
        _leave(REFUSED, str(exc))
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        _leave(UNREACHABLE, f"cannot reach {server}: {str(exc) or type(exc).__name__}")


def _leave(code: int, sentence: str) -> None:
    click.echo(f"ant: {printable(sentence)}", err=True)
    sys.exit(code)
