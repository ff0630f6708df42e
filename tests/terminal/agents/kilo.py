"""Kilo CLI, a fork of opencode: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    RIGHT,
    SETTLE_S,
    Agent,
    asks,
    open_case,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import found, resumes
from tests.terminal.agents.composers import composes
from tests.terminal.agents.opencode import CLI as ORIGINAL
from tests.terminal.agents.opencode import OPENCODE_HOME
from tests.terminal.recorder import Recorder

CLI = "kilo"

AGENTS[CLI] = Agent(
    ["kilo"],
    "Ask anything",
    {"KILO_DISABLE_AUTOUPDATE": "1", "KILO_TELEMETRY_LEVEL": "off"},
    {".config/kilo/kilo.json": json.dumps(OPENCODE_HOME)},
    {},
    AGENTS[ORIGINAL].dialogs,
    "esc interrupt",
    ready_s=8,
)

KILO = version(CLI, "7.0.33")

asks(
    KILO,
    "run",
    ("run", [ENTER], "Allow once"),
    ("run", [ESC], "Esc"),
    ("run", [RIGHT, RIGHT, ENTER], "Reject"),
)

asks(KILO, "files", ("write", [ENTER], "Allow once"), ("edit", [ESC], "Esc"))

asks(
    KILO,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
)

talks(KILO, [ESC, ESC])

composes(KILO, 3.0)

resumes(
    KILO,
    "Sessions",
    found(r"^ +(Demo) +\d+:\d\d [AP]M"),
    anew="/new",
    command="/sessions",
)


@open_case(KILO, "plan", rests=True)
def plan(r: Recorder) -> None:
    """Another agent of its own, by Tab; it asks nothing at the end."""
    r.type("\t")
    r.wait("Plan Demo")
    r.sleep(SETTLE_S)
    r.moment("at_rest")
    say(r, "demo plan")
    r.wait("3. Run it once")
    r.sleep(3)
    r.moment("at_rest")
