"""Nanocoder: its dialogs and its cases."""

import json

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
    asks,
    case,
    menu,
    open_case,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import drafts, found
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import DEMO, Recorder

CLI = "nanocoder"
PROVIDER = {
    "name": "Demo",
    "baseUrl": f"{MODEL}/v1",
    "apiKey": "demo",
    "models": ["demo"],
}
FOLDER = ".config/nanocoder"
ANSWERS = ["✓ Yes, execute this tool", "✗ No, cancel execution"]
QUESTION = "Which database should the notes use?"
DATABASES = ["SQLite", "PostgreSQL", "Plain files", "Type a custom answer…"]
AGENTS[CLI] = Agent(
    ["nanocoder"],
    "What would you like me to help with?",
    {"NANOCODER_DISABLE_TELEMETRY": "1"},
    {
        f"{FOLDER}/agents.config.json": json.dumps(
            {"nanocoder": {"providers": [PROVIDER]}}
        ),
        f"{FOLDER}/nanocoder-preferences.json": json.dumps(
            {"trustedDirectories": [DEMO]}
        ),
    },
    {
        f"{FOLDER}/agents.config.json": json.dumps(
            {"nanocoder": {"providers": [PROVIDER]}}
        )
    },
    {
        "write": Dialog('Do you want to execute tool "write_file"?', ANSWERS),
        "edit": Dialog('Do you want to execute tool "string_replace"?', ANSWERS),
        "run": Dialog('Do you want to execute tool "execute_bash"?', ANSWERS),
        "ask": Dialog(QUESTION, DATABASES, "multi_choice", sign="Enter to select"),
    },
    "Esc to cancel",
)


def cases(cli: str, failure: str = "The model is ill") -> None:
    """The cases of one version."""
    asks(
        cli,
        "run",
        ("run", [ENTER], "Yes"),
        ("run", [DOWN, ENTER], "No"),
        ("run", [ESC], "Esc"),
    )

    asks(cli, "files", ("write", [ENTER], "Yes"), ("edit", [ESC], "Esc"))

    asks(cli, "ask", ("ask", [DOWN, ENTER], "PostgreSQL"))

    talks(cli, [ESC], failure=failure)

    composes(cli)

    @case(cli, "setup", new=True)
    def trusts_first(r: Recorder) -> None:
        r.wait("No, exit", 40)
        r.sleep(SETTLE_S)
        question = "Do you trust the files in this folder?"
        r.moment("dialog", "confirmation", question, ["Yes, proceed", "No, exit"], 0)


cases(CLI)
drafts(CLI)


@open_case(CLI, "resume")
def picks_an_earlier_one(r: Recorder) -> None:
    """The first Enter completes the command, the second one sends it."""
    say(r, "demo hello")
    r.wait("Tell me what to do.")
    r.wait("Worked for")
    r.sleep(3)
    say(r, "/resume")
    r.sleep(2)
    sessions = found(r"\[\d\] (\S.*\S)")
    if not sessions(r.text):
        r.type(ENTER)
    r.until(lambda: bool(sessions(r.text)), "a conversation")
    r.sleep(SETTLE_S)
    r.moment("dialog", "multi_choice", None, sessions(r.text), 0)
    r.type(ESC, "Esc")
    r.sleep(2)
    r.moment("at_rest")


@open_case(CLI, "plan", rows=40)
def plans_first(r: Recorder) -> None:
    """In plan mode it asks after each reply what to do with the plan."""
    for _ in range(3):
        r.type(BACKTAB)
        r.sleep(SETTLE_S)
    r.wait("plan mode on")
    r.sleep(SETTLE_S)
    r.moment("at_rest")
    say(r, "demo hello")
    question = "What would you like to do?"
    options = ["Proceed", "Modify", "Ask more"]
    menu(r, Dialog(question, options, "multi_choice", sign="Esc to dismiss"))
    r.type(ESC, "Esc")
    r.sleep(2)
    r.moment("at_rest")


OLD_ASK = Dialog(
    QUESTION,
    [*DATABASES[:3], "Type custom answer..."],
    "multi_choice",
    sign="Type custom answer...",
)
cases(
    version(CLI, "1.25.2", dialogs={"ask": OLD_ASK}),
    "Model returned empty response",
)
