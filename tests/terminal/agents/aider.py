"""aider: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    MODEL,
    SETTLE_S,
    Agent,
    Dialog,
    case,
    ready,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import drafts
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import Recorder

CLI = "aider"
PRICES = ".aider/caches/model_prices_and_context_window.json"
AGENTS[CLI] = Agent(
    [
        *("aider", "--model", "openai/plain", "--edit-format", "diff"),
        *("--no-check-update", "--analytics-disable", "--no-show-release-notes"),
        *("--no-show-model-warnings", "--no-gitignore"),
    ],
    "diff>",
    {
        "OPENAI_API_BASE": f"{MODEL}/v1",
        "OPENAI_API_KEY": "demo",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    },
    {PRICES: '{"plain": {}}'},
    {},
    {
        "run": Dialog("Run shell command?", ["Yes", "No", "Don't ask again"]),
        "edit": Dialog(
            "Add file to the chat?",
            ["Yes", "No", "Don't ask again"],
        ),
        "write": Dialog("Create new file?", ["Yes", "No"]),
    },
    "Waiting for",
)


def aider_asks(r: Recorder, cli: str, word: str, line: str, chose: str) -> None:
    """One question of aider's, which is a line with a default in brackets."""
    dialog = AGENTS[cli].dialogs[word]
    say(r, f"demo {word}")
    r.wait(f"{dialog.question} (Y)es")
    r.sleep(SETTLE_S)
    r.moment("dialog", dialog.cls, dialog.question, dialog.options, 0)
    r.type(f"{line}\r", chose)
    r.sleep(2.5)


def cases(cli: str) -> None:
    """The cases of one version."""

    @case(cli, "run")
    def aider_run(r: Recorder) -> None:
        ready(r, cli)
        r.moment("at_rest")
        aider_asks(r, cli, "run", "n", "No")
        r.moment("at_rest")
        aider_asks(r, cli, "run", "", "Yes")
        question = "Add command output to the chat?"
        r.wait(question)
        r.moment(
            "dialog", "confirmation", question, AGENTS[cli].dialogs["run"].options, 0
        )
        r.type("n\r", "No")
        r.sleep(2)
        r.moment("at_rest")

    @case(cli, "files")
    def aider_files(r: Recorder) -> None:
        ready(r, cli)
        aider_asks(r, cli, "edit", "n", "No")
        question = "Allow edits to file that has not been added to the chat?"
        r.wait(question)
        r.moment("dialog", "permission_request", question, ["Yes", "No"], 0)
        r.type("y\r", "Yes")
        r.wait("Applied edit")
        r.sleep(2)
        r.moment("at_rest")
        aider_asks(r, cli, "write", "perhaps", "perhaps")
        again = "Please answer with one of: yes, no, skip, all"
        r.wait(again)
        r.moment("dialog", "permission_request", "Create new file?", ["Yes", "No"], 0)
        r.type("y\r", "Yes")
        r.wait("Applied edit to notes.txt")
        r.sleep(2)
        r.moment("at_rest")

    talks(cli, ["\x03"], thinks=cli == CLI)

    composes(cli)


cases(CLI)
drafts(CLI)
cases(version(CLI, "0.82.3"))
cases(version(CLI, "0.74.3"))
