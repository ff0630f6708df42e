"""Mock agents that look like the real ones, so drivers must recognise them as well."""

import sys
from pathlib import Path

from tests.mocks.looks import DIALOGS
from tests.terminal.agents import CASES, DOWN, ENTER, ESC, SETTLE_S
from tests.terminal.cases import Case, Script
from tests.terminal.recorder import Recorder

ROOT = str(Path(__file__).parents[3])
FLAGS = {
    "claude-code": "claude",
    "codex-cli": "codex",
    "gemini-cli": "gemini",
    "copilot-cli": "copilot",
    "qwen-cli": "qwen",
}
KINDS = (0, 1, 5)
"""The dialogs that are shown, by place in DIALOGS; the last is no permission."""


def note(r: Recorder, kind: int, selected: int = 0) -> None:
    """Note the dialog, which is on the screen or soon will be."""
    dialog = DIALOGS[kind]
    r.wait(dialog.question)
    r.sleep(SETTLE_S)
    cls = "multi_choice" if kind == KINDS[-1] else "permission_request"
    r.moment("dialog", cls, dialog.question, dialog.options, selected)


def shows(kind: int) -> Script:
    """Choose the second option of this dialog with an arrow and Enter."""

    def script(r: Recorder) -> None:
        note(r, kind)
        r.type(DOWN)
        note(r, kind, 1)
        label = DIALOGS[kind].options[1]
        r.type(ENTER, label)
        r.wait(f"You chose: {label}")
        r.sleep(SETTLE_S)
        r.moment("at_rest")

    return script


def cancelled(r: Recorder) -> None:
    """Escape, and then text that is not submitted."""
    note(r, 0)
    r.type(ESC, "Esc")
    r.wait("You chose: None")
    r.sleep(SETTLE_S)
    r.moment("at_rest")
    r.type("half a thought")
    r.sleep(SETTLE_S)
    r.moment("at_rest")


def works(r: Recorder) -> None:
    """The glyph turns until Escape."""
    r.sleep(SETTLE_S)
    r.moment("busy")
    r.type(ESC)
    r.sleep(SETTLE_S)
    r.moment("at_rest")


def record(flag: str, name: str, order: str, script: Script) -> None:
    """Record a case in the folder of the CLI that the mock looks like."""
    given = ["-m", "tests.mocks.agent", "--style", FLAGS[flag], order]
    CASES.append(
        Case(
            f"{flag}/mock-{name}",
            [sys.executable, *given],
            script,
            driver=flag,
            cols=90,
            rows=30,
            cwd=ROOT,
            shown=["python", *given],
        )
    )


for flag in FLAGS:
    for kind in KINDS:
        record(flag, f"dialog-{kind}", f"dialog {kind}", shows(kind))
    record(flag, "cancelled", "dialog 0", cancelled)
    record(flag, "busy", "busy", works)
