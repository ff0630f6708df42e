"""`ant wait`: wait until something is true of a terminal."""

from __future__ import annotations

import sys
from typing import Any

import click

from ant.cli.runner import ServerCall, clean, server_command

TIMED_OUT = 4
"""The exit code when nothing came in time."""

SIGNAL = 128
"""Added to the number of a signal to make an exit code, as shells do."""


@click.command(short_help="Wait for an end, a prompt or output.")
@click.argument("session")
@click.option(
    "--until",
    multiple=True,
    metavar="FACT",
    help="ready, prompt, exit, block, output:TEXT, output:re:PATTERN or idle:SECONDS. "
    "Several: the first that comes ends the wait.",
)
@click.option(
    "--timeout",
    default=30,
    type=click.IntRange(0, 300),
    help="The most seconds to wait.",
)
@click.option(
    "--after",
    metavar="CURSOR",
    help="Only what came after this place: the `next` of an earlier answer.",
)
@click.option(
    "--cursor",
    "wants_cursor",
    is_flag=True,
    help="Print the place of now; do not wait.",
)
@click.option(
    "--exit-code",
    "takes_code",
    is_flag=True,
    help="Exit with the code of the program or of the command that ended.",
)
@server_command()
async def wait(
    call: ServerCall,
    session: str,
    until: tuple[str, ...],
    timeout: int,
    after: str | None,
    wants_cursor: bool,
    takes_code: bool,
) -> None:
    """Wait until something is true of SESSION: its id, name or handle.

    Exits with 0 when one of the facts came, and with 4 when none came in time. The end
    of the program ends every wait. To miss nothing, take a --cursor before you type
    into the terminal, and wait --after it.
    """
    if wants_cursor:
        until, timeout, after = ("block",), 0, None
    elif not until:
        raise click.UsageError("Say what to wait for: --until FACT.")
    row = await call.ant.session(clean(session))
    facts = tuple(map(clean, until))
    answer = await call.ant.wait(row["id"], *facts, timeout=timeout, after=after)
    call.show(answer, answer["next"] if wants_cursor else _sentence(answer))
    if wants_cursor:
        return
    code = _code(answer) if takes_code else TIMED_OUT * answer["timed_out"]
    if code:
        sys.exit(code)


def _code(answer: Any) -> int:
    """The code of what ended; 1 where it is not known, 0 where nothing ended."""
    if answer["timed_out"]:
        return TIMED_OUT
    if answer["exit_signal"] is not None:
        return SIGNAL + int(answer["exit_signal"])
    if answer["exit_code"] is not None:
        return int(answer["exit_code"])
    return int(answer["until"] in ("exit", "block"))


def _sentence(answer: Any) -> str:
    """An answer in one line."""
    fact = answer["until"]
    if fact is None:
        why = "the server stops" if answer["stopping"] else "nothing came in time"
        return f"timed out: {why}; go on after {answer['next']}"
    if fact == "exit":
        if answer["exit_signal"] is not None:
            return f"exit: signal {answer['exit_signal']}"
        code = answer["exit_code"]
        return f"exit: {'unknown' if code is None else f'code {code}'}"
    if fact == "block":
        code = answer["exit_code"]
        return f"block: code {'unknown' if code is None else code}: {answer['command']}"
    if fact == "prompt":
        return f"prompt: {answer['prompt']['summary']}"
    return f"{fact}: {answer['text']}" if answer["text"] is not None else fact
