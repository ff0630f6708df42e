"""`ant run`: a command in a terminal of ANT, followed until it ends."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final

import attrs
import click
import trio

from ant.cli.runner import (
    ServerCall,
    clean,
    note,
    printable,
    retry_option,
    server_command,
)
from ant.cli.terminal.attachment import (
    LOST,
    SIGNAL,
    Attachment,
    Detached,
    Signalled,
    detach_key,
    detach_key_option,
    exit_code,
    sentence,
)
from ant.cli.verbs.sessions import session_name, variable
from ant.core.errors import AntError

if TYPE_CHECKING:
    from ant.cli.terminal.detach_key import DetachKey
    from ant.client import Exit, TerminalStream

LONGEST_NAME: Final = 60
"""Characters of a name that is made of the command."""

TWICE_S: Final = 2.0
"""A second Ctrl-C within so many seconds ends the program."""

INTERRUPT: Final = b"\x03"


@click.command(
    short_help="Run a command in a terminal, and follow it.",
    context_settings={"allow_interspersed_args": False},
)
@click.argument("command", nargs=-1, required=True)
@click.option("--name", help="The name of the terminal. Default: the command.")
@click.option("--cwd", help="The folder in which it starts. Default: this one.")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable to add.")
@click.option(
    "--host", type=click.Choice(["pty", "tmux"]), help="tmux outlives the server."
)
@click.option("--keep", is_flag=True, help="Keep the terminal when the command ends.")
@click.option("--detach", "-d", is_flag=True, help="Start it, and do not follow it.")
@detach_key_option
@retry_option
@server_command(as_operator=True)
async def run(
    call: ServerCall,
    command: tuple[str, ...],
    name: str | None,
    cwd: str | None,
    env: tuple[str, ...],
    host: str | None,
    keep: bool,
    detach: bool,
    detach_key_name: str,
    retry: float,
) -> None:
    """Run COMMAND in a terminal, in this folder, and exit with its exit code.

    On a terminal it is as if you ran it there: you type into it, and Ctrl+] leaves it
    running. In a pipe its output is printed byte by byte. Ctrl-C interrupts it; a
    second one within two seconds ends it. A signal N makes the code 128+N. The code is
    125 if nobody knows how it ended. The variables of your shell are not passed on.
    """
    key = detach_key(detach_key_name)
    if call.as_json and not detach:
        raise click.UsageError("run prints what the command prints: no --json.")
    fields: dict[str, Any] = {
        "command": list(map(clean, command)),
        "root_dir": clean(cwd or os.getcwd()),
        "env": dict(map(variable, env)),
    }
    if host is not None:
        fields["host"] = host
    name = clean(name) if name is not None else await _free_name(call, command)
    if detach:
        row = await call.ant.create(name, **fields)
        call.show(row, f"Started {session_name(row)}.")
        return
    is_interactive = sys.stdin.isatty() and sys.stdout.isatty()
    if is_interactive:
        from ant.cli.terminal.local_terminal import size_of_terminal

        fields["cols"], fields["rows"] = size_of_terminal()
    row = await call.ant.create(name, start=False, **fields)
    followed = _Run(call, row, retry, keep)
    result = await (followed.on_terminal(key) if is_interactive else followed.in_pipe())
    shown = printable(row["name"])
    if isinstance(result, Detached):
        click.echo(f"[detached from {shown}]")
        return
    if isinstance(result, Signalled):
        note(f"{shown} goes on; ant attach shows it.")
        sys.exit(SIGNAL + result.number)
    code = exit_code(result)
    if code == LOST and result.exit_code is None:
        note(f"{sentence(shown, result)}.")
    elif not keep:
        await call.ant.remove(row["id"])
    sys.exit(code)


async def _free_name(call: ServerCall, command: tuple[str, ...]) -> str:
    """A name made of the command that no active session has."""
    words = clean(" ".join(command))
    text = "".join(char if char.isprintable() else "?" for char in words)
    base = text[:LONGEST_NAME].strip() or "run"
    taken = {row["name"] for row in (await call.ant.sessions())["sessions"]}
    names = (base if n == 1 else f"{base} ({n})" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


@attrs.define(eq=False)
class _Run:
    """A command in a terminal that was made for it, and is not started yet."""

    _call: ServerCall
    _row: dict[str, Any]
    _retry_s: float
    _keeps: bool
    _interrupted_at: float = -math.inf
    _result: Exit | Signalled | None = None

    async def on_terminal(self, key: DetachKey) -> Exit | Detached | Signalled:
        """Start it on the terminal of the caller, and follow it there."""
        from ant.cli.terminal.local_terminal import LocalTerminal

        with LocalTerminal.opened() as terminal:
            async with self._follow(terminal.size) as stream:
                shown = Attachment(
                    self._call,
                    self._row,
                    terminal,
                    stream,
                    key,
                    is_inline=True,
                    on_typed=self._see_typed,
                )
                return await shown.run()

    async def in_pipe(self) -> Exit | Signalled:
        """Start it, and print its output byte by byte."""
        from httpx import TransportError

        from ant import client

        failure: Exception | None = None
        async with self._follow(None) as stream, trio.open_nursery() as nursery:
            nursery.start_soon(self._watch_signals, nursery.cancel_scope)
            try:
                async for item in stream:
                    if isinstance(item, client.Output):
                        sys.stdout.buffer.write(item.data)
                        sys.stdout.buffer.flush()
                    elif isinstance(item, client.ConnectionLost):
                        note(f"The connection has ended ({item.reason}).")
                    elif isinstance(item, client.Exit):
                        self._result = item
            except (AntError, TransportError, OSError) as exc:
                failure = exc
            nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure
        assert self._result is not None
        return self._result

    def _follow(
        self, size: tuple[int, int] | None
    ) -> AbstractAsyncContextManager[TerminalStream]:
        return self._call.ant.follow(
            self._row["id"], from_=0, size=size, start=True, retry_s=self._retry_s
        )

    async def _watch_signals(self, scope: trio.CancelScope) -> None:
        """Interrupt the program at Ctrl-C; leave it at another signal."""
        ends = (signal.SIGTERM, signal.SIGHUP)
        with trio.open_signal_receiver(signal.SIGINT, *ends) as signals:
            async for number in signals:
                if number in ends:
                    self._result = Signalled(number)
                    scope.cancel()
                elif self._is_second():
                    await self._try(self._end())
                else:
                    await self._try(self._call.ant.interrupt(self._row["id"]))

    async def _see_typed(self, data: bytes) -> None:
        """End the program at a second Ctrl-C, if the first one was for its terminal.

        A program that reads keys one by one decides itself about both.
        """
        if data == INTERRUPT and self._is_second():
            await self._try(self._end_if_canonical())

    def _is_second(self) -> bool:
        before, self._interrupted_at = self._interrupted_at, trio.current_time()
        return self._interrupted_at - before < TWICE_S

    async def _end_if_canonical(self) -> None:
        tty = (await self._call.ant.explain(self._row["id"]))["tty"]
        if tty is not None and tty["canonical"]:
            await self._end()

    async def _end(self) -> None:
        """End the program, and put its terminal away."""
        if self._keeps:
            await self._call.ant.change(self._row["id"], archived=True)
        else:
            await self._call.ant.remove(self._row["id"])

    async def _try(self, call: Coroutine[Any, Any, Any]) -> None:
        """Make a call whose failure does not end the run: the person sees no effect."""
        from httpx import TransportError

        try:
            await call
        except (AntError, TransportError) as exc:
            if not sys.stdin.isatty():
                note(str(exc))
