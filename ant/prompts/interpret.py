"""What somebody means by an answer: from words on the wire to a choice, or a refusal.

Nothing is guessed: what fits no option, or two, is `NotAnOption` and is not typed.
"""

from datetime import datetime

import attrs

from ant.api.prompt_requests import AgentResponse, ChoiceAsk, Respond
from ant.core.errors import Invalid, NotAnOption
from ant.model.prompts import Decision, PromptRecord
from ant.terminal.model.choice import Answer, Choice, Outcome
from ant.terminal.model.prompt import Form

BARE: tuple[Answer, ...] = ("approve", "deny", "retry", "abort")
"""Answers that need nothing beside their type."""


@attrs.frozen
class Responder:
    """Who answers, from where and why."""

    by: str | None = None
    responder_id: str | None = None
    source: str | None = None
    justification: str | None = None


def respond_choice(record: PromptRecord, request: Respond) -> Choice:
    """What a `respond` means to that prompt. Raises `Invalid` and `NotAnOption`."""
    if request.type is None and request.choice is None:
        return understood(record, request.response or request.text or "", request.enter)
    text = request.text if request.text is not None else request.response
    return meant(record, request.type, request.choice, text)


def card_choice(record: PromptRecord, request: AgentResponse) -> Choice:
    """What an `agent_response` means to that prompt. Raises as `respond_choice`."""
    text = request.value if request.value is not None else request.text
    return meant(record, request.type, request.choice, text)


def meant(
    record: PromptRecord,
    kind: Answer | None,
    choice: ChoiceAsk | None,
    text: str | None,
) -> Choice:
    """The choice of a type, with what belongs to it in `choice` or beside it."""
    choice = choice or ChoiceAsk()
    text = next(
        (each for each in (choice.value, choice.text, text) if each is not None), None
    )
    label = choice.label if choice.label is not None else choice.selected
    match choice.type or kind or _implied(choice, label, text):
        case "select":
            return _selected(record, choice, label)
        case "text" if text is None:
            raise Invalid("text needs value at $.choice")
        case "text":
            return Choice("text", text=text)
        case "confirm" if choice.yes is None:
            raise Invalid("confirm needs yes at $.choice")
        case "confirm":
            return Choice("confirm", yes=choice.yes)
        case bare:
            return Choice(bare)


def _implied(choice: ChoiceAsk, label: str | None, text: str | None) -> Answer:
    """The type that a choice without one can only have."""
    for bare in BARE:
        if choice.action == bare:
            return bare
    if choice.yes is not None:
        return "confirm"
    if label is not None or choice.index is not None or choice.indexes is not None:
        return "select"
    if text is not None:
        return "text"
    raise Invalid("type required at $")


def _selected(record: PromptRecord, choice: ChoiceAsk, label: str | None) -> Choice:
    count = len(record.options)
    if choice.indexes is not None:
        if any(index >= count for index in choice.indexes):
            raise NotAnOption(f"This prompt has {count} options.")
        return Choice("select", indexes=choice.indexes)
    if choice.index is None:
        if label is None:
            raise Invalid("select needs index, label or indexes at $.choice")
        return Choice("select", label=label)
    if choice.index >= count:
        raise NotAnOption(f"This prompt has {count} options.")
    option = record.options[choice.index]
    if label is not None and label.strip() != option.label.strip():
        raise NotAnOption(
            f"Option {choice.index} is {option.label!r} and not {label!r}."
        )
    return Choice("select", index=choice.index)


def understood(record: PromptRecord, response: str, enter: bool = True) -> Choice:
    """What words without a type mean: one option, or a line where one is asked for.

    An option is named by its label, by its keys or, where none has keys, by its number
    counted from 1. Raises `Invalid` on nothing but blanks.
    """
    line = response.rstrip("\r\n")
    if not line.strip() and record.form is not Form.SECRET:
        raise Invalid("text must be a non-empty string at $.response")
    if not enter and record.form is not Form.KEYS:
        raise NotAnOption(
            "This prompt takes an answer with Enter; type without it by terminal/input."
        )
    found = _named(record, line)
    if len(found) == 1:
        return Choice("select", index=found.pop())
    if record.form in (Form.LINE, Form.SECRET):
        return Choice("text", text=line)
    raise NotAnOption(f"{line!r} names {len(found) or 'none'} of its options.")


def _named(record: PromptRecord, line: str) -> set[int]:
    """The options that are named exactly so; letter case is looked at to choose."""
    word = line.strip()
    names = [
        {option.label.strip(), option.keys.strip()} - {""} for option in record.options
    ]
    if not any(option.keys for option in record.options):
        names = [each | {str(n)} for n, each in enumerate(names, 1)]
    exact = {n for n, each in enumerate(names) if word in each}
    folded = {
        n for n, each in enumerate(names) if word.casefold() in map(str.casefold, each)
    }
    return exact or folded


def decided(
    record: PromptRecord,
    choice: Choice,
    outcome: Outcome,
    responder: Responder,
    at: datetime,
) -> Decision:
    """What is kept of an answer that was typed; of a secret only that there was one."""
    secret = record.is_secret and choice.type == "text"
    return Decision(
        type=choice.type,
        chosen="text" if secret else outcome.chosen,
        text=None if secret else choice.text,
        resolved=outcome.resolved,
        by=responder.by,
        responder_id=responder.responder_id,
        source=responder.source,
        justification=responder.justification,
        decided_at=at,
    )
