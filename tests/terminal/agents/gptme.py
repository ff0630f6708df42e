"""gptme: its questions and its cases."""

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
)
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import Recorder

CLI = "gptme"
KEYS = ["Y", "n", "c", "e", "a", "?"]
AGENTS[CLI] = Agent(
    [
        *("gptme", "--model", "local/demo", "--tool-format", "tool"),
        *("--tools", "shell,save,patch", "--name", "demo"),
    ],
    "User:",
    {"OPENAI_BASE_URL": f"{MODEL}/v1", "OPENAI_API_KEY": "demo"},
    {".config/gptme/config.toml": "[prompt]\n[env]\n"},
    {},
    {
        "run": Dialog("Execute shell?", KEYS),
        "write": Dialog("Execute save?", KEYS),
    },
    "Thinking",
)


def gptme_asks(r: Recorder, cli: str, word: str, line: str, chose: str) -> None:
    """One question of gptme's, which is a line with its keys in brackets."""
    dialog = AGENTS[cli].dialogs[word]
    say(r, f"demo {word}")
    r.wait("[Y/n", 60)
    r.sleep(SETTLE_S)
    r.moment("dialog", dialog.cls, dialog.question, dialog.options, 0)
    r.type(f"{line}\r", chose)
    r.sleep(5)


def cases(cli: str) -> None:
    """The cases of one version."""

    @case(cli, "run")
    def runs(r: Recorder) -> None:
        ready(r, cli)
        r.moment("at_rest")
        gptme_asks(r, cli, "run", "n", "n")
        r.moment("at_rest")
        gptme_asks(r, cli, "run", "y", "y")
        r.moment("at_rest")

    @case(cli, "files")
    def writes(r: Recorder) -> None:
        ready(r, cli)
        gptme_asks(r, cli, "write", "n", "n")
        r.moment("at_rest")

    talks(cli, ["\x03"])

    composes(cli)


cases(CLI)
