"""Verbs for what ANT keeps and knows: `ant events`, `export` and `health`."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import click

from ant.cli.progress import while_waiting
from ant.cli.runner import (
    REFUSED,
    ServerCall,
    clean,
    note,
    retry_option,
    server_command,
)
from ant.core.errors import AntError

FORMATS: Final = ("markdown", "json", "evidence", "asciicast", "html")

SHOWN: Final = 200
"""Characters of an event in a line; --json prints all of it."""


@click.command(short_help="Print the event log.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens next.")
@click.option("--since", type=click.IntRange(min=0), help="After that seq; 0 is all.")
@click.option("--session", help="Only events of that session.")
@click.option("--type", "kind", help="Only that type, such as message_created.")
@click.option("--limit", type=click.IntRange(1), help="End after so many events.")
@retry_option
@server_command(as_operator=True)
async def events(
    call: ServerCall,
    follow: bool,
    since: int | None,
    session: str | None,
    kind: str | None,
    limit: int | None,
    retry: float,
) -> None:
    """Print the logged events of all sessions, oldest first.

    Without --since --follow begins with the next event, and without --follow the log
    is printed from its beginning. With --json there is one object for each event.
    """
    query = {}
    if session is not None:
        query["session"] = (await call.ant.session(clean(session)))["id"]
    if kind is not None:
        query["type"] = clean(kind)
    if follow:
        shown = 0

        async with call.ant.event_feed(since, retry_s=retry, **query) as feed:
            async for event in feed:
                shown += 1
                _show(call, event)
                if shown == limit:
                    break
        return
    left, after = limit, since or 0
    while left != 0:
        more = {} if left is None else {"limit": min(left, 1000)}
        page = await call.ant.events(since=after, **more, **query)
        if page["gap"] is not None:
            _show(call, {"type": "gap", "scope": "events", **page["gap"]})
        for event in page["events"]:
            _show(call, event)
        if left is not None:
            left -= len(page["events"])
        if not page["events"] or page["next"] >= page["newest"]:
            return
        after = page["next"]


def _show(call: ServerCall, event: dict[str, Any]) -> None:
    """Print an event: its seq, time, type, session and what else it has."""
    from ant.client import render

    if call.as_json:
        call.show_one(event)
        return
    known = ("seq", "at", "type", "sessionId")
    rest = {key: value for key, value in event.items() if key not in known}
    text = render(rest, indent=None)
    if len(text) > SHOWN:
        text = f"{text[:SHOWN]}…"
    call.show_one(event, " ".join([*(str(event.get(key, "-")) for key in known), text]))


@click.command(short_help="Export a session as a document.")
@click.argument("session")
@click.option("--as", "target", type=click.Choice(FORMATS), default="markdown")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="The file to write; - is standard output, the default.",
)
@server_command(as_operator=True)
async def export(
    call: ServerCall, session: str, target: str, output: Path | None
) -> None:
    """Export SESSION as Markdown, JSON, evidence, asciicast or HTML.

    Where the server has a folder for exports, it writes the file there, and ant prints
    its path. ant evidence verify checks evidence and json without a server.
    """
    row = await call.ant.session(clean(session))
    work = call.ant.export(row["id"], target)
    result = await while_waiting(f"Exporting as {target}", work)
    if not result["ok"]:
        raise AntError(f"The export failed: {result['note']}.")
    if result["document"] is None:
        if output is not None:
            note(f"The server wrote {result['path']}, so {output} was not written.")
            sys.exit(REFUSED)
        call.show(result, result["path"])
    elif output is not None and str(output) != "-":
        _write(output, result["document"])
        written = {"path": str(output), "size": result["size"]}
        call.show(written, f"Wrote {result['size']} bytes to {output}.")
    elif call.as_json:
        call.show(result)
    elif sys.stdout.isatty():
        call.show(result, result["document"])
    else:
        click.echo(result["document"], nl=False)


def _write(path: Path, document: str) -> None:
    """Write a document as it is. Raises `AntError`."""
    try:
        path.write_text(document, newline="")
    except OSError as exc:
        raise AntError(f"{path} cannot be written: {exc.strerror}.") from exc


@click.command(short_help="Report the state of the server.")
@server_command(as_operator=True, short=True)
async def health(call: ServerCall) -> None:
    """Report the state of the server, and the limits that were reached.

    Exits with 1 if the state is not ok.
    """
    page = await call.ant.health()
    up = timedelta(seconds=round(page["uptime_s"]))
    cap = page["session_cap"] or "no limit"
    lines = [
        f"status    {page['status']}",
        f"version   {page['version']}",
        f"up        {up}",
        f"sessions  {page['active_session_count']} (limit: {cap})",
    ]
    lines += [f"stalled   {each}" for each in page["stalled_sessions"]]
    lines += [
        f"fault     {each['task']}: {each['detail']}" for each in page["degraded_tasks"]
    ]
    lines += [
        f"limit     {each['name']} reached {each['count']} times: {each['policy']}"
        for each in page["limits"]
        if each["count"]
    ]
    if page["advice"]:
        lines.append(f"advice    {page['advice']}")
    call.show(page, *lines)
    if page["status"] != "ok":
        sys.exit(REFUSED)
