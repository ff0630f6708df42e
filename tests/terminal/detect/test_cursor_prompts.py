"""Prompts at the cursor, and text that is no prompt."""

import pytest

from ant.terminal.detect.cursor_prompts import SURE_S, find_cursor_prompt, find_press
from ant.terminal.model.prompt import Form, Kind, Prompt, PromptClass
from ant.terminal.model.tty import Tty
from tests.terminal.drawn import COOKED, DEAF, HIDDEN, RAW, look_at

POLLS = Tty(echo=True, canonical=True, foreground="node", reading=None)
"""The program takes whole lines; whether it is reading one is unknown."""


def found(*lines: str, tty: Tty | None) -> Prompt:
    """Return the prompt on a screen that has one."""
    prompt = find_cursor_prompt(look_at(*lines, tty=tty))
    assert prompt is not None
    return prompt


@pytest.mark.parametrize(
    ("drawn", "tty", "question"),
    [
        ("Password: ", HIDDEN, "Password:"),
        ("[sudo] password for bob: ", HIDDEN, "[sudo] password for bob:"),
        ("Say the word", HIDDEN, "Say the word"),
        ("Enter passphrase for key '/a/b': ", RAW, "Enter passphrase for key '/a/b':"),
        ("パスワード (password): ", RAW, "パスワード (password):"),
        ("? Token: ****", RAW, "Token:"),
        ("Enter PIN: ", None, "Enter PIN:"),
    ],
)
def test_secrets(drawn: str, tty: Tty | None, question: str) -> None:
    """Echo off is enough, with any text; otherwise the words decide."""
    prompt = found("Welcome.", drawn, tty=tty)
    assert (Form.SECRET, Kind.DIALOG) == (prompt.form, prompt.kind)
    assert (PromptClass.PASSWORD, question) == (prompt.class_, prompt.question)
    assert "" == prompt.draft


def test_a_secret_may_be_asked_for_above() -> None:
    """The hidden line is the next row."""
    assert "Password:" == found("Password:", "", tty=HIDDEN).question
    assert find_cursor_prompt(look_at(tty=HIDDEN)) is None


@pytest.mark.parametrize(
    ("drawn", "keys"),
    [
        ("Press any key to continue . . .", " "),
        ("Press ENTER to continue", "\r"),
        ("Hit [Enter]", "\r"),
        ("<return>", "\r"),
        ("-- press space --", " "),
        ("(press RETURN)", "\r"),
        ("Enter to continue", "\r"),
    ],
)
@pytest.mark.parametrize("tty", [COOKED, RAW, None])
def test_keys(drawn: str, keys: str, tty: Tty | None) -> None:
    """A row that asks for a key names the key that answers it."""
    prompt = found(drawn, tty=tty)
    assert (Form.KEYS, PromptClass.PRESS_KEY) == (prompt.form, prompt.class_)
    assert [keys] == [option.keys for option in prompt.options]


@pytest.mark.parametrize(
    "line",
    [
        "Press q to quit",
        "Press Esc to go back",
        "Press Ctrl+C to stop the server",
        "press h for help",
        "the express entered any key here",
        "Compress entering the pressed",
        "Press any key to continue" + " and so on" * 10,
    ],
)
def test_rows_about_keys_that_ask_for_none(line: str) -> None:
    """A busy program offers keys to stop or to help; prose is long."""
    assert find_press(look_at(line)) is None


@pytest.mark.parametrize(
    ("drawn", "tty"),
    [
        ("Name: ", COOKED),
        ("Name:", COOKED),
        ("What is it?", COOKED),
        ("(sandbox) ", COOKED),
        ("file> ", COOKED),
        ("名前: ", COOKED),
        ("Name: ", POLLS),
        ("Name? (bob) ", POLLS),
        ("Name: ", RAW),
        ("? Your name ", RAW),
        ("◆ Your name ", RAW),
        ("Name: ", None),
    ],
)
def test_lines(drawn: str, tty: Tty | None) -> None:
    """A line that ends like a question, if the program is or may be reading."""
    prompt = found(drawn, tty=tty)
    assert (Form.LINE, Kind.QUESTION) == (prompt.form, prompt.kind)
    assert PromptClass.FREE_TEXT is prompt.class_


@pytest.mark.parametrize(
    "line",
    [
        "100%|####| 3/3 [00:01<00:00]",
        "Resolving deltas: 100% (3/3)",
        "12:00 [INFO] [main]",
        "Fetching https://a.b/c:",
        "a => b =>",
        "Done.",
        "hello",
        "The password is wrong.",
        "Unable to change the password of bob",
    ],
)
@pytest.mark.parametrize("tty", [POLLS, RAW, DEAF, None])
def test_lines_that_are_no_question(line: str, tty: Tty | None) -> None:
    """Progress, logs and prose, unless the program is known to be reading."""
    assert find_cursor_prompt(look_at(line, tty=tty)) is None


@pytest.mark.parametrize(
    "drawn", ["Downloading: ", "Continue? [Y/n] ", "Press enter to continue", "Why? "]
)
def test_a_program_that_is_not_reading_has_no_prompt(drawn: str) -> None:
    """It takes whole lines and reads none now, whatever its screen shows."""
    assert find_cursor_prompt(look_at(drawn, tty=DEAF)) is None


def test_a_question_during_output_does_not_count() -> None:
    """If ANT does not know whether the program is reading, the screen must be quiet."""
    for tty in (POLLS, RAW, None):
        assert (
            find_cursor_prompt(look_at("Name: ", tty=tty, quiet_s=SURE_S / 2)) is None
        )
        assert (
            find_cursor_prompt(look_at("Name: ", tty=tty, quiet_s=SURE_S)) is not None
        )
    assert find_cursor_prompt(look_at("Name: ", tty=COOKED, quiet_s=0.0)) is not None


@pytest.mark.parametrize(
    ("lines", "cursor"),
    [
        (["Name: bob smith"], (0, 8)),
        (["Name: ", "", "", "status"], (0, 6)),
        (["Name:" + " " * 40 + "12:00"], (0, 6)),
        (["Name: ", "text", "more"], (0, 6)),
        ([], (0, 0)),
        (["Name: "], (0, 0)),
        (["Name: "], (5, 0)),
    ],
)
def test_a_cursor_elsewhere(lines: list[str], cursor: tuple[int, int]) -> None:
    """A line that is edited, or that the cursor has left, is no prompt."""
    assert find_cursor_prompt(look_at(*lines, cursor=cursor)) is None


def test_no_prompt_at_a_hidden_cursor() -> None:
    """A hint that looks like a question is none while the cursor is hidden."""
    assert find_cursor_prompt(look_at("? for shortcuts", hidden=True)) is None


def test_choices_come_before_a_line() -> None:
    """Choices limit what the operator may type."""
    assert Form.WORDS is found("Sure? [y/n] ", tty=COOKED).form
