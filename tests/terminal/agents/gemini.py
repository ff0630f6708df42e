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
    open_case,
    own_provider,
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
    own_provider("GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY", base=MODEL),
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


THEMES = [
    "ANSI Dark",
    "ANSI Light",
    "Atom One Dark",
    "Ayu Dark",
    "Ayu Light",
    "Default Dark",
    "Default Light",
    "Dracula Dark",
    "GitHub Dark",
    "GitHub Dark Colorblind Dark",
    "GitHub Light",
    "GitHub Light Colorblind Light",
]


@open_case(CLI, "menus")
def gemini_menus(r: Recorder) -> None:
    for command, cls, question, options, selected in (
        ("/theme", "multi_choice", "Select Theme", THEMES, 5),
        ("/auth", AUTH_GEMINI.cls, AUTH_GEMINI.question, AUTH_GEMINI.options, 1),
    ):
        say(r, command)
        r.sleep(2)
        r.moment("dialog", cls, question, options, selected)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
    r.type("!")
    r.sleep(1.5)
    r.moment("quiet_unknown")  # A shell: what is typed to the agent would be run.
