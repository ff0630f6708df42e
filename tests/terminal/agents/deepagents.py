"""deepagents-cli, which is kept aside as a whole: no driver, no rule fitted to it."""

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
)
from tests.terminal.agents.common import drafts

CLI = "deepagents-0.0.34"
ANSWERS = ["Approve (y)", "Auto-approve for this thread (a)", "Reject (n)"]
AGENTS[CLI] = Agent(
    ["deepagents", "--model", "openai:demo"],
    "Enter send",
    {
        "OPENAI_API_KEY": "demo",
        "OPENAI_BASE_URL": f"{MODEL}/v1",
        "OPENAI_API_BASE": f"{MODEL}/v1",
        "LANGSMITH_TRACING": "false",
    },
    dialogs={
        word: Dialog(f"{tool} Requires Approval", ANSWERS, sign="quick keys")
        for word, tool in (("run", "execute"), ("write", "write_file"))
    },
    ready_s=15,
    turns=True,
    has_driver=False,
)
asks(
    CLI,
    "run",
    ("run", [ENTER], "Approve"),
    ("run", [DOWN, DOWN, ENTER], "Reject"),
    ("run", ["n"], "Reject"),
)
asks(CLI, "files", ("write", ["y"], "Approve"), ("write", [ESC], "Esc"))
talks(CLI, [ESC], failure="Agent error")
drafts(CLI)
