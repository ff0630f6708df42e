"""`ant serve`: run the server."""

import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ant.cli.options import server_options
from ant.cli.runner import printable
from ant.config import API_KEY_FILE, Config
from ant.core.errors import AntError, Forbidden, StorageFailed
from ant.data_dir import operator_key


@click.command(short_help="Run the server.")
@server_options
def serve(api_key: str | None, api_key_file: Path | None, **settings: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    Every option can also be set by an environment variable, such as ANT_MAX_HOPS;
    docs/settings.md lists them. Set ANT_API_KEY or --api-key-file to require that key
    of every caller. Without a key, only programs of this user may call.
    """
    from ant.data_dir import startup_checks

    announcer = _UrlPrinter()
    try:
        startup_checks.check_descriptors()
        startup_checks.check_output(sys.stdout)
        api_key = _key(api_key, api_key_file)
        # What the imports make stays, and to scan it again and again takes 0.1 s.
        gc.disable()
        import trio

        from ant import server
        from ant.core import log_setup

        gc.freeze()
        gc.enable()
        config = Config(api_key=api_key, **settings)
        log_setup.set_up(config.log_level, config.api_key)
        _warn_of_short(config.api_key)
        trio.run(partial(server.serve, config, announcer))
    except (AntError, OSError, MemoryError, BaseExceptionGroup) as exc:
        sentence = startup_checks.sentence(exc)
        if sentence is None:
            raise
        # After a successful start the traceback belongs in the log.
        level = logging.ERROR if announcer.is_printed else logging.DEBUG
        logging.getLogger(__name__).log(level, "The server has ended.", exc_info=exc)
        click.echo(f"ant: {printable(sentence)}", err=True)
        sys.exit(1)


class _UrlPrinter:
    """Prints the URLs of the server, and a sign-in link where a person reads it.

    `is_printed` once that is done.
    """

    def __init__(self) -> None:
        self.is_printed = False

    def __call__(
        self, urls: Sequence[str], make_link: Callable[[], str] | None = None
    ) -> None:
        try:
            click.echo(f"ANT listening on {printable(' and '.join(urls))}")
            # A log or a pipe keeps what it gets, and nobody opens a link there.
            if make_link is not None and sys.stdout.isatty():
                click.echo(
                    f"To sign in, open this within a minute (later: ant open):\n"
                    f"  {make_link()}"
                )
        except OSError as exc:
            # Otherwise the buffered line fails again when the interpreter exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise StorageFailed(
                f"Standard output takes nothing ({exc.strerror}), but ANT prints its "
                "address there: send it to a terminal, a file or /dev/null."
            ) from exc
        self.is_printed = True


def _key(key: str | None, file: Path | None) -> str | None:
    """The operator's key from the environment, the command line or a file, or None.

    If the environment or the command line of this process contains the key, the process
    executes itself again without it. Raises `Forbidden` and `StorageFailed`.
    """
    passed_on = operator_key.passed_key()
    # click reads an empty variable as none.
    if key is None and os.environ.get(operator_key.VARIABLE) == "":
        key = ""
    has_none = key is None and file is None and passed_on is None
    if has_none and os.environ.get(API_KEY_FILE.variable) == "":
        raise Forbidden(
            f"{API_KEY_FILE.variable} is empty: give it the path of a file with the "
            "key, or unset it."
        )
    if file is not None and (key is not None or passed_on is not None):
        raise click.UsageError("Give either the key or a file with it, not both.")
    if file is not None:
        return operator_key.read_key_file(file)
    if key is None:
        return passed_on
    key = operator_key.check_key(key)
    context = click.get_current_context()
    if context.get_parameter_source("api_key") is ParameterSource.COMMANDLINE:
        click.echo(
            "ant: Every program of this machine could read the key in the command line "
            "for a moment, and the shell may keep it: prefer "
            f"{API_KEY_FILE.flag}.",
            err=True,
        )
    if context.obj:
        operator_key.execute_without(key)
    return key


def _warn_of_short(key: str | None) -> None:
    """Log a warning if a key is accepted, but may be guessed."""
    if key is not None and len(key) < operator_key.KEY_SAFE:
        logging.getLogger(__name__).warning(
            "The key has only %d characters; choose one of at least %d, for example "
            "by %s.",
            len(key),
            operator_key.KEY_SAFE,
            operator_key.HOW_TO_MAKE,
        )
