"""Check boxes above a submit row: which options are boxes, and what submits them."""

import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.detect.checkboxes import TAKES, find_boxes
from ant.terminal.model.prompt import Form, Prompt
from ant.terminal.model.tty import Tty
from tests.terminal.drawn import COOKED, RAW, look_at

CLAUDE = drivers()["claude-code"]
RULE = "─" * 60
ROWS = [
    RULE,
    "Which database?",
    "",
    "❯ 1. [ ] SQLite",
    "  One file",
    "  2. [✔] PostgreSQL",
    "  A server",
    "  3. [ ] Type something",
    "     Submit",
    RULE,
    "  4. Chat about this",
    "",
    "Enter to select · Esc to cancel",
]


def shown(rows: list[str], tty: Tty = RAW) -> Prompt | None:
    """Return the boxes that ANT finds in these rows of Claude Code."""
    return find_boxes(look_at("● Let me do that.", *rows, hidden=True, tty=tty), CLAUDE)


def marked(at: str) -> list[str]:
    """Return the rows with the marker on another one."""
    plain = [row.replace("❯", " ") for row in ROWS]
    return [f"❯{row[1:]}" if at in row and row[0] == " " else row for row in plain]


@pytest.mark.parametrize("at", range(5))
def test_boxes_and_their_submit_row(at: int) -> None:
    """The prompt is the same for every position of the marker; the field is no box."""
    labels = ["SQLite", "PostgreSQL", "Type something", "Submit", "Chat about this"]
    dialog = shown(marked(labels[at]))
    assert dialog is not None
    assert (Form.BOXES, "Which database?", "\x1b") == (
        dialog.form,
        dialog.question,
        dialog.cancel,
    )
    assert labels == [option.label for option in dialog.options]
    assert [False, True, None, None, None] == [each.checked for each in dialog.options]
    assert ["", "", "", TAKES, ""] == [option.keys for option in dialog.options]
    assert at == dialog.selected
    first = shown(ROWS)
    assert first is not None
    assert first.fingerprint == dialog.fingerprint


def test_of_two_markers_the_lower_one_counts() -> None:
    """Claude Code leaves the old marker on `Submit`."""
    rows = [*marked("Submit")[:10], "❯ 4. Chat about this", *ROWS[11:]]
    dialog = shown(rows)
    assert dialog is not None
    assert 4 == dialog.selected


def test_text_in_the_field_makes_it_a_view() -> None:
    """The field is ticked once it has text: then only the operator can answer."""
    dialog = shown([row.replace("[ ] Type something", "[✔] abc") for row in ROWS])
    assert dialog is not None
    assert Form.VIEW is dialog.form


@pytest.mark.parametrize(
    "rows",
    [
        [*ROWS, "❯ "],
        [*ROWS, "Done."],
        [row.replace("❯", " ") for row in ROWS],
        [row for row in ROWS if "SQLite" not in row],
        [row.replace("2. [✔]", "2.") for row in ROWS],
        [row.replace("     Submit", "  Submit") for row in ROWS],
        [*ROWS[:10], "  7. Chat about this", *ROWS[11:]],
        [*ROWS[:11], "  5. More", *ROWS[11:]],
        ROWS[8:],
    ],
)
def test_rows_that_only_look_like_boxes(rows: list[str]) -> None:
    """Text follows, no row is marked, a number is missing, or an option has no box."""
    assert shown(rows) is None


def test_a_program_that_takes_lines_has_no_boxes() -> None:
    """Boxes on its screen are a quotation."""
    assert shown(ROWS, COOKED) is None
    assert find_boxes(look_at(*ROWS, hidden=True), drivers()["codex-cli"]) is None
