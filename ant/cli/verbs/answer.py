"""`ant answer`: show what programs ask, and answer by number, key or label."""

import sys
from typing import Any

import click

from ant.cli.runner import ServerCall, clean, note, printable, server_command
from ant.cli.table import table
from ant.client.terminal.typed_answer import answer_of
from ant.core.errors import AlreadyAnswered, Conflict, NotAnOption, PromptChanged


@click.command(short_help="Answer a question of a program.")
@click.argument("session", required=False)
@click.argument("choice", required=False)
@click.option("--yes", "-y", is_flag=True, help="Do not ask before the answer is sent.")
@click.option("--prompt", help="The id of the prompt that the answer is for.")
@click.option(
    "--why",
    help="The reason, which ANT stores with the answer. An agent whose hook waits gets "
    "it with a denial.",
)
@server_command(as_operator=True)
async def answer(
    call: ServerCall,
    session: str | None,
    choice: str | None,
    yes: bool,
    prompt: str | None,
    why: str | None,
) -> None:
    """Answer what the program of SESSION asks.

    CHOICE is the number of an option, its key or its label; several boxes are numbers
    with commas; for a question without options it is the line to type. Without CHOICE
    the question is shown and, on a terminal, you are asked. Without SESSION all
    questions are listed first. Elsewhere than on a terminal a CHOICE needs --yes or
    --prompt. ANT looks at the screen again before it presses a key, and refuses if the
    question has gone or changed.
    """
    is_asked = sys.stdin.isatty() and sys.stdout.isatty() and not call.as_json
    if choice is not None and not (is_asked or yes or prompt):
        raise click.UsageError(
            "There is no terminal to confirm it on: add --yes, or --prompt ID."
        )
    asked = await _asked(call, session)
    if asked is None and session is None and is_asked:
        asked = await _chosen_terminal(call)
    elif session is None:
        await _list(call)
    if asked is None:
        return
    name, pending = asked
    if prompt is not None and prompt != pending["id"]:
        raise PromptChanged(
            f"{name} asks something else now: the prompt {pending['id']}. No key was "
            "pressed."
        )
    if not call.as_json or choice is None:
        call.show(pending, *_shown(name, pending))
    if choice is None and not is_asked:
        return
    if choice is None:
        is_secret = pending["form"] == "secret"
        choice = click.prompt("Answer", hide_input=is_secret, err=True)
    body, label = _answer_of(pending, clean(choice))
    if is_asked and not yes and not click.confirm(f"Send {label}?", err=True):
        raise click.Abort
    if pending["details"] is not None and body["type"] == "select":
        body["text"] = why
    await _send(call, name, pending, {**body, "justification": why})


async def _send(
    call: ServerCall, name: str, pending: dict[str, Any], body: dict[str, Any]
) -> None:
    """Send an answer, and say what became of the prompt. Raises `AntError`."""
    fields = {key: value for key, value in body.items() if value is not None}
    try:
        told = await call.ant.respond(
            pending["session_id"],
            pending["id"],
            by=call.sender or "cli",
            source="cli_decision",
            **fields,
        )
    except AlreadyAnswered as exc:
        raise AlreadyAnswered(f"The question of {name} has gone: {exc}") from exc
    except PromptChanged as exc:
        raise PromptChanged(f"The question of {name} has changed: {exc}") from exc
    outcome = "closed" if told["resolved"] else "still open"
    call.show(told, f"Chose {told['chosen']}; the prompt is {outcome}.")


async def _asked(
    call: ServerCall, session: str | None
) -> tuple[str, dict[str, Any]] | None:
    """The name and the pending prompt of a session. Raises `Conflict` without one."""
    if session is None:
        return None
    row = await call.ant.session(clean(session))
    page = await call.ant.call("GET", f"/api/sessions/{row['id']}/status")
    if page["prompt"] is None:
        raise Conflict(f"{row['name']} asks nothing now.")
    return row["name"], page["prompt"]


async def _waiting(call: ServerCall) -> list[dict[str, Any]]:
    page = await call.ant.status()
    return [each for each in page["terminals"] if each["prompt"] is not None]


async def _list(call: ServerCall) -> None:
    """Print what is asked: in a pipe nobody can be asked which to answer."""
    waiting = await _waiting(call)
    call.show({"prompts": [each["prompt"] for each in waiting]}, *_table(waiting))
    if not waiting:
        note("Nothing is asked now.")


def _table(waiting: list[dict[str, Any]]) -> list[Any]:
    return list(
        table(
            (
                str(number),
                each["session"]["handle"] or each["session"]["id"],
                each["session"]["name"],
                each["prompt"]["question"] or each["prompt"]["summary"],
            )
            for number, each in enumerate(waiting, 1)
        )
    )


async def _chosen_terminal(call: ServerCall) -> tuple[str, dict[str, Any]] | None:
    """Ask which of the prompts to answer; without asking if there is but one."""
    waiting = await _waiting(call)
    if not waiting:
        note("Nothing is asked now.")
        return None
    number = 1
    if len(waiting) > 1:
        call.show(None, *_table(waiting))
        kind = click.IntRange(1, len(waiting))
        number = click.prompt("Answer which", type=kind, err=True)
    found = waiting[number - 1]
    return found["session"]["name"], found["prompt"]


def _shown(name: str, pending: dict[str, Any]) -> list[str]:
    """The question and the options of a prompt, in lines."""
    question = pending["question"] or pending["summary"] or f"({pending['class']})"
    lines = [f"{name} asks: {question}"]
    for number, option in enumerate(pending["options"], 1):
        box = {True: "[x] ", False: "[ ] ", None: ""}[option.get("checked")]
        keys = f"  ({option['keys']})" if option["keys"] else ""
        mark = ">" if option["selected"] else " "
        lines.append(f"{mark} {number}. {box}{option['label']}{keys}")
    return lines


def _answer_of(pending: dict[str, Any], word: str) -> tuple[dict[str, Any], str]:
    """The body of an answer, and what it is called. Raises `click.UsageError`."""
    try:
        body, label = answer_of(pending, word)
    except NotAnOption as exc:
        raise click.UsageError(str(exc)) from exc
    is_secret = body["type"] == "text" and pending["form"] == "secret"
    return body, "it" if is_secret else repr(printable(label))
