"""Verbs that type into a terminal: `ant send` and `ant key`."""

import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from ant.cli.runner import ServerCall, clean, server_command
from ant.core.errors import AntError, Conflict, NotRunning

PIECE = 256 << 10
"""Bytes of one request; the server accepts at most 1 MiB."""

ENTER = b"\r"


@click.command(short_help="Type text into a terminal, as it is.")
@click.argument("session")
@click.argument("words", nargs=-1, metavar="TEXT")
@click.option("--enter", is_flag=True, help="Press Enter after the text.")
@server_command(as_operator=True, short=True)
async def send(
    call: ServerCall, session: str, words: tuple[str, ...], enter: bool
) -> None:
    """Type TEXT into the terminal SESSION, exactly as given, and no Enter.

    - reads standard input, byte by byte as it is. Words are joined by a blank. ant key
    presses named keys.
    """
    if not words and not enter:
        raise click.UsageError("There is no TEXT to type; - reads standard input.")
    row = await call.ant.session(clean(session))
    size = 0
    receipt = None
    try:
        for piece in _pieces(words, enter):
            receipt = await call.ant.type(row["id"], piece)
            size += len(piece)
    except AntError as exc:
        if size:
            exc.args = (f"{exc} ANT typed the first {size} bytes only.",)
        raise
    if receipt is None:
        raise click.UsageError("Standard input is empty: there is nothing to type.")
    queued = receipt["queued"]
    waits = f"; {queued} of them wait for the program to read" if queued else ""
    call.show(
        {"session_id": row["id"], "size": size, "queued": queued},
        f"Typed {size} bytes into {row['name']}{waits}.",
    )


def _pieces(words: tuple[str, ...], enter: bool) -> Iterator[bytes]:
    """The bytes to type, in pieces that a request can have."""
    if words == ("-",):
        stdin: Any = sys.stdin.buffer
        while piece := stdin.read1(PIECE):
            yield piece
    else:
        data = os.fsencode(" ".join(words))
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]
    if enter:
        yield ENTER


@click.command(short_help="Press named keys, such as Enter or C-c.")
@click.argument("session")
@click.argument("keys", nargs=-1, required=True, metavar="KEY...")
@server_command(as_operator=True, short=True)
async def key(call: ServerCall, session: str, keys: tuple[str, ...]) -> None:
    """Press each KEY in the terminal SESSION.

    Keys are Enter, Tab, Space, Backspace, Escape, Up, Down, Left, Right, Home, End,
    PageUp, PageDown, Insert, Delete, F1 to F12, or one character. C- before a key is
    Ctrl, M- is Alt and S- is Shift: C-c, M-x, S-Tab. The bytes fit the modes that the
    program has set, as the screen knows them.
    """
    from ant.client.terminal.named_keys import encoded

    row = await call.ant.session(clean(session))
    modes = {}
    try:
        modes = (await call.ant.screen(row["id"]))["modes"]
    except NotRunning:
        raise
    except Conflict:
        pass  # The server has no screen library, so it knows no modes.
    try:
        data = b"".join(encoded(clean(each), modes) for each in keys)
    except ValueError as exc:
        raise click.UsageError(str(exc)) from exc
    receipt = await call.ant.type(row["id"], data)
    call.show(
        {"session_id": row["id"], "keys": list(keys), **receipt},
        f"Pressed {' '.join(keys)} in {row['name']}.",
    )
