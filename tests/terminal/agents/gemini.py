"""Gemini CLI: its dialogs and its cases."""

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
    sizes,
    talks,
)
from tests.terminal.recorder import DEMO, Recorder

CLI = "gemini-cli"
TRUST_GEMINI = Dialog(
    "Do you trust the files in this folder?",
    ["Trust folder (demo)", "Trust parent folder (tmp)", "Don't trust"],
    "confirmation",
)

AUTH_GEMINI = Dialog(
    "How would you like to authenticate for this project?",
    ["Sign in with Google", "Use Gemini API Key", "Vertex AI"],
    "tool_auth",
    1,
)

AGENTS[CLI] = Agent(
    ["gemini"],
    "Type your message",
    {"GEMINI_API_KEY": "demo", "GOOGLE_GEMINI_BASE_URL": MODEL},
    {
        ".gemini/settings.json": json.dumps(
            {"security": {"auth": {"selectedType": "gemini-api-key"}}}
        ),
        ".gemini/trustedFolders.json": json.dumps({DEMO: "TRUST_FOLDER"}),
    },
    {},
    {
        "run": Dialog(
            "Allow execution of [Shell]?",
            [
                "Allow once",
                "Allow for this session",
                "No, suggest changes (esc)",
            ],
        ),
        "write": Dialog(
            "Apply this change?",
            [
                "Allow once",
                "Allow for this session",
                "Modify with external editor",
                "No, suggest changes (esc)",
            ],
        ),
        "edit": Dialog(
            "Apply this change?",
            [
                "Allow once",
                "Allow for this session",
                "Modify with external editor",
                "No, suggest changes (esc)",
            ],
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files"],
            "multi_choice",
            sign="Enter to select",
        ),
    },
    "esc to cancel",
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Allow once"),
    ("run", ["1"], "Allow once"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Allow for this session"),
)

asks(
    CLI,
    "files",
    ("write", ["4"], "No"),
    ("write", [ENTER], "Allow once"),
    ("edit", [ESC], "Esc"),
    ("edit", ["2"], "Allow for this session"),
)

asks(
    CLI,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
    ("ask", [ESC], "Esc"),
)

talks(CLI, [ESC])

sizes(CLI)


@case(CLI, "setup", new=True)
def gemini_setup(r: Recorder) -> None:
    menu(r, TRUST_GEMINI)
    r.type(ENTER, "Trust folder")
    menu(r, AUTH_GEMINI)
    r.type(ENTER, "Use Gemini API Key")
    r.wait("Enter Gemini API Key")
    r.sleep(SETTLE_S)
    r.moment("dialog", "tool_auth", "Please enter your Gemini API key.")
    r.type(ENTER, "demo")
    r.wait("Type your message")
    r.sleep(2)
    r.moment("at_rest")


@case(CLI, "menus")
def gemini_menus(r: Recorder) -> None:
    ready(r, CLI)
    for command in ("/theme", "/auth"):
        say(r, command)
        r.sleep(2)
        r.moment("dialog", "multi_choice")
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
    r.type("!")
    r.sleep(1.5)
    r.moment("at_rest")
