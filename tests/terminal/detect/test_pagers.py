"""Pagers and editors, by their names and by their last row."""

import attrs
import pytest

from ant.terminal.detect.classify import classify
from ant.terminal.detect.pagers import EDITORS, PAGERS, find_view
from ant.terminal.model.prompt import Form, Kind, PromptClass
from tests.terminal.drawn import COOKED, DEAF, RAW, look_at

ALTERNATE = "\x1b[?1049h"
NANO = ["  GNU nano 8.4   a.txt", *[""] * 21, "^G Help   ^O Write", "^X Exit   ^R Read"]


@pytest.mark.parametrize(
    "status",
    [
        ":",
        "(END)",
        "notes.txt (END)",
        "--More--",
        "--More--(50%)",
        "-- More --",
        "lines 1-23",
        "notes.txt lines 1-23/100 23%",
        "lines 78-100/100 (END)",
        " Manual page ls(1) line 1 (press h for help or q to quit)",
        "notes.txt (file 1 of 2)",
    ],
)
def test_a_pager_by_its_last_row(status: str) -> None:
    """It has no options; `q` leaves it."""
    text = ["text"] * 22
    pager = find_view(look_at(*text, f"\x1b[7m{status}\x1b[m"))
    assert pager is not None
    assert (PromptClass.PAGER, Kind.DIALOG) == (pager.class_, pager.kind)
    assert (Form.VIEW, (), "q") == (pager.form, pager.options, pager.cancel)
    assert ((22, 22), status.strip()) == (pager.rows, pager.text)
    for tty in (COOKED, DEAF):
        assert find_view(look_at(*text, status, tty=tty)) is None


@pytest.mark.parametrize(
    "status",
    [
        "Fruits:",
        "Edited lines 10-20",
        "See lines 10-20 of notes.txt",
        "THE END",
        "(END) of it",
        "more",
        "$ ",
        "",
    ],
)
def test_rows_that_only_look_like_a_pager(status: str) -> None:
    """Prose that ends like a pager's status row, or that is about lines."""
    assert find_view(look_at("text", status)) is None


def test_a_status_row_has_the_cursor() -> None:
    """A colon at the end of other text is no input line."""
    assert find_view(look_at("text", ":", cursor=(0, 0))) is None
    assert find_view(look_at("text", ":", cursor=(0, 0), hidden=True)) is not None


@pytest.mark.parametrize("name", sorted(PAGERS | EDITORS))
def test_names_are_known(name: str) -> None:
    """Such a program is a pager or an editor on any screen, unless it takes lines."""
    tty = attrs.evolve(RAW, foreground=name)
    found = find_view(look_at("text", tty=tty))
    assert found is not None
    editor = name in EDITORS
    assert (PromptClass.EDITOR if editor else PromptClass.PAGER) is found.class_
    assert editor is (found.cancel == "")
    assert find_view(look_at("text", tty=attrs.evolve(tty, canonical=True))) is None
    assert find_view(look_at(tty=tty)) is not None, "blank"


@pytest.mark.parametrize(
    ("lines", "modes"),
    [
        (["text", *["~"] * 21, '"a.txt" 1L, 5B'], ALTERNATE),
        (["text", *["~"] * 21, "-- INSERT --"], ALTERNATE),
        (["~"] * 22, ALTERNATE),
        (NANO, ""),
    ],
)
def test_an_editor_by_its_screen(lines: list[str], modes: str) -> None:
    """Tildes on the alternate screen, or rows of keys below a title."""
    found = find_view(look_at(*lines, modes=modes, cursor=(0, 0), tty=None))
    assert found is not None
    assert PromptClass.EDITOR is found.class_


@pytest.mark.parametrize(
    ("lines", "modes"),
    [
        (["text", *["~"] * 21, '"a.txt" 1L, 5B'], ""),
        (["text", "~", "text", "-- INSERT --"], ALTERNATE),
        (["GNU nano is an editor", "", "", "", "", "It was written in 1999."], ""),
        (["Help", "^G Help   ^O Write Out"], ""),
    ],
)
def test_screens_that_only_look_like_an_editor(lines: list[str], modes: str) -> None:
    """What vim left on the primary screen, and text about editors."""
    assert find_view(look_at(*lines, modes=modes, cursor=(0, 0))) is None


def test_a_question_of_an_editor_has_an_answer() -> None:
    """A key for vim, a file name for nano."""
    vim = attrs.evolve(RAW, foreground="vim")
    press = find_view(look_at("~", "Press ENTER or type command to continue", tty=vim))
    assert press is not None
    assert (Form.KEYS, PromptClass.PRESS_KEY) == (press.form, press.class_)
    nano = attrs.evolve(RAW, foreground="nano")
    rows = [*NANO[:21], "Search: ", *NANO[22:]]
    field = find_view(look_at(*rows, tty=nano, cursor=(21, 8)))
    assert field is not None
    assert (Form.LINE, "Search:") == (field.form, field.question)
    assert Kind.DIALOG is field.kind, "what is typed there is no reply"


BAR, KEY, OFF = "\x1b[7m", "\x1b[7m", "\x1b[m"
SAVE = [
    NANO[0],
    *[""] * 20,
    f"{BAR}Save modified buffer?{' ' * 59}{OFF}",
    f"{KEY} Y{OFF} Yes",
    f"{KEY} N{OFF} No           {KEY}^C{OFF} Cancel",
]


@pytest.mark.parametrize("name", ["nano", "ssh"])
def test_the_keys_of_a_question_in_nano(name: str) -> None:
    """Each key is highlighted, with its label behind it, in the user's language."""
    tty = attrs.evolve(RAW, foreground=name)
    dialog = find_view(look_at(*SAVE, tty=tty, cursor=(21, 22)))
    assert dialog is not None
    assert (Form.KEYS, "Save modified buffer?") == (dialog.form, dialog.question)
    keys = {option.label: option.keys for option in dialog.options}
    assert {"Yes": "y", "No": "n", "Cancel": "\x03"} == keys
    german = [
        row.replace(" Y\x1b", " J\x1b").replace(" Yes", " Ja, alle") for row in SAVE
    ]
    dialog = find_view(look_at(*german, tty=tty, cursor=(21, 22)))
    assert dialog is not None
    assert ("Ja, alle", "j") == (dialog.options[0].label, dialog.options[0].keys)


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        ([row.replace(BAR, "") for row in SAVE], 21),
        ([*SAVE[:22], *NANO[22:]], 21),
        ([*SAVE, "text"], 21),
        ([*SAVE[:23], f"{KEY}^C{OFF} Cancel"], 21),
        (SAVE, 5),
    ],
)
def test_screens_that_only_look_like_a_question_of_nano(
    lines: list[str], row: int
) -> None:
    """Text about it, the hints of a field, the cursor in the text."""
    nano = attrs.evolve(RAW, foreground="nano")
    dialog = find_view(look_at(*lines, tty=nano, cursor=(row, 22), rows=25))
    assert dialog is not None
    assert () == dialog.options


QUOTED = ["Do you want to proceed?", "❯ 1. Yes", "  2. No", ""]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("man", [*QUOTED, " Manual page x(1) line 3 (press h for help or q to quit)"]),
        ("nano", [NANO[0], *[""] * 17, *QUOTED, *NANO[22:]]),
        ("ssh", [NANO[0], *[""] * 17, *QUOTED, *NANO[22:]]),
    ],
)
def test_a_menu_in_a_text_is_no_menu(name: str, lines: list[str]) -> None:
    """The hints below it are the editor's, and a key would change the text."""
    tty = attrs.evolve(RAW, foreground=name)
    verdict = classify(look_at(*lines, tty=tty, cursor=(1, 0)))
    assert verdict.rule in (PromptClass.PAGER, PromptClass.EDITOR)
