"""Typed choices at the cursor, and text that only mentions choices."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.agents.driver import drivers
from ant.terminal.detect.classify import classify
from ant.terminal.detect.typed_choices import find_choices, find_list_below
from ant.terminal.model.prompt import Form, Kind, Prompt, PromptClass
from ant.terminal.model.tty import Tty
from tests.terminal.drawn import COOKED, RAW, look_at

IGNORE = {"Retry": "R", "Abort": "A", "Ignore": "I"}
RM = Tty(echo=True, canonical=True, foreground="rm", reading=True)


def found(*lines: str, tty: Tty | None = COOKED) -> Prompt:
    """Return the choices on a screen that has some."""
    prompt = find_choices(look_at(*lines, tty=tty))
    assert prompt is not None
    assert Form.WORDS is prompt.form
    return prompt


def options(prompt: Prompt) -> dict[str, str]:
    """Return what to type for each label."""
    return {option.label: option.keys for option in prompt.options}


def words(text: str) -> dict[str, str]:
    """Return choices that are typed as shown."""
    return {word: word for word in text.split()}


@pytest.mark.parametrize(
    ("drawn", "question", "choices", "default"),
    [
        ("Continue? [Y/n] ", "Continue?", words("Y n"), 0),
        ("Continue [y/N]: ", "Continue", words("y N"), 1),
        ("Continue (y/n)? ", "Continue?", words("y n"), None),
        ("Continue? [Y|n]", "Continue?", words("Y n"), 0),
        ("Continue? (yes/no) ", "Continue?", words("yes no"), None),
        ("Continue? yes/no ", "Continue?", words("yes no"), None),
        ("Continue y/n: ", "Continue", words("y n"), None),
        ("続けますか? [y/n] ", "続けますか?", words("y n"), None),
        ("Is this ok [y/d/N]: ", "Is this ok", words("y d N"), 2),
        ("Sure? [Yes/No/Cancel] ", "Sure?", words("Yes No Cancel"), None),
        ("Sure? [yes/no/cancel]: ", "Sure?", words("yes no cancel"), None),
        ("Stage it [y,n,q,A,?]? ", "Stage it?", words("y n q A ?"), 3),
        ("Do it (Y)es/(N)o: ", "Do it", {"Yes": "Y", "No": "N"}, None),
        ("Do it? (y)es, (n)o ", "Do it?", {"yes": "y", "no": "n"}, None),
        ("Sure? (yes) ", "Sure?", {"yes": "yes"}, 0),
        ("Type 'yes' or 'no': ", "Type 'yes' or 'no':", words("yes no"), None),
    ],
)
def test_yes_or_no(
    drawn: str, question: str, choices: dict[str, str], default: int | None
) -> None:
    """In any form;

    The operator types the words as shown; the capitalised one is the default.
    """
    prompt = found("Something.", "", drawn)
    assert PromptClass.CONFIRMATION is prompt.class_
    assert (question, default) == (prompt.question, prompt.selected)
    assert choices == options(prompt)


@pytest.mark.parametrize(
    ("drawn", "question", "choices"),
    [
        ("Colour [red/green]: ", "Colour", words("red green")),
        ("Colour? [red, green] ", "Colour?", words("red green")),
        ("Level [1/2/3]: ", "Level", words("1 2 3")),
        ("[R]etry, [A]bort: ", "", {"Retry": "R", "Abort": "A"}),
        ("(R)etry (A)bort? ", "", {"Retry": "R", "Abort": "A"}),
    ],
)
def test_words_of_any_kind(drawn: str, question: str, choices: dict[str, str]) -> None:
    """A letter in brackets stands for its word."""
    prompt = found(drawn)
    assert PromptClass.MULTI_CHOICE is prompt.class_
    assert (question, choices) == (prompt.question, options(prompt))
    assert prompt.selected is None


def test_the_key_that_lists_the_choices_is_no_letter() -> None:
    """So the capital is the default, although there are six choices."""
    assert 0 == found("Execute it? [Y/n/c/e/a/?] ").selected
    assert found("Execute it? [Y/n/c/e/a/b/?] ").selected is None


def test_text_behind_the_choices_is_a_draft() -> None:
    """The prompt stays the same while the operator types an answer."""
    before, after = found("Continue? [Y/n] "), found("Continue? [Y/n] ye")
    assert ("", "ye") == (before.draft, after.draft)
    assert before.fingerprint == after.fingerprint


def test_the_question_may_be_above() -> None:
    """Only the choices are on the cursor's row."""
    assert "Delete 漢字?" == found("Delete 漢字?", "[y/n] ").question
    assert "Delete it?" == found("Delete it?", "", "  (y/n) ").question


def test_programs_that_expect_yes_or_no() -> None:
    """`rm` lists no choices; for another program such a question asks for a line."""
    asks = "rm: remove regular file 'a'? "
    assert words("y n") == options(found(asks, tty=RM))
    assert find_choices(look_at(asks, tty=COOKED)) is None


@pytest.mark.parametrize(
    ("lines", "question", "choices"),
    [
        (["1) a", "2) b", "#? "], "#?", {"a": "1", "b": "2"}),
        (["Which?", "  1. a", "  2. b", "Number: "], "Which?", {"a": "1", "b": "2"}),
        (["1) a   3) c", "2) b", "#? "], "#?", {"a": "1", "b": "2", "c": "3"}),
        (["1) a", "2) b", "No such.", "", "#? "], "#?", {"a": "1", "b": "2"}),
        (["1) 漢 字", "2) b", "Pick: "], "Pick:", {"漢 字": "1", "b": "2"}),
        (["1: a", "2: b", "", "Your choice> "], "Your choice>", {"a": "1", "b": "2"}),
        (["[R]etry [A]bort [I]gnore", "Now? "], "Now?", IGNORE),
    ],
)
def test_a_list_above(lines: list[str], question: str, choices: dict[str, str]) -> None:
    """The operator types a number or letter of the list on the line below it."""
    prompt = found(*lines)
    assert (question, choices) == (prompt.question, options(prompt))
    assert (0 if question != "Which?" else 1, len(lines) - 1) == prompt.rows


def test_a_retry_is_known() -> None:
    """One of the choices is to retry."""
    assert PromptClass.ERROR_RETRY is found("[R]etry [I]gnore [A]bort", "What? ").class_


@pytest.mark.parametrize("count", [2, 9, 20])
def test_a_list_of_any_length(count: int) -> None:
    """ANT finds all options, whatever the number of rows."""
    rows = [f"{n:2}) row {n}" for n in range(1, count + 1)]
    expected = {f"row {n}": str(n) for n in range(1, count + 1)}
    assert expected == options(found(*rows, "#? "))


@pytest.mark.parametrize(
    "lines",
    [
        ["Continue? [Y/n] was asked before"],
        ["Continue? [Y/n] y, and then more"],
        ["Continue? [Y/n] ", ""],
        ["Say [Y/n] to go on. "],
        ["Compiling [12/34] "],
        ["Step (1/3): "],
        ["Writing to (src/main) "],
        ["12:00 [INFO/main] "],
        ["[a] "],
        ["[Y/n"],
        ["see https://a.b/c/[d/e] "],
        ["1. Install it.", "2. Run it.", "", "Name: "],
        ["1) a", "3) c", "#? "],
        ["1) a", "#? "],
        ["1) a", "2) b", "", "", "", "", "#? "],
        ["1) a", "2) b", "Done"],
        ["[R]etry [A]bort", "", "", "", "What? "],
        ["[R]etry", "What? "],
        ["user@host (feature/login) $ "],
        ["name: "],
        ["either/or"],
        [""],
    ],
)
def test_text_that_only_looks_like_choices(lines: list[str]) -> None:
    """With text behind it, a count, a path, a list of steps."""
    assert find_choices(look_at(*lines, tty=COOKED)) is None


FRUITS = ["? Which fruit? ", "  1) Apple", "  2) Banana", " ──────", "  3) Cherry"]


def below(*lines: str, col: int, tty: Tty = RAW) -> Prompt | None:
    """Return the prompt on the first row, above the others."""
    return find_list_below(look_at(*lines, tty=tty, cursor=(0, col)))


def test_a_list_below() -> None:
    """Inquirer's rawlist: the question takes a number of the list below it."""
    dialog = below(*FRUITS, col=15)
    typed = below("? Which fruit? 2", *FRUITS[1:], '> "9" is no option', col=16)
    assert dialog is not None
    assert typed is not None
    assert {"Apple": "1", "Banana": "2", "Cherry": "3"} == options(dialog)
    assert ("Which fruit?", None, "") == (
        dialog.question,
        dialog.selected,
        dialog.draft,
    )
    assert (1, "2") == (typed.selected, typed.draft)
    assert dialog.fingerprint == typed.fingerprint
    keyed = below("? Conflict: a.txt ", "  y) Overwrite", "  x) Abort", col=18)
    assert keyed is not None
    assert {"Overwrite": "y", "Abort": "x"} == options(keyed)


@pytest.mark.parametrize(
    ("lines", "col", "tty"),
    [
        (FRUITS, 15, COOKED),
        (["Which fruit? ", *FRUITS[1:]], 13, RAW),
        ([*FRUITS, "Done."], 15, RAW),
        ([*FRUITS, "$ "], 15, RAW),
        (FRUITS[:2], 15, RAW),
        ([*FRUITS[:2], "  3) Cherry"], 15, RAW),
        (["? Which? ", "  1) Apple", "  1) Banana"], 9, RAW),
        (["? Which? ", "text", "  1) Apple", "  2) Banana"], 9, RAW),
        (["? Which? ", "", ""], 9, RAW),
    ],
)
def test_screens_that_only_look_like_a_list_below(
    lines: list[str], col: int, tty: Tty
) -> None:
    """No question sign, other text below, or a missing number."""
    assert below(*lines, col=col, tty=tty) is None


def test_keys_without_their_words() -> None:
    """Inquirer's expand: letters in a row; `h` lists what they mean."""
    dialog = found("? Conflict on a.txt (yaxH) ", tty=RAW)
    typed = found("? Conflict on a.txt (yaxH) y", tty=RAW)
    assert {"y": "y", "a": "a", "x": "x", "H": "h"} == options(dialog)
    assert ("Conflict on a.txt", "", "y") == (
        dialog.question,
        dialog.draft,
        typed.draft,
    )
    assert dialog.fingerprint == typed.fingerprint


@pytest.mark.parametrize(
    "line",
    ["? Name (bob) ", "? Name (Smith) ", "? Name (hH) ", "? Name (aaH) ", "(yaxH) "],
)
def test_a_default_is_no_row_of_keys(line: str) -> None:
    """A name in brackets is the default of a line."""
    assert find_choices(look_at(line, tty=RAW)) is None


ASKED = [
    "Allow this action? Use 't' to trust it. [y/n/t]:",
    "Run `rm -r build`? [y/n]",
    "Overwrite notes.txt (y/n)?",
    "Proceed? (Y/n)",
    "Delete it, yes/no:",
    "Apply the patch? [yes/no/always]:",
    "Run this command? (y) (enter) yes, (n) (esc) no",
    "[y] Yes  [n] No  [a] Always",
    "(y)es (n)o (a)lways",
    "Allow? [y/n/t] (t trusts the tool)",
]
OPEN = [
    "What should the branch be called?",
    "Continue?",
]
SIGNS = ["> ", "$ ", "❯ ", "› ", " > ", "» ", ">", "% ", "# "]


@given(
    st.sampled_from([*ASKED, *OPEN]),
    st.lists(st.sampled_from(["Reading files.", "● Done.", ""]), max_size=4),
    st.integers(0, 9),
    st.sampled_from(SIGNS),
    st.sampled_from([None, *drivers()]),
    st.sampled_from([RAW, COOKED, None]),
)
def test_a_sign_below_a_question_is_no_rest(
    question: str,
    above: list[str],
    blank: int,
    sign: str,
    flag: str | None,
    tty: Tty | None,
) -> None:
    """For any question and driver: a message would be the answer."""
    snapshot = look_at(*above, question, *([""] * blank), sign, tty=tty, rows=30)
    verdict = classify(snapshot, flag)
    assert verdict.kind in (Kind.DIALOG, Kind.QUESTION)
    assert question in OPEN or verdict.kind is Kind.DIALOG
    prompt = verdict.prompt
    assert prompt is not None
    for each in prompt.options:
        assert each.keys in question


@pytest.mark.parametrize(
    "above",
    [
        ["Done."],
        ["Usage: tool [a|b]", ""],
        ["See (a)."],
        ["[x] one", "[x] two"],
        ["Was it? No.", "", "It was not."],
        ["Proceed? [y/n] n", "Skipped."],
        ["Proceed? [y/n]", "> n"],
        ["Proceed? [y/N]:", " Done. That worked as asked."],
        ["Proceed? [y/N]:", "Done.", "That worked", "as asked."],
        ["http://host/?y=1"],
    ],
)
@pytest.mark.parametrize("sign", ["> ", "$ "])
def test_a_sign_below_other_text_is_rest(above: list[str], sign: str) -> None:
    """Otherwise no interpreter would be at rest."""
    assert Kind.AT_REST is classify(look_at(*above, sign, tty=RAW)).kind


@pytest.mark.parametrize(
    "between",
    [
        ["[y/n/t]", "t trusts the tool for this session."],
        ["[y/N]:", "Please answer y or n."],
        ["[y/N]:", "Error: invalid input"],
    ],
)
@pytest.mark.parametrize("sign", ["> ", "> n"])
def test_choices_above_other_text_are_a_view(between: list[str], sign: str) -> None:
    """It may explain the keys or ask again, so nobody can tell who reads the sign."""
    prompt = classify(look_at("Run", "it?", *between, "", sign)).prompt
    assert prompt is not None
    assert (Form.VIEW, ()) == (prompt.form, prompt.options)


def test_the_reply_below_an_answered_question_may_ask() -> None:
    """Then its own question counts, not the one before."""
    verdict = classify(look_at("Run it? [y/N]:", " Done. Shall I go on?", "> "))
    assert Kind.QUESTION is verdict.kind
    assert verdict.prompt is not None
    assert "Done. Shall I go on?" == verdict.prompt.question


@pytest.mark.parametrize("blank", [0, 1, 3])
def test_an_empty_row_does_not_answer_a_question(blank: int) -> None:
    """Only text below it does."""
    prompt = classify(look_at("Run it? [y/N]:", *([""] * blank), "> ")).prompt
    assert prompt is not None
    assert ["y", "N"] == [each.label for each in prompt.options]


def test_choices_above_a_sign_are_answered_at_it() -> None:
    """By the words shown; text behind the sign is a draft."""
    ask = ["Reading.", "", "Delete the branch?", "[y/n/t]:", ""]
    prompt = classify(look_at(*ask, "> ")).prompt
    assert prompt is not None
    assert ("Delete the branch?", Form.WORDS) == (prompt.question, prompt.form)
    assert ["y", "n", "t"] == [each.keys for each in prompt.options]
    typed = classify(look_at(*ask, "> t")).prompt
    assert typed is not None
    assert ("t", prompt.fingerprint) == (typed.draft, typed.fingerprint)
    listed = classify(look_at("Where to?", "1) here", "2) there", "> ")).prompt
    assert listed is not None
    assert ["here", "there"] == [each.label for each in listed.options]
    keyed = classify(look_at("Run it? (y) (enter) yes, (n) no", "", "> ")).prompt
    assert keyed is not None
    assert ((), Form.VIEW) == (keyed.options, keyed.form)


@pytest.mark.parametrize("between", [[], [""]])
def test_a_question_that_enter_confirms_is_a_view(between: list[str]) -> None:
    """Right above a bare sign; a blank row separates another text from it."""
    asks = "Execute 1 action(s)? Enter to confirm, type comment to reject, or /h"
    found = classify(look_at(asks, *between, "> ", tty=RAW))
    assert found.kind is (Kind.AT_REST if between else Kind.DIALOG)
    assert found.prompt is None or found.prompt.form is Form.VIEW


@pytest.mark.parametrize("between", [[], [""]])
def test_a_request_for_a_comment_is_a_question(between: list[str]) -> None:
    """Right above a bare sign; a blank row separates another text from it."""
    asks = "Interrupted. Type a comment/command (/h for available commands)"
    found = classify(look_at(asks, *between, "> ", tty=RAW))
    assert found.kind is (Kind.AT_REST if between else Kind.QUESTION)
    assert found.prompt is None or found.prompt.class_ is PromptClass.FREE_TEXT


def test_a_message_may_be_typed_to_a_program_at_rest() -> None:
    """Such a hint above a bare sign asks nothing."""
    found = classify(look_at("Type your message or /help.", "> ", tty=RAW))
    assert found.kind is Kind.AT_REST
