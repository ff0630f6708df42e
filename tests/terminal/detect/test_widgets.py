"""Dialog windows with buttons: Enter works on what has the focus."""

import pytest

from ant.terminal.detect.widgets import find_widget
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from ant.terminal.model.tty import Tty
from tests.terminal.drawn import COOKED, DEAF, RAW, look_at

LIT, PLAIN = "\x1b[37;44m", "\x1b[m"


def window(*rows: str, inner: int = 36) -> list[str]:
    """Draw rows in a window; escape sequences have no width."""
    drawn = [f"│ {row}{' ' * (inner - len(row))} │" for row in rows]
    rule = "─" * (inner + 2)
    return [f"┌{rule}┐", *drawn, f"└{rule}┘"]


def lit(window_rows: list[str], label: str) -> list[str]:
    """Return the window with that text highlighted."""
    return [row.replace(label, f"{LIT}{label}{PLAIN}") for row in window_rows]


def found(
    *lines: str, cursor: tuple[int, int] | None = None, hidden: bool = False
) -> Prompt:
    """Return the prompt of a window on a screen that has one."""
    prompt = find_widget(look_at("", *lines, "", cursor=cursor, hidden=hidden))
    assert prompt is not None
    return prompt


ASKS = window("Delete all of it?", "", "     <Yes>      <No>     <Cancel>")
FORMS = {
    "whiptail": ("<Yes>", "<No>", "<Cancel>"),
    "dialog": ("< Yes >", "<  No  >", "<Cancel>"),
    "brackets": ("[ Yes ]", "[ No ]", "[ Cancel ]"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("by", ["light", "cursor"])
def test_a_row_of_buttons(form: str, at: int, by: str) -> None:
    """The highlighted button or the one with the cursor, however they are drawn."""
    buttons = FORMS[form]
    row = "   ".join(buttons)
    drawn = window("Delete all of it?", "", row)
    on = (4, 2 + row.index(buttons[at]) + 1)
    if by == "light":
        prompt = found(*lit(drawn, buttons[at]), hidden=True)
    else:
        prompt = found(*drawn, cursor=on)
    assert ["Yes", "No", "Cancel"] == [option.label for option in prompt.options]
    assert (Form.BUTTONS, at) == (prompt.form, prompt.selected)
    assert (Kind.DIALOG, (4, 4)) == (prompt.kind, prompt.rows)
    assert "Delete all of it?" == prompt.question
    assert PromptClass.CONFIRMATION is prompt.class_


@pytest.mark.parametrize(("at", "label"), [(0, "<Yes>"), (1, "<No>")])
def test_of_two_buttons_the_one_unlike_the_window(at: int, label: str) -> None:
    """The two differ from each other; the background shows which is highlighted."""
    drawn = lit(window("Sure?", "", "    <Yes>     <No>"), label)
    assert at == found(*drawn, hidden=True).selected


def test_two_equal_buttons_have_no_focus() -> None:
    """There is no prompt: the effect of Enter is unknown."""
    drawn = window("Sure?", "", "    <Yes>     <No>")
    assert find_widget(look_at(*drawn, hidden=True)) is None


@pytest.mark.parametrize(
    ("drawn", "cursor"),
    [
        (window("Done.", "", "      <Ok>"), None),
        (["Done.", "", f"   {LIT}[ OK ]{PLAIN}"], None),
        (["Done.", "", "   < OK >"], (3, 5)),
    ],
)
def test_a_single_button(drawn: list[str], cursor: tuple[int, int] | None) -> None:
    """A window with only a message;

    The button is boxed, highlighted or at the cursor.
    """
    prompt = found(*drawn, cursor=cursor, hidden=cursor is None)
    assert (Option(prompt.options[0].label, selected=True),) == prompt.options
    assert ("ok", "Done.") == (prompt.options[0].label.lower(), prompt.question)
    assert PromptClass.PRESS_KEY is prompt.class_


LIST = window(
    "Pick one", "", "  1 red", "  2 green", "  3 blue", "", "  <Ok>  <Cancel>"
)
CHECKS = window(
    "Pick", "[*] red", "[ ] green", "[ ] 漢字", "  <Ok>  <Cancel>", inner=34
)
RADIO = window("Pick", "", "  (*) red", "  ( ) green", "", "  <Ok>  <Cancel>")


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_list_with_the_cursor(row: int) -> None:
    """The cursor's row is marked; the buttons below are no options."""
    prompt = found(*LIST, cursor=(4 + row, 4))
    assert ["red", "green", "blue"] == [option.label for option in prompt.options]
    assert (Form.MENU, row) == (prompt.form, prompt.selected)
    assert "Pick one" == prompt.question


def test_a_list_with_a_highlighted_row() -> None:
    """The highlight counts if the cursor is hidden elsewhere."""
    prompt = found(*lit(LIST, "2 green"), cursor=(0, 0), hidden=True)
    assert (Form.MENU, 1) == (prompt.form, prompt.selected)


def test_boxes_in_a_window() -> None:
    """A row may be ticked and not marked; a heading is no row of the list."""
    prompt = found(*CHECKS, cursor=(4, 3))
    expected = (
        Option("red", checked=True),
        Option("green", selected=True, checked=False),
        Option("漢字", checked=False),
    )
    assert (Form.BOXES, expected) == (prompt.form, prompt.options)
    assert "Pick" == prompt.question


def test_a_list_whose_buttons_have_the_focus() -> None:
    """No row is marked, because no key is known to select one."""
    drawn = window("Pick", "", "  (*) red", "  ( ) green", "", "  <Ok>  <Cancel>")
    assert RADIO == drawn
    prompt = found(*drawn, cursor=(7, 5))
    assert prompt.selected is None
    assert ["red", "green"] == [option.label for option in prompt.options]


@pytest.mark.parametrize("hidden", [True, False])
def test_enter_would_cancel(hidden: bool) -> None:
    """A row stays highlighted while `Cancel` has the focus: Enter presses `Cancel`."""
    rows = lit(LIST, "2 green")
    assert 1 == found(*rows, cursor=(8, 5), hidden=hidden).selected
    assert found(*rows, cursor=(8, 11), hidden=hidden).selected is None


@pytest.mark.parametrize(
    ("asks", "form", "draft"),
    [
        ("Your name:", Form.LINE, "bob"),
        ("Your password:", Form.SECRET, ""),
        ("Passphrase:", Form.SECRET, ""),
    ],
)
def test_a_field(asks: str, form: Form, draft: str) -> None:
    """The cursor is in the field above the buttons; a secret has no draft."""
    drawn = window(asks, "", " bob_______", "", "   <Ok>   <Cancel>")
    prompt = found(*drawn, cursor=(4, 6))
    assert (form, asks, draft) == (prompt.form, prompt.question, prompt.draft)
    assert (Kind.DIALOG, ()) == (prompt.kind, prompt.options)


@pytest.mark.parametrize(
    "lines",
    [
        ["<div>"],
        ["<html>", "<body>", "</body>", "</html>"],
        ["<b> <i>"],
        ["[Unit]"],
        ["[Service]", ""],
        ["a <b> c"],
        ["Use <Tab> to move"],
        ["vector<int>"],
        ["bob <bob@host.example>"],
        ["if (a < b && c > d)"],
        [*ASKS, "", "I pressed Yes."],
        [*ASKS, "$ "],
        ["┌───┐", "│   │", "└───┘"],
        ["+------+", "| text |", "+------+"],
        ["[ok] [ok]"],
        ["building", "\x1b[32m[OK]\x1b[m"],
        ["building", "\x1b[1;36m<Done>\x1b[m"],
        [""],
    ],
)
@pytest.mark.parametrize("tty", [RAW, COOKED, DEAF, None])
def test_rows_that_only_look_like_buttons(lines: list[str], tty: Tty | None) -> None:
    """Tags, headings of files, types, prose, and a window with text below it."""
    assert find_widget(look_at(*lines, tty=tty)) is None


@pytest.mark.parametrize("tty", [COOKED, DEAF])
def test_a_program_that_takes_lines_has_no_window(tty: Tty) -> None:
    """Arrow keys do not move a focus in it."""
    assert find_widget(look_at(*lit(ASKS, "<No>"), hidden=True, tty=tty)) is None


CYAN = "\x1b[36m"


@pytest.mark.parametrize("lit_at", [0, 1])
def test_a_toggle(lit_at: int) -> None:
    """Of two words behind a question, the coloured one is selected."""
    words = [
        f"{CYAN}{word}{PLAIN}" if i == lit_at else word
        for i, word in enumerate(["No", "Yes"])
    ]
    dialog = find_widget(
        look_at(f"? Sure? \x1b[90m›{PLAIN} {words[0]} / {words[1]}", hidden=True)
    )
    assert dialog is not None
    assert (Form.BUTTONS, "Sure?", lit_at) == (
        dialog.form,
        dialog.question,
        dialog.selected,
    )
    assert ["No", "Yes"] == [option.label for option in dialog.options]


@pytest.mark.parametrize(
    ("line", "hidden", "tty"),
    [
        ("? Sure? › No / Yes", True, RAW),
        (f"? Sure? › {CYAN}No / Yes{PLAIN}", True, RAW),
        (f"? Sure? › {CYAN}No{PLAIN} / Yes", False, RAW),
        (f"? Sure? › {CYAN}No{PLAIN} / Yes", True, COOKED),
        (f"Sure? › {CYAN}No{PLAIN} / Yes", True, RAW),
        (f"? Path › {CYAN}a{PLAIN} / b / c", True, RAW),
        (f"? Sure? › {CYAN}No{PLAIN} / Yes\r\nDone", True, RAW),
    ],
)
def test_rows_that_only_look_like_a_toggle(line: str, hidden: bool, tty: Tty) -> None:
    """No word or both are coloured, the operator types there, or it is over."""
    assert find_widget(look_at(line, hidden=hidden, tty=tty)) is None


@pytest.mark.parametrize(
    ("row", "lit_at"), [("│  ● Yes / ○ No", 0), ("│  ○ Yes / ● No", 1)]
)
def test_two_radio_buttons(row: str, lit_at: int) -> None:
    """Clack shows them below its question; the arrow keys move between them."""
    dialog = find_widget(look_at("│", "◆  Continue?", row, "└", hidden=True))
    assert dialog is not None
    assert (Form.BUTTONS, PromptClass.CONFIRMATION) == (dialog.form, dialog.class_)
    assert ("Continue?", lit_at) == (dialog.question, dialog.selected)
    for other in ("│  ○ Yes / ○ No", "│  ● Yes / ● No", f"{row} / ○ Maybe"):
        assert find_widget(look_at("◆  Continue?", other, "└", hidden=True)) is None
