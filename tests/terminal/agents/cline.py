"""Cline CLI: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    RIGHT,
    Agent,
    Dialog,
    ask,
    asks,
    case,
    menu,
    ready,
    say,
    talks,
    version,
)
from tests.terminal.agents.composers import composes
from tests.terminal.recorder import Recorder

CLI = "cline"

PROVIDER = "openai-compatible"

PROVIDERS = json.dumps(
    {
        "version": 1,
        "lastUsedProvider": PROVIDER,
        "modes": {},
        "providers": {
            PROVIDER: {
                "settings": {
                    "provider": PROVIDER,
                    "apiKey": "demo",
                    "model": "demo",
                    "baseUrl": f"{MODEL}/v1",
                },
                "updatedAt": "2026-01-01T00:00:00.000Z",
                "tokenSource": "manual",
            }
        },
    }
)


SHOWN = {"cline-cli-cline-pass-intro": True, "cline-cli-desktop-launch": True}

SETTINGS = ".cline/data/settings"

FILES = {
    f"{SETTINGS}/providers.json": PROVIDERS,
    f"{SETTINGS}/cli-notices.json": json.dumps({"shown": SHOWN}),
}

ANSWERS = ["Approve", "Deny"]

AGENTS[CLI] = Agent(
    ["cline", "--auto-approve", "false"],
    "What can I do for you?",
    {"CLINE_NO_AUTO_UPDATE": "1", "CLINE_TELEMETRY_DISABLED": "1"},
    FILES,
    {},
    {
        "run": Dialog("Approve tool call?", ANSWERS),
        "write": Dialog("Approve tool call?", ANSWERS),
        "edit": Dialog("Approve tool call?", ANSWERS),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Type a response..."],
            "multi_choice",
            sign="Cline is asking a question",
        ),
    },
    sign="❯",
)


def records(cli: str) -> None:
    """The cases of one version."""
    limit = Dialog(
        "How should Cline continue?",
        ["Try a different approach", "Stop this run", "Type a response..."],
        "multi_choice",
    )

    @case(cli, "run")
    def run(r: Recorder) -> None:
        ready(r, cli)
        r.moment("at_rest")
        deny = (["n"], "Deny")
        ask(r, cli, "run", ([ENTER], "Approve"), deny, ([RIGHT, ENTER], "Deny"))
        say(r, "demo run")
        menu(r, AGENTS[cli].dialogs["run"])
        r.type(ESC, "Esc")  # The third denial: now the agent asks what to do.
        menu(r, limit)

    asks(cli, "files", ("write", ["y"], "Approve"), ("edit", [ESC], "Esc"))
    asks(
        cli,
        "ask",
        ("ask", ["2"], "PostgreSQL"),
        ("ask", [DOWN, DOWN, ENTER], "Plain files"),
        ("ask", [ESC], "Esc"),
    )
    talks(cli, [ESC])
    composes(cli)


records(CLI)
records(version(CLI, "3.0.57"))
