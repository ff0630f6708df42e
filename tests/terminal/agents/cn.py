"""Continue's CLI: its dialogs and its cases."""

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
    open_case,
    say,
    talks,
    version,
)
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import HOME, Recorder

CLI = "continue"
CONFIG = f"""\
name: Demo
version: 0.0.1
schema: v1
models:
  - name: Demo
    provider: openai
    model: demo
    apiKey: demo
    apiBase: {MODEL}/v1
    roles: [chat, edit, apply]
    capabilities: [tool_use]
"""
PERMISSION = Dialog(
    "Would you like to continue?",
    [
        "Continue (tab)",
        "Continue + don't ask again (shift+tab)",
        "No, and tell Continue what to do differently (esc)",
    ],
)
AGENTS[CLI] = Agent(
    ["cn", "--config", f"{HOME}/.continue/config.yaml"],
    "Model Capability Warning",
    {"CONTINUE_TELEMETRY_ENABLED": "0", "CONTINUE_ALLOW_ANONYMOUS_TELEMETRY": "0"},
    {".continue/config.yaml": CONFIG, ".continue/.onboarding_complete": ""},
    {},
    {
        "run": PERMISSION,
        "write": PERMISSION,
        "edit": PERMISSION,
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files"],
            "multi_choice",
            sign="Enter select",
        ),
    },
    "esc to interrupt",
)


def cases(cli: str) -> None:
    """The cases of one version."""
    asks(
        cli,
        "run",
        ("run", [ENTER], "Continue"),
        ("run", [DOWN, DOWN, ENTER], "No"),
        ("run", [ESC], "Esc"),
    )

    asks(cli, "files", ("write", [ENTER], "Continue"), ("edit", [ESC], "Esc"))

    talks(cli, [ESC], working="esc to interrupt")

    @open_case(cli, "resume")
    def resumes(r: Recorder) -> None:
        """The list of earlier conversations, and back to this one."""
        say(r, "demo hello")
        r.wait("Tell me what to do.")
        r.sleep(1)
        say(r, "/resume")
        r.wait("navigate")
        r.sleep(SETTLE_S)
        r.moment("dialog", "multi_choice", "Recent Sessions", ["Demo"], 0)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")

    composes(cli)

    if cli != CLI:
        return  # The older version has no tool that asks, and was not tried further.

    @case(cli, "setup", argv=["cn"], new=True)
    def setup(r: Recorder) -> None:
        """Without settings it wants a key of another maker, in one line."""
        r.wait("Enter your Anthropic API key:", 90)
        r.sleep(SETTLE_S)
        r.moment("question", "free_text", "Enter your Anthropic API key:")

    @open_case(cli, "plan", rests=True)
    def plan(r: Recorder) -> None:
        """Plan mode refuses tools that write; it asks nothing at the end."""
        r.type(BACKTAB)
        r.wait("plan]")
        r.sleep(SETTLE_S)
        r.moment("at_rest")
        say(r, "demo plan")
        r.wait("3. Run it once")
        r.sleep(2)
        r.moment("at_rest")

    @open_case(cli, "ask")
    def asks_back(r: Recorder) -> None:
        """The question's last row is no option: who types answers in own words."""
        dialog = AGENTS[cli].dialogs["ask"]
        say(r, "demo ask")
        r.wait("Enter select")
        r.sleep(SETTLE_S)
        r.moment("dialog", dialog.cls, dialog.question, dialog.options, 0)
        r.type(DOWN)
        r.sleep(SETTLE_S)
        r.moment("dialog", dialog.cls, dialog.question, dialog.options, 1)
        r.type(ENTER, "PostgreSQL")
        r.wait("That worked as asked.")
        r.sleep(1.5)
        r.moment("at_rest")


cases(CLI)
cases(version(CLI, "1.5.11"))
