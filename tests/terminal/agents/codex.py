"""Codex CLI: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    BACKTAB,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    SETTLE_S,
    Agent,
    Dialog,
    ask,
    asks,
    case,
    menu,
    open_case,
    reply,
    say,
    sizes,
    talks,
)
from tests.terminal.recorder import DEMO, Recorder

CLI = "codex-cli"
CODEX_HOME = f"""
model = "demo"
model_provider = "demo"
check_for_update_on_startup = false

[model_providers.demo]
name = "demo"
base_url = "{MODEL}/v1"
wire_api = "responses"
"""

CODEX_KNOWN = f'\n[projects."{DEMO}"]\ntrust_level = "trusted"\n'

TRUST_CODEX = Dialog(
    "Trust this folder?",
    ["Trust and continue", "Back to Agent Command Center"],
    "confirmation",
    sign="Trust and continue",
)

PATCH_CODEX = Dialog(
    "Would you like to make the following edits?",
    [
        "Yes, proceed (y)",
        "Yes, and don't ask again for these files (a)",
        "No, and tell Codex what to do differently (esc)",
    ],
)

AGENTS[CLI] = Agent(
    ["codex", "--no-daemon"],
    "? for shortcuts",
    {},
    {".codex/config.toml": CODEX_HOME + CODEX_KNOWN},
    {".codex/config.toml": CODEX_HOME},
    {
        "run": Dialog(
            "Would you like to run the following command?",
            [
                "Yes, proceed (y)",
                "Yes, and don't ask again for commands that start with "
                "`rm -f old.log` (p)",
                "No, and tell Codex what to do differently (esc)",
            ],
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "None of the above"],
            "multi_choice",
            sign="enter to submit answer",
        ),
    },
    "esc to interrupt",
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Yes, proceed"),
    ("run", ["y"], "Yes, proceed"),
    ("run", ["1"], "Yes, proceed"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["p"], "Yes, and don't ask again"),
)

talks(CLI, [ESC])

sizes(CLI)


@case(CLI, "setup", new=True)
def codex_setup(r: Recorder) -> None:
    menu(r, TRUST_CODEX)
    r.type("1")
    r.sleep(SETTLE_S)
    menu(r, TRUST_CODEX)
    reply(r, TRUST_CODEX, [ENTER], "Trust and continue")


@open_case(CLI, "ask")
def codex_ask(r: Recorder) -> None:
    r.type(BACKTAB)
    r.wait("Plan mode")
    r.sleep(SETTLE_S)
    r.moment("at_rest")
    ask(
        r,
        CLI,
        "ask",
        (["2"], "PostgreSQL"),
        ([DOWN, DOWN, ENTER], "Plain files"),
        ([ESC], "Esc"),
    )


@open_case(CLI, "files", "-s", "read-only", "-a", "on-request")
def codex_files(r: Recorder) -> None:
    for word, key, chose in (
        ("write", ESC, "Esc"),
        ("write", ENTER, "Yes, proceed"),
        ("edit", "a", "Yes, and don't ask again for these files"),
    ):
        say(r, f"demo {word}")
        menu(r, PATCH_CODEX)
        reply(r, PATCH_CODEX, [key], chose)


MENUS = [
    (
        "/permissions",
        "Update Model Permissions",
        [
            "Ask for approval (current)",
            "Approve for me",
            "Full Access",
            "Read Only",
        ],
    ),
    (
        "/model",
        "Select Model and Effort",
        [
            "GPT-6.1-Sol",
            "GPT-6-Astra",
            "GPT-6-Sol",
            "GPT-6-Luna",
            "GPT-5.6-Sol",
            "GPT-6.1 Terra",
            "GPT-5.6-Terra",
            "GPT-5.6-Luna",
        ],
    ),
]


@open_case(CLI, "menus")
def codex_menus(r: Recorder) -> None:
    for command, question, options in MENUS:
        say(r, command)
        r.sleep(2)
        r.moment("dialog", "multi_choice", question, options, 0)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
    r.type("/")
    r.sleep(1.5)
    r.moment("at_rest")
