"""The words that answer a prompt; `tests/cli/verbs/test_answer.py` has more."""

from typing import Any

import pytest

from ant.client.terminal.typed_answer import answer_of, numbered
from ant.core.errors import NotAnOption

PROMPT: dict[str, Any] = {
    "form": "keys",
    "options": [{"label": "2", "keys": ""}, {"label": "No", "keys": "n"}],
}


def test_a_number_is_a_number() -> None:
    """As a word, `2` could be a label, too."""
    assert {"type": "select", "choice": {"index": 1}} == numbered(PROMPT, 2)
    with pytest.raises(NotAnOption, match="'2' is two options of this prompt"):
        answer_of(PROMPT, "2")


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_number_of_no_option_is_refused(number: int) -> None:
    """The options are listed."""
    with pytest.raises(NotAnOption, match=f"{number} is no option .*: 1 '2', 2 'No'"):
        numbered(PROMPT, number)


def test_a_line_is_typed_as_it_is() -> None:
    """A prompt without options takes any line, also one like a number."""
    line = {"form": "line", "options": []}
    assert {"value": " 2"} == answer_of(line, " 2")[0]["choice"]


@pytest.mark.parametrize(
    ("labels", "word", "index"),
    [(["Y", "n"], "no", 1), (["y", "N"], "Yes", 0), (["n", "No"], "no", 1)],
)
def test_yes_and_no_are_letters_too(labels: list[str], word: str, index: int) -> None:
    """A label that is the word itself comes first."""
    prompt = {"form": "keys", "options": [{"label": x, "keys": ""} for x in labels]}
    assert answer_of(prompt, word)[0]["choice"] == {"index": index}


@pytest.mark.parametrize("labels", [["Never", "Yet"], ["n", "N"], ["Nein", "Ja"]])
def test_no_is_no_other_word(labels: list[str]) -> None:
    prompt = {"form": "keys", "options": [{"label": x, "keys": ""} for x in labels]}
    with pytest.raises(NotAnOption):
        answer_of(prompt, "no")
