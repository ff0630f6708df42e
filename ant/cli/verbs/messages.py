"""Verbs for messages: `ant msg` and `ant chat`; its `read` is `ant room read`, too."""

from typing import Any

import click

from ant.cli.runner import ServerCall, clean, read_text, server_command
from ant.model.handles import EVERYONE


@click.command(short_help="Post a message in a room.")
@click.argument("room")
@click.argument("words", nargs=-1, required=True, metavar="[@HANDLE] TEXT")
@click.option("--reply-to", help="The id of the message that this one replies to.")
@server_command(short=True)
async def msg(
    call: ServerCall, room: str, words: tuple[str, ...], reply_to: str | None
) -> None:
    """Post TEXT (- reads it from standard input) in ROOM: its id, name or handle.

    For a terminal the message goes to its linked chat. With @HANDLE before the text
    only that member is the target; @everyone targets all.
    """
    target = None
    if len(words) > 1 and words[0].startswith("@"):
        target, words = words[0], words[1:]
    await _send(call, room, " ".join(words), target=target, reply_to=reply_to)


@click.group(short_help="Read and post messages, answer prompts.")
def chat() -> None:
    """Rooms: read messages, post messages, answer prompts.

    ant msg, ant room read and ant answer do the same.
    """


@chat.command()
@click.argument("room")
@click.option(
    "--msg", "text", required=True, help="The text; - reads it from standard input."
)
@click.option("--reply-to", help="The id of the message that this one replies to.")
@click.option("--target", help="The handle of the member that the message is for.")
@server_command(short=True)
async def send(
    call: ServerCall, room: str, text: str, reply_to: str | None, target: str | None
) -> None:
    """Post a message in ROOM: its id, name or handle."""
    await _send(call, room, text, target=target, reply_to=reply_to)


async def _send(
    call: ServerCall,
    room: str,
    text: str,
    *,
    target: str | None,
    reply_to: str | None,
) -> None:
    content = read_text(text)
    row = await call.ant.room(clean(room))
    posted = await call.ant.post(
        row["id"],
        content,
        sender_id=call.sender,
        target=None if target in (None, EVERYONE) else clean(target or ""),
        reply_to=reply_to,
    )
    call.show(posted, f"Sent {posted['id']} to {row['name']}.")


@chat.command(short_help="Print the messages of a room.")
@click.argument("room")
@click.option("--since", help="A time, a duration such as 5m, or a message's id.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000))
@server_command(short=True)
async def read(call: ServerCall, room: str, since: str | None, limit: int) -> None:
    """Print the newest messages of ROOM, or those --since, oldest first."""
    row = await call.ant.room(clean(room))
    query: dict[str, Any] = {"limit": limit}
    if since is not None:
        query["since"] = clean(since)
    page = await call.ant.messages(row["id"], **query)
    names = {} if call.as_json else await _names(call, row["id"])
    call.show(page, *(_line(each, names) for each in page["messages"]))


async def _names(call: ServerCall, room_id: str) -> dict[str, str]:
    """The handle or name of each participant of a room, by sender id."""
    people = (await call.ant.participants(room_id))["all"]
    return {each["id"]: each["handle"] or each["name"] for each in people}


def _line(message: dict[str, Any], names: dict[str, str]) -> str:
    sender = message["sender_id"]
    name = names.get(sender, sender) or message["role"]
    text = message["content"].replace("\n", "\n  ")
    return f"{message['created_at']} {message['id']} {name}: {text}"


@chat.command()
@click.argument("chat")
@click.argument(
    "answer",
    type=click.Choice(
        ["approve", "deny", "select", "text", "confirm", "retry", "abort"]
    ),
)
@click.argument("value", required=False)
@click.option(
    "--why",
    help="The reason, which ANT stores with the answer. An agent whose hook waits gets "
    "it with a denial.",
)
@click.option(
    "--prompt",
    help="The id of the prompt; the server refuses if another one is pending.",
)
@server_command(as_operator=True, short=True)
async def decide(
    call: ServerCall,
    chat: str,
    answer: str,
    value: str | None,
    why: str | None,
    prompt: str | None,
) -> None:
    """Answer the pending prompt of the terminal of CHAT, or of CHAT as a terminal.

    VALUE is, for select, the number of the option from 1, or its label; for text, the
    line to type; for confirm, yes or no.
    """
    choice = _choice(answer, None if value is None else clean(value))
    row = await call.ant.session(clean(chat))
    handled = await call.ant.decide(
        row["id"], answer, choice, prompt_id=prompt, sender_id=call.sender, why=why
    )
    outcome = "closed" if handled["resolved"] else "still open"
    call.show(handled, f"Chose {handled['chosen']}; the prompt is {outcome}.")


def _choice(answer: str, value: str | None) -> dict[str, Any]:
    """The choice in the form of the API. Raises `click.UsageError`."""
    if answer in ("select", "text", "confirm"):
        if value is None:
            raise click.UsageError(f"{answer} needs a VALUE.")
        if answer == "text":
            return {"value": value}
        if answer == "confirm":
            if value not in ("yes", "no"):
                raise click.UsageError("confirm takes yes or no.")
            return {"yes": value == "yes"}
        if value.isascii() and value.isdecimal() and int(value) > 0:
            return {"index": int(value) - 1}
        return {"label": value}
    if value is not None:
        raise click.UsageError(f"{answer} takes no VALUE.")
    return {"action": answer}
