"""What is asked at the cursor: a choice, a line, a secret, a key.

Rule 1: the cursor stands right behind what asks, or behind what was begun to be typed.
Rule 2: a program that wants lines and does not read asks nothing.
"""

import re

from ant.terminal.detect.prompt_builder import asked, text_above
from ant.terminal.detect.typed_choices import find_choices, find_list_below
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

SURE_S = 0.2
"""Quiet after which a line that ends like a question is one, if nobody can tell."""

_SECRET = re.compile(
    r"\b(password|passphrase|passcode|pin|secret|token)\b.{0,80}[:?]"
    r"\s*[›»‣]?\s*(?:[*•]*|\[input is masked\])\s*$",
    re.IGNORECASE,
)
_PRESS = re.compile(
    r"\b(press|hit|type|push)\b.{0,24}"
    r"\b(any key|enter|return|space(bar)?|a key)\b"
    r"|\[(enter|return|any key)\]|<(enter|return)>"
    r"|\b(enter|return|any key) to (continue|proceed|exit|start|retry)",
    re.IGNORECASE,
)
_ENTER = re.compile("enter|return", re.IGNORECASE)
_LINE = re.compile(r"\S.*([:?»›]|[>=]{1,2}|\]|\)) ?$")
_UNFINISHED = re.compile(r"\s*\.{3}>? +")
_RAW = re.compile(r"^\s*(\?|❔|✔|◆|\[\?\])\s+\S|[:?] (\([^()]*\) )?$")

_PRESS_MAX = 100
"""Characters of a row that asks for a key: a longer one is prose about keys."""


def find_ask(snapshot: ScreenSnapshot) -> Prompt | None:
    """What is asked at the cursor, if something is."""
    row = snapshot.cursor.row
    if snapshot.last < 0 or (snapshot.tty and snapshot.tty.is_deaf):
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
    """A row, the last or the cursor's, that asks for a key."""
    for row in dict.fromkeys((snapshot.cursor.row, snapshot.last)):
        line = snapshot.bare[row].strip()
        if len(line) <= _PRESS_MAX and (found := _PRESS.search(line)):
            keys = "\r" if _ENTER.search(found[0]) else " "
            option = Option("Continue", keys=keys)
            return asked(
                snapshot, PromptClass.PRESS_KEY, Form.KEYS, line, option, rule="press"
            )
    return None


def _secret(snapshot: ScreenSnapshot) -> Prompt | None:
    tty = snapshot.tty
    text = (
        snapshot.typed_at
        if snapshot.cursor.visible
        else snapshot.lines[snapshot.cursor.row]
    )
    cooked = tty is not None and tty.canonical
    hidden = tty is not None and tty.canonical and not tty.echo
    if not hidden and (cooked or not _SECRET.search(text)):
        return None
    question = text.strip() or text_above(snapshot, snapshot.cursor.row)
    if not question:
        return None
    return asked(snapshot, PromptClass.PASSWORD, Form.SECRET, question, rule="secret")


def _line(snapshot: ScreenSnapshot) -> Prompt | None:
    tty, text = snapshot.tty, snapshot.typed_at
    cooked = tty is not None and tty.canonical
    if not cooked and _UNFINISHED.fullmatch(text):
        return asked(
            snapshot, PromptClass.FREE_TEXT, Form.LINE, text, rule="unfinished"
        )
    if cooked and tty is not None and tty.reading and not text.strip():
        text = text_above(snapshot, snapshot.cursor.row)
        text = text if text.endswith("?") else ""
    if snapshot.quiet_s < SURE_S and not (tty and tty.reading):
        return None
    if not cooked and not snapshot.cursor.visible:
        return None  # Who draws a screen hides the cursor where nobody types.
    asks = _LINE if cooked and tty and tty.reading else _RAW
    if not text.strip() or not asks.search(text):
        return None
    return asked(snapshot, PromptClass.FREE_TEXT, Form.LINE, text, rule="line")
