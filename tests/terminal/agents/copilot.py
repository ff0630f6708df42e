"""GitHub Copilot CLI: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    SETTLE_S,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    ready,
    say,
    talks,
)
from tests.terminal.recorder import DEMO, Recorder

CLI = "copilot-cli"
TRUST_COPILOT = Dialog(
    "Do you trust the files in this folder?",
    ["Yes", "Yes, and remember this folder for future sessions", "No (Esc)"],
    "confirmation",
)

AGENTS[CLI] = Agent(
    ["copilot"],
    "/ commands",
    {
        "COPILOT_PROVIDER_BASE_URL": f"{MODEL}/v1",
        "COPILOT_MODEL": "demo",
        "COPILOT_OFFLINE": "true",
    },
    {".copilot/config.json": json.dumps({"trusted_folders": [DEMO]})},
    {},
    {
        "run": Dialog(
            "Do you want to run this command?",
            [
                "Yes",
                "Yes, and don't ask again for `touch` and `rm` in this repo "
                "(/tmp/demo)",
                "No, and tell Copilot what to do differently (Esc to stop)",
            ],
        ),
        "write": Dialog(
            "Do you want to create /tmp/demo/notes.txt?",
            [
                "Yes",
                "Yes, and don't ask again for file operations when in this repo "
                "(/tmp/demo)",
                "No, and tell Copilot what to do differently (Esc to stop)",
            ],
        ),
        "edit": Dialog(
            "Do you want to edit /tmp/demo/app.py?",
            [
                "Yes",
                "Yes, and don't ask again for file operations when in this repo "
                "(/tmp/demo)",
                "No, and tell Copilot what to do differently (Esc to stop)",
            ],
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Other (type your answer)"],
            "multi_choice",
            sign="enter accept",
        ),
    },
    "esc interrupt",
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", ["1"], "Yes"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Yes, and don't ask again"),
)

asks(
    CLI,
    "files",
    ("write", [ESC], "Esc"),
    ("write", [ENTER], "Yes"),
    ("edit", ["1"], "Yes"),
)

asks(
    CLI,
    "ask",
    ("ask", [DOWN, ENTER], "PostgreSQL"),
    ("ask", [ESC], "Esc"),
)

talks(CLI, [ESC, ESC])


@case(CLI, "setup", new=True)
def copilot_setup(r: Recorder) -> None:
    menu(r, TRUST_COPILOT)
    r.type(DOWN)
    menu(r, TRUST_COPILOT, 1)
    r.type("1", "Yes")
    r.gone(TRUST_COPILOT.question)
    r.sleep(3)
    r.moment("at_rest")


@case(CLI, "deny")
def copilot_deny(r: Recorder) -> None:
    dialog = AGENTS[CLI].dialogs["run"]
    ready(r, CLI)
    say(r, "demo run")
    menu(r, dialog)
    r.type("3")
    menu(r, dialog, 2)
    r.type(ENTER)
    menu(r, dialog, 2)
    r.type("not now", "No")
    r.sleep(SETTLE_S)
    menu(r, dialog, 2)
    r.type(ENTER, "No")
    r.gone(dialog.question)
    r.sleep(2)
    r.moment("at_rest")
    for command in ("/model", "/theme"):
        say(r, command)
        r.sleep(2)
        r.moment("dialog", "multi_choice")
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
