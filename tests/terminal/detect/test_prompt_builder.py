"""The rows, the text and the question of a prompt at the cursor."""

import pytest

from ant.terminal.detect.prompt_builder import cursor_prompt, text_above
from ant.terminal.model.prompt import Form, Kind, Option, PromptClass
from tests.terminal.drawn import look_at


@pytest.mark.parametrize(
    ("drawn", "question"),
    [
        ("Name: ", "Name:"),
        ("  Name:  ", "Name:"),
        ("? Name", "Name"),
        ("[?] Name:", "Name:"),
        ("◆ Name", "Name"),
        ("(2/3) Name:", "Name:"),
        ("Name? (bob) ", "Name?"),
        ("Name: (bob) ›", "Name:"),
        ("Name? »", "Name?"),
        ("Token? ****", "Token?"),
        ("What is 2 * 3?", "What is 2 * 3?"),
        ("Name (first, last):", "Name (first, last):"),
        ("Really?!", "Really?!"),
        ("名前は？ ", "名前は？"),
        ("", ""),
    ],
)
def test_a_question_is_bare(drawn: str, question: str) -> None:
    """Without the sign before it, and the default, arrow or mask behind it."""
    prompt = cursor_prompt(
        look_at(), PromptClass.FREE_TEXT, Form.LINE, drawn, rule="line"
    )
    assert question == prompt.question


def test_only_a_line_is_a_question() -> None:
    """A line of free text is a question; a secret, a word or a key is a dialog."""
    kinds = {
        form: cursor_prompt(
            look_at("x"), PromptClass.FREE_TEXT, form, "x", rule="r"
        ).kind
        for form in Form
    }
    assert {Kind.QUESTION} == {kinds.pop(Form.LINE)}
    assert {Kind.DIALOG} == set(kinds.values())


def test_a_prompt_ends_at_the_cursor() -> None:
    """Its rows end at the cursor's row; its text begins some rows above."""
    snapshot = look_at(*map(str, range(10)), "1) a", "2) b", "#? ")
    prompt = cursor_prompt(
        snapshot,
        PromptClass.MULTI_CHOICE,
        Form.WORDS,
        "#? ",
        Option("a", keys="1"),
        Option("b", keys="2"),
        rule="numbers",
        first=10,
        draft="1",
    )
    assert ((10, 12), "numbers", "1") == (prompt.rows, prompt.rule, prompt.draft)
    assert "7\n8\n9\n1) a\n2) b\n#?" == prompt.text
    assert ["a", "b"] == [option.label for option in prompt.options]


def test_a_prompt_on_the_first_row_has_nothing_above() -> None:
    """There is no row before the first."""
    prompt = cursor_prompt(
        look_at("x: "), PromptClass.FREE_TEXT, Form.LINE, "x: ", rule="line"
    )
    assert ((0, 0), "x:") == (prompt.rows, prompt.text)


@pytest.mark.parametrize(
    ("lines", "above"),
    [
        (["Sure?", ""], "Sure?"),
        (["Sure?", "", ""], "Sure?"),
        (["Sure?", "", "", ""], ""),
        (["one", " two ", ""], "two"),
        ([""], ""),
    ],
)
def test_text_is_near(lines: list[str], above: str) -> None:
    """Text more than two rows above the prompt does not belong to it."""
    assert above == text_above(look_at(*lines), len(lines) - 1)
