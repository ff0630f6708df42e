"""Checks of `ant doctor`: the server that `ant` calls, and who the caller is to it."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import attrs

import ant
from ant.cli.host.data_checks import lock_holder
from ant.cli.host.finding import Finding, ok, problem, warning
from ant.client.access.credentials import ServerTarget, find
from ant.core import clock
from ant.core.errors import AntError, Forbidden, NotFound, Unauthorized

ANSWER_S: Final = 3.0
"""How long the server may take for its answers."""

SKEW_S: Final = 5.0
"""Seconds between the clocks; a snapshot of the server may be a second old."""


@attrs.frozen
class Asked:
    """What the command line says about the server to call."""

    on: str | None
    url: str | None
    key_file: Path | None
    plain_http: bool


def check_server(asked: Asked, folder: Path) -> Iterator[Finding]:
    """Whether the server answers, its version, its state, its clock, and the caller.

    `folder` is the data folder of a server of this machine.
    """
    try:
        target = find(
            asked.on,
            asked.url,
            as_operator=True,
            key_file=asked.key_file,
            plain_http=asked.plain_http,
        )
    except AntError as exc:
        yield problem("server", str(exc), "Mend that, or give --server URL.")
        return
    url, caller = target.url, target.caller
    try:
        who, health = _ask(target)
    except (Unauthorized, Forbidden) as exc:
        text = " ".join(filter(None, [str(exc), caller.withheld]))
        yield problem("caller", text, "docs/identity.md says which key goes where.")
        return
    except AntError as exc:
        yield from _unreachable(url, str(exc), folder)
        return
    if health is None:
        yield ok("server", f"{url} answers; only the operator may read its state")
    else:
        yield from _states(url, health)
    yield _caller(who)


Answer = dict[str, Any] | None


def _ask(target: ServerTarget) -> tuple[Answer, Answer]:
    """Who calls a server, and its health; None is what it does not tell.

    Raises `AntError`.
    """
    import httpx
    import trio

    from ant.client import AntClient

    async def ask() -> tuple[Answer, Answer]:
        who = health = None
        with trio.fail_after(ANSWER_S):
            async with AntClient(target.url, target.caller.key, ca=target.ca) as client:
                with suppress(NotFound):  # A server of an older ANT.
                    who = await client.caller()
                try:
                    health = await client.health()
                except Forbidden:
                    if who is None:
                        raise
        return who, health

    try:
        return trio.run(ask)
    except trio.TooSlowError as exc:
        raise AntError(f"It does not answer within {ANSWER_S:g} s") from exc
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
        raise AntError(str(exc) or type(exc).__name__) from exc


def _unreachable(url: str, reason: str, folder: Path) -> Iterator[Finding]:
    text, holder = f"{url}: {reason.rstrip('.')}.", lock_holder(folder)
    if holder is not None:
        yield problem(
            "server",
            text,
            f"Process {holder} serves {folder}: give its URL with --server, or look "
            "at its log.",
        )
    else:
        yield warning(
            "server", text, "Start one: `ant serve`, or `ant service install`."
        )


def _states(url: str, health: dict[str, Any]) -> Iterator[Finding]:
    version = str(health.get("version"))
    if version != ant.__version__:
        yield warning(
            "server",
            f"{url} is ANT {version}, and this command is {ant.__version__}.",
            "Restart the server with this version, or use the `ant` of the server.",
        )
    else:
        yield ok("server", f"{url} is ANT {version}, {health.get('status')}")
    for fault in health.get("degraded_tasks") or []:
        yield problem(
            "server",
            f"{fault.get('task')}: {fault.get('detail')}.",
            health.get("advice") or "Look at the log of the server.",
        )
    if health.get("status") == "degraded" and not health.get("degraded_tasks"):
        yield problem(
            "server", "It is degraded.", health.get("advice") or "Look at its log."
        )
    try:
        taken = clock.parse_stamp(str(health.get("taken_at")))
    except ValueError:
        return
    skew = (clock.now() - taken).total_seconds()
    if abs(skew) > SKEW_S:
        yield warning(
            "server clock",
            f"It differs from the clock here by {abs(round(skew))} s.",
            "Set the clocks of both machines; let them follow a time server.",
        )


def _caller(who: dict[str, Any] | None) -> Finding:
    if who is None:
        return warning(
            "caller", "The server cannot say who calls.", "Restart it with this ANT."
        )
    kind, scopes = who.get("kind"), ", ".join(who.get("scopes") or [])
    if kind == "operator":
        return ok("caller", "You are the operator")
    if kind == "terminal":
        return ok("caller", f"You are the terminal {who.get('session_id')}")
    until = f", until {who['expires_at']}" if who.get("expires_at") else ""
    return ok(
        "caller", f"You have the {kind} {who.get('label')!r} with {scopes}{until}"
    )
