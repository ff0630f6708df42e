"""Menus of any form at the end of a screen, and quoted ones, which are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.detect.menu_rows import FOOTER
from ant.terminal.detect.menus import find_menu
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.model.tty import Tty
from tests.terminal.drawn import COOKED, DEAF, RAW, look_at

BOXES = ["[ ][x]", "[ ][X]", "[ ][*]", "[ ][✓]", "[ ][✔]", "[ ][•]", "( )(x)", "( )(*)"]
SIGNS = ["○◉", "◯◉", "○●", "☐☑", "☐☒", "◻◼", "□■", "⬡⬢"]
PERMISSION = [
    "Do you want to proceed?",
    "❯ 1. Yes",
    "  2. Yes, and don't ask again",
    "  3. No (esc)",
]


def rows_of(
    count: int, at: int, marker: str = "❯", numbered: bool = False, box: str = ""
) -> list[str]:
    """Return the rows of a menu, row `at` marked and, if it has boxes, ticked."""
    off, on = box[: len(box) // 2], box[len(box) // 2 :]
    rows = []
    for i in range(count):
        lead = marker if i == at else " "
        tick = f"{on if i == at else off} " if box else ""
        number = f"{i + 1}. " if numbered else ""
        rows.append(f"{lead} {tick}{number}Choice {'abcdefghij'[i]}")
    return rows


def boxed(*lines: str, inner: int = 40) -> list[str]:
    """Draw lines in a box; wide characters count as one column."""
    rows = [f"│ {line:{inner}} │" for line in lines]
    rule = "─" * (inner + 2)
    return [f"╭{rule}╮", *rows, f"╰{rule}╯"]


def found(*lines: str, hidden: bool = True, tty: Tty | None = RAW) -> Prompt:
    """Return the menu on a screen that has one."""
    prompt = find_menu(look_at(*lines, hidden=hidden, tty=tty))
    assert prompt is not None
    return prompt


def labels(prompt: Prompt) -> list[str]:
    """Return the labels of the options."""
    return [option.label for option in prompt.options]


@given(
    st.integers(2, 9).flatmap(
        lambda n: st.tuples(st.just(n), st.integers(0, n - 1)),
    ),
    st.sampled_from("❯›▶▸►→➜➤»"),
    st.booleans(),
    st.sampled_from(["", *BOXES, *SIGNS]),
    st.booleans(),
    st.sampled_from([[], ["", "Enter to select · Esc to cancel"], ["", "↑↓ move"]]),
)
def test_a_menu_of_any_form(
    size: tuple[int, int],
    marker: str,
    numbered: bool,
    box: str,
    in_box: bool,
    footer: list[str],
) -> None:
    """For every position of the marker: all options, and the marked one selected."""
    count, at = size
    lines = ["Which one?", "", *rows_of(count, at, marker, numbered, box)]
    lines = boxed(*lines) if in_box else lines
    prompt = found("Earlier text.", *lines, *footer)
    assert "Which one?" == prompt.question
    assert [f"Choice {'abcdefghij'[i]}" for i in range(count)] == labels(prompt)
    assert at == prompt.selected
    assert (Form.BOXES if box else Form.MENU) is prompt.form
    ticked = [i == at for i in range(count)] if box else [None] * count
    assert ticked == [option.checked for option in prompt.options]
    assert bool(footer and "Esc" in footer[1]) is (prompt.cancel == "\x1b")


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        (["漢字?", "❯ 漢字", "  仮名"], ["漢字", "仮名"]),
        (["Ok?", "❯ 1. One", "     it is", "  2. No"], ["One", "No"]),
        (["Ok?", "❯ 1. Yes", "     it is", "  2. No"], ["Yes it is", "No"]),
        (["Ok?", "❯ 1) Yes", "  2) No"], ["Yes", "No"]),
        (["Ok?", "❯ 1. Yes", "", "  2. No"], ["Yes", "No"]),
        (["Ok?", "❯ 9. i", " 10. j"], ["i", "j"]),
        (["Ok?", "    Yes", "  ❯ No"], ["Yes", "No"]),
        (["Ok?", "  Yes", "❯ No  ", "", "  3/9"], ["Yes", "No"]),
        (["Ok?", "❯ 1. Yes   █", "  2. No (esc)   █"], ["Yes", "No (esc)"]),
        (["Ok?", "❯ 1. Yes (y)   ↑", "  2. No (n)   ↓"], ["Yes (y)", "No (n)"]),
        (["Ok?", "❯ One", "  Two", "  (or start typing)"], ["One", "Two"]),
        (["Which?", "❯ One", "  just now · main"], ["One"]),
        (["Which?", "  One", "  2 hours ago", "❯ Two", "  9:43 AM"], ["One", "Two"]),
    ],
)
def test_labels_are_bare(lines: list[str], options: list[str]) -> None:
    """No number, marker, detail, count or gap is part of a label."""
    assert options == labels(found(*lines))


@pytest.mark.parametrize(
    "lines",
    [
        ["Resume", "  demo", "", "❯ hello", "  3 seconds ago · main"],
        ["Resume", "❯ hello", "  3 seconds ago · main", "  more of it", "  of it"],
        ["Sessions", "  Index │ Msgs │ Name", "❯ #1    │ 3    │ hello"],
        ["Resume", "❯ 5s ago   hello", "  1h ago   other"],
        ["Resume", "❯ hello", "  other", "  10:43 AM (local)"],
    ],
)
def test_a_list_of_stored_things_is_a_view(lines: list[str]) -> None:
    """Its headings and details look like options, so ANT answers none of them."""
    prompt = found(*lines, "", "Enter to resume · Esc to close")
    assert (Form.VIEW, ()) == (prompt.form, prompt.options)


def test_a_radio_list_is_marked_by_its_dot() -> None:
    """Without another mark, Enter selects the only filled circle."""
    prompt = found("Pick one", "  ○ Yes", "  ● No", "  ○ Maybe")
    assert (Form.MENU, 1) == (prompt.form, prompt.selected)
    assert [None] * 3 == [option.checked for option in prompt.options]


def test_ticks_and_the_marker_are_independent() -> None:
    """A row may be ticked and not marked, or marked and not ticked."""
    prompt = found("Pick", "  ◉ a", "❯ ◯ b", "  ◉ c")
    expected = (
        Option("a", False, checked=True),
        Option("b", True, checked=False),
        Option("c", False, checked=True),
    )
    assert (expected, Form.BOXES) == (prompt.options, prompt.form)


def test_a_menu_on_a_narrow_screen() -> None:
    """In twenty columns the question wraps; it is one sentence."""
    rows = ["❯ 1. Yes", "  2. Yes, and do", "     not ask again", "  3. No"]
    snapshot = look_at("Do you want to", "proceed?", *rows, hidden=True, cols=20)
    prompt = find_menu(snapshot)
    assert prompt is not None
    assert ("Do you want to proceed?", 3) == (prompt.question, len(prompt.options))


def test_yes_and_no_confirm() -> None:
    """A menu of only yes and no is a confirmation, any other a multiple choice."""
    assert PromptClass.CONFIRMATION is found("Ok?", "❯ Yes", "  No").class_
    assert PromptClass.MULTI_CHOICE is found("Ok?", "❯ Yes", "  Later").class_


def test_a_spinner_above_a_menu_does_not_matter() -> None:
    """The menu waits, whatever is busy above it."""
    prompt = found("⠋ Working… (esc to interrupt)", "", *PERMISSION)
    assert PERMISSION[0] == prompt.question


def test_a_plain_angle_needs_proof() -> None:
    """`>` marks a row that is numbered, ticked or highlighted, or has the cursor."""
    rows = ["Pick", "  a", "> b", "  c"]
    assert find_menu(look_at(*rows, "")) is None
    assert find_menu(look_at(*rows, "", hidden=True)) is not None
    assert find_menu(look_at(*rows, "", cursor=(2, 0))) is not None
    assert find_menu(look_at("Pick", "  a", "\x1b[36m> b\x1b[m", "  c", "")) is not None
    assert find_menu(look_at("Pick", "  1. a", "> 2. b", "")) is not None


QUOTES: dict[str, list[str]] = {
    "above a composer": [
        *PERMISSION,
        "",
        "─" * 30,
        "❯ ",
        "─" * 30,
        "  ? for shortcuts",
    ],
    "above a boxed composer": [*PERMISSION, "", *boxed("> "), "  ? for shortcuts"],
    "above a prompt": [*PERMISSION, "", "user@host:~$ "],
    "above prose": [*PERMISSION, "", "I chose the first."],
    "above a busy line": [*PERMISSION, "", "Running the tests now"],
    "above a pager's prompt": [*PERMISSION, ":"],
    "in markdown": ["The options were:", "> 1. Yes", "> 2. No", "", "That is all."],
    "a quotation": ["He said:", "> yes", "> no"],
    "a diff": ["2,3c2", "< old", "< older", "---", "> new", "> newer"],
    "the branches of git": ["  dev", "* main", "  other", ""],
    "a numbered list": ["Steps:", "1. Do this", "2. Do that", ""],
    "a list with stars": ["Steps:", "* Do this", "  more of it", ""],
    "a list to tick": ["- [ ] one", "- [x] two", "- [ ] three", ""],
    "tasks of an agent": ["● Todos", "  ⎿ ☒ read", "    ☐ write", "    ☐ test", ""],
    "one option": ["Pick", "❯ a"],
    "two markers": ["Pick", "❯ a", "❯ b"],
    "html": ["<ul>", "  <li>", "> text", "</ul>"],
    "a table": ["+---+---+", "| a | b |", "+---+---+", "| 1 | 2 |", "+---+---+"],
    "a tree": ["▸ src", "    a.py", "▾ lib", "    b.py", ""],
    "a status row": ["> a", "  b", '[0] 0:bash*      "host" 12:00'],
}


@pytest.mark.parametrize("name", QUOTES)
@pytest.mark.parametrize("tty", [RAW, COOKED, DEAF, None])
def test_rows_that_only_look_like_a_menu(name: str, tty: Tty | None) -> None:
    """Text or an input line follows, or no row is marked."""
    assert find_menu(look_at(*QUOTES[name], tty=tty)) is None


@pytest.mark.parametrize(
    ("lines", "cursor"),
    [
        (["Done.", "", "─" * 30, "❯ hello", "─" * 30, "  ? for shortcuts"], (3, 7)),
        (["Done.", "─" * 30, "❯ hello", "  world", "─" * 30, "  ? help"], (2, 4)),
        (["› Ask anything", "", "  model · folder", "  ? for shortcuts"], (0, 2)),
    ],
)
def test_a_composer_is_no_menu(lines: list[str], cursor: tuple[int, int]) -> None:
    """The operator types where the cursor is behind the marker;

    Hints are no options.
    """
    assert find_menu(look_at(*lines, cursor=cursor)) is None


@pytest.mark.parametrize("tty", [COOKED, DEAF])
def test_a_program_that_takes_lines_has_no_menu(tty: Tty) -> None:
    """Arrow keys do not move a marker in it."""
    assert find_menu(look_at(*PERMISSION, hidden=True, tty=tty)) is None


@pytest.mark.parametrize(("hints", "live"), [(FOOTER, True), (FOOTER + 1, False)])
def test_a_footer_is_short(hints: int, live: bool) -> None:
    """A few hints may follow a menu, never a screen of them."""
    snapshot = look_at(*PERMISSION, *["press enter"] * hints, hidden=True)
    assert live is (find_menu(snapshot) is not None)


@pytest.mark.parametrize("grey", ["\x1b[90m", "\x1b[2m"])
def test_a_description_of_the_marked_row_is_no_label(grey: str) -> None:
    """The prompt stays the same when the marker moves on."""
    first = found(f"❯ Red - dark{grey} - Like fire\x1b[m", "  Green", hidden=True)
    second = found("  Red - dark", "❯ Green", hidden=True)
    assert ["Red - dark", "Green"] == labels(first)
    assert first.fingerprint == second.fingerprint
    all_grey = found(f"❯ {grey}Red - Like fire\x1b[m", "  Green", hidden=True)
    assert "Red - Like fire" == labels(all_grey)[0]


@pytest.mark.parametrize(
    "prompt",
    ["dev:~/src ↑1 $ ", "dev:~/select $ rm -rf build", "~/more ⏎ ❯ ls", "move % "],
)
def test_a_menu_above_a_command_line_is_quoted(prompt: str) -> None:
    """The shell prompt may contain an arrow or a word of a hint."""
    assert find_menu(look_at(*PERMISSION, prompt)) is None
    assert find_menu(look_at(*PERMISSION, "press enter $ ", hidden=True)) is not None


def test_a_menu_beside_the_focused_pane_is_none() -> None:
    """The cursor shows which pane has the focus."""
    rows = ["❯ 1. Yes    │ $ make", "  2. No     │ $ ", "Esc to exit │"]
    assert find_menu(look_at(*rows, cursor=(1, 16))) is None
    assert find_menu(look_at(*rows, hidden=True)) is not None
    assert find_menu(look_at(*rows, cursor=(2, 11))) is not None


@pytest.mark.parametrize("apart", [" ", "\x1b[m \x1b[2m"])
def test_a_hint_that_makes_an_answer_last_is_in_the_label(apart: str) -> None:
    """Clack shows it beside the marked row;

    A lasting option must be selected by label.
    """
    rows = ["│  ● Red \x1b[2m(hot)\x1b[m", "│  ○ Green", "└"]
    assert ["Red", "Green"] == labels(found("◆  Pick", *rows, hidden=True))
    gone = [f"│  ○ \x1b[2mRed{apart}(hot)\x1b[m", "│  ● Green", "└"]
    shown = "Red" if "\x1b" in apart else "Red (hot)"
    assert [shown, "Green"] == labels(found("◆  Pick", *gone, hidden=True))
    lasts = ["│  ● Yes \x1b[2m(always)\x1b[m", "│  ○ No", "└"]
    assert ["Yes (always)", "No"] == labels(found("◆  Sure?", *lasts, hidden=True))


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("at", [0, 1])
def test_the_row_that_is_not_dim_is_marked(count: int, at: int) -> None:
    """Clack dims all boxes except the marked one."""
    dim = [f"\x1b[2m◻\x1b[m \x1b[2mrow {n}\x1b[m" for n in range(count)]
    dim[at] = f"\x1b[36m◻\x1b[m row {at}"
    rows = [f"│  {row}" for row in dim]
    dialog = found("◆  Pick", *rows, "└", hidden=True)
    assert (Form.BOXES, at) == (dialog.form, dialog.selected)
    all_dim = [
        row.replace("[36m", "[2m").replace(" row", " \x1b[2mrow") for row in rows
    ]
    assert find_menu(look_at("◆  Pick", *all_dim, "└", hidden=True)) is None


@pytest.mark.parametrize(
    ("hint", "sign", "form"),
    [
        ("Enter select · n note · ↑/↓ move · Esc cancel", "○", Form.MENU),
        ("Enter select · Space toggle · Esc cancel", "○", Form.BOXES),
        ("Enter select · Tab submit · Esc cancel", "○", Form.BOXES),
        ("Enter confirm · Esc cancel", "○", Form.BOXES),
        ("Enter select · Esc cancel", "☐", Form.BOXES),
    ],
)
def test_radio_buttons_that_enter_takes(hint: str, sign: str, form: Form) -> None:
    """omp fills none: Enter takes the marked row, and nothing is ticked before."""
    prompt = found(
        "Which one?", f"❯ {sign} Red", f"  {sign} Green", f"  {sign} Blue", "", hint
    )
    assert form is prompt.form
    assert ("Red", "Green", "Blue") == tuple(each.label for each in prompt.options)
    assert 0 == prompt.selected
