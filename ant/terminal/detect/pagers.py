"""Pagers and editors: only the operator can use them, so their prompts are views.

The exception is a question that an editor asks in its last rows.
"""

import re
from itertools import pairwise

import attrs

from ant.terminal.detect.cursor_prompts import find_press
from ant.terminal.detect.prompt_builder import cursor_prompt
from ant.terminal.detect.typed_choices import find_choices
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

PAGERS = frozenset(["less", "more", "most", "pg", "man", "bat", "w3m"])
EDITORS = frozenset(
    [
        "vi",
        "vim",
        "nvim",
        "view",
        "vimdiff",
        "nano",
        "pico",
        "emacs",
        "micro",
        "hx",
        "helix",
        "joe",
        "mcedit",
        "kak",
        "ne",
    ]
)
_PAGER = re.compile(
    r"\s*(:|.{0,120}\(END\)|--More--.{0,60}|-- ?More ?--.*|lines \d+-\d+(/\d+)?"
    r"|.*\blines \d+-\d+(/\d+)? (.*\d%|\(END\))"
    r"|.*\(press h for help or q to quit\)|ESC|.*\(file \d+ of \d+\))\s*"
)
"""The status row of a pager."""

_NANO = re.compile(r"\s*(GNU nano|UW PICO)\b")
"""The title row of nano."""

_KEYS_OF_NANO = re.compile(r"\^[A-Z] .*\^[A-Z] ")
"""A row with the keys of nano."""

_VIM_STATUS = re.compile(
    r'"[^"]*".*(\d+L|\[New\]|lines?)|-- ?(INSERT|VISUAL|REPLACE|NORMAL).*'
    r"|.*\b\d+,\d+(-\d+)?\s+(All|Top|Bot|\d+%)\s*"
)
"""The status row of vim."""

_CONTROL = re.compile(r"\^[A-Z]")
"""A control key, as nano shows it."""

_FIELD = re.compile(r"\s*[A-Z][^│~]*: ?$")
"""The text before the cursor in a field of nano."""

TILDES = 3
"""The least number of rows with only a tilde that are vim's: it draws them below the
text."""


def view_prompt(snapshot: ScreenSnapshot, class_: PromptClass) -> Prompt:
    """Return the prompt of a pager or an editor, which has no options."""
    row = max(snapshot.last, 0)
    return Prompt(
        kind=Kind.DIALOG,
        class_=class_,
        form=Form.VIEW,
        question="",
        options=(),
        rule=str(class_),
        rows=(row, row),
        text=snapshot.lines[row].strip(),
        cancel="q" if class_ is PromptClass.PAGER else "",
    )


def find_view(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of a pager or an editor, or None.

    ANT knows it by the program's name or by its status row. A question in the last rows
    of an editor comes before its view.
    """
    if snapshot.takes_lines:
        return None
    name = snapshot.tty.foreground if snapshot.tty else ""
    status = snapshot.bare[snapshot.last] if snapshot.last >= 0 else ""
    at_status = snapshot.cursor.row == snapshot.last or not snapshot.cursor.visible
    if name in PAGERS or (at_status and _PAGER.fullmatch(status)):
        return view_prompt(snapshot, PromptClass.PAGER)
    if name in EDITORS or _is_editor(snapshot, status):
        return _asked_below(snapshot) or view_prompt(snapshot, PromptClass.EDITOR)
    return None


def _is_editor(snapshot: ScreenSnapshot, status: str) -> bool:
    """Whether the screen is nano's, by its title and its keys, or vim's."""
    keys = any(map(_KEYS_OF_NANO.search, snapshot.lines[-3:]))
    if _NANO.match(snapshot.lines[0]) and (keys or _is_bar(snapshot)):
        return True
    tildes = sum(line == "~" for line in snapshot.lines)
    vim = snapshot.modes.alternate and (tildes >= TILDES or snapshot.lines[0] == "~")
    return vim and bool(tildes >= TILDES or _VIM_STATUS.fullmatch(status))


def _asked_below(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the question in the last rows of an editor, or None.

    It asks for a key, for a choice, or for text in a field among the hints.
    """
    if (press := find_press(snapshot)) is not None:
        return press
    if (keyed := _keyed(snapshot)) is not None:
        return keyed
    if (
        snapshot.cursor.row == snapshot.last
        and (choices := find_choices(snapshot)) is not None
    ):
        return choices
    text = snapshot.typed_at
    if len(snapshot.lines) - 4 <= snapshot.cursor.row < snapshot.last and _FIELD.match(
        text
    ):
        field = cursor_prompt(
            snapshot, PromptClass.FREE_TEXT, Form.LINE, text, rule="field"
        )
        return attrs.evolve(field, kind=Kind.DIALOG)
    return None


def _is_bar(snapshot: ScreenSnapshot) -> bool:
    """Whether the cursor is in nano's question bar, an inverse row above two hints."""
    row = snapshot.cursor.row
    return row == snapshot.last - 2 and snapshot.style_at(row, 0).inverse


def _keyed(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the question in nano's bar that takes one key, or None.

    The two rows below the bar show the keys inverse, each with its label. The keys come
    from there because they differ between languages.
    """
    if not _is_bar(snapshot):
        return None
    row, options = snapshot.cursor.row, list[Option]()
    for below in (row + 1, row + 2):
        runs = [(run.style.inverse, run.text.strip()) for run in snapshot.rows[below]]
        for (lit, key), (plain, label) in pairwise(runs):
            if lit and not plain and label:
                key = chr(ord(key[1]) & 0x1F) if _CONTROL.fullmatch(key) else key
                options.append(Option(label, keys=key.lower()))
    keys = [option.keys for option in options]
    letters = [key for key in keys if len(key) == 1 and key.isalpha()]
    if len(letters) < 2 or any(len(key) != 1 for key in keys):
        return None  # These are the hints of a field, which takes text.
    text, class_ = snapshot.typed_at, PromptClass.CONFIRMATION
    return cursor_prompt(snapshot, class_, Form.KEYS, text, *options, rule="bar")
