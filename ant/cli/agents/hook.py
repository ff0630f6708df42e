"""`ant hook`: passes an event of an agent's hooks on, and prints the answer.

An agent CLI runs it with the event as JSON on standard input. It must never stop the
agent: whatever goes wrong, it prints nothing, and its exit code is not the 2 with which
a hook blocks.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any, Final

import click

from ant.cli.runner import note
from ant.client.access.credentials import find
from ant.client.access.servers import URL_VARIABLE, WrongServer
from ant.core import clock
from ant.core.errors import AntError
from ant.terminal.agents.hook_settings import (
    FORMS,
    MARGIN_S,
    PERMISSION,
    TOKEN,
    wait_s,
)

MAX_BYTES: Final = 1 << 20
"""The longest event: the server refuses a longer body."""

READ_S: Final = 5.0
"""Seconds in which the agent must have written the event."""

DECISION: Final = "hookSpecificOutput"
"""The part of an answer that is for the agent. Other answers are receipts."""


class _NeverBlocks(click.Command):
    """A command for which bad usage is not the exit code 2."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Read the command line. Raises `click.ClickException`, and never exits."""
        try:
            return super().make_context(*args, **extra)
        except click.UsageError as exc:
            raise click.ClickException(exc.format_message()) from exc


@click.command(cls=_NeverBlocks, short_help="Pass on an event of an agent's hooks.")
@click.option(
    "--agent",
    type=click.Choice(FORMS),
    default=FORMS[0],
    help="The agent that runs this.",
)
def hook(agent: str) -> None:
    """Pass an event of an agent's hooks on to the server of this terminal.

    The agent writes the event to standard input, as JSON. For a permission, ant waits
    until somebody answers, and prints the decision. Outside of a terminal of ANT, and
    where no server answers, it prints nothing, and the agent asks by itself.
    """
    url = os.environ.get(URL_VARIABLE)
    if not url or not os.environ.get(TOKEN):
        return
    try:
        answer = _passed_on(_read(), agent, url)
    except (AntError, WrongServer, OSError, ValueError) as exc:
        note(f"The hook has no answer: {exc}")
        return
    if answer is not None:
        click.echo(answer)


def _read() -> bytes:
    """Read standard input to its end. Raises `ValueError` if that is long or late."""
    fd, data = sys.stdin.fileno(), b""
    until = clock.monotonic() + READ_S
    while (left := until - clock.monotonic()) > 0:
        if not select.select([fd], [], [], left)[0]:
            break
        if not (part := os.read(fd, 65536)):
            return data
        data += part
        if len(data) > MAX_BYTES:
            raise ValueError(f"the event has more than {MAX_BYTES} bytes.")
    raise ValueError(f"the event did not end within {READ_S:g} s.")


def _passed_on(data: bytes, agent: str, url: str) -> str | None:
    """Send an event; return the decision as JSON, or None if there is none."""
    from ant.client import AntClient, render, run_blocking
    from ant.client.blocking_http import fits

    event = json.loads(data)
    if not isinstance(event, dict):
        raise ValueError("the event is no JSON object.")
    event["agent"] = agent
    name = event.get("hook_event_name")
    target, is_blocking = find(None, url), fits(url)

    async def report() -> Any:
        key = target.caller.key
        async with AntClient(url, key, ca=target.ca, blocking=is_blocking) as ant:
            return await ant.report_hook(event, wait_s(agent, name) - MARGIN_S)

    answer = run_blocking(report()) if is_blocking else _in_loop(report)
    is_decision = isinstance(answer, dict) and DECISION in answer
    return render(answer, None) if is_decision and name == PERMISSION else None


def _in_loop(report: Any) -> Any:
    """Run a call in an event loop. Raises `ValueError` if the transport fails."""
    import httpx
    import trio

    try:
        return trio.run(report)
    except (httpx.TransportError, httpx.InvalidURL) as exc:
        raise ValueError(str(exc) or type(exc).__name__) from exc
