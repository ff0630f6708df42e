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


@click.command()
@click.argument("session")
@click.option(
    "--until",
    multiple=True,
    required=True,
    metavar="FACT",
    help="ready, prompt, exit, block, output:TEXT, output:re:PATTERN or idle:SECONDS. "
    "Several: the first that comes ends the wait.",
)
@click.option(
    "--timeout",
    default=30,
    type=click.IntRange(0, 300),
    help="Seconds to wait.",
)
@click.option(
    "--after",
    metavar="CURSOR",
    help="Only what came after this place: the `next` of an earlier answer.",
)
@click.option(
    "--next", "shows_next", is_flag=True, help="Print the place to go on, and no more."
)
@click.option(
    "--exit-code",
    "takes_code",
    is_flag=True,
    help="Exit with the code of the program or command that ended.",
)
@server_command()
async def wait(
    call: ServerCall,
    session: str,
    until: tuple[str, ...],
    timeout: int,
    after: str | None,
    shows_next: bool,
    takes_code: bool,
) -> None:
    """Wait until something is true of SESSION: its id, name or handle.

    Exits with 0 when a fact came, and with 4 when none came in time. The end of the
    program ends every wait. With --timeout 0 --next it prints the place of now.
    """
    row = await call.ant.session(clean(session))
    answer = await call.ant.wait(
        row["id"], *map(clean, until), timeout=timeout, after=after
    )
    call.show(answer, answer["next"] if shows_next else _sentence(answer))
    code = _code(answer) if takes_code else int(answer["timed_out"]) * TIMED_OUT
    if code and not (shows_next and answer["timed_out"]):
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
