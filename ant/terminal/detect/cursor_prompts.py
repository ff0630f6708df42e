"""Prompts at the cursor: a choice, a line of text, a secret, a key.

Rule 1: the cursor is right behind the prompt, or behind the answer typed so far.
Rule 2: a program that takes whole lines and is not reading has no prompt.
"""

import re

from ant.terminal.detect.prompt_builder import cursor_prompt, text_above
from ant.terminal.detect.typed_choices import find_choices, find_list_below
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

SURE_S = 0.2
"""Seconds without output after which a line that ends like a question is a prompt, if
ANT does not know whether the program is reading."""

_SECRET = re.compile(
    r"\b(password|passphrase|passcode|pin|secret|token)\b.{0,80}[:?]"
    r"\s*[›»‣]?\s*(?:[*•]*|\[input is masked\])\s*$",
    re.IGNORECASE,
)
"""A text that asks for a secret, perhaps with a mask behind it."""

_PRESS = re.compile(
    r"\b(press|hit|type|push)\b.{0,24}"
    r"\b(any key|enter|return|space(bar)?|a key)\b"
    r"|\[(enter|return|any key)\]|<(enter|return)>"
    r"|\b(enter|return|any key) to (continue|proceed|exit|start|retry)",
    re.IGNORECASE,
)
"""A request to press a key."""

_ENTER = re.compile("enter|return", re.IGNORECASE)
"""The key that such a request names is Enter."""

_LINE = re.compile(r"\S.*([:?»›]|[>=]{1,2}|\]|\)) ?$")
"""A text that ends like a question, for a program that is reading a line."""

_UNFINISHED = re.compile(r"\s*\.{3}>? +")
"""The continuation prompt of an interpreter: `... `."""

_RAW = re.compile(r"^\s*(\?|❔|✔|◆|\[\?\])\s+\S|[:?] (\([^()]*\) )?$")
"""A sign before a question, or a colon or question mark behind it."""

_PRESS_MAX = 100
"""The most characters of a row that asks for a key: a longer one is prose."""


def find_cursor_prompt(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt at the cursor, or None.

    In this order: a secret, typed choices, a key to press, a line of text. Text behind
    a visible cursor means that the operator is editing a line, and no prompt. If there
    are rows of text below the cursor, only a list of choices below it is a prompt.
    """
    row = snapshot.cursor.row
    if snapshot.last < 0 or (snapshot.tty and snapshot.tty.ignores_input):
        return None
    behind = snapshot.lines[row][len(snapshot.typed_at.rstrip()) :].strip()
    if behind and snapshot.cursor.visible:
        return None  # A line is being edited.
    if row < snapshot.last - 1:
        return find_list_below(snapshot)
    return (
        _secret(snapshot)
        or find_choices(snapshot)
        or find_press(snapshot)
        or _line(snapshot)
    )


def find_press(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of a row that asks for a key, or None.

    It is the cursor's row or the last one. The key is Enter if the row names it, else
    the space bar.
    """
    for row in dict.fromkeys((snapshot.cursor.row, snapshot.last)):
        line = snapshot.bare[row].strip()
        if len(line) <= _PRESS_MAX and (found := _PRESS.search(line)):
            keys = "\r" if _ENTER.search(found[0]) else " "
            option = Option("Continue", keys=keys)
            return cursor_prompt(
                snapshot, PromptClass.PRESS_KEY, Form.KEYS, line, option, rule="press"
            )
    return None


def _secret(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt for a password or another secret, or None.

    The terminal reads a line without echo, or the program edits its own line and the
    text at the cursor asks for a secret.
    """
    tty = snapshot.tty
    text = (
        snapshot.typed_at
        if snapshot.cursor.visible
        else snapshot.lines[snapshot.cursor.row]
    )
    hidden = tty is not None and tty.hides_input
    if not hidden and (snapshot.takes_lines or not _SECRET.search(text)):
        return None
    question = text.strip() or text_above(snapshot, snapshot.cursor.row)
    if not question:
        return None
    return cursor_prompt(
        snapshot, PromptClass.PASSWORD, Form.SECRET, question, rule="secret"
    )


def _line(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt for a line of free text, or None.

    If the program is reading a line, the text before the cursor ends in one of the
    usual signs (`_LINE`); if there is no text, the question is above the cursor. In all
    other cases the test is stricter (`_RAW`). Unless the program is known to be
    reading, the screen must have been quiet for `SURE_S`.
    """
    text, takes_lines = snapshot.typed_at, snapshot.takes_lines
    is_reading = snapshot.tty is not None and bool(snapshot.tty.reading)
    if not takes_lines and _UNFINISHED.fullmatch(text):
        return cursor_prompt(
            snapshot, PromptClass.FREE_TEXT, Form.LINE, text, rule="unfinished"
        )
    if takes_lines and is_reading and not text.strip():
        text = text_above(snapshot, snapshot.cursor.row)
        text = text if text.endswith("?") else ""
    if snapshot.quiet_s < SURE_S and not is_reading:
        return None
    if not takes_lines and not snapshot.cursor.visible:
        return None  # A program that draws its screen shows the cursor at a field.
    asks = _LINE if takes_lines and is_reading else _RAW
    if not text.strip() or not asks.search(text):
        return None
    return cursor_prompt(snapshot, PromptClass.FREE_TEXT, Form.LINE, text, rule="line")
