"""Translates a choice into keys, by what the screen shows and never by a fixed number.

Rule 1: a choice that does not name exactly one option of this prompt is refused; ANT
does not guess.
Rule 2: the key that takes effect (`takes`) is separate. ANT presses it when the screen
shows that the right option is marked, or the right text typed.
Rule 3: `approve` means yes, this once. `deny` means no, and nothing else. An option
that lasts, goes elsewhere or reverses the question must be selected by name. So must
every option, if the question or a row of the dialog says that the answer lasts.
"""

import re
from collections.abc import Callable, Iterable

import attrs

from ant.core.errors import NotAnOption
from ant.terminal.detect.option_meaning import (
    ESCAPES,
    asks_to_last,
    escapes_only,
    keeps_answer,
    key_lasts,
    means_abort,
    means_no,
    means_retry,
    means_yes,
    refuses_otherwise,
    yes_lasts,
)
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.screen.modes import Modes

ENTER = b"\r"
ESC = b"\x1b"

_ESC = re.compile(r"\besc(ape)?\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")
_LEAD = re.compile(r"\W*(?:\d{1,2}[.)\]]?\s+)?")
_LETTERED = re.compile(r"[(\[]\w[)\]]\w[\w' -]*")
_KEYED = re.compile(r"\W*(\S{1,3}?)\W?\s+[-=:–—]\s")
_CURSOR = {"up": b"A", "down": b"B", "right": b"C", "left": b"D"}

_STEM = 24
"""Characters at the end of a question that are enough to find its row."""


@attrs.frozen
class AnswerGoal:
    """What an answer does: mark an option, tick boxes, type a text, or press a key.

    `chosen` is the label, or the kind of answer; it does not contain a typed text.
    """

    chosen: str
    index: int | None = None
    ticked: frozenset[int] | None = None
    text: str | None = None
    key: bytes | None = None


@attrs.frozen
class KeyStep:
    """The keys to press next; `takes`: they take effect, and the answer is given."""

    data: bytes
    takes: bool


def goal_of(prompt: Prompt, choice: Choice) -> AnswerGoal:
    """What a choice means for this prompt. Raises `NotAnOption`."""
    match choice.type:
        case "approve":
            return _option(prompt, choice, _yes(prompt))
        case "deny":
            return _no(prompt, choice)
        case "confirm" if choice.yes is not None:
            meant = attrs.evolve(choice, type="approve" if choice.yes else "deny")
            return goal_of(prompt, meant)
        case "retry":
            return _option(prompt, choice, _only(prompt, means_retry))
        case "abort":
            aborting = _only(prompt, means_abort)
            if aborting is None and prompt.cancel:
                return AnswerGoal("abort", key=prompt.cancel.encode())
            return _option(prompt, choice, aborting)
        case "select":
            return _selected(prompt, choice)
        case "text":
            return _text(prompt, choice)
    raise _refusal(prompt, choice)


def next_move(prompt: Prompt, goal: AnswerGoal, modes: Modes) -> KeyStep:
    """The next key on the way to a goal other than a text, from the row marked now.

    Raises `NotAnOption` where no row is marked, so that none can be reached.
    """
    if goal.key is not None:
        return KeyStep(goal.key, takes=True)
    marked, target, ticks = prompt.selected, goal.index, False
    if goal.ticked is not None:
        target = _to_tick(prompt.options, goal.ticked)
        ticks = target is not None
        target = target if ticks else _taking(prompt)
    if marked is None or target is None:
        raise NotAnOption(
            "The menu marks no row, so ANT cannot move to one; answer in the terminal."
        )
    if marked == target:
        return KeyStep(b" " if ticks else ENTER, takes=not ticks)
    on, back = ("right", "left") if prompt.form is Form.BUTTONS else ("down", "up")
    return KeyStep(_arrow(on if target > marked else back, modes), takes=False)


def refuse_controls(text: str) -> None:
    """Raise `NotAnOption` if a text has control characters other than tab, newline."""
    if _CONTROL.search(text):
        raise NotAnOption(
            "A text may not contain control characters other than tab and newline."
        )


def _arrow(way: str, modes: Modes) -> bytes:
    return (b"\x1bO" if modes.application_cursor else b"\x1b[") + _CURSOR[way]


def _to_tick(options: Iterable[Option], ticked: frozenset[int]) -> int | None:
    wrong = [i for i, each in enumerate(options) if bool(each.checked) != (i in ticked)]
    return next((i for i in wrong if i in ticked), wrong[0] if wrong else None)


def _taking(prompt: Prompt) -> int | None:
    """The row on which Enter accepts the boxes: one that has a key, else the marked."""
    keyed = _keyed(prompt)
    return prompt.selected if keyed is None else keyed


def _keyed(prompt: Prompt) -> int | None:
    return next((i for i, each in enumerate(prompt.options) if each.keys), None)


def _only(prompt: Prompt, means: Callable[[str], bool]) -> int | None:
    """The only option that means this; None where there is none, or more than one."""
    fits = [i for i, each in enumerate(prompt.options) if means(each.label)]
    letters = {each.label.strip().lower() for each in prompt.options}
    if len(letters & {"y", "n"}) == 1 and not letters & {"yes", "no"}:
        fits = [i for i in fits if len(prompt.options[i].label.strip()) > 1]
    return fits[0] if len(fits) == 1 else None


def _yes(prompt: Prompt) -> int | None:
    """The option that means yes, this once (rule 3)."""
    rows = _text_rows(prompt)
    if asks_to_last(_question_in(prompt, rows)) or yes_lasts("\n".join(rows)):
        return None
    if keeps_answer("\n".join(rows)):
        return None
    if prompt.class_ is PromptClass.PRESS_KEY and len(prompt.options) == 1:
        return 0  # The key that the program requests, whatever it does.
    return _once(prompt, _only(prompt, lambda label: means_yes(label, prompt.question)))


def _once(prompt: Prompt, index: int | None) -> int | None:
    """`index`, or None where the screen explains the option's key as one that lasts."""
    if index is None or prompt.form not in (Form.WORDS, Form.KEYS):
        return index
    text = f"{prompt.question}\n{prompt.text}"
    return None if key_lasts(prompt.options[index].keys, text) else index


def _text_rows(prompt: Prompt) -> list[str]:
    """The rows of a dialog without its options, and without the meanings of keys."""
    lines = prompt.text.splitlines()
    if prompt.form in (Form.MENU, Form.BOXES) or prompt.rule in ("numbers", "list"):
        rows, row = list[int](), len(lines)
        for option in reversed(prompt.options):
            row = next((r for r in range(row)[::-1] if _shows(lines[r], option)), -1)
            rows.append(row)
        if rows and rows[-1] >= 0:
            lines[rows[-1] : rows[0] + 1] = [""]
    elif prompt.form is Form.BUTTONS:
        lines = lines[:-1]
    elif prompt.rule == "keyed":
        lines = lines[: prompt.rows[0] - prompt.rows[-1] - 1]
    elif prompt.form is Form.WORDS:
        lines = [_LETTERED.sub("", line) for line in lines]
    keys = {option.keys for option in prompt.options}
    keyed = [found[1] if (found := _KEYED.match(line)) else "" for line in lines]
    return [
        line
        for line, key in zip(lines, keyed, strict=True)
        if not (key and key in keys)
    ]


def _shows(line: str, option: Option) -> bool:
    """Whether a row shows an option, or the beginning of its label."""
    text = " ".join(_LEAD.sub("", line, count=1).split())
    label = _LEAD.sub("", option.label, count=1)
    return bool(text) and (label.startswith(text) or text.startswith(label))


def _question_in(prompt: Prompt, rows: list[str]) -> str:
    """The question, with the paragraph around it; for a line, with two rows of it."""
    paragraphs: list[list[str]] = [[]]
    for line in rows:
        if any(char.isalnum() for char in line):
            paragraphs[-1].append(line.strip())
        else:
            paragraphs.append([])
    end = " ".join(prompt.question.split()).rstrip(" ?:")[-_STEM:]
    found = [each for each in paragraphs if each and end in " ".join(each)][-1:]
    paragraph = found[0] if found else []
    if prompt.form in (Form.WORDS, Form.KEYS, Form.VIEW):
        paragraph = paragraph[-2:]
    return " ".join([prompt.question, *paragraph])


def _no(prompt: Prompt, choice: Choice) -> AnswerGoal:
    """The option that means no, and nothing else; else Esc, if it is known to refuse.

    If an option names Esc as its key, its label shows what Esc does. Enter on such a
    row may open a field for a reason, so ANT presses Esc there, too.
    """
    if prompt.form is Form.VIEW:
        raise _refusal(prompt, choice)
    if keeps_answer("\n".join(_text_rows(prompt))):
        raise _refusal(prompt, choice)
    denying = _only(prompt, lambda label: means_no(label, prompt.question))
    if denying is not None and _once(prompt, denying) is None:
        raise _refusal(prompt, choice)
    keyed = [each.label for each in prompt.options if ESCAPES.search(each.label)]
    if denying is not None and prompt.options[denying].label not in keyed:
        return _option(prompt, choice, denying)
    if keyed and all(map(escapes_only, keyed)):
        return AnswerGoal(keyed[0] if len(keyed) == 1 else "deny", key=ESC)
    doubt = any(refuses_otherwise(each.label) for each in prompt.options)
    if keyed or not prompt.cancel or (doubt and not _ESC.search(prompt.text)):
        raise _refusal(prompt, choice)
    return AnswerGoal("deny", key=prompt.cancel.encode())


def _selected(prompt: Prompt, choice: Choice) -> AnswerGoal:
    count = len(prompt.options)
    if choice.indexes is not None:
        boxes = {i for i, each in enumerate(prompt.options) if each.checked is not None}
        if prompt.form is not Form.BOXES or not set(choice.indexes) <= boxes:
            raise _refusal(prompt, choice)
        labels = [prompt.options[i].label for i in sorted(set(choice.indexes))]
        return AnswerGoal(", ".join(labels), ticked=frozenset(choice.indexes))
    if choice.label is not None:
        index = _labelled(prompt, choice.label)
        if choice.index not in (None, index):
            raise NotAnOption("`index` and `label` name different options; send one.")
    else:
        index = choice.index if choice.index in range(count) else None
    return _option(prompt, choice, index)


def _labelled(prompt: Prompt, label: str) -> int | None:
    """The only option with this label, or with these keys."""
    wanted = label.strip().casefold()
    labels = [option.label.casefold() for option in prompt.options]
    keys = [option.keys.casefold() for option in prompt.options if option.keys]
    for names in (labels, keys):
        if names.count(wanted) == 1:
            return names.index(wanted)
    return None


def _option(prompt: Prompt, choice: Choice, index: int | None) -> AnswerGoal:
    if index is None:
        raise _refusal(prompt, choice)
    option = prompt.options[index]
    if prompt.form is Form.VIEW:
        raise NotAnOption("ANT cannot answer this view; answer it in the terminal.")
    match prompt.form:
        case Form.WORDS:
            return AnswerGoal(option.label, text=option.keys)
        case Form.KEYS:
            return AnswerGoal(option.label, key=option.keys.encode())
        case Form.BOXES if option.checked is not None:
            return AnswerGoal(option.label, ticked=frozenset({index}))
        case Form.BOXES if (keyed := _keyed(prompt)) is None or index < keyed:
            raise _refusal(prompt, choice)  # A field among the boxes.
    return AnswerGoal(option.label, index=index)


def _text(prompt: Prompt, choice: Choice) -> AnswerGoal:
    if prompt.form not in (Form.LINE, Form.SECRET) or choice.text is None:
        raise _refusal(prompt, choice)
    refuse_controls(choice.text)
    return AnswerGoal("text", text=choice.text)


def _refusal(prompt: Prompt, choice: Choice) -> NotAnOption:
    labels = ", ".join(repr(option.label) for option in prompt.options)
    if labels:
        expected = f"its options are {labels}"
    elif prompt.form in (Form.LINE, Form.SECRET):
        expected = "it takes 'text' with the line to type"
    else:
        expected = f"it is a {prompt.class_}"
    return NotAnOption(f"{choice.type!r} does not answer this prompt: {expected}.")
