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
from ant.cli.rooms import chat, msg, sessions, status
from ant.config import Config
from ant.core.errors import AntError, StorageFailed
from ant.data_dir import operator_key

_LEVELS = click.Choice(["debug", "info", "warning", "error"], case_sensitive=False)


def _absolute(_: click.Context, __: click.Parameter, path: Path | None) -> Path | None:
    """The folder that is meant, also where no shell has read the `~`."""
    try:
        return None if path is None else path.expanduser().absolute()
    except RuntimeError as exc:
        raise click.BadParameter(str(exc)) from exc


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
@click.option(
    "--host", default="127.0.0.1", envvar="ANT_HOST", help="Address to listen on."
)
@click.option(
    "--port",
    default=6458,
    envvar="ANT_PORT",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--data-dir",
    callback=_absolute,
    default="~/.ant",
    envvar="ANT_DATA_DIR",
    type=click.Path(path_type=Path, readable=False),
    help="Folder of the database.",
)
@click.option("--log-level", default="info", envvar="ANT_LOG_LEVEL", type=_LEVELS)
@click.option(
    "--grace",
    "grace_s",
    default=5.0,
    envvar="ANT_GRACE_S",
    type=click.FloatRange(0, 60),
    help="Seconds to leave in, on a stop.",
)
@click.option(
    "--insecure",
    is_flag=True,
    envvar="ANT_INSECURE",
    help="Listen on a public address without ANT_API_KEY.",
)
@click.option(
    "--max-active-sessions",
    default=0,
    envvar="ANT_MAX_ACTIVE_SESSIONS",
    type=click.IntRange(0),
    help="Terminals that may run at once; 0 is no cap.",
)
@click.option(
    "--max-hops",
    default=8,
    envvar="ANT_MAX_HOPS",
    type=click.IntRange(0),
    help="Programs in a row that answer each other; 0 is no bound.",
)
@click.option(
    "--room-posts-per-minute",
    default=60,
    envvar="ANT_ROOM_POSTS_PER_MINUTE",
    type=click.IntRange(0),
    help="Posts of programs to others in one room; 0 is no bound.",
)
@click.option(
    "--token-bytes-per-minute",
    default=1 << 20,
    envvar="ANT_TOKEN_BYTES_PER_MINUTE",
    type=click.IntRange(0),
    help="Bytes that one terminal's token may write; 0 is no bound.",
)
@click.option(
    "--token-requests-per-minute",
    default=600,
    envvar="ANT_TOKEN_REQUESTS_PER_MINUTE",
    type=click.IntRange(0),
    help="Requests with which it may write; 0 is no bound.",
)
@click.option(
    "--token-body-max",
    default=64 << 10,
    envvar="ANT_TOKEN_BODY_MAX",
    type=click.IntRange(1024, 10 << 20),
    help="Bytes of one such request.",
)
@click.option(
    "--transcript-max-bytes",
    default=256 << 20,
    envvar="ANT_TRANSCRIPT_MAX_BYTES",
    type=click.IntRange(65536),
    help="Transcript kept per session.",
)
@click.option(
    "--event-log-keep",
    default=100_000,
    envvar="ANT_EVENT_LOG_KEEP",
    type=click.IntRange(1),
    help="Events kept in the log.",
)
@click.option(
    "--event-log-max-age-days",
    default=30,
    envvar="ANT_EVENT_LOG_MAX_AGE_DAYS",
    type=click.IntRange(1),
    help="Days that an event is kept.",
)
@click.option(
    "--public-url", envvar="ANT_PUBLIC_URL", help="How others reach this server."
)
@click.option(
    "--allowed-hosts",
    envvar="ANT_ALLOWED_HOSTS",
    help="More Host names, comma separated.",
)
@click.option(
    "--webhook-private",
    is_flag=True,
    envvar="ANT_WEBHOOK_PRIVATE",
    help="Let prompts be posted to private addresses.",
)
@click.option(
    "--export-dir",
    callback=_absolute,
    envvar="ANT_EXPORT_DIR",
    type=click.Path(path_type=Path),
    help="Folder that exports are written to.",
)
@click.option(
    "--obsidian-vault",
    callback=_absolute,
    envvar="ANT_OBSIDIAN_VAULT",
    type=click.Path(path_type=Path),
    help="Vault that Markdown exports are written to.",
)
@click.option(
    "--shell-integration/--no-shell-integration",
    default=True,
    envvar="ANT_SHELL_INTEGRATION",
    help="Have bash, zsh and fish tell their prompts and commands.",
)
@click.option(
    "--default-host",
    default="pty",
    envvar="ANT_DEFAULT_HOST",
    type=click.Choice(["pty", "tmux"]),
    help="What holds a terminal: pty ends with the server, tmux goes on.",
)
@click.option(
    "--spool-max-bytes",
    default=256 << 20,
    envvar="ANT_SPOOL_MAX_BYTES",
    type=click.IntRange(65536),
    help="Output of a tmux session that waits to be stored.",
)
@click.option("--api-key", envvar="ANT_API_KEY", hidden=True)
@click.option(
    "--api-key-file",
    callback=_absolute,
    envvar="ANT_API_KEY_FILE",
    type=click.Path(path_type=Path),
    help="File with the key that every caller must show.",
)
def serve(
    data_dir: Path,
    allowed_hosts: str | None,
    api_key: str | None,
    api_key_file: Path | None,
    **settings: object,
) -> None:
    """Run the server until SIGTERM or Ctrl-C.

    Set ANT_API_KEY, or name a file, to ask every caller for that key. Without one only
    programs of this user may call.
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

        config = Config(
            data_dir=data_dir,
            allowed_hosts=tuple(
                filter(None, map(str.strip, (allowed_hosts or "").split(",")))
            ),
            api_key=api_key,
            **settings,  # type: ignore[arg-type]
        )
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
@click.option(
    "--data-dir",
    callback=_absolute,
    default="~/.ant",
    envvar="ANT_DATA_DIR",
    type=click.Path(path_type=Path),
    help="Folder of the database; a server may run on it.",
)
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
