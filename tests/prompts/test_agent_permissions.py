"""Requests for permissions: how a person sees them, and what their answers mean."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.api.prompt_requests import ReportHook
from ant.core.errors import NotAnOption
from ant.core.visible_text import escaped
from ant.prompts import agent_permissions
from ant.prompts.agent_permissions import (
    HookDecision,
    PermissionAsk,
    keys_choice,
    screen_decision,
)
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Kind, PromptClass
from tests.asked import prompt
from tests.hooking import RULES, asked, dialog


def made(tool: str, tool_input: Any, **rest: Any) -> PermissionAsk:
    """The request for a tool with that input."""
    given = {"tool_input": tool_input, **rest}
    ask = PermissionAsk.of(ReportHook(tool_name=tool, rest=given), True)
    assert ask is not None
    return ask


@pytest.mark.parametrize(
    ("tool", "tool_input", "question", "text"),
    [
        (
            "Bash",
            {"command": "make &&\n make test", "description": "Test"},
            "Bash: make &&\n make test",
            "Bash: make &&\n make test\nTest",
        ),
        ("shell", {"command": ["ls", "-l"]}, "shell: ls -l", "shell: ls -l"),
        (
            "Edit",
            {"file_path": "/a.py", "old_string": "x\ny", "new_string": "z"},
            "Edit: /a.py",
            "Edit: /a.py\n-x\n-y\n+z",
        ),
        (
            "MultiEdit",
            {"file_path": "/a", "edits": [{"old_string": "x", "new_string": "y"}, 5]},
            "MultiEdit: /a",
            "MultiEdit: /a\n-x\n+y",
        ),
        ("Write", {"file_path": "/a", "content": "b"}, "Write: /a", "Write: /a\n+b"),
        (
            "WebFetch",
            {"url": "https://example.org", "prompt": "Read it"},
            "WebFetch: https://example.org",
            "WebFetch: https://example.org\nRead it",
        ),
        (
            "mcp__x__y",
            {"n": 1},
            'mcp__x__y: {\n  "n": 1\n}',
            'mcp__x__y: {\n  "n": 1\n}',
        ),
        ("Exit", {}, "Exit", "Exit"),
        ("Odd", None, "Odd", "Odd"),
        ("Bash", {"command": 5}, 'Bash: {\n  "command": 5\n}', None),
    ],
)
def test_the_question_is_what_is_asked_for(
    tool: str, tool_input: Any, question: str, text: str | None
) -> None:
    """The exact command, or the path and the edit."""
    ask = made(tool, tool_input)
    assert question == ask.question
    assert (text or question) == ask.text
    assert (tool_input or {}) == ask.details.input


def test_hostile_text_is_bounded_and_visible() -> None:
    """What a person reads has no hidden characters; the input is as it came, or cut."""
    command = "ls \x1b[2J\u202e " + "x" * 20_000
    ask = made("Ba\u200bsh" * 200, {"command": command}, cwd="/\x07", permission_mode=5)
    for text in (ask.question, ask.text, ask.details.tool, ask.details.folder or ""):
        assert text == escaped(text, "\n\t")
    assert len(ask.question) <= agent_permissions.QUESTION_MAX
    assert len(ask.text) <= agent_permissions.TEXT_MAX
    assert len(ask.details.tool) <= 6 * agent_permissions.WORD_MAX
    assert (True, command) == (ask.details.complete, ask.details.input["command"])
    ask = made(
        "Write", {"file_path": "/a", "content": "y" * 100_000, "more": [1] * 9999}
    )
    assert not ask.details.complete
    assert "/a" == ask.details.input["file_path"]
    assert sum(map(len, ask.details.input.values())) <= agent_permissions.INPUT_MAX
    many = {f"{n}" * 300: "z" for n in range(9999)}
    assert len(str(made("Odd", many).details.input)) <= 2 * agent_permissions.INPUT_MAX


def test_a_question_for_a_person_stays_on_the_screen() -> None:
    """To allow it would be no answer to it."""
    for tool in ("AskUserQuestion", "ExitPlanMode"):
        assert PermissionAsk.of(ReportHook(tool_name=tool), True) is None


@pytest.mark.parametrize(
    ("suggestion", "label"),
    [
        (RULES, "Bash(touch:*) (local settings)"),
        ({**RULES, "rules": [{"toolName": "Read"}]}, "Read (local settings)"),
        (
            {"type": "setMode", "mode": "acceptEdits", "destination": "session"},
            "mode acceptEdits (this session)",
        ),
        (
            {"type": "addDirectories", "directories": ["/a", "/b"]}
            | {"destination": "session"},
            "work in /a, /b (this session)",
        ),
        ({**RULES, "behavior": "deny"}, None),
        ({**RULES, "destination": "elsewhere"}, None),
        ({**RULES, "destination": ["session"]}, None),
        ({**RULES, "beside": True}, None),
        ({**RULES, "rules": [{"toolName": "Bash", "also": 1}]}, None),
        ({**RULES, "rules": [{"toolName": "Bash", "ruleContent": "x" * 300}]}, None),
        ({**RULES, "rules": []}, None),
        ({**RULES, "rules": [{"toolName": 5}]}, None),
        ({"type": "removeRules", "destination": "session"}, None),
        ({"type": "addDirectories", "directories": [], "destination": "session"}, None),
        ("everything", None),
    ],
)
def test_a_suggestion_is_offered_with_all_that_it_keeps(
    suggestion: Any, label: str | None
) -> None:
    """Or not at all."""
    ask = made("Bash", {"command": "ls"}, permission_suggestions=[suggestion])
    labels = [option.label for option in ask.options[2:]]
    assert labels == ([f"Allow, and always: {label}"] if label else [])
    assert len(labels) == len(ask.suggestions)
    assert all(option.lasting for option in ask.options[2:])


def test_suggestions_are_bounded() -> None:
    """And no list is none."""
    ask = made("Bash", {"command": "ls"}, permission_suggestions=[RULES] * 50)
    assert agent_permissions.SUGGESTIONS == len(ask.suggestions)
    assert () == made("Bash", {}, permission_suggestions={"a": 1}).suggestions
    assert 2 == len(PermissionAsk.of(ReportHook(tool_name="x"), False).options)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("choice", "decision"),
    [
        (Choice("approve"), HookDecision("allow", "Allow")),
        (Choice("deny"), HookDecision("deny", "Deny")),
        (Choice("deny", text="no"), HookDecision("deny", "Deny", reason="no")),
        (Choice("confirm", yes=True), HookDecision("allow", "Allow")),
        (Choice("confirm", yes=False), HookDecision("deny", "Deny")),
        (Choice("select", index=0), HookDecision("allow", "Allow")),
        (
            Choice("select", index=1, text="no"),
            HookDecision("deny", "Deny", reason="no"),
        ),
        (Choice("select", label=" ALLOW "), HookDecision("allow", "Allow")),
    ],
)
def test_an_answer_is_a_decision(choice: Choice, decision: HookDecision) -> None:
    """By its meaning; a denial takes a reason."""
    assert decision == asked().decision(choice)


def test_a_suggestion_is_chosen_by_itself_only() -> None:
    """Approving never takes it."""
    chosen = asked().decision(Choice("select", index=2))
    assert ("allow", RULES) == (chosen.behavior, chosen.suggestion)
    assert asked().decision(Choice("approve")).suggestion is None
    for choice in (
        Choice("select", index=3),
        Choice("select", label="perhaps"),
        Choice("select", indexes=(0,)),
        Choice("text", text="yes"),
        Choice("confirm"),
        Choice("retry"),
        Choice("abort"),
    ):
        with pytest.raises(NotAnOption):
            asked().decision(choice)


def test_only_a_plain_answer_on_the_screen_goes_by_the_hook() -> None:
    """All others are keys, as they would be without a hook."""
    options = dialog().options
    for choice, behavior in (
        (Choice("approve"), "allow"),
        (Choice("deny"), "deny"),
        (Choice("confirm", yes=True), "allow"),
        (Choice("confirm", yes=False), "deny"),
        (Choice("select", index=0), "allow"),
        (Choice("select", label="no"), "deny"),
        (Choice("select", index=1), None),
        (Choice("select", index=9), None),
        (Choice("select", label="perhaps"), None),
        (Choice("select", indexes=(0,)), None),
        (Choice("text", text="yes"), None),
        (Choice("abort"), None),
    ):
        found = screen_decision(options, choice)
        assert behavior == (found.behavior if found else None), choice


def test_after_a_request_has_gone_its_options_are_meanings() -> None:
    """At the dialog: what lasts is chosen there by its own label only."""
    options = asked().options
    assert Choice("approve") == keys_choice(options, Choice("select", index=0))
    assert Choice("deny") == keys_choice(options, Choice("select", label="deny"))
    assert Choice("deny") == keys_choice(options, Choice("deny"))
    other = Choice("select", label="Yes, and don't ask again")
    assert other == keys_choice(options, other)
    with pytest.raises(NotAnOption, match="hook"):
        keys_choice(options, Choice("select", index=2))


def test_a_dialog_shows_a_request() -> None:
    """Wrapped, in a box, and with the sign of a command; but never a part of one."""
    long = "make " + " ".join(f"target{n}" for n in range(40))
    assert asked("make").is_about(dialog("make"))
    assert asked(long).is_about(dialog(long.replace(" target2", "\n   target2")))
    boxed = prompt(text="│ Bash command │\n│  $ make x │\n│ Sure? │")
    assert asked("make x").is_about(boxed)
    for other in ("mak", "make x y", "x"):
        assert not asked("make x").is_about(dialog(other))
        assert not asked(other).is_about(dialog("make x && rm y"))
    assert not asked("make x").is_about(dialog("cd /; make x"))
    assert not asked("cat x | sh").is_about(dialog("cat x sh"))
    assert asked("cat x | sh").is_about(prompt(text="| cat x |\n| | sh |\n| Sure? |"))
    huge = "x" * agent_permissions.COMMAND_MAX
    assert asked(huge).is_about(dialog(huge))
    assert not asked(huge + "y").is_about(dialog(huge + "y"))
    edit = made("Edit", {"file_path": "/src/a.py", "old_string": "x = 1"})
    shown = prompt(text="Do you want to edit a.py?", subject="Edit file a.py 1 -x = 1")
    assert edit.is_about(shown)
    assert not edit.is_about(prompt(text="Do you want to edit a.py?", subject="y = 2"))
    assert not made("Exit", {}).is_about(shown)
    fetch = made("WebFetch", {"url": "https://example.org/a"})
    assert fetch.is_about(prompt(text='url: "https://example.org/a"'))
    assert not fetch.is_about(prompt(text='url: "https://example.org/b"'))


def test_dialogs_that_may_ask_for_a_permission() -> None:
    """By their class, or by an option that allows."""
    assert agent_permissions.asks_for_one(dialog())
    choice = prompt("Which?", "a", "b", class_=PromptClass.MULTI_CHOICE)
    assert not agent_permissions.asks_for_one(choice)
    assert agent_permissions.asks_for_one(prompt(class_=PromptClass.MULTI_CHOICE))
    assert not agent_permissions.asks_for_one(prompt(kind=Kind.QUESTION))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["command", "file_path", "edits", "url", "type", "rules", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.slow
@given(tool_input=JSON, suggestions=JSON, tool=st.text(max_size=9))
def test_whatever_a_hook_sends_is_read(
    tool_input: Any, suggestions: Any, tool: str
) -> None:
    """It is a prompt with allow and deny, and no hidden character in its texts."""
    ask = made(tool, tool_input, permission_suggestions=suggestions)
    assert ["Allow", "Deny"] == [option.label for option in ask.options[:2]]
    for text in (ask.question, ask.text, *(option.label for option in ask.options)):
        assert text == escaped(text, "\n\t")
    ask.is_about(dialog())
