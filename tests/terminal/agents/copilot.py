"""GitHub Copilot CLI: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    SETTLE_S,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    open_case,
    own_provider,
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
    own_provider(
        "COPILOT_PROVIDER_BASE_URL", COPILOT_MODEL="demo", COPILOT_OFFLINE="true"
    ),
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


@open_case(CLI, "deny")
def copilot_deny(r: Recorder) -> None:
    dialog = AGENTS[CLI].dialogs["run"]
    say(r, "demo run")
    menu(r, dialog)
    r.type("3")
    menu(r, dialog, 2)
    r.type(ENTER)
    menu(r, dialog, 2)
    r.type("not now")
    r.sleep(SETTLE_S)
    typed = Dialog(dialog.question, [*dialog.options[:2], "not now (Esc to stop)"])
    menu(r, typed, 2)
    r.type(ENTER, "No")
    r.gone(dialog.question)
    r.sleep(2)
    r.moment("at_rest")
    colours = ["Default", "GitHub", "Dim", "Contrast", "Colorblind"]
    for command, question, options, selected in (
        ("/model", None, ["demo"], 0),
        ("/theme", "Select a Color Mode", colours, 1),
    ):
        say(r, command)
        r.sleep(2)
        r.moment("dialog", "multi_choice", question, options, selected)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
