"""Qwen Code: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    own_provider,
    talks,
)
from tests.terminal.recorder import Recorder

CLI = "qwen-cli"
AGENTS[CLI] = Agent(
    ["qwen"],
    "Type your message",
    own_provider("OPENAI_BASE_URL", "OPENAI_API_KEY", OPENAI_MODEL="demo"),
    {},
    {},
    {
        "run": Dialog(
            "Allow execution of: 'touch, rm'?",
            [
                "Yes, allow once",
                "Always allow run 'touch *' commands, run 'rm *' commands in "
                "this project",
                "Always allow run 'touch *' commands, run 'rm *' commands for "
                "this user",
                "No, suggest changes (esc)",
            ],
        ),
        "write": Dialog(
            "Apply this change?",
            ["Yes, allow once", "Yes, allow always", "No, suggest changes (esc)"],
        ),
        "edit": Dialog(
            "Apply this change?",
            ["Yes, allow once", "Yes, allow always", "No, suggest changes (esc)"],
        ),
        "fetch": Dialog(
            "Do you want to proceed?",
            [
                "Yes, allow once",
                "Always allow fetch from example.invalid in this project",
                "Always allow fetch from example.invalid for this user",
                "No, suggest changes (esc)",
            ],
        ),
    },
    "esc to cancel",
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Yes, allow once"),
    ("run", ["1"], "Yes, allow once"),
    ("run", ["4"], "No"),
    ("run", [DOWN, DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Always allow in this project"),
)

asks(
    CLI,
    "files",
    ("write", ["3"], "No"),
    ("write", [ENTER], "Yes, allow once"),
    ("edit", [ESC], "Esc"),
    ("edit", ["2"], "Yes, allow always"),
)

asks(CLI, "fetch", ("fetch", [ESC], "Esc"), ("fetch", ["1"], "Yes, allow once"))

talks(CLI, [ESC])


AUTH = Dialog(
    "Select Authentication Method",
    ["Alibaba ModelStudio", "Third-party Providers", "OAuth", "Custom Provider"],
    "tool_auth",
)


@case(CLI, "setup", new=True, env={})
def qwen_setup(r: Recorder) -> None:
    r.sleep(6)
    menu(r, AUTH)
    r.type(DOWN)
    menu(r, AUTH, 1)
    r.type(ESC, "Esc")
    r.sleep(1)
    menu(r, AUTH, 1)
