"""Build the prompts at the cursor: their rows, their text and their question."""

import re

from ant.terminal.layout.dialog_text import excerpt
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

_LEAD = re.compile(r"^\s*(\?|❔|✔|◆|\[\?\]|\(\d+/\d+\))\s+")
"""The sign or the count before a question."""

_TRAIL = re.compile(
    r"((?<=[:?]) \([^()]*\)|\s[›»‣].*|\s\[input is masked\]"
    r"|\s\[[^\[\]]*\](?=:$)|(?<=[:?›]) [*•]+)\s*$"
)
"""The default, arrow or mask behind a question."""

_ROWS = 5
"""Rows above the cursor that are part of a prompt's text."""


def cursor_prompt(
    snapshot: ScreenSnapshot,
    class_: PromptClass,
    form: Form,
    question: str,
    *options: Option,
    rule: str,
    first: int | None = None,
    draft: str = "",
) -> Prompt:
    """Return a prompt from row `first` to the cursor's row.

    If `first` is None, it takes the cursor's row only. A prompt for a line of free text
    is a question, any other a dialog.
    """
    row = snapshot.cursor.row
    top = row if first is None else first
    return Prompt(
        kind=Kind.QUESTION if form is Form.LINE else Kind.DIALOG,
        class_=class_,
        form=form,
        question=_tidy(question),
        options=options,
        rule=rule,
        rows=(top, row),
        text=excerpt(snapshot, max(min(top, row - _ROWS), 0), row),
        draft=draft,
    )


def text_above(snapshot: ScreenSnapshot, row: int) -> str:
    """Return the text of the nearest of the two rows above `row`, or ""."""
    rows = snapshot.lines[max(row - 2, 0) : row]
    return next((line.strip() for line in reversed(rows) if line.strip()), "")


def _tidy(question: str) -> str:
    """Remove the sign before a question, and the default, arrow or mask behind it."""
    question = _LEAD.sub("", question.strip())
    for _ in range(2):
        question = _TRAIL.sub("", question)
    return question.strip()
