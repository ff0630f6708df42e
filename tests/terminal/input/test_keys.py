"""The meaning of a choice: one option of this screen, or a refusal."""

import attrs
import pytest

from ant.core.errors import NotAnOption
from ant.terminal.input.keys import AnswerGoal, goal_of, refuse_controls
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from tests.terminal.model.test_prompt import MENU

APPROVE, DENY = Choice("approve"), Choice("deny")
YES, NO = Choice("confirm", yes=True), Choice("confirm", yes=False)
RETRY, ABORT = Choice("retry"), Choice("abort")


def text(value: str | None) -> Choice:
    """An answer in words."""
    return Choice("text", text=value)


def prompt(*labels: str, form: Form = Form.MENU, cancel: str = "") -> Prompt:
    """A prompt with these options, the first of them marked; keys stand behind `=`."""
    options = []
    for i, each in enumerate(labels):
        label, _, keys = each.partition("=")
        checked = False if form is Form.BOXES else None
        options.append(Option(label, i == 0, checked, keys))
    return Prompt(
        kind=Kind.DIALOG,
        class_=PromptClass.CONFIRMATION,
        form=form,
        question="Sure?",
        options=tuple(options),
        rule="menu",
        rows=(0, 1),
        text="",
        cancel=cancel,
    )


def asking(question: str, *labels: str) -> Prompt:
    """A menu that asks this."""
    return attrs.evolve(prompt(*labels), question=question)


CLAUDE = prompt(
    "Yes", "Yes, and don't ask again for ls", "No, and tell me what to do (esc)"
)
CODEX = prompt(
    "Yes, proceed (y)",
    "Yes, and don't ask again for this command (p)",
    "No, and tell Codex what to do differently (esc)",
    cancel="\x1b",
)
GEMINI = prompt(
    "Allow once", "Allow for this session", "No, suggest changes (esc)", cancel="\x1b"
)
PLAN = prompt(
    "Yes, and auto-accept edits",
    "Yes, and manually approve edits",
    "No, keep planning",
)
KIMI = attrs.evolve(
    prompt("Approve once", "Approve for this session", "Reject"),
    text="\n".join(
        [
            "  Shell is requesting approval:",
            "    touch hello.txt",
            "→ [1] Approve once",
            "  [2] Approve for this session",
            "  [3] Reject",
        ]
    ),
)
WORDS = prompt("Y=Y", "n=n", form=Form.WORDS)
SURE = prompt("yes=yes", "no=no", "fingerprint=fingerprint", form=Form.WORDS)
HUNK = prompt("y=y", "n=n", "q=q", "a=a", "d=d", "?=?", form=Form.WORDS)
FAILED = prompt("Retry=R", "Abort=A", "Ignore=I", form=Form.WORDS)
KEY = prompt("Continue=\r", form=Form.KEYS)
BUTTONS = prompt("Yes", "No", "Cancel", form=Form.BUTTONS)
CHECKS = prompt("red", "green", "blue", form=Form.BOXES)
LINE, SECRET = prompt(form=Form.LINE), prompt(form=Form.SECRET)
PAGER = prompt(form=Form.VIEW, cancel="q")
EDITOR = prompt(form=Form.VIEW)
ESCAPES = prompt("Accept terms", "Later", cancel="\x1b")


@pytest.mark.parametrize(
    ("asked", "choice", "goal"),
    [
        (CLAUDE, APPROVE, AnswerGoal("Yes", index=0)),
        (CLAUDE, YES, AnswerGoal("Yes", index=0)),
        (CLAUDE, DENY, AnswerGoal(CLAUDE.options[2].label, key=b"\x1b")),
        (CODEX, APPROVE, AnswerGoal("Yes, proceed (y)", index=0)),
        (CODEX, DENY, AnswerGoal(CODEX.options[2].label, key=b"\x1b")),
        (GEMINI, APPROVE, AnswerGoal("Allow once", index=0)),
        (GEMINI, NO, AnswerGoal(GEMINI.options[2].label, key=b"\x1b")),
        (GEMINI, ABORT, AnswerGoal("abort", key=b"\x1b")),
        (KIMI, APPROVE, AnswerGoal("Approve once", index=0)),
        (KIMI, DENY, AnswerGoal("Reject", index=2)),
        (attrs.evolve(PLAN, cancel="\x1b"), DENY, AnswerGoal("deny", key=b"\x1b")),
        (prompt("Yes", "No", "Don't ask me again"), DENY, AnswerGoal("No", index=1)),
        (prompt("Yes, proceed", "Nope"), DENY, AnswerGoal("Nope", index=1)),
        (
            prompt("Apply this change", "Reject it"),
            APPROVE,
            AnswerGoal("Apply this change", index=0),
        ),
        (prompt("Yes", "No"), APPROVE, AnswerGoal("Yes", index=0)),
        (prompt("No", "Yes"), APPROVE, AnswerGoal("Yes", index=1)),
        (
            prompt("Always allow", "Allow", "Deny"),
            APPROVE,
            AnswerGoal("Allow", index=1),
        ),
        (prompt("Yes", "No", "No, never ask"), DENY, AnswerGoal("No", index=1)),
        (prompt("OK", "OK to all", "Stop"), APPROVE, AnswerGoal("OK", index=0)),
        (WORDS, APPROVE, AnswerGoal("Y", text="Y")),
        (WORDS, NO, AnswerGoal("n", text="n")),
        (SURE, DENY, AnswerGoal("no", text="no")),
        (HUNK, APPROVE, AnswerGoal("y", text="y")),
        (HUNK, ABORT, AnswerGoal("q", text="q")),
        (FAILED, RETRY, AnswerGoal("Retry", text="R")),
        (FAILED, ABORT, AnswerGoal("Abort", text="A")),
        (KEY, APPROVE, AnswerGoal("Continue", key=b"\r")),
        (BUTTONS, APPROVE, AnswerGoal("Yes", index=0)),
        (BUTTONS, ABORT, AnswerGoal("Cancel", index=2)),
        (ESCAPES, DENY, AnswerGoal("deny", key=b"\x1b")),
        (ESCAPES, NO, AnswerGoal("deny", key=b"\x1b")),
        (ESCAPES, ABORT, AnswerGoal("abort", key=b"\x1b")),
        (PAGER, ABORT, AnswerGoal("abort", key=b"q")),
        (
            CLAUDE,
            Choice("select", index=1),
            AnswerGoal(CLAUDE.options[1].label, index=1),
        ),
        (CLAUDE, Choice("select", label=" yes "), AnswerGoal("Yes", index=0)),
        (CLAUDE, Choice("select", 0, "Yes"), AnswerGoal("Yes", index=0)),
        (FAILED, Choice("select", label="i"), AnswerGoal("Ignore", text="I")),
        (CHECKS, Choice("select", index=1), AnswerGoal("green", ticked=frozenset({1}))),
        (
            CHECKS,
            Choice("select", indexes=(2, 0, 2)),
            AnswerGoal("red, blue", ticked=frozenset({0, 2})),
        ),
        (CHECKS, Choice("select", indexes=()), AnswerGoal("", ticked=frozenset())),
        (
            LINE,
            text("漢字 and\ttab\nline"),
            AnswerGoal("text", text="漢字 and\ttab\nline"),
        ),
        (LINE, text(""), AnswerGoal("text", text="")),
        (SECRET, text("hush"), AnswerGoal("text", text="hush")),
    ],
)
def test_what_a_choice_means(asked: Prompt, choice: Choice, goal: AnswerGoal) -> None:
    """One option of this prompt, the text, or the key that cancels."""
    assert goal == goal_of(asked, choice)


REFUSED = [
    *((PLAN, choice) for choice in (APPROVE, DENY, YES, RETRY, ABORT)),
    (prompt("Yes", "No, refine it with the planner on the web"), DENY),
    (prompt("Yes", "No, hand it to the cloud (esc)", cancel="\x1b"), DENY),
    (prompt("Yes", "Don't ask me again"), DENY),
    (prompt("Trust this folder", "Don't trust", cancel="\x1b"), DENY),
    (prompt("Yes", "Never allow"), DENY),
    (prompt("Yes, and open a pull request", "No"), APPROVE),
    (prompt("Allow", "Allow once", "Deny"), APPROVE),
    (prompt("Yes, don't run it", "No"), APPROVE),
    (prompt("Approve for me", "Read only"), APPROVE),
    (asking("Cancel the upload?", "Continue", "Cancel"), APPROVE),
    (asking("Cancel the upload?", "Continue", "Cancel"), DENY),
    (asking("Do not run this?", "Yes", "No"), APPROVE),
    (asking("Do not run this?", "Yes", "No"), DENY),
    (asking("Always allow it?", "Confirm", "Cancel"), APPROVE),
    (prompt("Retry with another model", "Skip"), RETRY),
    (prompt("Abort and delete the branch", "Go on"), ABORT),
    (attrs.evolve(prompt("Yes", "No (esc)"), form=Form.VIEW, cancel="\x1b"), DENY),
    (CLAUDE, RETRY),
    (CLAUDE, ABORT),
    (CLAUDE, text("Yes")),
    (CLAUDE, Choice("select")),
    (CLAUDE, Choice("select", index=3)),
    (CLAUDE, Choice("select", index=-1)),
    (CLAUDE, Choice("select", label="Ye")),
    (CLAUDE, Choice("select", label="")),
    (CLAUDE, Choice("select", 1, "Yes")),
    (CLAUDE, Choice("select", indexes=(0,))),
    (CLAUDE, Choice("confirm")),
    (BUTTONS, DENY),
    (BUTTONS, RETRY),
    (prompt("Yes", "Yes"), APPROVE),
    (prompt("Yes", "Yes"), Choice("select", label="yes")),
    (prompt("Always allow", "Deny"), APPROVE),
    (prompt("Allow for this session", "Deny"), APPROVE),
    (prompt("Yes, and don't ask again", "No"), APPROVE),
    (prompt("Yes, for the next hour", "No"), APPROVE),
    (prompt("Yes, until I restart", "No"), APPROVE),
    (prompt("Trust permanently", "Exit"), APPROVE),
    (prompt("Run without sandbox", "Cancel"), APPROVE),
    (prompt("Allow A", "Allow B", "Deny"), APPROVE),
    (prompt("Yesterday", "Nowhere"), APPROVE),
    (prompt("Yesterday", "Nowhere"), DENY),
    (prompt("red", "green"), APPROVE),
    (prompt("y=y", "n=n", "a=a", form=Form.WORDS), ABORT),
    (prompt("r=r", "s=s", form=Form.WORDS), RETRY),
    (WORDS, ABORT),
    (WORDS, text("y")),
    (KEY, DENY),
    (KEY, text("x")),
    (CHECKS, Choice("select", indexes=(0, 3))),
    (CHECKS, APPROVE),
    (LINE, APPROVE),
    (LINE, DENY),
    (LINE, ABORT),
    (LINE, Choice("select", index=0)),
    (LINE, text(None)),
    (SECRET, APPROVE),
    (PAGER, DENY),
    (PAGER, APPROVE),
    (PAGER, text("q")),
    (EDITOR, ABORT),
]


@pytest.mark.parametrize(("asked", "choice"), REFUSED)
def test_choices_without_meaning(asked: Prompt, choice: Choice) -> None:
    """No option, or several: the choice is refused, and the error lists the options."""
    with pytest.raises(NotAnOption) as caught:
        goal_of(asked, choice)
    if choice.type in ("approve", "deny") and asked.form is not Form.VIEW:
        assert all(repr(each.label) in str(caught.value) for each in asked.options)
    if asked.form in (Form.LINE, Form.SECRET):
        assert "it takes 'text' with the line to type" in str(caught.value)


@pytest.mark.parametrize("char", ["\x00", "\x03", "\x1b", "\r", "\x7f", "\x9b", "\x0b"])
@pytest.mark.parametrize("asked", [LINE, SECRET])
def test_no_control_characters(asked: Prompt, char: str) -> None:
    """A text that would press a key is refused."""
    with pytest.raises(NotAnOption):
        goal_of(asked, text(f"a{char}b"))
    with pytest.raises(NotAnOption):
        refuse_controls(char)
    refuse_controls("a\tb\nc漢é\xa0")


def test_an_option_with_the_key_escape_is_denied_by_it() -> None:
    """Enter on it may open a field for a reason, which then waits."""
    label = "No, and tell it what to do differently (Esc to stop)"
    menu = attrs.evolve(
        MENU, options=(Option("Yes", selected=True), Option(label)), cancel="\x1b"
    )
    assert AnswerGoal(label, key=b"\x1b") == goal_of(menu, Choice("deny"))
    without = attrs.evolve(menu, cancel="")
    assert AnswerGoal(label, key=b"\x1b") == goal_of(without, Choice("deny"))
    hint = attrs.evolve(menu, text="Esc to go back", options=(Option("No way"),))
    assert AnswerGoal("deny", key=b"\x1b") == goal_of(hint, Choice("deny"))
