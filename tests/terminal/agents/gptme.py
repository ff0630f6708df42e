"""gptme: its questions and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    MODEL,
    QUIET_S,
    SETTLE_S,
    Agent,
    Dialog,
    asks,
    case,
    open_case,
    ready,
    say,
    talks,
)
from tests.terminal.agents.common import LONG, TWO
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import Recorder

CLI = "gptme"
KEYS = ["Y", "n", "c", "e", "a", "?"]
CONFIG = {".config/gptme/config.toml": "[prompt]\n[env]\n"}
EARLIER = "".join(
    json.dumps({"role": who, "content": said, "timestamp": f"2026-01-02T03:04:0{at}Z"})
    + "\n"
    for at, (who, said) in enumerate([("user", "Hi."), ("assistant", "Hello.")])
)
AGENTS[CLI] = Agent(
    [
        *("gptme", "--model", "local/demo", "--tool-format", "tool"),
        *("--tools", "shell,save,patch,choice", "--name", "demo"),
    ],
    "User:",
    {
        "OPENAI_BASE_URL": f"{MODEL}/v1",
        "OPENAI_API_KEY": "demo",
        "GPTME_TIKTOKEN_TIMEOUT": "0",  # Else it loads a file from another host.
    },
    CONFIG,
    CONFIG | {".local/share/gptme/logs/earlier/conversation.jsonl": EARLIER},
    {
        "run": Dialog("Execute shell?", KEYS),
        "write": Dialog("Execute save?", KEYS),
        "edit": Dialog("Execute patch?", KEYS),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files"],
            "multi_choice",
            sign="3) Plain files",
        ),
    },
    "Thinking",
)


def gptme_asks(r: Recorder, cli: str, word: str, line: str, chose: str) -> None:
    """One question of gptme's, which is a line with its keys in brackets."""
    dialog = AGENTS[cli].dialogs[word]
    say(r, f"demo {word}")
    r.until(lambda: r.text.rstrip().endswith("/a/?]"), dialog.question)
    r.sleep(SETTLE_S)
    r.moment("dialog", dialog.cls, dialog.question, dialog.options, 0)
    r.type(f"{line}\r", chose)
    r.until(lambda: r.text.rstrip().endswith("\nUser:"), "the composer")
    r.quiet(QUIET_S)


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
        gptme_asks(r, cli, "write", "", "Y")
        r.moment("at_rest")
        gptme_asks(r, cli, "edit", "y", "Y")
        r.moment("at_rest")

    asks(cli, "ask", ("ask", [DOWN, ENTER], "PostgreSQL"), ("ask", [ENTER], "SQLite"))

    @case(cli, "resume", "--name", "random", new=True)
    def picks_earlier(r: Recorder) -> None:
        """Without a name it asks at its start which conversation to go on with."""
        r.wait("Load more", 60)
        r.quiet(QUIET_S)
        question = "New conversation or load previous?"
        options = ["New conversation", "earlier", "Load more"]
        r.moment("dialog", "multi_choice", question, options, 0)
        r.type("\x1bOB")
        r.sleep(SETTLE_S)
        r.moment("dialog", "multi_choice", question, options, 1)
        r.type(ENTER, "earlier")
        r.until(lambda: r.text.rstrip().endswith("\nUser:"), "the composer")
        r.quiet(QUIET_S)
        r.moment("at_rest")

    talks(cli, ["\x03"])

    composes(cli)

    @open_case(cli, "drafts", rests=True)
    def drafts(r: Recorder) -> None:
        """Tab lists the commands after a slash, above a new line of input."""
        for keys, clears in (("/", 0), ("\t", 1), (LONG, len(LONG)), (TWO, 0)):
            r.type(keys)
            r.sleep(SETTLE_S + 0.5)
            r.moment("at_rest")
            r.type("\x7f" * clears)
            r.sleep(SETTLE_S)


cases(CLI)
