"""From a choice to keys, by what is on the screen and never by a fixed number.

Rule 1: a choice that is not one option of this prompt is refused; nothing is guessed.
Rule 2: what takes effect (`takes`) is a key of its own, pressed when the screen shows
that the right thing is marked or typed.
Rule 3: approving means this once: an option that allows more must be selected by name.
"""

import re
from collections.abc import Iterable

import attrs

from ant.errors import NotAnOption
from ant.terminal.choice import Choice
from ant.terminal.modes import Modes
from ant.terminal.prompt import APPROVES, LASTING, Form, Option, Prompt

ENTER = b"\r"

_DENIES = re.compile(
    r"\W*(n|no|deny|reject|decline|cancel|don't|do not|abort|exit|quit|disallow)\b",
    re.IGNORECASE,
)
_RETRIES = re.compile(r"\W*(retry|try again|again|resume)\b", re.IGNORECASE)
_ABORTS = re.compile(r"\W*(abort|cancel|quit|exit|stop|q)\b", re.IGNORECASE)
_ESCAPES = re.compile(r"\(esc\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")
_CURSOR = {"up": b"A", "down": b"B", "right": b"C", "left": b"D"}


@attrs.frozen
class Goal:
    """Where an answer leads: an option to mark, boxes to tick, text to type, or a key.

    `chosen` is the label, or the kind of answer; a text itself is not repeated in it.
    """

    chosen: str
    index: int | None = None
    ticked: frozenset[int] | None = None
    text: str | None = None
    key: bytes | None = None


@attrs.frozen
class Move:
    """Keys to press next; `takes` is the one that decides."""

    data: bytes
    takes: bool


def goal_of(prompt: Prompt, choice: Choice) -> Goal:
    """What a choice means here. Raises `NotAnOption`."""
    match choice.type:
        case "approve":
            return _option(prompt, choice, _once(prompt, APPROVES))
        case "deny":
            return _no(prompt, choice)
        case "confirm" if choice.yes is not None:
            meant = attrs.evolve(choice, type="approve" if choice.yes else "deny")
            return goal_of(prompt, meant)
        case "retry":
            return _option(prompt, choice, _once(prompt, _RETRIES))
        case "abort":
            aborting = _once(prompt, _ABORTS)
            if aborting is None and prompt.cancel:
                return Goal("abort", key=prompt.cancel.encode())
            return _option(prompt, choice, aborting)
        case "select":
            return _selected(prompt, choice)
        case "text":
            return _text(prompt, choice)
    raise _nothing(prompt, choice)


def next_move(prompt: Prompt, goal: Goal, modes: Modes) -> Move:
    """The next key on the way to a goal that is no text, from what is marked now.

    Raises `NotAnOption` where no row is marked, so that none can be reached.
    """
    if goal.key is not None:
        return Move(goal.key, takes=True)
    marked, target, ticks = prompt.selected, goal.index, False
    if goal.ticked is not None:
        target = _to_tick(prompt.options, goal.ticked)
        ticks = target is not None
        target = target if ticks else _taking(prompt)
    if marked is None or target is None:
        raise NotAnOption("No row of this menu is marked, so none can be chosen.")
    if marked == target:
        return Move(b" " if ticks else ENTER, takes=not ticks)
    on, back = ("right", "left") if prompt.form is Form.BUTTONS else ("down", "up")
    return Move(_arrow(on if target > marked else back, modes), takes=False)


def refuse_controls(text: str) -> None:
    """Raises `NotAnOption` where a text has control characters but tab, newline."""
    if _CONTROL.search(text):
        raise NotAnOption("An answer may not contain control characters.")


def _arrow(way: str, modes: Modes) -> bytes:
    return (b"\x1bO" if modes.application_cursor else b"\x1b[") + _CURSOR[way]


def _to_tick(options: Iterable[Option], ticked: frozenset[int]) -> int | None:
    wrong = [i for i, each in enumerate(options) if bool(each.checked) != (i in ticked)]
    return next((i for i in wrong if i in ticked), wrong[0] if wrong else None)


def _taking(prompt: Prompt) -> int | None:
    """The row on which Enter takes the boxes: one that has a key for it, else any."""
    keyed = _keyed(prompt)
    return prompt.selected if keyed is None else keyed


def _keyed(prompt: Prompt) -> int | None:
    return next((i for i, each in enumerate(prompt.options) if each.keys), None)


def _once(prompt: Prompt, pattern: re.Pattern[str]) -> int | None:
    """The one option that fits; of several the one that is no more than that word."""
    fits = [i for i, each in enumerate(prompt.options) if pattern.match(each.label)]
    letters = {each.label.strip().lower() for each in prompt.options}
    if len(letters & {"y", "n"}) == 1 and not letters & {"yes", "no"}:
        fits = [i for i in fits if len(prompt.options[i].label.strip()) > 1]
    if len(fits) > 1 or pattern is APPROVES:
        fits = [i for i in fits if not LASTING.search(prompt.options[i].label)]
    if len(fits) > 1:
        bare = [i for i in fits if pattern.fullmatch(prompt.options[i].label.rstrip())]
        fits = bare or fits
    return fits[0] if len(fits) == 1 else None


def _no(prompt: Prompt, choice: Choice) -> Goal:
    denying = _once(prompt, _DENIES)
    label = "" if denying is None else prompt.options[denying].label
    if prompt.cancel and _ESCAPES.search(label):
        return Goal(label, key=prompt.cancel.encode())  # Enter would ask for a reason.
    if denying is None and prompt.cancel and prompt.form is not Form.VIEW:
        return Goal("deny", key=prompt.cancel.encode())
    return _option(prompt, choice, denying)


def _selected(prompt: Prompt, choice: Choice) -> Goal:
    count = len(prompt.options)
    if choice.indexes is not None:
        boxes = {i for i, each in enumerate(prompt.options) if each.checked is not None}
        if prompt.form is not Form.BOXES or not set(choice.indexes) <= boxes:
            raise _nothing(prompt, choice)
        labels = [prompt.options[i].label for i in sorted(set(choice.indexes))]
        return Goal(", ".join(labels), ticked=frozenset(choice.indexes))
    if choice.label is not None:
        index = _labelled(prompt, choice.label)
        if choice.index not in (None, index):
            raise NotAnOption("The index and the label are not of the same option.")
    else:
        index = choice.index if choice.index in range(count) else None
    return _option(prompt, choice, index)


def _labelled(prompt: Prompt, label: str) -> int | None:
    """The one option with that label, or with those keys."""
    wanted = label.strip().casefold()
    labels = [option.label.casefold() for option in prompt.options]
    keys = [option.keys.casefold() for option in prompt.options if option.keys]
    for names in (labels, keys):
        if names.count(wanted) == 1:
            return names.index(wanted)
    return None


def _option(prompt: Prompt, choice: Choice, index: int | None) -> Goal:
    if index is None:
        raise _nothing(prompt, choice)
    option = prompt.options[index]
    if prompt.form is Form.VIEW:
        raise NotAnOption("This is to be answered in the terminal itself.")
    match prompt.form:
        case Form.WORDS:
            return Goal(option.label, text=option.keys)
        case Form.KEYS:
            return Goal(option.label, key=option.keys.encode())
        case Form.BOXES if option.checked is not None:
            return Goal(option.label, ticked=frozenset({index}))
        case Form.BOXES if (keyed := _keyed(prompt)) is None or index < keyed:
            raise _nothing(prompt, choice)  # A field among the boxes.
    return Goal(option.label, index=index)


def _text(prompt: Prompt, choice: Choice) -> Goal:
    if prompt.form not in (Form.LINE, Form.SECRET) or choice.text is None:
        raise _nothing(prompt, choice)
    refuse_controls(choice.text)
    return Goal("text", text=choice.text)


def _nothing(prompt: Prompt, choice: Choice) -> NotAnOption:
    labels = ", ".join(repr(option.label) for option in prompt.options)
    asked = f"its options are {labels}" if labels else f"it is a {prompt.class_}"
    return NotAnOption(f"{choice.type!r} does not answer this prompt: {asked}.")
