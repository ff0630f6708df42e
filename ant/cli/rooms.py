"""Verbs for rooms and sessions: `ant msg`, `chat …`, `sessions` and `status`."""

from collections.abc import Iterable, Iterator
from typing import Any

import click

from ant.cli.runner import Visit, calling, clean, read_text

EVERYONE = "@everyone"


@click.command()
@click.argument("room")
@click.argument("words", nargs=-1, required=True, metavar="[@HANDLE] TEXT")
@calling()
async def msg(visit: Visit, room: str, words: tuple[str, ...]) -> None:
    """Post TEXT (- reads it from standard input) in ROOM: its id, name or handle.

    A terminal as ROOM is its chat. With @HANDLE before the text the message is for that
    one only; @everyone is for all.
    """
    target = None
    if len(words) > 1 and words[0].startswith("@"):
        target, words = words[0], words[1:]
    await _send(visit, room, " ".join(words), target=target)


@click.group()
def chat() -> None:
    """Rooms: read them, post in them, decide what waits in them."""


@chat.command()
@click.argument("room")
@click.option("--msg", "text", required=True, help="The text; - reads standard input.")
@click.option("--reply-to", help="The id of the message that this answers.")
@click.option("--target", help="The handle of whom it is for.")
@calling()
async def send(
    visit: Visit, room: str, text: str, reply_to: str | None, target: str | None
) -> None:
    """Post a message in ROOM: its id, name or handle."""
    await _send(visit, room, text, target=target, reply_to=reply_to)


async def _send(
    visit: Visit,
    room: str,
    text: str,
    *,
    target: str | None,
    reply_to: str | None = None,
) -> None:
    content = read_text(text)
    row = await visit.ant.room(clean(room))
    posted = await visit.ant.post(
        row["id"],
        content,
        sender_id=visit.sender,
        target=None if target in (None, EVERYONE) else clean(target or ""),
        reply_to=reply_to,
    )
    visit.show(posted, f"Sent {posted['id']} to {row['name']}.")


@chat.command()
@click.argument("room")
@click.option("--since", help="A time, a duration such as 5m, or a message's id.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000))
@calling()
async def read(visit: Visit, room: str, since: str | None, limit: int) -> None:
    """Print messages of ROOM, oldest first: the newest, or those --since."""
    row = await visit.ant.room(clean(room))
    query: dict[str, Any] = {"limit": limit}
    if since is not None:
        query["since"] = clean(since)
    page = await visit.ant.messages(row["id"], **query)
    names = {} if visit.as_json else await _names(visit, row["id"])
    visit.show(page, *(_line(each, names) for each in page["messages"]))


async def _names(visit: Visit, room_id: str) -> dict[str, str]:
    """How the people of a room are called, by the id they post under."""
    people = (await visit.ant.participants(room_id))["all"]
    return {each["id"]: each["handle"] or each["name"] for each in people}


def _line(message: dict[str, Any], names: dict[str, str]) -> str:
    sender = message["sender_id"]
    who = names.get(sender, sender) or message["role"]
    text = message["content"].replace("\n", "\n  ")
    return f"{message['created_at']} {message['id']} {who}: {text}"


@chat.command()
@click.argument("chat")
@click.argument(
    "answer",
    type=click.Choice(
        ["approve", "deny", "select", "text", "confirm", "retry", "abort"]
    ),
)
@click.argument("value", required=False)
@click.option("--why", help="The reason, which is kept with the answer.")
@click.option("--prompt", help="The id of the prompt; refused when another one waits.")
@calling(as_operator=True)
async def decide(
    visit: Visit,
    chat: str,
    answer: str,
    value: str | None,
    why: str | None,
    prompt: str | None,
) -> None:
    """Answer what the terminal of CHAT waits for; CHAT may be the terminal, too.

    VALUE is for select the number of the option, counted from 1, or its label; for text
    the line to type; for confirm yes or no.
    """
    choice = _choice(answer, None if value is None else clean(value))
    row = await visit.ant.session(clean(chat))
    handled = await visit.ant.decide(
        row["id"], answer, choice, prompt_id=prompt, sender_id=visit.sender, why=why
    )
    went = "it went away" if handled["resolved"] else "it is still there"
    visit.show(handled, f"Chose {handled['chosen']}; {went}.")


def _choice(answer: str, value: str | None) -> dict[str, Any]:
    """The choice that is meant. Raises `click.UsageError`."""
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


@click.command()
@calling()
async def sessions(visit: Visit) -> None:
    """List active sessions; in a terminal of the server those that it is in."""
    page = await visit.ant.sessions()
    visit.show(
        page,
        *_table(
            (
                each["id"],
                each["type"],
                each["status"],
                each["handle"] or "-",
                each["name"],
            )
            for each in page["sessions"]
        ),
    )


@click.command()
@calling(as_operator=True)
async def status(visit: Visit) -> None:
    """List the terminals that run, what each does, and what it asks: these come first.

    The state is waiting, busy, ready, error, or unknown where nobody can tell.
    """
    page = await visit.ant.status()
    visit.show(page, *_table(map(_standing, page["terminals"])))


def _standing(each: dict[str, Any]) -> tuple[str, ...]:
    session, prompt, agent = each["session"], each["prompt"], each["agent_status"]
    state = agent["state"] if agent else "unknown"
    asks = (agent and agent["waitingFor"]) or ""
    if prompt is not None:
        state = "waiting"
        labels = (option["label"] for option in prompt["options"])
        options = "".join(f" [{n}] {label}" for n, label in enumerate(labels, 1))
        words = prompt["question"] or prompt["summary"] or f"({prompt['class']})"
        asks = words + options
    name = session["handle"] or session["id"]
    return state, name, session["name"], asks.replace("\n", " ")


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The rows as lines, their columns below each other."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        yield "  ".join(cell.ljust(width) for cell, width in cells).rstrip()
