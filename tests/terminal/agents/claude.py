"""Claude Code: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    BACKTAB,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    RIGHT,
    SETTLE_S,
    UP,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    open_case,
    own_provider,
    reply,
    say,
    sizes,
    talks,
)
from tests.terminal.recorder import DEMO, Recorder

CLI = "claude-code"
CLAUDE_HOME = {
    "hasCompletedOnboarding": True,
    "lastOnboardingVersion": "2.1.197",
    "theme": "dark",
}

CLAUDE_KNOWN = {
    "customApiKeyResponses": {"approved": ["0" * 20], "rejected": []},
    "projects": {DEMO: {"hasTrustDialogAccepted": True}},
}

AGENTS[CLI] = Agent(
    ["claude"],
    "? for shortcuts",
    own_provider(
        "ANTHROPIC_BASE_URL",
        base=MODEL,
        ANTHROPIC_API_KEY="sk-ant-demo-" + "0" * 22,
        DISABLE_AUTOUPDATER="1",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
    ),
    {".claude.json": json.dumps(CLAUDE_HOME | CLAUDE_KNOWN)},
    {".claude.json": json.dumps(CLAUDE_HOME)},
    {
        "run": Dialog(
            "Do you want to proceed?",
            [
                "Yes",
                "Yes, and don't ask again for touch hello.txt and rm -f old.log "
                "commands in /tmp/demo",
                "No",
            ],
        ),
        "write": Dialog(
            "Do you want to create notes.txt?",
            ["Yes", "Yes, allow all edits during this session (shift+tab)", "No"],
        ),
        "edit": Dialog(
            "Do you want to make this edit to app.py?",
            ["Yes", "Yes, allow all edits during this session (shift+tab)", "No"],
        ),
        "fetch": Dialog(
            "Do you want to allow Claude to fetch this content?",
            [
                "Yes",
                "Yes, and don't ask again for example.invalid",
                "No, and tell Claude what to do differently (esc)",
            ],
        ),
        "ask": Dialog(
            "Which database should the notes use?",
            [
                "SQLite",
                "PostgreSQL",
                "Plain files",
                "Type something.",
                "Chat about this",
            ],
            "multi_choice",
            sign="to navigate · Esc",
        ),
    },
    "esc to interrupt",
)

asks(
    CLI,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", ["1"], "Yes"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Yes, and don't ask again"),
)

asks(
    CLI,
    "files",
    ("write", ["3"], "No"),
    ("write", [ENTER], "Yes"),
    ("edit", [ESC], "Esc"),
    ("edit", [BACKTAB], "Yes, allow all edits during this session"),
)

asks(CLI, "fetch", ("fetch", ["3"], "No"), ("fetch", ["1"], "Yes"))

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
def claude_setup(r: Recorder) -> None:
    trust = Dialog(
        "Is this a project you created or one you trust?",
        ["Yes, I trust this folder", "No, exit"],
        "confirmation",
        sign="Yes, I trust this folder",
    )
    menu(r, trust)
    r.type(DOWN)
    menu(r, trust, 1)
    r.type(UP)
    menu(r, trust)
    r.type(ENTER, "Yes, I trust this folder")
    key = Dialog(
        "Do you want to use this API key?",
        ["Yes", "No (recommended)"],
        "tool_auth",
        1,
    )
    menu(r, key)
    reply(r, key, [UP, ENTER], "Yes")


@case(CLI, "refused", new=True)
def claude_refused(r: Recorder) -> None:
    r.wait("Yes, I trust this folder")
    r.sleep(SETTLE_S)
    question = "Is this a project you created or one you trust?"
    options = ["Yes, I trust this folder", "No, exit"]
    r.moment("dialog", "confirmation", question, options, 0)
    r.type("2", "No, exit")
    r.end()


@open_case(CLI, "many")
def claude_many(r: Recorder) -> None:
    labels = ["SQLite", "PostgreSQL", "Plain files", "Type something", "Submit"]
    labels.append("Chat about this")
    question = "Which database should the notes use?"
    sure = "Ready to submit your answers?"

    def note(selected: int, *ticks: int) -> None:
        r.sleep(SETTLE_S)
        checked = [i in ticks for i in range(len(labels))]
        r.moment("dialog", "multi_choice", question, labels, selected, True, checked)

    say(r, "demo many")
    r.wait("to navigate · Esc")
    note(0)
    r.type("1", "SQLite")
    note(0, 0)
    r.type(DOWN)
    note(1, 0)
    r.type(ENTER, "PostgreSQL")
    note(1, 0, 1)
    r.type(" ", "PostgreSQL")
    note(1, 0)
    r.type(RIGHT)
    r.wait(sure)
    r.sleep(SETTLE_S)
    r.moment("dialog", "confirmation", sure, ["Submit answers", "Cancel"], 0)
    r.type("1", "Submit answers")
    r.gone(sure)
    r.sleep(1.5)
    r.moment("at_rest")


@open_case(CLI, "several")
def claude_several(r: Recorder) -> None:
    first = "Which database should the notes use?"
    second = "And which to copy?"
    sure = "Ready to submit your answers?"

    def note(question: str, at: int, *ticks: int, field: str = "") -> None:
        r.sleep(SETTLE_S)
        labels = ["SQLite", "PostgreSQL", "Plain files", field or "Type something"]
        labels += ["Next" if question is first else "Submit", "Chat about this"]
        checked = [i in ticks for i in range(len(labels))]
        r.moment("dialog", "multi_choice", question, labels, at, True, checked)

    def go(key: str, times: int = 1) -> None:
        for _ in range(times):
            r.type(key)
            r.sleep(0.2)

    say(r, "demo several")
    r.wait("to navigate · Esc")
    note(first, 0)
    r.type(" ", "SQLite")
    go(DOWN, 3)
    note(first, 3, 0)
    r.type("abc")
    note(first, 3, 0, 3, field="abc")
    go("\x7f", 3)
    note(first, 3, 0)
    go(DOWN)
    note(first, 4, 0)
    go(DOWN)
    note(first, 5, 0)
    go(UP)
    note(first, 4, 0)
    r.type(ENTER, "Next")
    r.wait(second)
    note(second, 0)
    go(DOWN, 4)
    note(second, 4)
    r.type(ENTER, "Submit")
    r.wait(sure)
    r.sleep(SETTLE_S)
    r.moment("dialog", "confirmation", sure, ["Submit answers", "Cancel"], 0)
    r.type(ENTER, "Submit answers")
    r.gone(sure)
    r.sleep(1.5)
    r.moment("at_rest")


@open_case(CLI, "plan", rows=40)
def claude_plan(r: Recorder) -> None:
    r.type(BACKTAB)
    r.sleep(SETTLE_S)
    r.moment("at_rest")
    r.type(BACKTAB)
    r.wait("plan mode on")
    r.sleep(SETTLE_S)
    r.moment("at_rest")
    say(r, "demo plan")
    r.sleep(4)
    r.moment("dialog", "confirmation", "Exit plan mode?", ["Yes", "No"], 0)
    r.type(ESC, "Esc")
    r.sleep(2)
    r.moment("at_rest")


MENUS: list[tuple[str, str, str | None, list[str], int | None]] = [
    (
        "/theme",
        "multi_choice",
        "Choose the text style that looks best with your terminal",
        [
            "Auto (match terminal)",
            "Dark mode",
            "Light mode",
            "Dark mode (colorblind-friendly)",
            "Light mode (colorblind-friendly)",
            "Dark mode (ANSI colors only)",
            "Light mode (ANSI colors only)",
            "New custom theme…",
        ],
        1,
    ),
    (
        "/model",
        "multi_choice",
        "Select model",
        [
            "Default (recommended)",
            "Opus",
            "Sonnet",
            "Sonnet 5 (1M context)",
            "Haiku",
        ],
        0,
    ),
    ("/permissions", "multi_choice", None, ["Add a new rule…"], None),
    ("/resume", "multi_choice", None, [], None),
    (
        "/login",
        "tool_auth",
        "Select login method:",
        [
            "Claude account with subscription · Pro, Max, Team, or Enterprise",
            "Anthropic Console account · API usage billing",
            "3rd-party platform · Amazon Bedrock, Microsoft Foundry, or Vertex AI",
        ],
        0,
    ),
]


@open_case(CLI, "menus", rows=40)
def claude_menus(r: Recorder) -> None:
    for command, cls, question, options, selected in MENUS:
        say(r, command)
        r.sleep(2.5)
        r.moment("dialog", cls, question, options, selected)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")
    r.type("/")
    r.sleep(1.5)
    r.moment("at_rest")
    r.type("\x7f")
    r.sleep(1)
    r.type("?")
    r.sleep(1.5)
    r.moment("at_rest")


@open_case(CLI, "viewer")
def claude_viewer(r: Recorder) -> None:
    say(r, "demo quote")
    r.wait("2. No")
    r.sleep(2)
    r.type("\x0f")
    r.sleep(2)
    r.moment("dialog", "pager")
    r.type(ESC)
    r.sleep(2)
    r.moment("at_rest")
    r.type("\x03")
    r.sleep(0.4)
    r.moment("at_rest")
    r.type("\x03")
    r.end()
