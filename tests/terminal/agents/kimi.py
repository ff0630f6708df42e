"""Kimi CLI: its dialogs and its cases."""

import attrs

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    Agent,
    Dialog,
    asks,
    talks,
    version,
)
from tests.terminal.agents.common import drafts, found, resumes
from tests.terminal.agents.composing import composes

CLI = "kimi"
CONFIG = f"""\
default_model = "demo"
telemetry = false

[models.demo]
provider = "demo"
model = "demo"
max_context_size = 100000

[providers.demo]
type = "openai_legacy"
base_url = "{MODEL}/v1"
api_key = "demo"
"""
ANSWERS = [
    "Approve once",
    "Approve for this session",
    "Reject",
    "Reject, tell the model what to do instead",
]
RUN = Dialog("Shell is requesting approval to run command:", ANSWERS, sign="confirm")
WRITE = Dialog("WriteFile is requesting approval to edit file:", ANSWERS)
AGENTS[CLI] = Agent(
    ["kimi"],
    "agent (demo",
    {"KIMI_CLI_NO_AUTO_UPDATE": "1"},
    {".kimi/config.toml": CONFIG},
    flag="kimi-code",
    turns=True,
    dialogs={
        "run": RUN,
        "write": attrs.evolve(WRITE, sign="confirm"),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Other"],
            "multi_choice",
            sign="[4] Other",
        ),
        "enter": Dialog(
            "Enter plan mode?", ["Yes", "No", "Other"], "multi_choice", sign="[3] Other"
        ),
    },
)


def cases(cli: str) -> None:
    """The cases of one version."""
    asks(
        cli,
        "run",
        ("run", [ENTER], "Approve once"),
        ("run", ["3"], "Reject"),
        ("run", [DOWN, DOWN, ENTER], "Reject"),
    )

    asks(cli, "files", ("write", [ENTER], "Approve once"), ("write", [ESC], "Esc"))

    asks(cli, "ask", ("ask", [DOWN, ENTER], "PostgreSQL"), ("ask", [ESC], "Esc"))

    talks(cli, ["\x03"], working="Composing")

    composes(cli)

    asks(cli, "plan", ("enter", [DOWN, ENTER], "No"), ("enter", [ENTER], "Yes"))

    drafts(cli)

    resumes(cli, None, found(r"(demo hello)"), anew="/new", command="/sessions")


cases(version(CLI, "1.45.0"))
