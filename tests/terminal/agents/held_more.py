"""More programs that are kept aside: no driver, and no rule fitted to them."""

import json
import os

from tests.terminal.agents import (
    AGENTS,
    ARROWS,
    CASES,
    DOWN,
    ENTER,
    ESC,
    LEFT,
    MODEL,
    QUIET_S,
    RIGHT,
    SETTLE_S,
    UP,
    Agent,
    Dialog,
    asks,
    menu,
    open_case,
    reply,
    say,
    talks,
)
from tests.terminal.agents.common import drafts, found, resumes
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


talks(PUPPY, ["\x03"], working="Writing Response")
CASES[:] = [each for each in CASES if each.name != f"{PUPPY}/prose"]


@open_case(PUPPY, "prose")
def puppy_talks(r: Recorder) -> None:
    """A failure shows the folders of its program, so there is none here."""
    for word, sign in (
        ("hello", "Tell me what to do."),
        ("question", "older file?"),
        ("quote", "Nothing to do now."),
    ):
        say(r, f"demo {word}")
        r.wait(sign)
        r.wait("| Idle")
        r.sleep(2)
        if word == "question":
            r.moment("question", "confirmation", "Should I delete the older file?")
        else:
            r.moment("at_rest")
    r.type("half a thought")
    r.sleep(2)
    r.moment("at_rest")


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


LETTA = "letta-code-0.25.9"
LM_STUDIO = {
    "id": "local-provider-lc-lmstudio",
    "name": "lc-lmstudio",
    "provider_type": "lmstudio",
    "provider_category": "byok",
    "auth": {"type": "api", "key": "not-needed"},
    "base_url": f"{MODEL}/v1",
    "created_at": "2026-01-02T03:04:05.000Z",
    "updated_at": "2026-01-02T03:04:05.000Z",
}
NO_LETTA = "No, and tell Letta Code what to do differently"
AGENTS[LETTA] = Agent(
    ["letta", "--backend", "local", "--permission-mode", "standard"],
    "Starting new conversation",
    {"DISABLE_AUTOUPDATER": "1"},
    {
        ".letta/lc-local-backend/providers/auth.json": json.dumps(
            {"version": 1, "providers": {"lc-lmstudio": LM_STUDIO}}
        )
    },
    dialogs={
        "run": Dialog("Run this command?", ["Yes", NO_LETTA], sign="Esc to cancel"),
        "write": Dialog(
            "Write to notes.txt?",
            ["Yes", "Yes, allow all writes during this session", NO_LETTA],
            sign="Esc to cancel",
        ),
        "edit": Dialog(
            "Update app.py?",
            ["Yes", "Yes, switch to accept edits mode for this session", NO_LETTA],
            sign="Esc to cancel",
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Type something."],
            "multi_choice",
            sign="Esc to cancel",
        ),
    },
    busy="esc to interrupt",
    ready_s=4,
    has_driver=False,
    is_held=True,
)
asks(
    LETTA,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", ["1"], "Yes"),
    ("run", [DOWN, ESC], "Esc"),
    ("run", [ESC], "Esc"),
)
asks(
    LETTA,
    "files",
    ("write", [ESC], "Esc"),
    ("write", [ENTER], "Yes"),
    ("edit", [DOWN, UP, ENTER], "Yes"),
)
asks(
    LETTA,
    "ask",
    ("ask", [DOWN, ENTER], "PostgreSQL"),
    ("ask", [ESC], "Esc"),
)
talks(LETTA, [ESC], working="interrupt", failure="is ill")
drafts(LETTA)
resumes(
    LETTA,
    "Resume a previous conversation",
    found(r"^> (default \(agent's default conversation\))"),
    anew="",
)

KOLEGA = "kolega-code-0.45.1"
AGENTS[KOLEGA] = Agent(
    [
        *("kolega-code", "--endpoint-url", f"{MODEL}/v1", "--endpoint-api-key", "demo"),
        *("--model", "demo", "--permission-mode", "ask"),
    ],
    "Enter send",
    {"TIKTOKEN_CACHE_DIR": os.environ.get("TIKTOKEN_CACHE_DIR", "")},
    dialogs={
        "run": Dialog(
            "Allow the agent to run this command?",
            [
                "Allow once",
                "Deny",
                "Always allow this exact command",
                "Always allow commands starting with `touch hello.txt`",
                "Always allow `touch` commands",
            ],
            sign="Waiting for permission",
        ),
        "write": Dialog(
            "Allow the agent to run write on /tmp/demo/notes.txt?",
            [
                "Allow once",
                "Deny",
                "Always allow `write` on `/tmp/demo/notes.txt`",
                "Always allow `write` edits",
            ],
            sign="Waiting for permission",
        ),
    },
    busy="Esc to interrupt",
    ready_s=3,
    turns=True,
    has_driver=False,
    is_held=True,
)


def kolega_case(name: str, word: str, *answers: tuple[list[str], str]) -> None:
    """Each answer in a recording of its own: it may hang after a turn."""
    for number, (keys, chose) in enumerate(answers):

        @open_case(KOLEGA, f"{name}{number or ''}")
        def script(r: Recorder, keys: list[str] = keys, chose: str = chose) -> None:
            r.type("\x0f")  # No column at the right, which cuts the options.
            r.sleep(3)
            r.moment("at_rest")
            dialog = AGENTS[KOLEGA].dialogs[word]
            say(r, f"demo {word}")
            menu(r, dialog)
            reply(r, dialog, keys, chose)


kolega_case(
    "run",
    "run",
    ([ENTER], "Allow once"),
    ([DOWN, ENTER], "Deny"),
    (["2"], "Deny"),
    ([ESC], "Esc"),
)
kolega_case("files", "write", ([DOWN, ENTER], "Deny"), ([ENTER], "Allow once"))


@open_case(KOLEGA, "busy")
def kolega_works(r: Recorder) -> None:
    r.type("\x0f")
    r.sleep(2)
    say(r, "demo think")
    r.wait("Esc to interrupt")
    for _ in range(3):
        r.sleep(1.5)
        r.moment("busy")
    r.type(ESC)
    r.sleep(5)
    r.moment("at_rest")


@open_case(KOLEGA, "prose")
def kolega_talks(r: Recorder) -> None:
    r.type("\x0f")
    r.sleep(2)
    say(r, "demo question")
    r.wait("older file?")
    r.sleep(4)
    r.moment("question", "confirmation", "Should I delete the older file?")


drafts(KOLEGA)
