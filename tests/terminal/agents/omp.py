"""omp, a fork of pi that asks by itself: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    Agent,
    Dialog,
    asks,
    menu,
    open_case,
    reply,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import resumes
from tests.terminal.agents.composers import composes
from tests.terminal.recorder import Recorder

CLI = "omp"

MODELS = f"""
providers:
  demo:
    baseUrl: {MODEL}/v1
    apiKey: demo
    api: openai-completions
    models:
      - id: demo
        name: Demo
        contextWindow: 128000
        maxTokens: 4096
"""

CONFIG = """
setupVersion: 99
startup:
  setupWizard: false
  showSplash: false
  checkUpdate: false
modelRoles:
  default: demo/demo
tools:
  approvalMode: always-ask
edit:
  mode: replace
"""

AGENTS[CLI] = Agent(
    ["omp"],
    "Tip: ",
    {"PI_OFFLINE": "1", "OMP_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1"},
    {".omp/agent/models.yml": MODELS, ".omp/agent/config.yml": CONFIG},
    {".omp/agent/models.yml": MODELS},
    {
        "run": Dialog("Allow tool: bash", ["Approve", "Deny"]),
        "write": Dialog("Allow tool: write", ["Approve", "Deny"]),
        "edit": Dialog("Allow tool: edit", ["Approve", "Deny"]),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Other (type your own)"],
            "multi_choice",
            sign="Enter select",
        ),
    },
    "⎋",
    ready_s=12,
)


def records(cli: str) -> None:
    """The cases of one version."""
    asks(
        cli,
        "run",
        ("run", [ENTER], "Approve"),
        ("run", [DOWN, ENTER], "Deny"),
        ("run", [ESC], "Esc"),
    )
    asks(
        cli,
        "files",
        ("write", [ENTER], "Approve"),
        ("edit", [DOWN, ENTER], "Deny"),
    )
    talks(cli, [ESC])
    composes(cli, 6.0)


def more(cli: str) -> None:
    """Cases of one version only: its question, its sessions, its plan."""
    asks(
        cli,
        "ask",
        ("ask", [DOWN, ENTER], "PostgreSQL"),
        ("ask", [ESC], "Esc"),
    )
    resumes(
        cli,
        "Resume Session (current folder)",
        lambda text: ["(no messages)", "Demo"] if "✔ done" in text else [],
        anew="/new",
    )

    @open_case(cli, "plan")
    def plan(r: Recorder) -> None:
        """It submits a plan as a file; `tab` would move to the plan itself."""
        dialog = Dialog(
            "Plan mode - next step",
            [
                "Approve and execute",
                "Approve and compact context",
                "Approve and keep context (~16 / 128k)",
                "Refine plan",
                "Save and quit",
            ],
            "multi_choice",
        )
        say(r, "/plan")
        r.wait("Plan mode enabled.")
        r.sleep(2)
        r.moment("at_rest")
        say(r, "demo propose")
        menu(r, dialog)
        reply(r, dialog, [DOWN, DOWN, DOWN, ENTER], "Refine plan")


records(CLI)
more(CLI)
records(version(CLI, "17.2.15"))
