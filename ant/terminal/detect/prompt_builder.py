"""A prompt at the cursor: where it stands and what it says, for all that ask there."""

import re

from ant.terminal.detect.menus import excerpt
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

_LEAD = re.compile(r"^\s*(\?|❔|✔|◆|\[\?\]|\(\d+/\d+\))\s+")
_TRAIL = re.compile(
    r"((?<=[:?]) \([^()]*\)|\s[›»‣].*|\s\[input is masked\]"
    r"|\s\[[^\[\]]*\](?=:$)|(?<=[:?›]) [*•]+)\s*$"
)

_ROWS = 5
"""Rows above the cursor that are told with a prompt."""


def asked(
    snapshot: ScreenSnapshot,
    class_: PromptClass,
    form: Form,
    question: str,
    *options: Option,
    rule: str,
    first: int | None = None,
    draft: str = "",
) -> Prompt:
    """A prompt that ends at the cursor and begins at row `first`, else there too.

    A line of free text is a question, everything else a dialog.
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
    """The text on one of the two rows above `row`, nothing where they are blank."""
    rows = snapshot.lines[max(row - 2, 0) : row]
    return next((line.strip() for line in reversed(rows) if line.strip()), "")


def _tidy(question: str) -> str:
    """The question without the sign before it, and the default or arrow behind it."""
    question = _LEAD.sub("", question.strip())
    for _ in range(2):
        question = _TRAIL.sub("", question)
    return question.strip()
