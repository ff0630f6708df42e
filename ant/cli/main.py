"""The `ant` command. A verb imports the libraries that it needs when it runs."""

import logging
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
from click.core import ParameterSource

from ant import __version__
from ant.cli.options import server_options, setting_option
from ant.cli.rooms import chat, msg, sessions, status
from ant.cli.runner import printable
from ant.config import API_KEY_FILE, Config
from ant.core.errors import AntError, Forbidden, StorageFailed
from ant.data_dir import operator_key


class _Verbs(click.Group):
    """The verbs; the context's `obj` is whether the process has this command line."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, **extra: Any
    ) -> Any:
        """Run the command line of this process, or `args`, as tests do."""
        return super().main(args, obj=args is None, **extra)


@click.group(
    cls=_Verbs, context_settings={"show_default": True, "max_content_width": 100}
)
@click.version_option(__version__, prog_name="ant")
def main() -> None:
    """ANT: an operator server for terminals and AI agents."""


for _verb in (msg, chat, sessions, status):
    main.add_command(_verb)


@main.command()
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
        import trio

        from ant import server
        from ant.core import logs

        config = Config(api_key=api_key, **settings)
        logs.set_up(config.log_level, config.api_key)
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
    """Prints the URL of the server; `is_printed` once that is done."""

    def __init__(self) -> None:
        self.is_printed = False

    def __call__(self, url: str) -> None:
        try:
            click.echo(f"ANT listening on {url}")
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


@main.group()
def prompts() -> None:
    """Prompts of terminals, and the rules that detect them."""


@prompts.command()
@click.argument("sessions", nargs=-1)
@setting_option("data_dir")
def replay(sessions: tuple[str, ...], data_dir: Path) -> None:
    """Classify stored screens again by the present rules, and print what differs.

    Without SESSIONS it reads all sessions. Exits with 1 if a verdict differs.
    """
    from ant.history.replay import replay_all

    try:
        config = Config(data_dir=data_dir)
        count, changed = replay_all(config.database, sessions)
    except AntError as exc:
        click.echo(f"ant: {printable(str(exc))}", err=True)
        sys.exit(1)
    for each in changed:
        before, now = (" ".join(map(str, part)) for part in (each.before, each.now))
        line = f"{each.session_id} {each.offset}: {before} -> {now}"
        click.echo(printable(line))
    click.echo(f"{count} verdicts replayed, {len(changed)} differ.")
    sys.exit(1 if changed else 0)


@main.group()
def evidence() -> None:
    """Evidence bundles of sessions."""


@evidence.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--head", help="A head hash that you stored elsewhere; the bundle must contain it."
)
def verify(file: BinaryIO, head: str | None) -> None:
    """Check the bundle in FILE (`-` is standard input) without a server.

    Exports as `evidence` and as `json` are such bundles. The output names what was
    changed or removed, and lists what a check does not cover. Exits with 1 if something
    was changed, and with 2 if FILE is no bundle.
    """
    from ant.export import verify as verification

    try:
        result = verification.verify(file.read(), head)
    except (AntError, OSError) as exc:
        click.echo(f"ant: {printable(str(exc))}", err=True)
        sys.exit(2)
    click.echo(
        f"{result.events} events checked, head {result.head or 'none'}; "
        f"{result.compared} outputs compared, {result.missing} not in the bundle."
    )
    if result.earlier:
        click.echo(f"{result.earlier} events before them are not in the bundle.")
    if result.redacted:
        click.echo(
            f"Events without content: {result.redacted}. It was deleted, or pruned by "
            "age; only their place in the chain is proven."
        )
    for line in result.faults or ["Nothing was changed in what the check covers."]:
        click.echo(printable(line))
    click.echo("Not covered, so a change there is not found:")
    for each in result.uncovered:
        text = f"{', '.join(each.paths)}: {each.reason}."
        click.echo(click.wrap_text(printable(text), 78, "- ", "  "))
    sys.exit(1 if result.faults else 0)
