"""What is to be allowed, taken from the frame of a dialog."""

import pytest

from ant.terminal.driver import drivers
from ant.terminal.menus import BODY
from ant.terminal.subject import subject_of
from tests.terminal.drawn import look_at

CODEX = drivers()["codex-cli"]


@pytest.mark.parametrize(
    ("above", "first", "subject"),
    [
        (
            ["prose", "─" * 20, " Bash command", "  ls  -a", ""],
            " ❯ 1. Yes",
            "Bashcommandls-a",
        ),
        (["─" * 20, " Edit", "╌" * 20, " 1 + x", "╌" * 20, ""], " ❯ 1. Yes", "Edit1+x"),
        (
            ["prose", "╭──────╮", "│ ? Sh │", "│ ╭──╮ │", "│ │ls│ │", "│ ╰──╯ │"],
            "│ ● 1. Yes │",
            "?Shls",
        ),
        (["prose", "┃  △ Asks", "┃  $ ls"], "┃   Allow   Deny", "Asks$ls"),
        (["$ ls", "• Working (3s • esc to interrupt)", ""], "› 1. Yes", "$ls"),
        (
            ["─" * 20, "echo 3s esc to interrupt", ""],
            "› 1. Yes",
            "echo3sesctointerrupt",
        ),
        (["●  one", "⠏ two", "", "三 ° 3"], "› 1. Yes", "onetwo三3"),
        ([], "› 1. Yes", ""),
    ],
)
def test_what_a_dialog_is_about(above: list[str], first: str, subject: str) -> None:
    """All of its frame, with boxes within it; or the rows above, where it has none."""
    assert subject == subject_of(look_at(*above, first), len(above), CODEX)


def test_without_a_frame_what_is_far_above_is_nothing_of_it() -> None:
    """Rows that scroll by above a dialog are not what it is about."""
    rows = [f"row {n}" for n in range(BODY + 3)]
    subject = subject_of(look_at(*rows, "› 1. Yes"), len(rows), CODEX)
    assert "".join(rows[3:]).replace(" ", "") == subject
