"""`ant room`: rooms, their members, deliveries, board and links."""

from typing import Any

import click

from ant.cli.runner import ServerCall, clean, server_command
from ant.cli.table import table
from ant.cli.verbs.messages import read
from ant.core.errors import NotFound


@click.group(short_help="Rooms: members, tasks, files, links.")
def room() -> None:
    """Rooms. A ROOM is named by id, name or handle; a terminal stands for its chat."""


room.add_command(read)


@room.command("ls", short_help="List rooms.")
@server_command(short=True)
async def ls(call: ServerCall) -> None:
    """List active rooms without the private chats of terminals."""
    page = await call.ant.sessions()
    private = {each["linked_chat_id"] for each in page["sessions"]}
    rows = [
        each
        for each in page["sessions"]
        if each["type"] == "chat" and each["id"] not in private
    ]
    cells = ((each["id"], each["handle"] or "-", each["name"]) for each in rows)
    call.show({"rooms": rows}, *table(cells))


@room.command(short_help="Create a room.")
@click.argument("name")
@server_command(as_operator=True, short=True)
async def new(call: ServerCall, name: str) -> None:
    """Create a room called NAME."""
    row = await call.ant.create(clean(name), "chat")
    known = f"{row['name']} ({row['handle'] or '-'}, {row['id']})"
    call.show(row, f"Created {known}.")


@room.command(short_help="Add members to a room.")
@click.argument("room")
@click.argument("members", nargs=-1, required=True)
@click.option(
    "--role", type=click.Choice(["participant", "external"]), help="What they are."
)
@server_command(as_operator=True, short=True)
async def add(
    call: ServerCall, room: str, members: tuple[str, ...], role: str | None
) -> None:
    """Add MEMBERS to ROOM: sessions, or people by a @handle that no session has."""
    row = await call.ant.room(clean(room))
    bodies = [await _member(call, clean(each)) for each in members]
    for body in bodies:
        if role is not None:
            body["role"] = role
        path = f"/api/sessions/{row['id']}/participants"
        added = await call.ant.call("POST", path, body)
        call.show_one(added, f"{added['handle'] or added['name']} is in {row['name']}.")


@room.command(short_help="Take members out of a room.")
@click.argument("room")
@click.argument("members", nargs=-1, required=True)
@server_command(as_operator=True, short=True)
async def remove(call: ServerCall, room: str, members: tuple[str, ...]) -> None:
    """Take MEMBERS out of ROOM."""
    row = await call.ant.room(clean(room))
    queries = [await _member(call, clean(each)) for each in members]
    for name, query in zip(members, queries, strict=True):
        path = f"/api/sessions/{row['id']}/participants"
        left = await call.ant.call("DELETE", path, **query)
        how = "has left" if left["removed"] else "was no member of"
        call.show_one(left, f"{clean(name)} {how} {row['name']}.")


async def _member(call: ServerCall, name: str) -> dict[str, Any]:
    """How a request names a member: a session by its id, a person by the handle."""
    try:
        return {"session_id": (await call.ant.session(name))["id"]}
    except NotFound:
        if not name.startswith("@"):
            raise
        return {"handle": name}


@room.command(short_help="List how far messages got.")
@click.argument("room")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@server_command(short=True)
async def deliveries(call: ServerCall, room: str, limit: int) -> None:
    """List how far the newest messages of ROOM got, oldest first.

    A row has the message, the target, the state and why. Only `reacted` and `acked`
    say that the target noticed it.
    """
    row = await call.ant.room(clean(room))
    path = f"/api/sessions/{row['id']}/deliveries"
    page = await call.ant.call("GET", path, limit=limit)
    known = await call.ant.sessions()
    names = {
        each["id"]: each["handle"] or each["name"]
        for each in known["sessions"] + known["recoverable"]
    }
    cells = (
        (
            each["message_id"],
            names.get(each["targetId"], each["targetId"]),
            each["state"],
            each["error"] or each["reason"] or "",
        )
        for each in page["deliveries"]
    )
    call.show(page, *table(cells))


@room.command(short_help="List the members of a room.")
@click.argument("room")
@server_command(short=True)
async def members(call: ServerCall, room: str) -> None:
    """List the members of ROOM, and who posts there without being one."""
    row = await call.ant.room(clean(room))
    page = await call.ant.participants(row["id"])
    kinds = {"participants": "member", "postsFrom": "outside"}
    cells = (
        (
            kind,
            each["handle"] or "-",
            each["name"] or "-",
            each["role"] or "-",
            each["session_status"] or each["kind"],
        )
        for key, kind in kinds.items()
        for each in page[key]
    )
    call.show(page, *table(cells))


@room.command(short_help="Search the messages of a room.")
@click.argument("room")
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=50, type=click.IntRange(1, 1000))
@server_command(short=True)
async def search(
    call: ServerCall, room: str, words: tuple[str, ...], limit: int
) -> None:
    """List the messages of ROOM with all WORDS, newest first; re: is before RE2."""
    row = await call.ant.room(clean(room))
    found = await call.ant.search_messages(
        row["id"], clean(" ".join(words)), limit=limit
    )
    lines = [_found(each) for each in found["results"]]
    if not found["complete"]:
        lines.append("There may be more: the search ended at a bound.")
    call.show(found, *lines)


def _found(result: dict[str, Any]) -> str:
    marked = result["snippet"].replace("<mark>", "").replace("</mark>", "")
    sender = result["sender_id"] or result["role"]
    return f"{result['created_at']} {result['id']} {sender}: {marked}"


@room.command(short_help="List, add and change the tasks of a room.")
@click.argument("room")
@click.option("--add", "title", help="Add a task with this title.")
@click.option("--for", "assigned_to", help="Who does the task that --add adds.")
@click.option("--set", "change", metavar="ID=STATUS", help="Set the status of a task.")
@click.option("--rm", "removed", metavar="ID", help="Delete a task.")
@server_command(as_operator=True, short=True)
async def tasks(
    call: ServerCall,
    room: str,
    title: str | None,
    assigned_to: str | None,
    change: str | None,
    removed: str | None,
) -> None:
    """List the tasks of ROOM, or add, change or delete one.

    The beginning of an id is enough.
    """
    _check_one(add=title, set=change, rm=removed)
    if assigned_to is not None and title is None:
        raise click.UsageError("--for belongs to --add.")
    row = await call.ant.room(clean(room))
    path = f"/api/sessions/{row['id']}/tasks"
    if title is not None:
        body = {"title": clean(title), "created_by": call.sender}
        if assigned_to is not None:
            body["assigned_to"] = clean(assigned_to)
        body = {key: value for key, value in body.items() if value is not None}
        made = await call.ant.call("POST", path, body)
        call.show(made, f"Added {made['task']['id']}.")
    elif change is not None:
        id_, equals, status = clean(change).partition("=")
        if not (id_ and equals):
            raise click.UsageError(f"--set takes ID=STATUS, not {change!r}.")
        made = await call.ant.call("PATCH", f"{path}/{id_}", {"status": status})
        call.show(made, f"{made['task']['id']} is {made['task']['status']} now.")
    elif removed is not None:
        done = await call.ant.call("DELETE", f"{path}/{clean(removed)}")
        call.show(done, f"Deleted {clean(removed)}.")
    else:
        page = await call.ant.board(row["id"], "tasks")
        here = [each for each in page["tasks"] if each["status"] != "deleted"]
        cells = (
            (each["id"], each["status"], each["assigned_to"] or "-", each["title"])
            for each in here
        )
        call.show(page, *table(cells))


@room.command(short_help="List and flag files of a room.")
@click.argument("room")
@click.option("--add", "path", help="Flag the file at this path.")
@click.option("--note", "words", help="Why --add flags it.")
@click.option("--rm", "removed", metavar="ID", help="Remove a flag; the file stays.")
@server_command(as_operator=True, short=True)
async def files(
    call: ServerCall,
    room: str,
    path: str | None,
    words: str | None,
    removed: str | None,
) -> None:
    """List the files that are flagged in ROOM, or flag one."""
    _check_one(add=path, rm=removed)
    if words is not None and path is None:
        raise click.UsageError("--note belongs to --add.")
    row = await call.ant.room(clean(room))
    route = f"/api/sessions/{row['id']}/file-refs"
    if path is not None:
        given = {"file_path": clean(path), "flagged_by": call.sender}
        body = {key: value for key, value in given.items() if value is not None}
        if words is not None:
            body["note"] = clean(words)
        made = await call.ant.call("POST", route, body)
        call.show(made, f"Flagged {made['ref']['file_path']}.")
    elif removed is not None:
        done = await call.ant.call("DELETE", route, refId=clean(removed))
        call.show(done, f"Removed {clean(removed)}.")
    else:
        page = await call.ant.board(row["id"], "file-refs")
        cells = (
            (each["id"], each["file_path"], each["note"] or "") for each in page["refs"]
        )
        call.show(page, *table(cells))


@room.command(short_help="List, make and remove links of a room.")
@click.argument("room")
@click.option("--to", "target", metavar="ROOM", help="Link it to that room.")
@click.option("--new", "title", help="Link it to a new room of this name.")
@click.option("--rm", "removed", metavar="ID", help="Remove a link.")
@server_command(as_operator=True, short=True)
async def links(
    call: ServerCall,
    room: str,
    target: str | None,
    title: str | None,
    removed: str | None,
) -> None:
    """List the links of ROOM, or link it to another room."""
    _check_one(to=target, new=title, rm=removed)
    row = await call.ant.room(clean(room))
    route = f"/api/sessions/{row['id']}/links"
    if target is not None or title is not None:
        body = {}
        if target is not None:
            body["targetRoomId"] = (await call.ant.room(clean(target)))["id"]
        if title is not None:
            body["title"] = clean(title)
        made = await call.ant.call("POST", route, body)
        call.show(made, f"Linked {row['name']} to {made['targetRoomId']}.")
    elif removed is not None:
        done = await call.ant.call("DELETE", route, linkId=clean(removed))
        call.show(done, f"Removed {clean(removed)}.")
    else:
        page = await call.ant.board(row["id"], "links")
        cells = (
            (each["id"], way, each["relationship"], each[f"{end}_name"])
            for way, key, end in (
                ("to", "outgoing", "target"),
                ("from", "incoming", "source"),
            )
            for each in page[key]
        )
        call.show(page, *table(cells))


def _check_one(**options: str | None) -> None:
    """Raise `click.UsageError` if more than one of these is given."""
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise click.UsageError(f"Give one of {' and '.join(given)} at a time.")
