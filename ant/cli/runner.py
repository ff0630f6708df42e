"""Calls of a server by the verbs of `ant`: the server, the caller, the exit code.

A verb is an async function with a `ServerCall` as its first argument. It exits with 1
if the server refuses, with 2 on bad usage, with 3 if no server answers and with 130
after Ctrl-C. A verb imports the libraries that it needs when it runs.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import attrs
import click

from ant.cli.operator import OPERATOR, ask, operator_client
from ant.cli.options import ON
from ant.client.access.credentials import CA_VARIABLE, ServerTarget, find, sendable
from ant.client.access.servers import DEFAULT_SERVER, WrongServer
from ant.config import API_KEY_FILE
from ant.core.errors import AntError, Unauthorized
from ant.core.visible_text import escaped

if TYPE_CHECKING:
    from ant.client import AntClient

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes. A shell gives 130 to what Ctrl-C ended."""

NO_KEY: Final = (
    f"`ant` shows the key in {API_KEY_FILE.flag} FILE, or in {API_KEY_FILE.variable}."
)


class Safe(str):
    """A line that was made for a terminal: its texts of others are `printable`."""


@attrs.frozen
class ServerCall:
    """One call of a server. `sender` is None if a token identifies the caller."""

    ant: AntClient
    sender: str | None
    as_json: bool

    def show(self, answer: Any, *lines: str) -> None:
        """Print the response as JSON after `--json`, else print the lines."""
        if self.as_json:
            echo_json(answer)
        else:
            _echo_lines(lines)

    def show_one(self, answer: Any, *lines: str) -> None:
        """As `show`, for one of many answers: the JSON is one line."""
        if self.as_json:
            echo_json(answer, indent=None)
        else:
            _echo_lines(lines)


def echo_json(answer: Any, indent: int | None = 2) -> None:
    """Print an answer as JSON; on a terminal with its hidden characters spelled."""
    from ant.client import render

    text = render(answer, indent)
    click.echo(escaped(text, kept="\n") if sys.stdout.isatty() else text)


def _echo_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line if isinstance(line, Safe) else printable(line))


def note(sentence: str) -> None:
    """Print a sentence about the work of a verb on standard error."""
    click.echo(f"ant: {printable(sentence)}", err=True)


def printable(text: str) -> str:
    r"""Text of others for a terminal: hidden characters are spelled as `\uXXXX`.

    They are those of `core.visible_text`, except for the ends of lines and tabs.
    """
    return escaped(text, kept="\n\t")


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


retry_option = click.option(
    "--retry",
    metavar="SECONDS",
    default=60.0,
    type=click.FloatRange(min=0),
    help="How long to try to reach a server that went away.",
)
"""The option of verbs that go on over a restart of the server."""


def server_command(
    *, as_operator: bool = False, short: bool = False, lists_json: bool = True
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Make a verb of an async function `(call, arguments…)`.

    The verb has the options --on, --server and --json. `as_operator`: it uses the
    operator's key if there is one, since a token may not make this call. `short`: it
    only makes calls, one after the other. So it needs no event loop for a server of
    this machine, and no time to import one. `lists_json`: whether the help lists
    --json; a verb that cannot print an answer leaves it out, and refuses it.
    """

    def decorate(verb: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @click.option("--on", metavar="NAME", help="The server to call, by its name.")
        @click.option(
            "--server",
            metavar="URL",
            help="The server to call, by its URL. Default: ANT_ON, ANT_SERVER_URL, "
            f"{DEFAULT_SERVER}.",
        )
        @click.option(
            API_KEY_FILE.flag,
            "key_file",
            type=click.Path(path_type=Path),
            help="File with the operator key of that server. Without it, the key of "
            "the environment goes to the server of ANT_SERVER_URL only.",
        )
        @click.option(
            "--plain-http",
            is_flag=True,
            envvar="ANT_PLAIN_HTTP",
            help="Send the operator key over plain http to another machine.",
        )
        @click.option(
            "--ca",
            type=click.Path(path_type=Path),
            help="PEM file with a certificate of that server to trust, or of who "
            f"signed it. Default: {CA_VARIABLE}.",
        )
        @click.option(
            "--json",
            "as_json",
            is_flag=True,
            hidden=not lists_json,
            help="Print the JSON response.",
        )
        @functools.wraps(verb)
        def command(
            on: str | None,
            server: str | None,
            key_file: Path | None,
            plain_http: bool,
            ca: Path | None,
            as_json: bool,
            **arguments: Any,
        ) -> None:
            meta = click.get_current_context().meta
            if on is None and server is None:
                on = meta.get(ON)
            secret = None
            try:
                target = find(
                    on,
                    server,
                    as_operator=as_operator,
                    key_file=key_file,
                    plain_http=plain_http,
                    ca=ca,
                )
                if meta.get(OPERATOR):
                    secret = sendable(ask(), target.url, target.plain_http)
            except WrongServer as exc:
                raise click.UsageError(str(exc)) from exc
            except AntError as exc:
                _exit(REFUSED, str(exc))
            _run(verb, target, secret, as_json, arguments, short)

        return command

    return decorate


def _run(
    verb: Callable[..., Awaitable[None]],
    target: ServerTarget,
    secret: str | None,
    as_json: bool,
    arguments: dict[str, Any],
    short: bool,
) -> None:
    """Run a verb; with `secret`, what the operator typed, as the operator."""
    from ant.client import Ambiguous, AntClient, Unreachable, run_blocking
    from ant.client.blocking_http import fits

    server, caller = target.url, target.caller
    sender = caller.sender if secret is None else caller.sender or "cli"
    short = short and secret is None and fits(server)

    async def call() -> None:
        opened: AbstractAsyncContextManager[AntClient]
        if secret is None:
            opened = AntClient(server, caller.key, ca=target.ca, blocking=short)
        else:
            opened = operator_client(server, secret, target.ca)
        async with opened as ant:
            await verb(ServerCall(ant, sender, as_json), **arguments)

    try:
        if short:
            run_blocking(call())
        else:
            _run_in_loop(call, server)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Ambiguous as exc:
        _exit(USAGE, str(exc))
    except Unreachable as exc:
        _unreachable(server, str(exc))
    except Unauthorized as exc:
        has_shown = secret is not None or caller.key is not None
        more = caller.withheld or (None if has_shown else NO_KEY)
        _exit(REFUSED, " ".join(filter(None, [str(exc), more])))
    except AntError as exc:
        _exit(REFUSED, str(exc))


def _run_in_loop(call: Callable[[], Awaitable[None]], server: str) -> None:
    import httpx
    import trio

    from ant.client.address import distrust

    try:
        trio.run(call)
    except httpx.LocalProtocolError:  # Its text has the header, and so the key.
        _exit(REFUSED, "The key or token of this call cannot be sent in a header.")
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        if (why := distrust(exc)) is not None:
            _unreachable(server, why)
        _unreachable(server, str(exc) or type(exc).__name__)


def _unreachable(server: str, why: str) -> NoReturn:
    sentence = f"cannot reach {server}: {why.rstrip('.')}. `ant doctor` looks further."
    _exit(UNREACHABLE, sentence)


def _exit(code: int, sentence: str) -> NoReturn:
    note(sentence)
    sys.exit(code)
