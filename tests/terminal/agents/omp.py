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
    talks,
    version,
)
from tests.terminal.agents.composers import composes

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


records(CLI)
records(version(CLI, "17.2.15"))
