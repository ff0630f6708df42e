"""The word with which a person answers a prompt, as the body of the answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ant.core.errors import NotAnOption

TEXT_FORMS: Final = ("line", "secret")
"""The forms of a prompt whose answer is a line of text."""

LETTERS: Final = {"yes": "y", "no": "n"}
"""The words of which many programs show the letter only."""


def answer_of(prompt: Mapping[str, Any], word: str) -> tuple[dict[str, Any], str]:
    """The body of an answer, and the label of what it chooses.

    A word is the number of an option from 1, its key or its label; several boxes are
    numbers with commas. `yes` and `no` are also options that show only their letter, as
    `[y/N]` does. For a prompt without options it is the line to type. A word that could
    be two options is none: nothing is guessed. Raises `NotAnOption`.
    """
    options = prompt["options"]
    if not options and prompt["form"] in TEXT_FORMS:
        return {"type": "text", "choice": {"value": word}}, word
    numbers = [part.strip() for part in word.split(",")]
    if len(numbers) > 1 and all(map(_is_number, numbers)):
        indexes = [int(number) - 1 for number in numbers]
        if max(indexes) < len(options):
            labels = ", ".join(options[index]["label"] for index in indexes)
            return {"type": "select", "choice": {"indexes": indexes}}, labels
    wanted = word.strip().casefold()
    found = _named(options, wanted)
    if not found and wanted in LETTERS:
        found = _named(options, LETTERS[wanted])
    if len(found) != 1:
        raise _no_option(prompt, word, "two options" if found else "no option")
    (index,) = found
    return {"type": "select", "choice": {"index": index}}, options[index]["label"]


def _named(options: Sequence[Mapping[str, Any]], wanted: str) -> set[int]:
    """The indexes of the options that a word, in lower case, may name."""
    return {
        index
        for index, option in enumerate(options)
        if (_is_number(wanted) and int(wanted) == index + 1)
        or wanted == option["label"].strip().casefold()
        or (option["keys"] and wanted == option["keys"].casefold())
    }


def numbered(prompt: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The body of an answer with the option of that number, from 1.

    Raises `NotAnOption`.
    """
    if not 1 <= number <= len(prompt["options"]):
        raise _no_option(prompt, number, "no option")
    return {"type": "select", "choice": {"index": number - 1}}


def _no_option(prompt: Mapping[str, Any], choice: object, what: str) -> NotAnOption:
    options = enumerate(prompt["options"], 1)
    known = ", ".join(f"{number} {each['label']!r}" for number, each in options)
    return NotAnOption(
        f"{choice!r} is {what} of this prompt. Its options are: {known or 'none'}."
    )


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and int(word) > 0
