"""Text fields: composers as many agents draw them, and what only looks like one."""

import pytest

from ant.terminal.layout.fields import find_field, text_in
from tests.terminal.drawn import COOKED, look_at

RULE = "─" * 60
CELL, FAINT, GREY, OFF = "\x1b[7m \x1b[27m", "\x1b[2m", "\x1b[38;5;245m", "\x1b[m"
BOX = "╭" + "─" * 58 + "╮", "╰" + "─" * 58 + "╯"
BAR = "  ┃", "  ╹" + "▀" * 50

Rows = list[str]
COMPOSERS: dict[str, tuple[Rows, tuple[int, int], bool]] = {
    "rules, a sign and an inverse cell": (
        ["Done.", "", RULE, f"❯ {CELL}", RULE, "  ? for shortcuts"],
        (7, 0),
        True,
    ),
    "rules without a sign": (
        ["Done.", "", RULE, CELL, RULE, "~/demo (main)", "0.0%/200k    model"],
        (7, 0),
        True,
    ),
    "rules without a sign, over the rest of a large window": (
        ["Done.", f"── input {RULE}", "", *[""] * 18, RULE, "~/demo (main)"],
        (2, 1),
        False,
    ),
    "a box with a sign and a placeholder": (
        ["Done.", BOX[0], f"│ > {FAINT}Ask anything{OFF}", BOX[1], " / commands"],
        (2, 4),
        False,
    ),
    "a box without a sign, with words in its border": (
        ["Done.", "╭" + "─" * 40 + "smart─╮", "│ ", "╰" + "─" * 30 + "~/demo (main)─╯"],
        (2, 2),
        False,
    ),
    "a bar": (
        ["Done.", "", BAR[0], BAR[0], BAR[0], f"{BAR[0]}  Build · Model", BAR[1], " x"],
        (3, 5),
        False,
    ),
    "half blocks": (
        ["Done.", "▄" * 60, f" > {CELL} {GREY}Type your message{OFF}", "▀" * 60, " x"],
        (7, 0),
        True,
    ),
    "a sign and rows below": (
        ["Done.", "", f"› {FAINT}Ask me to do anything{OFF}", "", "  model · ~/demo"],
        (2, 2),
        False,
    ),
    "a placeholder of another colour": (
        [RULE, f"> {CELL}\x1b[38;5;103m Type your message{OFF}", RULE, "  ? for help"],
        (4, 0),
        True,
    ),
    "a bar with a hook at its end": (
        ["Done.", "╭── π > model ▶" + "─" * 44 + "╮", "╰─ " + " " * 54 + "─╯"],
        (2, 3),
        False,
    ),
    "rules in the middle of the screen": (
        [" " * 14 + RULE, " " * 14 + f"❯ {FAINT}Ask anything{OFF}", " " * 14 + RULE],
        (1, 16),
        False,
    ),
    "a placeholder alone": (
        [RULE, f"> {FAINT}Type your message{OFF}", RULE, "  ? for help"],
        (9, 0),
        True,
    ),
}


@pytest.mark.parametrize("name", COMPOSERS)
def test_a_composer_is_found_by_its_form(name: str) -> None:
    """With the cursor in it or hidden, with a placeholder or without; it is empty."""
    rows, cursor, hidden = COMPOSERS[name]
    snapshot = look_at(*rows, cursor=cursor, hidden=hidden)
    field = find_field(snapshot)
    assert field is not None
    assert "" == text_in(snapshot, field) or "colour" in name


DRAFTS: dict[str, tuple[Rows, tuple[int, int], str]] = {
    "in a box": (
        ["Done.", BOX[0], "│ > please fix", BOX[1], " / commands"],
        (2, 14),
        "please fix",
    ),
    "two rows in a box": (
        [BOX[0], "│ > please fix the tests", "│   and then the docs", BOX[1], " x"],
        (2, 21),
        "please fix the tests and then the docs",
    ),
    "two rows between rules": (
        [RULE, "please fix the tests", f"and then the docs{CELL}", RULE, "~/demo"],
        (2, 17),
        "please fix the tests and then the docs",
    ),
    "behind a hook, with a bar at its end": (
        [f"╭─ > model ▶{'─' * 30}╮", "│  one  │", f"╰─ two{' ' * 30}─╯"],
        (2, 6),
        "one two",
    ),
    "a command below what completes it": (
        [
            "",
            *[f"{BAR[0]} /{each}" for each in ("model", "mcps", "new")],
            BAR[0],
            f"{BAR[0]}  /m",
            BAR[0],
            f"{BAR[0]}  Build · Model",
            BAR[1],
            " x",
        ],
        (5, 7),
        "/m",
    ),
    "behind a sign": (
        ["Done.", "", "› one", "  two", "", "  model · ~/demo"],
        (3, 5),
        "one two",
    ),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_is_the_text_of_a_field(name: str) -> None:
    """Its rows are joined."""
    rows, cursor, text = DRAFTS[name]
    snapshot = look_at(*rows, cursor=cursor)
    field = find_field(snapshot)
    assert field is not None
    assert text == text_in(snapshot, field)


OTHERS: dict[str, tuple[Rows, tuple[int, int], bool]] = {
    "a field in the box of a dialog": (
        [
            BOX[0],
            "│ Enter a key",
            "│ ╭" + "─" * 40 + "╮",
            "│ │ ",
            "│ ╰" + "─" * 40 + "╯",
        ],
        (3, 4),
        False,
    ),
    "a label above a field": (
        [RULE, "Name of the branch:", "main", RULE],
        (2, 4),
        False,
    ),
    "the command line of a shell": ([RULE, f"! {CELL}", RULE, "  esc"], (1, 2), True),
    "a menu": ([RULE, "❯ Yes", "  No", RULE], (1, 0), True),
    "a cursor before the sign": (["Done.", "", "❯ Yes", "", "Enter"], (2, 0), False),
    "a cursor in the middle of a text": (
        [RULE, "one", "two", "three", RULE],
        (1, 1),
        False,
    ),
    "a menu below a hook": (
        [f"╭─ > model ▶{'─' * 30}╮", f"╰─ Go on?{' ' * 30}─╯", "❯ Yes"],
        (1, 9),
        False,
    ),
    "a hook below no border": (["Done.", f"╰─ one{' ' * 30}─╯"], (1, 6), False),
    "a sign in a text": (["It said", "> quoted", "and so on"], (1, 8), False),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_field(name: str) -> None:
    """A dialog, a menu, or text that a program shows."""
    rows, cursor, hidden = OTHERS[name]
    assert find_field(look_at(*rows, cursor=cursor, hidden=hidden)) is None


def test_a_program_that_takes_lines_has_no_field() -> None:
    """The terminal is its field."""
    rows = ["Done.", "", RULE, "❯ ", RULE]
    assert find_field(look_at(*rows, cursor=(3, 2))) is not None
    assert find_field(look_at(*rows, cursor=(3, 2), tty=COOKED)) is None
    assert find_field(look_at()) is None
