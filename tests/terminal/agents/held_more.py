"""More programs that are kept aside: no driver, and no rule fitted to them."""

from collections.abc import Callable
import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    ARROWS,
    LEFT,
    MODEL,
    QUIET_S,
    RIGHT,
    SETTLE_S,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    open_case,
    ready,
    say,
    talks,
)
from tests.terminal.agents.common import drafts, resumes
from tests.terminal.agents.versions import found
from tests.terminal.recorder import Recorder

KON = "kon-0.4.3"
ALLOW_KON = Dialog("Permission required", ["approve", "deny"])
AGENTS[KON] = Agent(
    [
        *("kon", "--provider", "openai", "--base-url", f"{MODEL}/v1"),
        *("-m", "demo", "--api-key", "demo"),
    ],
    "■ prompt",
    dialogs=dict.fromkeys(("run", "write", "edit"), ALLOW_KON),
    busy="Working...",
    ready_s=3,
    turns=True,
    has_driver=False,
    is_held=True,
)
asks(
    KON,
    "run",
    ("run", [ENTER], "approve"),
    ("run", ["n"], "deny"),
    ("run", [RIGHT, ENTER], "deny"),
    ("run", [RIGHT, LEFT, ENTER], "approve"),
    ("run", [ESC], "Esc"),
)
asks(
    KON,
    "files",
    ("write", ["n"], "deny"),
    ("edit", [RIGHT, ENTER], "deny"),
    ("edit", ["y"], "approve"),
)
talks(KON, [ESC], working="Working...")
drafts(KON)
resumes(KON, None, found(r"^ [→ ] (demo \w+) +\d+\w"), anew="/new")


@open_case(KON, "menus")
def kon_menus(r: Recorder) -> None:
    """Lists in place of the status below the composer."""
    levels = ["prompt ✓", "auto"]
    for command, keys, options in (
        ("/permissions", [DOWN], levels),
        ("/model", [], []),
    ):
        say(r, command)
        r.sleep(3)
        shown = options or [
            row[3:].split("  ")[0].strip() for row in r.text.split("\n")[-11:-1]
        ]
        r.moment("dialog", "multi_choice", None, shown, 0)
        for key in keys:
            r.type(key)
            r.sleep(SETTLE_S)
            r.moment("dialog", "multi_choice", None, shown, 1)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")


def ended(r: Recorder, sign: str, rest: str) -> None:
    """Until the dialog is in front, not one of those above that stay in view."""
    r.until(lambda: sign in r.text and rest not in r.text, sign)
    r.sleep(SETTLE_S)


def stays(
    r: Recorder, dialog: Dialog, rest: str, *answers: tuple[str, list[str], str]
) -> None:
    """Questions that stay in view when they are answered; `rest` is shown at rest."""
    for word, keys, chose in answers:
        say(r, f"demo {word}")
        at = dialog.selected
        ended(r, dialog.sign, rest)
        menu(r, dialog, at)
        for key in keys[:-1]:
            r.type(key)
            at += ARROWS.get(key, 0)
            r.sleep(SETTLE_S)
            menu(r, dialog, at)
        r.type(keys[-1], chose)
        r.wait(rest)
        r.quiet(QUIET_S)
        r.moment("at_rest")


PUPPY = "code-puppy-0.0.946"
PUPPY_HOME = {
    ".code_puppy/puppy.cfg": "[puppy]\npuppy_name = Rex\nowner_name = demo\n"
    "yolo_mode = false\nmodel = demo\nauto_update = false\n",
    ".code_puppy/onboarding_complete": "",
    ".code_puppy/extra_models.json": json.dumps(
        {
            "demo": {
                "type": "custom_openai",
                "name": "demo",
                "custom_endpoint": {"url": f"{MODEL}/v1", "api_key": "demo"},
                "context_length": 128000,
            }
        }
    ),
}
AGENTS[PUPPY] = Agent(
    ["code-puppy"],
    "| Idle",
    {"COLORTERM": "truecolor", "CODE_PUPPY_NO_SPLASH": "1"},
    PUPPY_HOME,
    ready_s=5,
    has_driver=False,
    is_held=True,
)
ALLOW_PUPPY = Dialog(
    "What would you like to do?",
    ["✓ Approve", "✗ Reject", "💬 Reject with feedback (tell Rex what to change)"],
    sign="enter select · esc cancel",
)


@open_case(PUPPY, "run", rests=True)
def puppy_runs(r: Recorder) -> None:
    stays(
        r,
        ALLOW_PUPPY,
        "| Idle",
        ("run", [ENTER], "Approve"),
        ("run", [DOWN, ENTER], "Reject"),
        ("run", [ESC], "Esc"),
    )


@open_case(PUPPY, "files", rests=True)
def puppy_writes(r: Recorder) -> None:
    stays(
        r,
        ALLOW_PUPPY,
        "| Idle",
        ("write", [ESC], "Esc"),
        ("write", [ENTER], "Approve"),
        ("edit", [DOWN, ENTER], "Reject"),
    )


@open_case(PUPPY, "ask")
def puppy_asks(r: Recorder) -> None:
    """A whole screen; Enter ticks the marked row, and another key sends."""
    options = ["SQLite", "PostgreSQL", "Plain files", "Other"]
    question = "Which database should the notes use?"

    def note(at: int) -> None:
        r.wait("Ctrl+S Submit")
        r.sleep(SETTLE_S)
        r.moment("dialog", "multi_choice", question, options, at)

    say(r, "demo ask")
    note(0)
    r.type(DOWN)
    note(1)
    r.type(ENTER, "PostgreSQL")
    note(1)
    r.type("\x13", "submit")
    r.wait("| Idle")
    r.quiet(QUIET_S)
    r.moment("at_rest")
    say(r, "demo ask")
    note(0)
    r.type(ESC, "Esc")
    r.wait("| Idle")
    r.quiet(QUIET_S)
    r.moment("at_rest")


talks(
    PUPPY,
    ["\x03"],
    quoted="Nothing to do now.",
    working="Writing Response",
    failure="is ill",
)
drafts(PUPPY)


@open_case(PUPPY, "resume")
def puppy_resumes(r: Recorder) -> None:
    say(r, "demo hello")
    r.wait("Tell me what to do.")
    r.sleep(3)
    say(r, "/resume")
    r.sleep(5)
    r.moment("dialog", "multi_choice", "Resume Auto-Saved Session", ["demo"], 0)
    r.type(ESC, "Esc")
    r.sleep(2)
    r.moment("at_rest")
