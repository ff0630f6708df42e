"""Qwen Code asks now and then how it is doing, wherever its screen ends."""

from ant.terminal.detect.classify import classify
from ant.terminal.model.prompt import Form, Kind
from tests.terminal.drawn import look_at

FLAG = "qwen-cli"

SURVEY = (
    "",
    "● How is Qwen doing this session? (optional)",
    "",
    "1: Good 2: Bad 3: Fine 0: Dismiss",
    "",
)

DIALOG = (
    "  ? WriteFile Writing to notes.txt ←",
    "",
    "   1 first line",
    "",
    "   Apply this change?",
    "",
    "   › 1. Yes, allow once",
    "     2. Yes, allow always",
    "     3. No, suggest changes (esc)",
    "",
    "  ⠏ Waiting for user confirmation...",
)

RULE = "─" * 80

COMPOSER = (
    RULE,
    ">   Type your message or @path/to/file",
    RULE,
    "  ⏸ Ask permissions (shift + tab to cycle)",
)


def test_a_survey_below_a_dialog_hides_that_it_asks_from_nobody() -> None:
    """Two things take keys, so the operator answers; 0.24.4 showed this."""
    verdict = classify(look_at(*DIALOG, *SURVEY), FLAG)
    assert Kind.DIALOG is verdict.kind
    assert verdict.prompt is not None
    assert Form.VIEW is verdict.prompt.form


def test_a_survey_above_the_composer_is_no_dialog() -> None:
    """It goes with the first letter that is typed."""
    said = "  ◆ Done. That worked as asked."
    verdict = classify(look_at(said, *SURVEY, *COMPOSER), FLAG)
    assert Kind.AT_REST is verdict.kind
