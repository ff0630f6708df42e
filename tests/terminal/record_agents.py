"""Records agent CLIs that talk to `fake_model`: their own dialogs, nobody's network.

Run `AGENTS=<folders of the programs> python -m tests.terminal.record_agents [CASE …]`.
Each case begins in a fresh home and a fresh project; recordings/AGENTS.md has what was
learnt. A CLI that is not on the path fails its cases and no others.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import attrs

from tests.terminal import fake_model
from tests.terminal.cases import Case, Script, main
from tests.terminal.recorder import DEMO, ENV, HOME, Recorder

PORT = 8123
MODEL = f"http://127.0.0.1:{PORT}"
PATH = f"{os.environ.get('AGENTS', '')}:{ENV['PATH']}".lstrip(":")
UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
ESC, ENTER, BACKTAB = "\x1b", "\r", "\x1b[Z"
ARROWS = {UP: -1, DOWN: 1, LEFT: -1, RIGHT: 1}
SETTLE_S = 1.0
"""How long a screen is let be drawn before a moment: dialogs may spin for ever."""

CLAUDE_HOME = {
    "hasCompletedOnboarding": True,
    "lastOnboardingVersion": "2.1.197",
    "theme": "dark",
}
CLAUDE_KNOWN = {
    "customApiKeyResponses": {"approved": ["0" * 20], "rejected": []},
    "projects": {DEMO: {"hasTrustDialogAccepted": True}},
}
CODEX_HOME = f"""
model = "demo"
model_provider = "demo"
check_for_update_on_startup = false

[model_providers.demo]
name = "demo"
base_url = "{MODEL}/v1"
wire_api = "responses"
"""
CODEX_KNOWN = f'\n[projects."{DEMO}"]\ntrust_level = "trusted"\n'
OPENCODE_HOME = {
    "autoupdate": False,
    "model": "demo/demo",
    "permission": {"bash": "ask", "edit": "ask", "webfetch": "ask"},
    "provider": {
        "demo": {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Demo",
            "options": {"baseURL": f"{MODEL}/v1", "apiKey": "demo"},
            "models": {"demo": {"name": "Demo"}},
        }
    },
}
OPENCODE_FILE = ".config/opencode/opencode.json"


@attrs.frozen
class Dialog:
    """What a person sees when the agent asks for this."""

    question: str
    options: list[str]
    cls: str = "permission_request"
    selected: int = 0
    sign: str = attrs.field()
    """What is on the screen as long as the dialog is, and at no other time."""

    @sign.default
    def _find_sign(self) -> str:
        return self.question


@attrs.frozen
class Agent:
    """How to start a CLI so that it talks to the fake model and to nobody else."""

    argv: list[str]
    ready: str
    env: dict[str, str] = attrs.field(factory=dict)
    files: dict[str, str] = attrs.field(factory=dict)
    new: dict[str, str] = attrs.field(factory=dict)
    dialogs: dict[str, Dialog] = attrs.field(factory=dict)
    busy: str = ""


AGENTS = {
    "claude-code": Agent(
        ["claude"],
        "? for shortcuts",
        {
            "ANTHROPIC_BASE_URL": MODEL,
            "ANTHROPIC_API_KEY": "sk-ant-demo-" + "0" * 22,
            "DISABLE_AUTOUPDATER": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        },
        {".claude.json": json.dumps(CLAUDE_HOME | CLAUDE_KNOWN)},
        {".claude.json": json.dumps(CLAUDE_HOME)},
        {
            "run": Dialog(
                "Do you want to proceed?",
                [
                    "Yes",
                    "Yes, and don't ask again for touch hello.txt and rm -f old.log "
                    "commands in /tmp/demo",
                    "No",
                ],
            ),
            "write": Dialog(
                "Do you want to create notes.txt?",
                ["Yes", "Yes, allow all edits during this session (shift+tab)", "No"],
            ),
            "edit": Dialog(
                "Do you want to make this edit to app.py?",
                ["Yes", "Yes, allow all edits during this session (shift+tab)", "No"],
            ),
            "fetch": Dialog(
                "Do you want to allow Claude to fetch this content?",
                [
                    "Yes",
                    "Yes, and don't ask again for example.invalid",
                    "No, and tell Claude what to do differently (esc)",
                ],
            ),
            "ask": Dialog(
                "Which database should the notes use?",
                [
                    "SQLite",
                    "PostgreSQL",
                    "Plain files",
                    "Type something.",
                    "Chat about this",
                ],
                "multi_choice",
                sign="to navigate · Esc",
            ),
        },
        "esc to interrupt",
    ),
    "codex-cli": Agent(
        ["codex", "--no-daemon"],
        "? for shortcuts",
        {},
        {".codex/config.toml": CODEX_HOME + CODEX_KNOWN},
        {".codex/config.toml": CODEX_HOME},
        {
            "run": Dialog(
                "Would you like to run the following command?",
                [
                    "Yes, proceed (y)",
                    "Yes, and don't ask again for commands that start with "
                    "`rm -f old.log` (p)",
                    "No, and tell Codex what to do differently (esc)",
                ],
            ),
            "ask": Dialog(
                "Which database should the notes use?",
                ["SQLite", "PostgreSQL", "Plain files", "None of the above"],
                "multi_choice",
                sign="enter to submit answer",
            ),
        },
        "esc to interrupt",
    ),
    "gemini-cli": Agent(
        ["gemini"],
        "Type your message",
        {"GEMINI_API_KEY": "demo", "GOOGLE_GEMINI_BASE_URL": MODEL},
        {
            ".gemini/settings.json": json.dumps(
                {"security": {"auth": {"selectedType": "gemini-api-key"}}}
            ),
            ".gemini/trustedFolders.json": json.dumps({DEMO: "TRUST_FOLDER"}),
        },
        {},
        {
            "run": Dialog(
                "Allow execution of [Shell]?",
                [
                    "Allow once",
                    "Allow for this session",
                    "No, suggest changes (esc)",
                ],
            ),
            "write": Dialog(
                "Apply this change?",
                [
                    "Allow once",
                    "Allow for this session",
                    "Modify with external editor",
                    "No, suggest changes (esc)",
                ],
            ),
            "edit": Dialog(
                "Apply this change?",
                [
                    "Allow once",
                    "Allow for this session",
                    "Modify with external editor",
                    "No, suggest changes (esc)",
                ],
            ),
            "ask": Dialog(
                "Which database should the notes use?",
                ["SQLite", "PostgreSQL", "Plain files"],
                "multi_choice",
                sign="Enter to select",
            ),
        },
        "esc to cancel",
    ),
    "copilot-cli": Agent(
        ["copilot"],
        "/ commands",
        {
            "COPILOT_PROVIDER_BASE_URL": f"{MODEL}/v1",
            "COPILOT_MODEL": "demo",
            "COPILOT_OFFLINE": "true",
        },
        {".copilot/config.json": json.dumps({"trusted_folders": [DEMO]})},
        {},
        {
            "run": Dialog(
                "Do you want to run this command?",
                [
                    "Yes",
                    "Yes, and don't ask again for `touch` and `rm` in this repo "
                    "(/tmp/demo)",
                    "No, and tell Copilot what to do differently (Esc to stop)",
                ],
            ),
            "write": Dialog(
                "Do you want to create /tmp/demo/notes.txt?",
                [
                    "Yes",
                    "Yes, and don't ask again for file operations when in this repo "
                    "(/tmp/demo)",
                    "No, and tell Copilot what to do differently (Esc to stop)",
                ],
            ),
            "edit": Dialog(
                "Do you want to edit /tmp/demo/app.py?",
                [
                    "Yes",
                    "Yes, and don't ask again for file operations when in this repo "
                    "(/tmp/demo)",
                    "No, and tell Copilot what to do differently (Esc to stop)",
                ],
            ),
            "ask": Dialog(
                "Which database should the notes use?",
                ["SQLite", "PostgreSQL", "Plain files", "Other (type your answer)"],
                "multi_choice",
                sign="enter accept",
            ),
        },
        "esc cancel",
    ),
    "qwen-cli": Agent(
        ["qwen"],
        "Type your message",
        {
            "OPENAI_BASE_URL": f"{MODEL}/v1",
            "OPENAI_API_KEY": "demo",
            "OPENAI_MODEL": "demo",
        },
        {},
        {},
        {
            "run": Dialog(
                "Allow execution of: 'touch, rm'?",
                [
                    "Yes, allow once",
                    "Always allow run 'touch *' commands, run 'rm *' commands in "
                    "this project",
                    "Always allow run 'touch *' commands, run 'rm *' commands for "
                    "this user",
                    "No, suggest changes (esc)",
                ],
            ),
            "write": Dialog(
                "Apply this change?",
                ["Yes, allow once", "Yes, allow always", "No, suggest changes (esc)"],
            ),
            "edit": Dialog(
                "Apply this change?",
                ["Yes, allow once", "Yes, allow always", "No, suggest changes (esc)"],
            ),
            "fetch": Dialog(
                "Do you want to proceed?",
                [
                    "Yes, allow once",
                    "Always allow fetch from example.invalid in this project",
                    "Always allow fetch from example.invalid for this user",
                    "No, suggest changes (esc)",
                ],
            ),
        },
        "esc to cancel",
    ),
    "opencode": Agent(
        ["opencode"],
        "ctrl+p commands",
        {},
        {OPENCODE_FILE: json.dumps(OPENCODE_HOME)},
        {},
        {
            "run": Dialog(
                "Permission required", ["Allow once", "Allow always", "Reject"]
            ),
            "write": Dialog(
                "Permission required", ["Allow once", "Allow always", "Reject"]
            ),
            "edit": Dialog(
                "Permission required", ["Allow once", "Allow always", "Reject"]
            ),
            "fetch": Dialog(
                "Permission required", ["Allow once", "Allow always", "Reject"]
            ),
            "ask": Dialog(
                "Which database should the notes use?",
                ["SQLite", "PostgreSQL", "Plain files", "Type your own answer"],
                "multi_choice",
                sign="enter submit",
            ),
        },
        "esc interrupt",
    ),
    "aider": Agent(
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
        {},
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
    ),
}

CASES: list[Case] = []


def fresh(files: dict[str, str]) -> None:
    """A new project of one file under git, and a new home with these files in it."""
    for folder in (DEMO, HOME):
        shutil.rmtree(folder, ignore_errors=True)
        Path(folder).mkdir()
    Path(DEMO, "app.py").write_text('print("hello")\n')
    git = ["git", "-C", DEMO, "-c", "user.email=demo@example.invalid"]
    git += ["-c", "user.name=demo"]
    for args in (["init", "-qb", "main"], ["add", "."], ["commit", "-qm", "Start"]):
        subprocess.run([*git, *args], check=True, env={**os.environ, "HOME": HOME})
    for name, text in files.items():
        Path(HOME, name).parent.mkdir(parents=True, exist_ok=True)
        Path(HOME, name).write_text(text)


def case(
    cli: str, name: str, new: bool = False, **more: Any
) -> Callable[[Script], Script]:
    """The decorated script records this; a `new` one begins as on the first day."""
    agent = AGENTS[cli]

    def keep(script: Script) -> Script:
        files = agent.new if new else agent.files
        made = Case(
            f"{cli}/{name}",
            agent.argv,
            script,
            [agent.argv[0], "--version"],
            cli,
            before=lambda: fresh(files),
            env={"PATH": PATH, **agent.env},
            **{"cols": 90, "rows": 30} | more,
        )
        CASES.append(made)
        return script

    return keep


def ready(r: Recorder, cli: str) -> None:
    """Until the composer waits for the first time."""
    r.wait(AGENTS[cli].ready, 40)
    r.sleep(2.5)


def say(r: Recorder, line: str) -> None:
    """A line to the composer: Enter in the same write would be part of a paste."""
    r.type(line)
    r.sleep(0.6)
    r.type(ENTER)


def menu(r: Recorder, dialog: Dialog, selected: int | None = None) -> None:
    """Wait for the dialog and note it."""
    r.wait(dialog.sign)
    r.sleep(SETTLE_S)
    at = dialog.selected if selected is None else selected
    r.moment("dialog", dialog.cls, dialog.question, dialog.options, at)


def reply(r: Recorder, dialog: Dialog, keys: list[str], chose: str) -> None:
    """Answer what `menu` noted; an arrow makes a moment of its own."""
    at = dialog.selected
    for key in keys[:-1]:
        r.type(key)
        at += ARROWS[key]
        menu(r, dialog, at)
    r.type(keys[-1], chose)
    r.gone(dialog.sign)
    r.sleep(1.5)
    r.moment("at_rest")


def ask(r: Recorder, cli: str, word: str, *answers: tuple[list[str], str]) -> None:
    """Have the agent ask for this once per answer, and answer."""
    dialog = AGENTS[cli].dialogs[word]
    for keys, chose in answers:
        say(r, f"demo {word}")
        menu(r, dialog)
        reply(r, dialog, keys, chose)


def asks(cli: str, name: str, *steps: tuple[str, list[str], str], **more: Any) -> None:
    """A case that is nothing but dialogs and their answers."""

    @case(cli, name, **more)
    def script(r: Recorder) -> None:
        ready(r, cli)
        r.moment("at_rest")
        for word, keys, chose in steps:
            ask(r, cli, word, (keys, chose))


def talks(cli: str, interrupt: list[str], quoted: str = "2. No") -> None:
    """Cases in which no dialog is up: work, prose, a quoted menu, a failure."""
    busy = AGENTS[cli].busy

    @case(cli, "busy")
    def works(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo slow")
        r.wait("Counting slowly")
        for _ in range(3):
            r.sleep(1.3)
            r.moment("busy")
        for key in interrupt:
            r.type(key)
            r.sleep(0.4)
        if busy:
            r.gone(busy)
        r.sleep(2)
        r.moment("at_rest")
        say(r, "demo think")
        r.sleep(2)
        r.moment("busy")
        r.sleep(2)
        r.moment("busy")

    @case(cli, "prose")
    def prose(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo hello")
        r.wait("Tell me what to do.")
        r.sleep(1.5)
        r.moment("at_rest")
        say(r, "demo question")
        r.wait("older file?")
        r.sleep(2)
        asked = "Should I delete the older file?"
        r.moment("question", "confirmation", asked)
        say(r, "demo quote")
        r.wait(quoted)
        r.sleep(2.5)
        r.moment("at_rest")
        say(r, "demo fail")
        r.wait("The model is ill")
        r.sleep(2)
        r.moment("at_rest", "error_retry")
        r.type("half a thought")
        r.sleep(1)
        r.moment("at_rest")


def sizes(cli: str) -> None:
    """The permission dialog in a narrow window, and in one that is dragged."""
    dialog = AGENTS[cli].dialogs["run"]

    @case(cli, "narrow", cols=60, rows=24)
    def narrow(r: Recorder) -> None:
        ready(r, cli)
        r.moment("at_rest")
        ask(r, cli, "run", ([DOWN, DOWN, ENTER], dialog.options[2]))

    @case(cli, "resized")
    def resized(r: Recorder) -> None:
        ready(r, cli)
        say(r, "demo run")
        menu(r, dialog)
        for cols, rows in ((60, 24), (120, 40), (90, 30)):
            r.resize(cols, rows)
            r.sleep(0.7)
            menu(r, dialog)
        reply(r, dialog, [ESC], "Esc")
        r.resize(70, 20)
        r.sleep(1.5)
        r.moment("at_rest")


@contextmanager
def model() -> Iterator[None]:
    """The fake model, for as long as this lasts."""
    argv = [sys.executable, str(fake_model.__file__), str(PORT)]
    with subprocess.Popen(argv) as server:
        try:
            for _ in range(50):
                time.sleep(0.1)
                try:
                    urlopen(MODEL).close()
                    break
                except OSError:
                    continue
            yield
        finally:
            server.terminate()


YES, NO_ASK = ([ENTER], "Yes"), ([ESC], "Esc")
CLAUDE, CODEX, GEMINI = "claude-code", "codex-cli", "gemini-cli"
COPILOT, QWEN, OPENCODE, AIDER = "copilot-cli", "qwen-cli", "opencode", "aider"

asks(
    CLAUDE,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", ["1"], "Yes"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Yes, and don't ask again"),
)
asks(
    CLAUDE,
    "files",
    ("write", ["3"], "No"),
    ("write", [ENTER], "Yes"),
    ("edit", [ESC], "Esc"),
    ("edit", [BACKTAB], "Yes, allow all edits during this session"),
)
asks(CLAUDE, "fetch", ("fetch", ["3"], "No"), ("fetch", ["1"], "Yes"))
asks(
    CLAUDE,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
    ("ask", [ESC], "Esc"),
)
talks(CLAUDE, [ESC])
sizes(CLAUDE)

asks(
    CODEX,
    "run",
    ("run", [ENTER], "Yes, proceed"),
    ("run", ["y"], "Yes, proceed"),
    ("run", ["1"], "Yes, proceed"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["p"], "Yes, and don't ask again"),
)
talks(CODEX, [ESC])
sizes(CODEX)

asks(
    GEMINI,
    "run",
    ("run", [ENTER], "Allow once"),
    ("run", ["1"], "Allow once"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Allow for this session"),
)
asks(
    GEMINI,
    "files",
    ("write", ["4"], "No"),
    ("write", [ENTER], "Allow once"),
    ("edit", [ESC], "Esc"),
    ("edit", ["2"], "Allow for this session"),
)
asks(
    GEMINI,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
    ("ask", [ESC], "Esc"),
)
talks(GEMINI, [ESC])
sizes(GEMINI)

asks(
    COPILOT,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", ["1"], "Yes"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Yes, and don't ask again"),
)
asks(
    COPILOT,
    "files",
    ("write", [ESC], "Esc"),
    ("write", [ENTER], "Yes"),
    ("edit", ["1"], "Yes"),
)
asks(
    COPILOT,
    "ask",
    ("ask", [DOWN, ENTER], "PostgreSQL"),
    ("ask", [ESC], "Esc"),
)
talks(COPILOT, [ESC])

asks(
    QWEN,
    "run",
    ("run", [ENTER], "Yes, allow once"),
    ("run", ["1"], "Yes, allow once"),
    ("run", ["4"], "No"),
    ("run", [DOWN, DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
    ("run", ["2"], "Always allow in this project"),
)
asks(
    QWEN,
    "files",
    ("write", ["3"], "No"),
    ("write", [ENTER], "Yes, allow once"),
    ("edit", [ESC], "Esc"),
    ("edit", ["2"], "Yes, allow always"),
)
asks(QWEN, "fetch", ("fetch", [ESC], "Esc"), ("fetch", ["1"], "Yes, allow once"))
talks(QWEN, [ESC])

asks(
    OPENCODE,
    "run",
    ("run", [ENTER], "Allow once"),
    ("run", [ESC], "Esc"),
    ("run", [RIGHT, RIGHT, ENTER], "Reject"),
)
asks(OPENCODE, "files", ("write", [ENTER], "Allow once"), ("edit", [ESC], "Esc"))
asks(
    OPENCODE,
    "ask",
    ("ask", ["2"], "PostgreSQL"),
    ("ask", [DOWN, DOWN, ENTER], "Plain files"),
    ("ask", [ESC], "Esc"),
)
talks(OPENCODE, [ESC, ESC])

if __name__ == "__main__":
    with model():
        main(CASES)
