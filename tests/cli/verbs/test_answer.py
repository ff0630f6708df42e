"""`ant answer`, against real programs that ask."""

import json
from typing import Any

import click
import pytest

from ant.cli.verbs.answer import _answer_of, _shown
from tests.cli.real import RealServer, on_terminal

PROMPT: dict[str, Any] = {
    "form": "keys",
    "question": "Delete \x1b[2Jit?",
    "summary": "s",
    "class": "confirm",
    "options": [
        {"label": "Yes", "keys": "y", "checked": None, "selected": False},
        {"label": "No", "keys": "n", "checked": None, "selected": True},
        {"label": "2", "keys": "", "checked": None, "selected": False},
    ],
}


@pytest.mark.parametrize(
    ("word", "index"),
    [("1", 0), ("y", 0), ("Y", 0), ("yes", 0), (" No ", 1), ("n", 1), ("3", 2)],
)
def test_an_option_is_named(word: str, index: int) -> None:
    """By its number, its key or its label, in any case."""
    body, _ = _answer_of(PROMPT, word)
    assert {"type": "select", "choice": {"index": index}} == body


@pytest.mark.parametrize("word", ["2", "0", "4", "ye", "", "maybe", "-1", "1.0"])
def test_nothing_is_guessed(word: str) -> None:
    """What is two options, or none, is bad usage: `2` is a number and a label."""
    with pytest.raises(click.UsageError, match="option"):
        _answer_of(PROMPT, word)


def test_boxes_and_lines() -> None:
    """Several numbers tick boxes; without options it is a line to type."""
    body, label = _answer_of({**PROMPT, "form": "boxes"}, "1, 2")
    assert ({"indexes": [0, 1]}, "'Yes, No'") == (body["choice"], label)
    line = {**PROMPT, "form": "line", "options": []}
    assert ({"type": "text", "choice": {"value": "a b"}}, "'a b'") == (
        _answer_of(line, "a b")
    )
    body, label = _answer_of({**line, "form": "secret"}, "hunter2")
    assert "hunter2" not in label


def test_what_is_shown() -> None:
    """The options with number and key; the marked one has a marker."""
    assert [
        "x asks: Delete \x1b[2Jit?",
        "  1. Yes  (y)",
        "> 2. No  (n)",
        "  3. 2",
    ] == _shown("x", PROMPT)


ASKS = "while :; do read -p 'Delete it? [y/N] ' a; echo \"said <$a>\"; done"
NAME = "read -p 'Your name: ' a; echo \"hello <$a>\"; read b"


def ask(server: RealServer, name: str, script: str, question: str) -> None:
    """Start a program that asks, and wait until ANT knows."""
    server.good("new", name, "--", "bash", "-c", script)
    # `status` shows what the screen asks a moment before a prompt is stored.
    server.until(f"@{name}  {name}  {question}", "answer")


@pytest.mark.slow
def test_a_script_answers(server: RealServer) -> None:
    """It lists, looks and answers; without a terminal it says that it means it."""
    assert "" == server.good("answer")
    ask(server, "one", ASKS, "Delete it?")
    assert "1  @one  one  Delete it?\n" == server.good("answer")
    (prompt,) = json.loads(server.good("answer", "--json"))["prompts"]
    assert "one asks: Delete it?" in server.good("answer", "one")
    assert prompt["id"] == json.loads(server.good("answer", "one", "--json"))["id"]
    result = server.ant("answer", "one", "n")
    assert (2, True) == (result.exit_code, "add --yes" in result.stderr)
    assert 2 == server.ant("answer", "one", "maybe", "--yes").exit_code
    assert "said" not in server.good("logs", "one")
    said = server.good("answer", "one", "2", "--prompt", prompt["id"], "--why", "so")
    assert "Chose N; the prompt is " in said
    server.until("said <N>", "logs", "one")
    server.until("@one  one  Delete it?", "answer")
    result = server.ant("answer", "one", "1", "--prompt", prompt["id"])
    assert (1, True) == (result.exit_code, "No key was pressed" in result.stderr)
    told = json.loads(server.good("answer", "one", "y", "--yes", "--json"))
    assert "y" == told["chosen"]
    server.until("said <y>", "logs", "one")
    server.good("rm", "one")
    assert 1 == server.ant("answer", "one", "y", "--yes").exit_code


@pytest.mark.slow
def test_a_person_answers(server: RealServer) -> None:
    """The only question is shown at once; a choice is confirmed before it is sent."""
    ask(server, "two", ASKS, "Delete it?")
    with on_terminal(server, "answer") as screen:
        assert "two asks: Delete it?" in screen.see("Answer: ")
        screen.type("n\n")
        screen.see("Send 'N'? [y/N]: ")
        screen.type("n\n")
        assert 1 == screen.code()
    assert "said" not in server.good("logs", "two")
    with on_terminal(server, "answer") as screen:
        screen.see("Answer: ")
        screen.type("n\n")
        screen.see("[y/N]: ")
        screen.type("y\n")
        screen.see("Chose N; the prompt is ")
        assert 0 == screen.code()
    server.until("said <N>", "logs", "two")
    server.good("rm", "two")


@pytest.mark.slow
def test_a_question_that_has_gone(server: RealServer) -> None:
    """While the person thinks it is answered elsewhere: the person reads so."""
    ask(server, "three", ASKS, "Delete it?")
    with on_terminal(server, "answer", "@three") as screen:
        screen.see("Answer: ")
        server.good("send", "three", "y", "--enter")
        server.until("said <y>", "logs", "three")
        screen.type("n\ny\n")
        screen.see("ant: The question of three has ")
        assert 1 == screen.code()
    assert "said <n>" not in server.good("logs", "three").lower()
    server.good("rm", "three")


@pytest.mark.slow
def test_one_of_several_is_chosen_and_a_line_typed(server: RealServer) -> None:
    """The list has numbers; a question without options takes a line."""
    ask(server, "four", ASKS, "Delete it?")
    ask(server, "five", NAME, "Your name")
    with on_terminal(server, "answer") as screen:
        shown = screen.see("Answer which")
        number = "2" if "2  @five" in shown else "1"
        screen.type(f"{number}\n")
        screen.see("five asks: Your name")
        screen.see("Answer: ")
        screen.type("ada\ny\n")
        screen.see("Chose text; the prompt is ")
        assert 0 == screen.code()
    server.until("hello <ada>", "logs", "five")
    with on_terminal(server, "answer", "four") as screen:
        screen.see("Answer: ")
        screen.interrupt()
        assert 1 == screen.code()
    server.good("rm", "four", "five")
