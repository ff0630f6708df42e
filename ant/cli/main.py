"""The `ant` command. Nothing heavy is imported before a verb needs it."""

import logging
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click

from ant import __version__
from ant.cli.options import server_options, setting_option
from ant.cli.rooms import chat, msg, sessions, status
from ant.config import Config
from ant.core.errors import AntError, StorageFailed
from ant.data_dir import operator_key


class _Verbs(click.Group):
    """The verbs; the object of the context is whether this process is the command."""

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, **extra: Any
    ) -> Any:
        """Run the command line of this process, or these words, as tests do."""
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

    ready = _Announcer()
    try:
        startup_checks.check_descriptors()
        startup_checks.check_output(sys.stdout)
        api_key = _key(api_key, api_key_file)
        import trio

        from ant import server
        from ant.core import logs

        config = Config(api_key=api_key, **settings)
        logs.set_up(config.log_level, config.api_key)
        trio.run(partial(server.serve, config, ready))
    except (AntError, OSError, MemoryError, BaseExceptionGroup) as exc:
        told = startup_checks.sentence(exc)
        if told is None:
            raise
        # What ends a server that ran is for us to mend, so it is told wholly.
        level = logging.ERROR if ready.is_over else logging.DEBUG
        logging.getLogger(__name__).log(level, "The server has ended.", exc_info=exc)
        click.echo(f"ant: {told}", err=True)
        sys.exit(1)


class _Announcer:
    """Says where the server listens; `is_over` once it has."""

    def __init__(self) -> None:
        self.is_over = False

    def __call__(self, url: str) -> None:
        try:
            click.echo(f"ANT listening on {url}")
        except OSError as exc:
            # Else what waits there fails once more when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise StorageFailed(
                f"Standard output takes nothing ({exc.strerror}), and ANT says there "
                "where it listens: send it to a terminal, a file or /dev/null."
            ) from exc
        self.is_over = True


def _key(given: str | None, file: Path | None) -> str | None:
    """The operator's key, wherever it is; None where there is none.

    A process of our own that was given it in the open is executed anew without it, and
    stays the same process. Raises `Forbidden` and `StorageFailed`.
    """
    handed = operator_key.handed_over()
    if given is None and os.environ.get(operator_key.VARIABLE) == "":
        given = ""
    if file is not None and (given is not None or handed is not None):
        raise click.UsageError("Give the key or a file with it, not both.")
    if file is not None:
        return operator_key.read_key_file(file)
    if given is None:
        return handed
    key = operator_key.check_key(given)
    if click.get_current_context().obj:
        operator_key.execute_without(key)
    return key


@main.group()
def prompts() -> None:
    """What terminals asked, and the rules that find it."""


@prompts.command()
@click.argument("sessions", nargs=-1)
@setting_option("data_dir")
def replay(sessions: tuple[str, ...], data_dir: Path) -> None:
    """Judge stored screens again by today's rules, and print what has changed.

    Exits with 1 where a verdict has changed. Without SESSIONS all of them.
    """
    from ant.history import replay as explaining

    try:
        config = Config(data_dir=data_dir)
        count, changed = explaining.replay_all(config.database, sessions)
    except AntError as exc:
        click.echo(f"ant: {exc}", err=True)
        sys.exit(1)
    for each in changed:
        before, now = (" ".join(map(str, part)) for part in (each.before, each.now))
        click.echo(f"{each.session_id} {each.offset}: {before} -> {now}")
    click.echo(f"{count} verdicts made again, {len(changed)} changed.")
    sys.exit(1 if changed else 0)


@main.group()
def evidence() -> None:
    """What was taken along of a session, and whether it is what it was."""


@evidence.command()
@click.argument("file", type=click.File("rb"))
@click.option("--head", help="A head that you kept elsewhere.")
def verify(file: BinaryIO, head: str | None) -> None:
    """Check the bundle in FILE (`-` is standard input) without a server.

    Exports as `evidence` and as `json` are such bundles. Names the first event that was
    changed or removed and exits with 1; with 2 where FILE is no bundle.
    """
    from ant.export import verify as verifying

    try:
        found = verifying.verify(file.read(), head)
    except (AntError, OSError) as exc:
        click.echo(f"ant: {exc}", err=True)
        sys.exit(2)
    click.echo(
        f"{found.events} events checked, head {found.head or 'none'}; "
        f"{found.compared} outputs compared, {found.missing} not in here."
    )
    if found.earlier:
        click.echo(f"{found.earlier} events before them are not in here.")
    if found.fault is not None:
        click.echo(found.fault)
        sys.exit(1)
