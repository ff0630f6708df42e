"""Pagers and editors: they wait for a person, and no answer of ours fits them."""

import re
from itertools import pairwise

import attrs

from ant.terminal.detect.cursor_prompts import find_press
from ant.terminal.detect.prompt_builder import asked
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
_NANO = re.compile(r"\s*(GNU nano|UW PICO)\b")
_KEYS_OF_NANO = re.compile(r"\^[A-Z] .*\^[A-Z] ")
_VIM_STATUS = re.compile(
    r'"[^"]*".*(\d+L|\[New\]|lines?)|-- ?(INSERT|VISUAL|REPLACE|NORMAL).*'
    r"|.*\b\d+,\d+(-\d+)?\s+(All|Top|Bot|\d+%)\s*"
)
_CONTROL = re.compile(r"\^[A-Z]")
_FIELD = re.compile(r"\s*[A-Z][^│~]*: ?$")

TILDES = 3
"""Rows with nothing but a tilde: below the text of vim, hardly anywhere else."""


def view(snapshot: ScreenSnapshot, class_: PromptClass) -> Prompt:
    """A pager or an editor, known by its last row."""
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
    """A pager or an editor, by its name or its status row, or what it asks below."""
    if snapshot.tty is not None and snapshot.tty.canonical:
        return None
    name = snapshot.tty.foreground if snapshot.tty else ""
    status = snapshot.bare[snapshot.last] if snapshot.last >= 0 else ""
    at_status = snapshot.cursor.row == snapshot.last or not snapshot.cursor.visible
    if name in PAGERS or (at_status and _PAGER.fullmatch(status)):
        return view(snapshot, PromptClass.PAGER)
    if name in EDITORS or _is_editor(snapshot, status):
        return _asked_below(snapshot) or view(snapshot, PromptClass.EDITOR)
    return None


def _is_editor(snapshot: ScreenSnapshot, status: str) -> bool:
    keys = any(map(_KEYS_OF_NANO.search, snapshot.lines[-3:]))
    if _NANO.match(snapshot.lines[0]) and (keys or _is_bar(snapshot)):
        return True
    tildes = sum(line == "~" for line in snapshot.lines)
    vim = snapshot.modes.alternate and (tildes >= TILDES or snapshot.lines[0] == "~")
    return vim and bool(tildes >= TILDES or _VIM_STATUS.fullmatch(status))


def _asked_below(snapshot: ScreenSnapshot) -> Prompt | None:
    """A key that is to be pressed, or a field in the rows of the editor's hints."""
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
        field = asked(snapshot, PromptClass.FREE_TEXT, Form.LINE, text, rule="field")
        return attrs.evolve(field, kind=Kind.DIALOG)
    return None


def _is_bar(snapshot: ScreenSnapshot) -> bool:
    """Whether the cursor's row is the bar in which nano asks, above two of hints."""
    row = snapshot.cursor.row
    return row == snapshot.last - 2 and snapshot.style_at(row, 0).inverse


def _keyed(snapshot: ScreenSnapshot) -> Prompt | None:
    """What nano asks in its bar: the keys are lit in the two rows below it.

    They are taken from there, as the letters of other languages are others.
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
        return None  # The hints of a field: it takes a text.
    text, class_ = snapshot.typed_at, PromptClass.CONFIRMATION
    return asked(snapshot, class_, Form.KEYS, text, *options, rule="bar")
