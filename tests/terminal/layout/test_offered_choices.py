"""Text that offers choices, and text that only looks like it."""

import pytest

from ant.terminal.detect.classify import classify
from ant.terminal.input.addressee import MessageTarget, message_target
from ant.terminal.layout.offered_choices import (
    asks_again,
    confirms_by_enter,
    offers_choices,
    requests_text,
)
from ant.terminal.model.prompt import Form, Kind
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.drawn import look_at

OFFERS = [
    ["Which one should be deleted?  a) first  b) second"],
    ["Which disk should be wiped?", "  1) first", "  2) second"],
    ["Which one?", "", "  a) first", "  b) second"],
    ["Run rm -rf x", "Approve? y = yes, n = no, a = always"],
    ["Run rm -rf x: y = yes, n = no"],
    ["Press y to run rm -rf x, n to skip"],
    ["Pick: yes / no / always"],
    ["Delete it? yes/no, as you like"],
    ["Type 'DELETE' to confirm"],
    ["Press Enter to approve"],
    ["Run it?", "[y] yes [n] no [a] always"],
]
"""What a program asks. A message would be taken for the answer."""

NONE = [
    ["I have done a) the parser and b) the tests."],
    ["Steps:", "1. Read it", "2. Write it"],
    ["x = first()", "y = second()"],
    ["See [1] Smith and [2] Jones."],
    ["Run make, then type ant to run the server."],
    ["Type your message to continue the work."],
]
"""What an agent may have said last, and is at rest."""

RULE, CURSOR = "─" * 70, "\x1b[7m \x1b[27m"


def bare(rows: list[str], blanks: int) -> ScreenSnapshot:
    """A prompt sign below these rows."""
    return look_at(*rows, *[""] * blanks, "> ")


def framed(rows: list[str]) -> ScreenSnapshot:
    """A composer in a frame below them."""
    return look_at(*rows, "", RULE, f"❯ {CURSOR}", RULE, hidden=True)


@pytest.mark.parametrize("flag", [None, "aider", "llm", "codex-cli", "claude-code"])
@pytest.mark.parametrize("rows", OFFERS, ids=lambda rows: rows[-1])
def test_who_offers_choices_gets_no_message(rows: list[str], flag: str | None) -> None:
    """Above a bare sign, near or apart, and above a composer, whatever the flag says.

    ANT cannot tell which of the choices a key would take, so it answers none by itself.
    """
    for snapshot in (bare(rows, 0), bare(rows, 1), framed(rows)):
        verdict = classify(snapshot, flag)
        assert verdict.kind in (Kind.DIALOG, Kind.QUESTION)
        assert verdict.prompt is not None
        assert verdict.prompt.form in (Form.VIEW, Form.LINE, Form.WORDS)
        target = message_target(snapshot.tty, verdict, accepts=True)
        assert target is not MessageTarget.COMPOSER


@pytest.mark.parametrize("rows", NONE, ids=lambda rows: rows[-1])
def test_who_only_talks_is_at_rest(rows: list[str]) -> None:
    """Lists and assignments are no choices by themselves."""
    assert not offers_choices(rows)
    for snapshot in (bare(rows, 1), framed(rows)):
        assert classify(snapshot, None).kind is Kind.AT_REST


def test_a_list_belongs_to_the_question_above_it() -> None:
    """Only if nothing but the list is in its paragraph."""
    assert offers_choices(["1. one", "2. two"], "Which one?")
    assert not offers_choices(["1. one", "2. two"], "I did it.")
    assert not offers_choices(["So:", "1. one", "2. two"], "Which one?")
    assert not offers_choices(["1. one", "3. three"], "Which one?")


def test_what_asks_for_a_line() -> None:
    """Words of a program that asks for one, or asks again."""
    assert confirms_by_enter("Execute 1 action(s)? Enter to confirm, or type")
    assert not confirms_by_enter("Press Enter to confirm your address.")
    assert requests_text("Interrupted. Type a comment/command")
    assert not requests_text("Type your message or /help")
    assert asks_again("Please answer with y or n")
    assert not asks_again("Done.")
