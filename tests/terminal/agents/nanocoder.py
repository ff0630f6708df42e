"""Nanocoder: its dialogs and its cases."""

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
    talks,
    version,
)
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
