"""Mistral Vibe: its dialogs and its cases."""

from tests.terminal.agents import (
    AGENTS,
    DOWN,
    ENTER,
    ESC,
    MODEL,
    SETTLE_S,
    Agent,
    Dialog,
    asks,
    case,
    menu,
    ready,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import drafts, found, resumes
from tests.terminal.agents.composing import composes
from tests.terminal.recorder import DEMO, Recorder

CLI = "mistral-vibe"
CONFIG = f"""\
active_model = "demo"
enable_telemetry = false
enable_update_checks = false

[[providers]]
name = "demo"
api_base = "{MODEL}/v1"
api_key_env_var = ""
api_style = "openai"
backend = "generic"

[[models]]
name = "demo"
provider = "demo"
alias = "demo"
"""
STILL = f"disable_welcome_banner_animation = true\n{CONFIG}"
"""Without the logo that turns for ever, which makes recordings large."""
TRUST = f'trusted = ["{DEMO}"]\nuntrusted = []\n'
ALLOW = ["Allow once", "Allow for remainder of this session", "Always allow", "Deny"]
DATABASES = [
    "SQLite - One file, nothing to run",
    "PostgreSQL - A server of its own",
    "Plain files - No database at all",
    "Type your answer...",
]
QUESTION = "Which database should the notes use?"
RUN = Dialog("Permission for the file_system.bash tool (touch *, rm *)", ALLOW)
WRITE = Dialog("Permission for the file_system.write_file tool", ALLOW)
AGENTS[CLI] = Agent(
    ["vibe", "--agent", "ask"],
    "tokens (0%)",
    {},
    {".vibe/config.toml": CONFIG, ".vibe/trusted_folders.toml": TRUST},
    {".vibe/config.toml": CONFIG, "../demo/AGENTS.md": "Be brief.\n"},
    {
        "run": RUN,
        "write": WRITE,
        "edit": Dialog("Permission for the file_system", ALLOW),
        "ask": Dialog(QUESTION, DATABASES, "multi_choice", sign="Enter select"),
    },
    "to interrupt",
    turns=True,
)


def cases(cli: str) -> None:
    """The cases of one version; the last option of a permission is its denial."""
    last = len(AGENTS[cli].dialogs["run"].options)
    asks(
        cli,
        "run",
        ("run", [ENTER], "Allow once"),
        ("run", [f"{last}"], "Deny"),
        ("run", [*[DOWN] * (last - 1), ENTER], "Deny"),
        ("run", [ESC], "Esc"),
    )

    asks(cli, "files", ("write", [ENTER], "Allow once"), ("write", [ESC], "Esc"))

    asks(
        cli,
        "ask",
        ("ask", [DOWN, ENTER], "PostgreSQL"),
        ("ask", [ESC], "Esc"),
    )

    talks(cli, [ESC])

    composes(cli)

    @case(cli, "many")
    def ticks_several(r: Recorder) -> None:
        """Boxes: Space and Enter tick, and a row of its own submits."""
        ready(r, cli)
        say(r, "demo many")
        r.wait("toggle")
        r.sleep(SETTLE_S)
        boxes = [False] * 4
        r.moment("dialog", "multi_choice", QUESTION, DATABASES, 0, True, boxes)
        r.type(ENTER)
        r.sleep(SETTLE_S)
        boxes = [True, *boxes[1:]]
        r.moment("dialog", "multi_choice", QUESTION, DATABASES, 0, True, boxes)
        r.type(DOWN)
        r.sleep(SETTLE_S)
        r.moment("dialog", "multi_choice", QUESTION, DATABASES, 1, True, boxes)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")


cases(CLI)


@case(CLI, "setup", new=True)
def trusts_first(r: Recorder) -> None:
    """It asks only where the project has instructions of its own."""
    trust = ["Trust folder", "Don't trust"]
    dialog = Dialog("Trust this folder?", trust, "confirmation", sign="2. Don't")
    menu(r, dialog)
    r.type("1", trust[0])
    ready(r, CLI)
    r.moment("at_rest")


drafts(CLI)
resumes(CLI, None, found(r"just now +[0-9a-f]+ +(\w+)"))
OLD_ALLOW = [
    "Yes",
    "Yes and always allow for this session: touch *, rm *",
    "No and tell the agent what to do instead",
]
OLD = {
    "run": Dialog("bash command", OLD_ALLOW, sign="Enter select"),
    "write": Dialog(
        "write_file command",
        [
            OLD_ALLOW[0],
            "Yes and always allow write_file for this session",
            OLD_ALLOW[2],
        ],
        sign="Enter select",
    ),
}
cases(
    version(
        CLI,
        "2.7.6",
        argv=["vibe"],
        ready="0% of 200k tokens",
        files={".vibe/config.toml": STILL, ".vibe/trusted_folders.toml": TRUST},
        dialogs=OLD,
    )
)
