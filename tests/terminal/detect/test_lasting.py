"""`approve` and `deny` answer once:

ANT refuses them where the dialog keeps the answer.
"""

import pytest

from ant.core.errors import NotAnOption
from ant.terminal.detect.classify import classify
from ant.terminal.input.keys import goal_of
from ant.terminal.model.choice import Answer, Choice
from ant.terminal.model.prompt import Prompt
from tests.terminal.drawn import COOKED, look_at

MENU = ("❯ 1. Yes", "  2. No")
HINT = ("", "Enter to select · Esc to cancel")


def menu(*rows: str) -> Prompt:
    """Return the menu on a screen with these rows and hints below them."""
    found = classify(look_at(*rows, *HINT, hidden=True)).prompt
    assert found is not None
    assert len(found.options) > 1
    return found


def typed(*rows: str) -> Prompt:
    """Return the prompt at the cursor, behind the last of these rows."""
    found = classify(look_at(*rows, tty=COOKED)).prompt
    assert found is not None
    return found


def refused(dialog: Prompt, answer: Answer) -> str:
    """Return the error text of a refused answer by meaning."""
    with pytest.raises(NotAnOption) as caught:
        goal_of(dialog, Choice(answer))
    return str(caught.value)


WIDE = " " * 30
MORE = [
    ["❯ 1. Yes", "     and don't ask again for similar commands", "  2. No"],
    ["❯ 1. Yes", "     for this session", "  2. No"],
    ["❯ 1. Yes", "", "     for this session", "  2. No"],
    [f"❯ 1. Yes{WIDE}Always allow this tool", "  2. No"],
    [f"❯ 1. Yes{WIDE}(and don't ask again)", "  2. No"],
    ["  1. No", f"❯ 2. Yes{WIDE}Always allow this tool"],
    ["❯ 1. Yes...", "  2. No"],
]


@pytest.mark.parametrize("rows", MORE)
def test_every_row_of_a_yes_counts(rows: list[str]) -> None:
    """A wrapped row, a second column, dots; the refusal quotes the whole label."""
    error = refused(menu("Run `rm -r build`?", "", *rows), "approve")
    last = next(row for row in rows if "Yes" in row).split("Yes")[1].split()
    assert " ".join(last) in error
    assert goal_of(menu("Run it?", "", *rows), Choice("deny")).chosen == "No"


@pytest.mark.parametrize(
    "rows",
    [
        ["❯ 1. Yes", "  2. No", "     and delete the branch"],
        ["❯ 1. No", "     and delete the branch", "  2. Yes"],
        ["❯ 1. Yes", f"  2. No{WIDE}and delete the branch"],
        ["❯ Yes", "  No", "    and delete the branch"],
    ],
)
def test_every_row_of_a_no_counts(rows: list[str]) -> None:
    """Also below the last option, up to the blank row before the hints."""
    found = menu("Run it?", "", *rows)
    assert "No and delete the branch" in [each.label for each in found.options]
    if not found.cancel:
        assert "No and delete the branch" in refused(found, "deny")
    else:
        assert goal_of(found, Choice("deny")).key == b"\x1b"


@pytest.mark.parametrize("box", ["[x] Remember my choice", "☑ Always allow this"])
@pytest.mark.parametrize("answer", ["approve", "deny"])
def test_a_ticked_box_keeps_either_answer(box: str, answer: Answer) -> None:
    """ANT refuses both answers by meaning; the client must select an option."""
    dialog = menu("Run it?", "", f"  {box}", "", *MENU)
    assert "'Yes', 'No'" in refused(dialog, answer)
    assert goal_of(dialog, Choice("select", label="Yes")).index == 0


LASTING = [
    ["Enable bypass permissions mode? Claude will not ask again."],
    ["The agent will not ask you again.", "", "Continue?"],
    ["Start a mode in which it never asks again. Continue?"],
    ['Add "rm *" to the allow list in settings.json?'],
    ["Whitelist this command?"],
    ["Save it to your settings. Continue?"],
    ["Change the rules so that it never asks again. Continue?"],
    ["Allow rm for the whole session?"],
    ["Allow any bash command?"],
    ["Skip permission prompts?"],
    ["Allow rm for 2 hours?"],
    ["Apply it to the other 12 files?"],
    ["Remember my choice: ON", "Proceed?"],
    ["Apply to all remaining files?"],
    ["This answer will be used for all of the following questions.", "", "Proceed?"],
    ["Run it?", "", "Approving also allows all later rm commands"],
    ["Approving also allows all later rm commands", "", "Run it?"],
]


@pytest.mark.parametrize("rows", LASTING)
def test_no_approval_where_a_yes_lasts(rows: list[str]) -> None:
    """In a menu, and with typed choices."""
    assert "'Yes', 'No'" in refused(menu(*rows, "", *MENU), "approve")
    *above, last = rows
    assert "'y', 'N'" in refused(typed(*above, f"{last} [y/N] "), "approve")


def test_a_hint_that_a_yes_lasts_counts() -> None:
    """The hint is among those for the keys."""
    rows = [
        "Run it?",
        "",
        *MENU,
        "",
        "Approving also allows all later rm commands · Esc: no",
    ]
    assert "'Yes', 'No'" in refused(menu(*rows), "approve")


@pytest.mark.parametrize("answer", ["approve", "deny"])
@pytest.mark.parametrize(
    "rows",
    [
        ["Remember my choice: ON", "Proceed?"],
        ["This answer will be used for all of the following questions.", "Proceed?"],
    ],
)
def test_what_keeps_any_answer_keeps_a_no(rows: list[str], answer: Answer) -> None:
    """ANT refuses both answers if the dialog keeps the answer."""
    refused(menu(*rows, "", *MENU), answer)


def test_a_key_is_pressed_for_nothing_that_destroys() -> None:
    """A key that only continues still works."""
    refused(typed("Press any key to delete everything"), "approve")
    assert goal_of(typed("Press any key to continue"), Choice("approve")).key


@pytest.mark.parametrize("answer", ["approve", "deny"])
@pytest.mark.parametrize(
    "rows",
    [
        ["y = always, o = once, n = never. Allow? [y/o/n] "],
        ["(y) always, (o) once, (n) never. Allow? [y/o/n] "],
        ["y = always", "o = once", "n = never", "", "Allow? [y/o/n] "],
    ],
)
def test_a_key_means_what_the_screen_explains(rows: list[str], answer: Answer) -> None:
    """Not what the letter usually means."""
    assert "'y', 'o', 'n'" in refused(typed(*rows), answer)


def test_other_rows_and_keys_do_not_count() -> None:
    """A plain yes may be beside lasting options; a file may have any name."""
    rows = ["❯ 1. Yes", "  2. Yes, and don't ask again", "     for this session"]
    dialog = menu("Do you want to edit settings.toml?", "", *rows, "  3. No")
    assert goal_of(dialog, Choice("approve")).index == 0
    dialog = menu("Do you want to edit session.py?", "", *MENU)
    assert goal_of(dialog, Choice("approve")).index == 0
    dialog = typed("y - stage this hunk", "a - and all later hunks", "Stage? [y,n,a] ")
    assert goal_of(dialog, Choice("approve")).text == "y"
    dialog = typed("Would you like to run the following command? [y/N] ")
    assert goal_of(dialog, Choice("approve")).text == "y"
