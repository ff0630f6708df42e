"""One open prompt: what it shows, and what is left to store."""

import attrs

from ant.model.prompts import LEFT, TOOL_RAN, PromptStatus
from ant.prompts.open_prompt import SUMMARY, OpenPrompt, summary_of, why_gone
from ant.prompts.permission_wait import PermissionWait
from tests.asked import decision, prompt, record
from tests.hooking import asked, dialog


def test_a_summary_is_a_line() -> None:
    """Of the question, else of the text; truncated if long."""
    assert "Run it?" == summary_of(prompt("Run\n  it?"))
    assert "a b" == summary_of(prompt("", text="a\n\nb"))
    long = summary_of(prompt("x" * 200))
    assert (SUMMARY, "…") == (len(long), long[-1])


def test_why_a_prompt_takes_no_answer() -> None:
    """What happened, and what to do; the texts of others are one short line each."""
    one = record("one")
    advice = " Answer the prompt that waits now, if there is one."
    drawn = "This prompt has left the screen: it was answered there, or the program"
    assert f"{drawn} drew it anew.{advice}" == why_gone(one)
    left = attrs.evolve(one, status=PromptStatus.RESOLVED, reason=LEFT)
    assert why_gone(one) == why_gone(left)
    hook = attrs.evolve(left, reason=TOOL_RAN)
    ran = "This prompt is over: it was allowed in the terminal."
    assert f"{ran}{advice}" == why_gone(hook)
    answer = attrs.evolve(decision(), chosen="Yes\n\x1b[2J", by="@ada")
    answered = attrs.evolve(one, status=PromptStatus.ANSWERED, answer=answer)
    said = "This prompt was answered already by @ada: 'Yes \\x1b[2J'."
    assert f"{said}{advice}" == why_gone(answered)


def test_a_prompt_on_its_way_to_the_database_is_not_over() -> None:
    """Its end has to be stored, too."""
    one = OpenPrompt(record("one"))
    one.is_storing = True
    one.close(PromptStatus.RESOLVED, "left_screen")
    assert not one.is_over
    one.is_storing = False
    assert one.is_over


def test_a_dialog_that_is_drawn_anew() -> None:
    """It is the same only by its fingerprint, or by the text of the own request."""
    asked_on_screen = OpenPrompt(record("one"), shown=dialog().fingerprint)
    assert asked_on_screen.shows(dialog())
    assert not asked_on_screen.shows(dialog(subject="other"))
    own = OpenPrompt(
        record("one", rule="hook/PermissionRequest"),
        shown=dialog().fingerprint,
        wait=PermissionWait(asked()),
    )
    assert own.is_own
    assert own.shows(dialog(subject="other"))
    assert not own.shows(dialog("make"))


def test_keys_are_for_the_dialog_that_was_read() -> None:
    """One that does not show the request's text may be that of another request."""
    ask, other = asked("make"), dialog("rm -rf b")
    own = OpenPrompt(record("one", rule="hook/PermissionRequest"), ask=ask)
    assert not own.takes_keys
    own.shown, own.dialog = other.fingerprint, other
    assert not own.takes_keys
    assert not own.shows(other)
    own.wait = PermissionWait(ask)
    assert own.shows(other)  # The answer goes to the hook.
    assert not own.takes_keys
    own.shown, own.dialog, own.wait = dialog("make").fingerprint, dialog("make"), None
    assert own.takes_keys
    assert own.shows(dialog("make"))
    assert not own.shows(attrs.evolve(dialog("make"), text=other.text))
    asked_on_screen = OpenPrompt(record("one"), shown=other.fingerprint)
    assert asked_on_screen.takes_keys
