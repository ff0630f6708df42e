"""`ant status`: what terminals do and ask, once or as it changes."""

import shutil
import sys
from collections.abc import Callable
from typing import Any, Final

import attrs
import click

from ant.cli.runner import ServerCall, retry_option, server_command
from ant.cli.table import table

TELLS: Final = frozenset(
    {
        "agent_status_updated",
        "prompt_bridge_resolved",
        "prompt_detected",
        "prompt_updated",
        "session_exited",
        "session_input_resolved",
        "session_needs_input",
        "sessions_changed",
    }
)
"""The events after which the overview may differ; every socket receives them."""

TOGETHER_S: Final = 0.05
"""Events of one change come right after each other: they are one look."""

CLEAR, NO_WRAP, WRAP = "\r\x1b[J", "\x1b[?7l", "\x1b[?7h"


@click.command(short_help="List what terminals do and ask.")
@click.option("--watch", "-w", is_flag=True, help="Go on, and show each change.")
@retry_option
@server_command(as_operator=True)
async def status(call: ServerCall, watch: bool, retry: float) -> None:
    """List running terminals with their state and prompt; waiting ones come first.

    The state is waiting, busy, ready, error or unknown. --watch draws the list again
    after each change on a terminal, and prints one line for each change into a pipe.
    """
    if not watch:
        page = await call.ant.status()
        call.show(page, *table(map(_row, page["terminals"])))
    elif sys.stdout.isatty() and not call.as_json:
        await _watch(call, _Drawing(), retry)
    else:
        await _watch(call, _Changes(call), retry)


async def _watch(
    call: ServerCall, show: Callable[[dict[str, Any]], None], retry_s: float
) -> None:
    """Show the overview now and after each change, without end and without polling.

    Raises `Unreachable` when no server can be reached any more.
    """
    import trio

    from ant.client import RETRIED, Reconnection

    reconnection = Reconnection(retry_s)
    while True:
        try:
            if (
                reconnection.is_lost
            ):  # A handshake with a dead server may only time out.
                await call.ant.health()
            async with call.ant.stream() as socket:
                await socket.expect("hello")  # What changes from here on is told.
                while True:
                    show(await call.ant.status())
                    reconnection.opened()
                    while (await socket.receive())["type"] not in TELLS:
                        pass
                    with trio.move_on_after(TOGETHER_S):
                        while True:
                            await socket.receive()
        except RETRIED as exc:
            if not reconnection.is_worth_a_try(exc):
                raise
        await reconnection.pause()


@attrs.define
class _Drawing:
    """Draws each overview over the one before, cut to the size of the terminal."""

    _drawn: int = 0

    def __call__(self, page: dict[str, Any]) -> None:
        room = shutil.get_terminal_size().lines - 1
        lines = list(table(map(_row, page["terminals"])))[:room]
        text = "\n".join(lines or ["No terminal runs."])
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        click.echo(f"{NO_WRAP}{up}{CLEAR}{text}{WRAP}", color=True)
        self._drawn = max(1, len(lines))


@attrs.define
class _Changes:
    """Prints each terminal, and then those that changed, or are gone."""

    _call: ServerCall
    _known: dict[str, tuple[str, ...]] = attrs.field(factory=dict)

    def __call__(self, page: dict[str, Any]) -> None:
        terminals = {each["session"]["id"]: each for each in page["terminals"]}
        rows = {id_: _row(each) for id_, each in terminals.items()}
        for id_, row in self._known.items():
            if id_ not in rows:
                gone = {"session": {"id": id_}, "gone": True}
                self._call.show_one(gone, *table([("gone", *row[1:3])]))
        for id_, row in rows.items():
            if self._known.get(id_) != row:
                self._call.show_one(terminals[id_], *table([row]))
        self._known = rows


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    session, prompt, agent = each["session"], each["prompt"], each["agent_status"]
    state = agent["state"] if agent else "unknown"
    question = (agent and agent["waitingFor"]) or ""
    if prompt is not None:
        state = "waiting"
        labels = (option["label"] for option in prompt["options"])
        options = "".join(f" [{n}] {label}" for n, label in enumerate(labels, 1))
        words = prompt["question"] or prompt["summary"] or f"({prompt['class']})"
        question = words + options
    name = session["handle"] or session["id"]
    return state, name, session["name"], question
