"""Interprets answers to prompts: from the fields of a request to a `Choice`.

ANT does not guess. An answer that matches no option, or several, raises `NotAnOption`,
and nothing is typed.
"""

from datetime import datetime

import attrs

from ant.api.prompt_requests import AgentResponse, ChoiceAsk, Respond
from ant.core.errors import Invalid, NotAnOption
from ant.model.prompts import HOOK, KEYS, Decision, PromptRecord
from ant.terminal.model.choice import Answer, Choice, Outcome
from ant.terminal.model.prompt import Form

BARE: tuple[Answer, ...] = ("approve", "deny", "retry", "abort")
"""Types of answers that need no other field."""


NAMED = 10
"""Options that an error lists at most."""


@attrs.frozen
class Responder:
    """Who answers, over which interface, and why."""

    by: str | None = None
    responder_id: str | None = None
    source: str | None = None
    justification: str | None = None


def respond_choice(record: PromptRecord, request: Respond) -> Choice:
    """Return the choice of a `respond` request. Raises `Invalid` and `NotAnOption`."""
    if request.type is None and request.choice is None:
        return text_choice(
            record, request.response or request.text or "", request.enter
        )
    text = request.text if request.text is not None else request.response
    return typed_choice(record, request.type, request.choice, text)


def card_choice(record: PromptRecord, request: AgentResponse) -> Choice:
    """Return the choice of an `agent_response`. Raises as `respond_choice` does."""
    text = request.value if request.value is not None else request.text
    return typed_choice(record, request.type, request.choice, text)


def typed_choice(
    record: PromptRecord,
    kind: Answer | None,
    choice: ChoiceAsk | None,
    text: str | None,
) -> Choice:
    """Return the choice of an answer with a type, given in `kind` or `choice`."""
    choice = choice or ChoiceAsk()
    text = next(
        (each for each in (choice.value, choice.text, text) if each is not None), None
    )
    label = choice.label if choice.label is not None else choice.selected
    match choice.type or kind or _implied(choice, label, text):
        case "select":
            return attrs.evolve(_selected(record, choice, label), text=text)
        case "text" if text is None:
            raise Invalid("an answer of type text needs value at $.choice")
        case "text":
            return Choice("text", text=text)
        case "confirm" if choice.yes is None:
            raise Invalid("an answer of type confirm needs yes at $.choice")
        case "confirm":
            return Choice("confirm", yes=choice.yes, text=text)
        case "deny":
            return Choice("deny", text=text)
        case bare:
            return Choice(bare)


def _implied(choice: ChoiceAsk, label: str | None, text: str | None) -> Answer:
    """Return the type that the fields of a choice imply. Raises `Invalid`."""
    for bare in BARE:
        if choice.action == bare:
            return bare
    if choice.yes is not None:
        return "confirm"
    if label is not None or choice.index is not None or choice.indexes is not None:
        return "select"
    if text is not None:
        return "text"
    raise Invalid("expected type, or a choice that implies it, at $")


def _selected(record: PromptRecord, choice: ChoiceAsk, label: str | None) -> Choice:
    if choice.indexes is not None:
        for index in choice.indexes:
            _check_index(record, index)
        return Choice("select", indexes=choice.indexes)
    if choice.index is None:
        if label is None:
            raise Invalid(
                "an answer of type select needs index, label or indexes at $.choice"
            )
        return Choice("select", label=label)
    _check_index(record, choice.index)
    option = record.options[choice.index]
    if label is not None and label.strip() != option.label.strip():
        raise NotAnOption(
            f"Option {choice.index} is {option.label!r}, not {label!r}. "
            "Name the option by its index or its label only."
        )
    return Choice("select", index=choice.index)


def text_choice(record: PromptRecord, response: str, enter: bool = True) -> Choice:
    """Return the choice of an answer without a type: an option, or a line of text.

    An option is named by its label or its keys, or if no option has keys, by its number
    from 1. Raises `Invalid` if the answer is blank, `NotAnOption` if it names no option
    or several and the prompt takes no text, or if `enter` is false and the prompt takes
    its answer with Enter.
    """
    line = response.rstrip("\r\n")
    if not line.strip() and record.form is not Form.SECRET:
        raise Invalid("text must be a non-empty string at $.response")
    if not enter and record.form is not Form.KEYS:
        raise NotAnOption(
            "This prompt takes its answer with Enter. Send it with enter true, or type "
            "keys without Enter by terminal/input."
        )
    found = _named(record, line)
    if len(found) == 1:
        return Choice("select", index=found.pop())
    if record.form in (Form.LINE, Form.SECRET):
        return Choice("text", text=line)
    raise NotAnOption(_no_match(record, line, len(found)))


def _check_index(record: PromptRecord, index: int) -> None:
    count = len(record.options)
    if index >= count:
        raise NotAnOption(
            f"There is no option {index}: the prompt has {count} options, "
            "and indexes count from 0."
        )


def _no_match(record: PromptRecord, line: str, count: int) -> str:
    """Return why a line names no option, with the options that there are."""
    if not record.options:
        return (
            f"{line!r} cannot be an answer: the prompt has no options and takes no "
            "text. Type keys by terminal/input."
        )
    shown = [repr(option.label) for option in record.options[:NAMED]]
    more = ["…"] if len(record.options) > NAMED else []
    options = ", ".join(shown + more)
    advice = "the index of one option" if count else "one of these labels"
    return (
        f"{line!r} matches {count or 'none'} of the prompt's options: {options}. "
        f"Answer with {advice}."
    )


def _named(record: PromptRecord, line: str) -> set[int]:
    """Return the options that `line` names; with several, those in the same case."""
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


def decision_of(
    record: PromptRecord,
    choice: Choice,
    outcome: Outcome,
    responder: Responder,
    at: datetime,
    via: str = KEYS,
) -> Decision:
    """Return the record of an answer that was given, without the text of a secret.

    The reason of a denial goes to the agent by its hook only, but it is recorded as the
    justification in any case.
    """
    is_reason = choice.type != "text"
    is_told = choice.type == "deny" or via == HOOK
    reason = choice.text if is_reason and is_told and not record.is_secret else None
    secret = record.is_secret and choice.type == "text"
    return Decision(
        type=choice.type,
        chosen="text" if secret else outcome.chosen,
        text=None if secret or (is_reason and via == KEYS) else choice.text,
        resolved=outcome.resolved,
        by=responder.by,
        responder_id=responder.responder_id,
        source=responder.source,
        justification=responder.justification or reason,
        decided_at=at,
        via=via,
    )
