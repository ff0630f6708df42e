"""`ant status`: what terminals do and ask, once or as it changes."""

import shutil
import sys
from collections.abc import Callable
from typing import Any, Final

import attrs
import click

from ant.cli.runner import ServerCall, server_command
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
@server_command(as_operator=True)
async def status(call: ServerCall, watch: bool) -> None:
    """List running terminals with their state and prompt; waiting ones come first.

    The state is waiting, busy, ready, error or unknown. --watch draws the list again
    after each change on a terminal, and prints one line for each change into a pipe.
    """
    if not watch:
        page = await call.ant.status()
        call.show(page, *table(map(_row, page["terminals"])))
    elif sys.stdout.isatty() and not call.as_json:
        await _watch(call, _Drawing())
    else:
        await _watch(call, _Changes(call))


async def _watch(call: ServerCall, show: Callable[[dict[str, Any]], None]) -> None:
    """Show the overview now and after each change, without end and without polling.

    Raises `Unreachable` when the server stops, or does not answer any more.
    """
    import trio

    from ant.client import ENDED

    while True:
        await trio.lowlevel.checkpoint()
        was_shown = False
        try:
            async with call.ant.stream() as socket:
                await socket.expect("hello")  # What changes from here on is told.
                while True:
                    show(await call.ant.status())
                    was_shown = True
                    while (await socket.receive())["type"] not in TELLS:
                        pass
                    with trio.move_on_after(TOGETHER_S):
                        while True:
                            await socket.receive()
        except ENDED:
            if not was_shown:
                raise


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
