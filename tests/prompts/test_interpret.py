"""Answers are interpreted as a choice, or refused."""

from typing import Any

import pytest

from ant.api import codec
from ant.api.prompt_requests import AgentResponse, ChoiceAsk, Respond
from ant.core import clock
from ant.core.errors import Invalid, NotAnOption
from ant.prompts import interpret
from ant.prompts.interpret import Responder, text_choice
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Form, Option, PromptClass
from tests.asked import prompt, record, secret
from tests.rules import AT

MENU = record(asked=prompt("Which?", "Yes", "Yes, always", "No"))
WORDS = record(
    asked=prompt(
        "Sure? [y/N/a]",
        form=Form.WORDS,
        options=(
            Option("y", keys="y"),
            Option("N", keys="n"),
            Option("all", keys="a"),
        ),
    )
)
CASED = record(
    asked=prompt(
        "Stage?",
        form=Form.KEYS,
        options=(Option("this", keys="d"), Option("all after", keys="D")),
    )
)
ZERO = record(
    asked=prompt(
        "Pick",
        form=Form.WORDS,
        options=(Option("none", keys="0"), Option("one", keys="1")),
    )
)
LINE = record(
    asked=prompt(
        "Name:", form=Form.LINE, options=(), class_=PromptClass.FREE_TEXT, text="Name:"
    )
)
SECRET = record(asked=secret())


@pytest.mark.parametrize(
    ("asked", "response", "choice"),
    [
        (MENU, "Yes", Choice("select", index=0)),
        (MENU, "yes", Choice("select", index=0)),
        (MENU, " No \r", Choice("select", index=2)),
        (MENU, "2", Choice("select", index=1)),
        (MENU, "yes, ALWAYS", Choice("select", index=1)),
        (WORDS, "y", Choice("select", index=0)),
        (WORDS, "N", Choice("select", index=1)),
        (WORDS, "A", Choice("select", index=2)),
        (CASED, "d", Choice("select", index=0)),
        (CASED, "D", Choice("select", index=1)),
        (ZERO, "1", Choice("select", index=1)),
        (LINE, "ada\n", Choice("text", text="ada")),
        (LINE, " two words", Choice("text", text=" two words")),
        (SECRET, "hunter2", Choice("text", text="hunter2")),
        (SECRET, "", Choice("text", text="")),
    ],
)
def test_an_answer_in_words_names_an_option_or_is_a_line(
    asked: Any, response: str, choice: Choice
) -> None:
    """By label or keys, or by number where there are no keys."""
    assert choice == text_choice(asked, response)


@pytest.mark.parametrize(
    ("asked", "response"),
    [
        (MENU, "4"),
        (MENU, "0"),
        (MENU, "maybe"),
        (MENU, "Y"),
        (MENU, "\x1b[B"),
        (WORDS, "1"),
        (WORDS, "yes"),
        (ZERO, "2"),
        (record(asked=prompt("Again?", "Go", "Go")), "Go"),
        (record(asked=prompt("More", form=Form.VIEW, options=())), "q"),
    ],
)
def test_words_without_one_option_are_refused(asked: Any, response: str) -> None:
    """ANT does not guess, and takes neither of two options that match."""
    with pytest.raises(NotAnOption):
        text_choice(asked, response)


@pytest.mark.parametrize(
    ("asked", "response", "error"),
    [
        (
            MENU,
            "maybe",
            "'maybe' matches none of the prompt's options: 'Yes', 'Yes, always', 'No'. "
            "Answer with one of these labels.",
        ),
        (
            record(asked=prompt("Again?", "Go", "Go")),
            "Go",
            "'Go' matches 2 of the prompt's options: 'Go', 'Go'. "
            "Answer with the index of one option.",
        ),
        (
            record(asked=prompt("Which?", *map(str, range(11, 23)))),
            "x",
            "'x' matches none of the prompt's options: '11', '12', '13', '14', '15', "
            "'16', '17', '18', '19', '20', …. Answer with one of these labels.",
        ),
        (
            record(asked=prompt("More", form=Form.VIEW, options=())),
            "q",
            "'q' cannot be an answer: the prompt has no options and takes no text. "
            "Type keys by terminal/input.",
        ),
    ],
)
def test_an_error_lists_the_options(asked: Any, response: str, error: str) -> None:
    """As many as can be read, and what to answer instead."""
    with pytest.raises(NotAnOption) as caught:
        text_choice(asked, response)
    assert error == str(caught.value)


def test_blanks_are_no_answer() -> None:
    """As in the original."""
    for blank in ("", " ", "\r"):
        with pytest.raises(Invalid, match=r"at \$\.response"):
            text_choice(LINE, blank)


def test_an_answer_without_enter_needs_a_prompt_that_takes_keys() -> None:
    """Other prompts refuse it."""
    assert Choice("select", index=0) == text_choice(CASED, "d", enter=False)
    for asked in (MENU, LINE, WORDS):
        with pytest.raises(NotAnOption):
            text_choice(asked, "y", enter=False)


@pytest.mark.parametrize(
    ("ask", "choice"),
    [
        ({"type": "approve"}, Choice("approve")),
        ({"type": "approve", "choice": {"action": "approve"}}, Choice("approve")),
        ({"choice": {"action": "deny"}}, Choice("deny")),
        ({"type": "approve", "choice": {"type": "deny"}}, Choice("deny")),
        ({"type": "retry"}, Choice("retry")),
        ({"type": "abort"}, Choice("abort")),
        ({"type": "select", "choice": {"index": 2}}, Choice("select", index=2)),
        (
            {"type": "select", "choice": {"index": 2, "selected": "No"}},
            Choice("select", index=2),
        ),
        ({"choice": {"selected": "No"}}, Choice("select", label="No")),
        ({"choice": {"label": "No"}}, Choice("select", label="No")),
        ({"choice": {"indexes": [0, 2]}}, Choice("select", indexes=(0, 2))),
        ({"type": "text", "choice": {"value": "x"}}, Choice("text", text="x")),
        ({"type": "text", "choice": {"text": "x"}}, Choice("text", text="x")),
        ({"type": "text", "text": "x"}, Choice("text", text="x")),
        ({"choice": {"text": "x"}}, Choice("text", text="x")),
        ({"type": "confirm", "choice": {"yes": False}}, Choice("confirm", yes=False)),
        ({"choice": {"yes": True}}, Choice("confirm", yes=True)),
    ],
)
def test_typed_answers(ask: dict[str, Any], choice: Choice) -> None:
    """In all forms that the original's clients send, by request and by message."""
    inner = ask.get("choice")
    fields = {**ask}
    if inner is not None:
        indexes = inner.get("indexes")
        more = {"indexes": tuple(indexes)} if indexes else {}
        fields["choice"] = ChoiceAsk(**{**inner, **more})
    assert choice == interpret.respond_choice(MENU, Respond(**fields))
    assert choice == interpret.card_choice(MENU, AgentResponse(**fields))


def test_a_line_may_be_called_value() -> None:
    """Beside the type, or as the response."""
    expected = Choice("text", text="x")
    card = AgentResponse(type="text", value="x")
    assert expected == interpret.card_choice(LINE, card)
    assert expected == interpret.respond_choice(LINE, Respond("x", type="text"))


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (Respond(type="select"), Invalid),
        (Respond(type="text"), Invalid),
        (Respond(type="confirm"), Invalid),
        (Respond(choice=ChoiceAsk()), Invalid),
        (Respond(choice=ChoiceAsk(action="dance")), Invalid),
        (Respond(choice=ChoiceAsk(index=3)), NotAnOption),
        (Respond(choice=ChoiceAsk(indexes=(0, 3))), NotAnOption),
        (Respond(choice=ChoiceAsk(index=1, selected="No")), NotAnOption),
    ],
)
def test_incomplete_typed_answers_are_refused(ask: Respond, error: Any) -> None:
    """As are contradictory ones: an index with the label of another option."""
    with pytest.raises(error):
        interpret.respond_choice(MENU, ask)


def test_a_secret_is_not_kept() -> None:
    """Not in the text, and not in what was chosen."""
    at = clock.parse_stamp(AT)
    kept = interpret.decision_of(
        SECRET,
        Choice("text", text="hunter2"),
        Outcome("hunter2", True, 5),
        Responder("@ada", "ada", "test", "because"),
        at,
    )
    assert "hunter2" not in repr(kept)
    assert ("text", "text", True, "@ada", "ada", "test", "because", at) == (
        kept.type,
        kept.chosen,
        kept.resolved,
        kept.by,
        kept.responder_id,
        kept.source,
        kept.justification,
        kept.decided_at,
    )
    line = interpret.decision_of(
        LINE, Choice("text", text="ada"), Outcome("text", False, 5), Responder(), at
    )
    assert ("ada", False) == (line.text, line.resolved)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "deny", "text": "Use rg."},
        {"choice": {"action": "deny"}, "text": "Use rg."},
        {"type": "confirm", "choice": {"yes": False}, "text": "Use rg."},
        {"type": "select", "choice": {"index": 2, "text": "Use rg."}},
    ],
)
def test_a_denial_may_have_a_reason(body: dict[str, Any]) -> None:
    """It is in the choice for the agent's hook, and in the record for everybody."""
    choice = interpret.respond_choice(MENU, codec.read_data(body, Respond))
    assert "Use rg." == choice.text

    def recorded(via: str, by: Responder = NOBODY) -> tuple[str | None, str | None]:
        at, outcome = clock.parse_stamp(AT), Outcome("No", True, 1)
        told = interpret.decision_of(MENU, choice, outcome, by, at, via)
        return told.text, told.justification

    assert ("Use rg.", "Use rg.") == recorded("hook")
    assert ("Use rg.", "safe") == recorded("hook", Responder(justification="safe"))
    kept = "Use rg." if choice.type == "deny" else None
    assert (None, kept) == recorded("keys")


NOBODY = Responder()
