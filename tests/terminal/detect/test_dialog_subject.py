"""The subject of a dialog: the text in its frame, or the lines above it."""

import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.detect.dialog_subject import lines_above, subject_of
from ant.terminal.layout.dialog_text import BODY
from tests.terminal.drawn import look_at

CODEX = drivers()["codex-cli"]


@pytest.mark.parametrize(
    ("above", "first", "subject"),
    [
        (
            ["prose", "─" * 20, " Bash command", "  ls  -a", ""],
            " ❯ 1. Yes",
            "Bash command ls  -a",
        ),
        (
            ["─" * 20, " Edit", "╌" * 20, " 1 + x", "╌" * 20, ""],
            " ❯ 1. Yes",
            "Edit 1 + x",
        ),
        (
            ["prose", "╭──────╮", "│ ? Sh │", "│ ╭──╮ │", "│ │ls│ │", "│ ╰──╯ │"],
            "│ ● 1. Yes │",
            "? Sh ls",
        ),
        (["prose", "┃  △ Asks", "┃  $ ls"], "┃   Allow   Deny", "Asks $ ls"),
        (["$ ls", "• Working (3s • esc to interrupt)", ""], "› 1. Yes", "$ ls"),
        (
            ["─" * 20, "echo 3s esc to interrupt", ""],
            "› 1. Yes",
            "echo 3s esc to interrupt",
        ),
        (["●  one", "⠏ two", "", "三 ° 3"], "› 1. Yes", "one two 三   3"),
        ([], "› 1. Yes", ""),
    ],
)
def test_the_subject_of_a_dialog(above: list[str], first: str, subject: str) -> None:
    """The whole frame with the boxes in it; without a frame, the rows above."""
    assert subject == subject_of(look_at(*above, first), len(above), CODEX)


def test_without_a_frame_the_subject_is_near() -> None:
    """Rows far above the dialog are not part of its subject."""
    rows = [f"row {n}" for n in range(BODY + 3)]
    subject = subject_of(look_at(*rows, "› 1. Yes"), len(rows), CODEX)
    assert " ".join(rows[3:]) == subject


@pytest.mark.parametrize(
    ("above", "subject"),
    [
        (["far", *"abcde", ""], "a\nb\nc\nd\ne"),
        (["rm  -rf / tmp"], "rm  -rf / tmp"),
        (["⠏ Fetching 3/9", "File a"], "File a"),
        (["Done 34%, 12s, 0:07", "- Wait"], "Done %, s, \nWait"),
        (["x" * 80 + "yy"], "x" * 80 + "yy"),
    ],
)
def test_lines_above_a_prompt_are_its_subject(above: list[str], subject: str) -> None:
    """A few lines, joined where they wrap, without spinners and clocks."""
    snapshot = look_at(*above, "Go on? ")
    assert subject == lines_above(snapshot, snapshot.cursor.row)
