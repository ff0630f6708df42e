"""Calls of a server by the verbs of `ant`: the server, the caller, the exit code.

A verb is an async function with a `ServerCall` as its first argument. It exits with 1
if the server refuses, with 2 on bad usage, with 3 if no server answers and with 130
after Ctrl-C. A verb imports the libraries that it needs when it runs.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import attrs
import click

from ant.cli.servers import DEFAULT_SERVER, ON, URL_VARIABLE, NamedServer, chosen
from ant.config import API_KEY_FILE, SETTINGS
from ant.core.errors import AntError, Unauthorized
from ant.core.ip_addresses import is_loopback
from ant.core.visible_text import escaped
from ant.data_dir import operator_key

if TYPE_CHECKING:
    from ant.client import AntClient

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130
"""Exit codes. A shell gives 130 to what Ctrl-C ended."""


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


@attrs.frozen
class Caller:
    """The key or token that a call shows, and its sender; either may be None.

    `withheld` is why a key of the environment is not shown.
    """

    key: str | None
    sender: str | None
    withheld: str | None = None


def identity(
    server: str,
    *,
    as_operator: bool,
    key_file: Path | None = None,
    plain_http: bool = False,
) -> Caller:
    """Who calls a server: no server receives a key or a token of another one.

    The token, the session and the operator's key of the environment (ANT_API_KEY, or
    the file in ANT_API_KEY_FILE) belong to the server of ANT_SERVER_URL, or else to the
    default one. It receives the token unless the call is one that only the operator may
    make. Another server receives the key in `key_file` only. Only the server that made
    an `operator.key` receives that key. Without `plain_http` no key of the operator
    goes over plain HTTP to another machine.

    Raises `click.UsageError` for such a key, and the errors of `read_key_file`.
    """
    home = os.environ.get(URL_VARIABLE) or DEFAULT_SERVER
    is_home = _same(home, server)
    own = os.environ.get("ANT_SESSION_ID") if is_home else None
    if key_file is not None:
        key = operator_key.read_key_file(key_file.expanduser())
        return Caller(_sendable(key, server, plain_http), own or "cli")
    token = os.environ.get("ANT_TOKEN") if is_home else None
    if token and not (as_operator and _has_key()):
        return Caller(token, None)
    if _has_key() and is_home:
        return Caller(_sendable(_key(), server, plain_http), own or "cli")
    if "ANT_SESSION_ID" not in os.environ:
        data_dir = SETTINGS["data_dir"]
        folder = os.environ.get(data_dir.variable) or data_dir.default
        found = operator_key.read(Path(folder).expanduser())
        if found and _same(found.url, server):
            return Caller(found.key, own or "cli")
    withheld = (
        f"The key of the environment is for {home}; for {server} give "
        f"{API_KEY_FILE.flag} FILE."
    )
    return Caller(None, own or "cli", withheld if _has_key() else None)


def _has_key() -> bool:
    variables = operator_key.VARIABLE, API_KEY_FILE.variable
    return any(os.environ.get(each) for each in variables)


def _key() -> str:
    """The operator's key of the environment. Raises as `read_key_file` does."""
    key = os.environ.get(operator_key.VARIABLE)
    if key:
        return key
    file = Path(os.environ[API_KEY_FILE.variable])
    return operator_key.read_key_file(file.expanduser())


def _sendable(key: str, server: str, plain_http: bool) -> str:
    """The key, if it may go to that server. Raises `click.UsageError` if not."""
    parts = urlsplit(server)
    is_safe = parts.scheme.lower() == "https" or is_loopback(parts.hostname or "")
    if not (is_safe or plain_http):
        raise click.UsageError(
            f"Everybody between here and {parts.hostname} could read the key, since "
            f"{server} is plain http: use https, an SSH tunnel, or --plain-http."
        )
    return key


def _same(one: str, two: str) -> bool:
    """Whether two URLs are equal; the case of the host does not count."""
    first, second = (urlsplit(each.rstrip("/")) for each in (one, two))
    return (first.scheme, first.netloc.lower(), first.path) == (
        *(second.scheme, second.netloc.lower(), second.path),
    )


def server_command(
    *, as_operator: bool = False, short: bool = False
) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Make a verb of an async function `(call, arguments…)`.

    The verb has the options --on, --server and --json. `as_operator`: it uses the
    operator's key if there is one, since a token may not make this call. `short`: it
    only makes calls, one after the other. So it needs no event loop for a server of
    this machine, and no time to import one.
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
            "--json", "as_json", is_flag=True, help="Print the JSON response."
        )
        @functools.wraps(verb)
        def command(
            on: str | None,
            server: str | None,
            key_file: Path | None,
            plain_http: bool,
            as_json: bool,
            **arguments: Any,
        ) -> None:
            if on is None and server is None:
                on = click.get_current_context().meta.get(ON)
            target = chosen(on, server)
            if isinstance(target, NamedServer):
                url, plain_http = target.url, plain_http or target.plain_http
                key_file = key_file or _key_file(target)
            else:
                url = target
            if not url.startswith(("http://", "https://")):
                raise click.UsageError(f"{url!r} is not an http:// or https:// URL.")
            try:
                caller = identity(
                    url,
                    as_operator=as_operator,
                    key_file=key_file,
                    plain_http=plain_http,
                )
            except AntError as exc:
                _exit(REFUSED, str(exc))
            except ValueError as exc:
                raise click.UsageError(f"{url!r} is not a URL: {exc}.") from exc
            _run(verb, url, caller, as_json, arguments, short)

        return command

    return decorate


def _key_file(server: NamedServer) -> Path | None:
    """The key file of a named server, but none in a terminal of that server.

    There the caller is the terminal, unless the command line names a key itself.
    """
    home = os.environ.get(URL_VARIABLE) or DEFAULT_SERVER
    is_inside = "ANT_SESSION_ID" in os.environ and _same(home, server.url)
    return None if is_inside else server.key_file


def _run(
    verb: Callable[..., Awaitable[None]],
    server: str,
    caller: Caller,
    as_json: bool,
    arguments: dict[str, Any],
    short: bool,
) -> None:
    from ant.client import Ambiguous, AntClient, Unreachable, run_blocking
    from ant.client.blocking_http import fits

    async def call() -> None:
        async with AntClient(server, caller.key, blocking=short) as ant:
            await verb(ServerCall(ant, caller.sender, as_json), **arguments)

    try:
        if short and fits(server):
            run_blocking(call())
        else:
            _run_in_loop(call, server)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Ambiguous as exc:
        _exit(USAGE, str(exc))
    except Unreachable as exc:
        _exit(UNREACHABLE, f"cannot reach {server}: {exc}")
    except Unauthorized as exc:
        _exit(REFUSED, " ".join(filter(None, [str(exc), caller.withheld])))
    except AntError as exc:
        _exit(REFUSED, str(exc))


def _run_in_loop(call: Callable[[], Awaitable[None]], server: str) -> None:
    import httpx
    import trio

    try:
        trio.run(call)
    except httpx.LocalProtocolError:  # Its text has the header, and so the key.
        _exit(REFUSED, "The key or token of this call cannot be sent in a header.")
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        _exit(UNREACHABLE, f"cannot reach {server}: {str(exc) or type(exc).__name__}")


def _exit(code: int, sentence: str) -> NoReturn:
    note(sentence)
    sys.exit(code)
