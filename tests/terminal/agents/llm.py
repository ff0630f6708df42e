"""llm: its question and its cases."""

from tests.terminal.agents import (
    AGENTS,
    MODEL,
    SETTLE_S,
    Agent,
    Dialog,
    case,
    ready,
    say,
    version,
)
from tests.terminal.recorder import Recorder

CLI = "llm"
MODELS = f"""\
- model_id: demo
  model_name: demo
  api_base: {MODEL}/v1
  supports_tools: true
"""
TOOL = """
def bash(command: str) -> str:
    "Run a command"
    import subprocess
    return subprocess.getoutput(command)
"""
AGENTS[CLI] = Agent(
    ["llm", "chat", "-m", "demo", "--ta", "--functions", TOOL],
    "Type 'exit'",
    {"OPENAI_API_KEY": "demo"},
    {".config/io.datasette.llm/extra-openai-models.yaml": MODELS},
    dialogs={"run": Dialog("Approve tool call?", ["y", "N"], selected=1)},
)


def cases(cli: str) -> None:
    """The cases of one version."""
    dialog = AGENTS[cli].dialogs["run"]

    @case(cli, "run")
    def runs(r: Recorder) -> None:
        ready(r, cli)
        r.moment("at_rest")
        for keys, chose in (("y", "y"), ("n", "N"), ("", "N")):
            say(r, "demo run")
            r.sleep(2)
            r.moment("dialog", dialog.cls, dialog.question, dialog.options, 1)
            r.type(f"{keys}\r", chose)
            r.sleep(3)
            r.moment("at_rest")

    @case(cli, "prose")
    def talks(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo hello")
        r.wait("Tell me what to do.")
        r.sleep(1.5)
        r.moment("at_rest")
        say(r, "demo question")
        r.wait("older file?")
        r.sleep(1.5)
        question = "Should I delete the older file?"
        r.moment("question", "confirmation", question)
        say(r, "demo quote")
        r.wait("Nothing to do now.")
        r.sleep(1.5)
        r.moment("at_rest")
        r.type("half a thought")
        r.sleep(SETTLE_S)
        r.moment("at_rest")

    @case(cli, "busy")
    def works(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo slow")
        r.wait("Counting slowly")
        for _ in range(3):
            r.sleep(1.3)
            r.moment("busy")


cases(version(CLI, "0.36"))
