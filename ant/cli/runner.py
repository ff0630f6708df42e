"""Calls of a server by the verbs of `ant`: the server, the caller, the exit code.

A verb is an async function with a `ServerCall` as its first argument. It exits with 1
if the server refuses, with 2 on bad usage and with 3 if no server answers. A verb
imports the libraries that it needs when it runs.
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
class ServerCall:
    """One call of a server. `sender` is None if a token identifies the caller."""

    ant: AntClient
    sender: str | None
    as_json: bool

    def show(self, answer: Any, *lines: str) -> None:
        """Print the response as JSON after `--json`, else print the lines."""
        from ant.client import render

        if self.as_json:
            click.echo(render(answer))
            return
        for line in lines:
            click.echo(printable(line))


def printable(text: str) -> str:
    """Text of others without the control characters that a terminal would obey."""
    return text.translate(_CONTROLS)


def clean(text: str) -> str:
    """An argument as valid Unicode; bytes that are not UTF-8 become U+FFFD."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def read_text(text: str) -> str:
    """A text, or standard input for `-`. Raises `click.UsageError` if it is empty."""
    if text == "-":
        data = sys.stdin.buffer.read()
        text = data.decode("utf-8", "replace").rstrip("\n")
    text = clean(text)
    if not text.strip():
        raise click.UsageError("There is no text to send.")
    return text


def identity(server: str, *, as_operator: bool) -> tuple[str | None, str | None]:
    """The key and the sender for a call of a server; either may be None.

    The token and the session of the environment belong to the server of ANT_SERVER_URL.
    No other server receives them, and that server receives the token unless the call is
    one that only the operator may make. Any server receives the operator's key of
    ANT_API_KEY. Only the server that made an `operator.key` receives that key.
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
        found = operator_key.read(Path(folder).expanduser())
        key = found.key if found and _same(found.url, server) else None
    return key, own or "cli"


def _same(one: str, two: str) -> bool:
    """Whether two URLs are equal; the case of the host does not count."""
    first, second = (urlsplit(each.rstrip("/")) for each in (one, two))
    return (first.scheme, first.netloc.lower(), first.path) == (
        *(second.scheme, second.netloc.lower(), second.path),
    )


def server_command(
    *, as_operator: bool = False
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Make a verb of an async function `(call, arguments…)`.

    The verb has the options --server and --json. `as_operator`: it uses the operator's
    key if there is one, since a token may not make this call.
    """

    def decorate(verb: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @click.option(
            "--server",
            default=DEFAULT_SERVER,
            envvar="ANT_SERVER_URL",
            help="The server to call.",
        )
        @click.option(
            "--json", "as_json", is_flag=True, help="Print the JSON response."
        )
        @functools.wraps(verb)
        def command(server: str, as_json: bool, **arguments: Any) -> None:
            if not server.startswith(("http://", "https://")):
                raise click.UsageError(f"{server!r} is not an http:// or https:// URL.")
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
    caller: tuple[str | None, str | None],
    as_json: bool,
    arguments: dict[str, Any],
) -> None:
    import httpx
    import trio

    from ant.client import AntClient

    key, sender = caller

    async def call() -> None:
        async with AntClient(server, key) as ant:
            await verb(ServerCall(ant, sender, as_json), **arguments)

    try:
        trio.run(call)
    except AntError as exc:
        _exit(REFUSED, str(exc))
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        _exit(UNREACHABLE, f"cannot reach {server}: {str(exc) or type(exc).__name__}")


def _exit(code: int, sentence: str) -> None:
    click.echo(f"ant: {printable(sentence)}", err=True)
    sys.exit(code)
