"""Answers to hooks as agent CLIs read them."""

import pytest

from ant.api import codec
from ant.api.prompt_requests import ReportHook
from ant.prompts.agent_permissions import HookDecision
from ant.prompts.hook_forms import DENIED, permission_answer, takes_suggestions
from tests.hooking import ALLOWED, RULES, denied


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (None, {}),
        (HookDecision("allow", "Allow"), ALLOWED),
        (HookDecision("deny", "Deny", reason="Use rg."), denied("Use rg.")),
        (HookDecision("deny", "Deny"), denied(DENIED)),
    ],
)
def test_an_answer_has_nothing_else(
    decision: HookDecision | None, expected: object
) -> None:
    """Codex refuses a request whose answer has a field that it does not know."""
    assert expected == codec.loads(codec.dumps(permission_answer(decision)))


def test_a_suggestion_goes_back_as_it_came() -> None:
    """In a list."""
    answer = permission_answer(HookDecision("allow", "x", suggestion=RULES))
    told = codec.loads(codec.dumps(answer))["hookSpecificOutput"]["decision"]
    assert {"behavior": "allow", "updatedPermissions": [RULES]} == told


def test_codex_takes_no_suggestions() -> None:
    """It is known by its name, or by the id of its turn."""
    assert takes_suggestions(ReportHook())
    assert not takes_suggestions(ReportHook(agent="codex-cli"))
    assert not takes_suggestions(ReportHook(rest={"turn_id": "1"}))
