"""Kilo CLI, a fork of opencode: its cases. No driver is fitted to it."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    RIGHT,
    Agent,
    asks,
    talks,
    version,
)
from tests.terminal.agents.composers import composes
from tests.terminal.agents.opencode import CLI as ORIGINAL
from tests.terminal.agents.opencode import OPENCODE_HOME

CLI = "kilo"

AGENTS[CLI] = Agent(
    ["kilo"],
    "Ask anything",
    {"KILO_DISABLE_AUTOUPDATE": "1", "KILO_TELEMETRY_LEVEL": "off"},
    {".config/kilo/kilo.json": json.dumps(OPENCODE_HOME)},
    {},
    AGENTS[ORIGINAL].dialogs,
    "esc interrupt",
    has_driver=False,
    ready_s=8,
)

HELD = version(CLI, "7.0.33", held=True)

asks(
    HELD,
    "run",
    ("run", [ENTER], "Allow once"),
    ("run", [ESC], "Esc"),
    ("run", [RIGHT, RIGHT, ENTER], "Reject"),
)

asks(HELD, "files", ("write", [ENTER], "Allow once"), ("edit", [ESC], "Esc"))

asks(
    HELD,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
)

talks(HELD, [ESC, ESC])

composes(HELD, 3.0)
