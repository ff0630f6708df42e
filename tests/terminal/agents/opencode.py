"""opencode: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    RIGHT,
    Agent,
    Dialog,
    asks,
    menu,
    open_case,
    own_provider,
    say,
    talks,
)
from tests.terminal.recorder import Recorder

CLI = "opencode"
OPENCODE_HOME = {
    "autoupdate": False,
    "model": "demo/demo",
    "permission": {"bash": "ask", "edit": "ask", "webfetch": "ask"},
    "provider": {
        "demo": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Demo",
            "options": own_provider("baseURL", "apiKey"),
            "models": {"demo": {"name": "Demo"}},
        }
    },
}

OPENCODE_FILE = ".config/opencode/opencode.json"

AGENTS[CLI] = Agent(
    ["opencode"],
    "ctrl+p commands",
    {},
    {OPENCODE_FILE: json.dumps(OPENCODE_HOME)},
    {},
    {
        "run": Dialog("Permission required", ["Allow once", "Allow always", "Reject"]),
        "write": Dialog(
            "Permission required", ["Allow once", "Allow always", "Reject"]
        ),
        "edit": Dialog("Permission required", ["Allow once", "Allow always", "Reject"]),
        "fetch": Dialog(
            "Permission required", ["Allow once", "Allow always", "Reject"]
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Type your own answer"],
            "multi_choice",
            sign="enter submit",
        ),
    },
    "esc interrupt",
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Allow once"),
    ("run", [ESC], "Esc"),
    ("run", [RIGHT, RIGHT, ENTER], "Reject"),
)

asks(CLI, "files", ("write", [ENTER], "Allow once"), ("edit", [ESC], "Esc"))

asks(
    CLI,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
    ("ask", [ESC], "Esc"),
)

talks(CLI, [ESC, ESC])


@open_case(CLI, "always")
def opencode_always(r: Recorder) -> None:
    sure = Dialog("Always allow", ["Confirm", "Cancel"], "confirmation", sign="Confirm")
    dialog = AGENTS[CLI].dialogs["fetch"]
    say(r, "demo fetch")
    menu(r, dialog)
    r.type(RIGHT)
    menu(r, dialog, 1)
    r.type(ENTER, "Allow always")
    menu(r, sure)
    r.type(RIGHT)
    menu(r, sure, 1)
    r.type(ENTER, "Cancel")
    menu(r, dialog)
    r.type(RIGHT)
    menu(r, dialog, 1)
    r.type(RIGHT)
    menu(r, dialog, 2)
    r.type(ENTER, "Reject")
    r.gone(dialog.question)
    r.sleep(2)
    r.moment("at_rest")
