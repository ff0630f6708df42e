"""Cline CLI: its dialogs and its cases."""

import json

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    RIGHT,
    SETTLE_S,
    Agent,
    Dialog,
    ask,
    asks,
    case,
    menu,
    open_case,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import resumes
from tests.terminal.agents.composers import composes
from tests.terminal.recorder import Recorder

CLI = "cline"

PROVIDER = "openai-compatible"

PROVIDERS = json.dumps(
    {
        "version": 1,
        "lastUsedProvider": PROVIDER,
        "modes": {},
        "providers": {
            PROVIDER: {
                "settings": {
                    "provider": PROVIDER,
                    "apiKey": "demo",
                    "model": "demo",
                    "baseUrl": f"{MODEL}/v1",
                },
                "updatedAt": "2026-01-01T00:00:00.000Z",
                "tokenSource": "manual",
            }
        },
    }
)


ONE_SHOWN = {"cline-cli-cline-pass-intro": True}

SHOWN = {**ONE_SHOWN, "cline-cli-desktop-launch": True}

SETTINGS = ".cline/data/settings"

NOTICES = f"{SETTINGS}/cli-notices.json"

FILES = {
    f"{SETTINGS}/providers.json": PROVIDERS,
    NOTICES: json.dumps({"shown": SHOWN}),
}

ANSWERS = ["Approve", "Deny"]

AGENTS[CLI] = Agent(
    ["cline", "--auto-approve", "false"],
    "What can I do for you?",
    {"CLINE_NO_AUTO_UPDATE": "1", "CLINE_TELEMETRY_DISABLED": "1"},
    FILES,
    {},
    {
        "run": Dialog("Approve tool call?", ANSWERS),
        "write": Dialog("Approve tool call?", ANSWERS),
        "edit": Dialog("Approve tool call?", ANSWERS),
        "ask": Dialog(
            "Which database should the notes use?",
            ["SQLite", "PostgreSQL", "Plain files", "Type a response..."],
            "multi_choice",
            sign="Cline is asking a question",
        ),
    },
    sign="❯",
)


def records(cli: str) -> None:
    """The cases of one version."""
    limit = Dialog(
        "How should Cline continue?",
        ["Try a different approach", "Stop this run", "Type a response..."],
        "multi_choice",
    )

    @open_case(cli, "run", rests=True)
    def run(r: Recorder) -> None:
        deny = (["n"], "Deny")
        ask(r, cli, "run", ([ENTER], "Approve"), deny, ([RIGHT, ENTER], "Deny"))
        say(r, "demo run")
        menu(r, AGENTS[cli].dialogs["run"])
        r.type(ESC, "Esc")  # The third denial: now the agent asks what to do.
        menu(r, limit)

    asks(cli, "files", ("write", ["y"], "Approve"), ("edit", [ESC], "Esc"))
    asks(
        cli,
        "ask",
        ("ask", ["2"], "PostgreSQL"),
        ("ask", [DOWN, DOWN, ENTER], "Plain files"),
        ("ask", [ESC], "Esc"),
    )
    talks(cli, [ESC])
    composes(cli)


def more(cli: str) -> None:
    """Cases of one version only: its first start, its notice, its plan, its history."""
    connect = Dialog(
        "Connect a model provider to get started.",
        [
            "Sign in with Cline",
            "Sign in with ClinePass",
            "Sign in with ChatGPT",
            "Bring your own provider",
        ],
        "multi_choice",
    )

    @case(cli, "setup", new=True)
    def setup(r: Recorder) -> None:
        """Nothing stands behind the second question without an account."""
        menu(r, connect)
        r.type(DOWN)
        menu(r, connect, 1)

    @case(cli, "notice", files={**FILES, NOTICES: json.dumps({"shown": ONE_SHOWN})})
    def notice(r: Recorder) -> None:
        """A window over the composer, which any key closes and Enter follows."""
        r.wait("any other key to close")
        r.sleep(SETTLE_S)
        r.moment("dialog", "press_key", "Introducing Cline Desktop")
        r.type(ESC, "Esc")
        r.gone("any other key to close")
        r.sleep(SETTLE_S)
        r.moment("at_rest")

    @open_case(cli, "plan", rests=True)
    def plan(r: Recorder) -> None:
        """Plan mode has another placeholder; it asks nothing at the end."""
        r.type("\t")
        r.wait("Plan something")
        r.sleep(SETTLE_S)
        r.moment("at_rest")
        say(r, "demo plan")
        r.wait("3. Run it once")
        r.sleep(2)
        r.moment("at_rest")

    resumes(
        cli,
        "Session History",
        lambda text: ["demo hello"] if "Enter to resume" in text else [],
        anew="",
        command="/history",
    )


records(CLI)
more(CLI)
records(version(CLI, "3.0.57"))
