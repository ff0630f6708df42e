"""Further versions of the agent CLIs, each with the cases that a sheet compares.

`AGENTS/<name>/node_modules` has the installation by npm of each. The versions that are
`held` are recorded last: no rule and no driver is fitted to them.
"""

import json
import re
from collections.abc import Sequence

import attrs

from tests.terminal.agents import (
    AGENTS,
    BACKTAB,
    DOWN,
    ENTER,
    ESC,
    QUIET_S,
    RIGHT,
    SETTLE_S,
    UP,
    Dialog,
    ask,
    asks,
    case,
    menu,
    open_case,
    ready,
    reply,
    say,
    talks,
    version,
)
from tests.terminal.agents.common import drafts, found, plans, resumes, starts
from tests.terminal.agents.copilot import copilot_setup
from tests.terminal.agents.gemini import gemini_setup
from tests.terminal.recorder import Recorder

ESCAPED = ("run", [ESC], "Esc")


def claude(cli: str, no: str = "3") -> None:
    """The cases of a Claude Code; `no` is the number of the option No of a command."""
    dialogs = AGENTS[cli].dialogs
    denied = ("run", [no], "No") if no else ESCAPED
    asks(cli, "run", ("run", [ENTER], "Yes"), denied)
    asks(cli, "files", ("write", [ESC], "Esc"), ("edit", [ENTER], "Yes"))
    asks(cli, "ask", ("ask", ["2"], "PostgreSQL"), ("ask", [ESC], "Esc"))
    talks(cli, [ESC])
    if "trust" in dialogs:
        starts(
            cli,
            (dialogs["trust"], [DOWN, ENTER], "Yes, I trust this folder"),
            (dialogs["key"], [UP, ENTER], "Yes"),
        )
    drafts(cli)
    resumes(cli, "Resume session", found(r"^\s*❯ (demo \w+)$"))
    if "plan" in dialogs:
        plans(cli, [BACKTAB, BACKTAB], "plan mode on", [DOWN, ENTER], "No")


def codex(cli: str) -> None:
    """The cases of a Codex CLI."""
    dialogs = AGENTS[cli].dialogs
    asks(cli, "run", ("run", [ENTER], "Yes, proceed"), ("run", ["3"], "No"), ESCAPED)
    asks(cli, "files", ("write", [ESC], "Esc"), ("edit", [ENTER], "Yes, proceed"))
    talks(cli, [ESC], working="Working")
    if "trust" in dialogs:
        starts(cli, (dialogs["trust"], [ENTER], "Yes, continue"))
    drafts(cli)
    resumes(cli, "Resume a previous session", found(r"ago +(demo \w+)"), anew="/new")

    @open_case(cli, "ask", rows=40)
    def script(r: Recorder) -> None:
        r.type(BACKTAB)
        r.wait("Plan mode")
        r.sleep(SETTLE_S)
        r.moment("at_rest")
        ask(r, cli, "ask", (["2"], "PostgreSQL"), ([ESC], "Esc"))
        if "plan" not in dialogs:
            return
        ask(r, cli, "plan", (["3"], "No, stay in Plan mode"), ([ESC], "Esc"))


def gemini(cli: str) -> None:
    """The cases of a Gemini CLI."""
    asks(cli, "run", ("run", [ENTER], "Allow once"), ("run", ["3"], "No"), ESCAPED)
    asks(cli, "files", ("write", ["4"], "No"), ("edit", [ENTER], "Allow once"))
    asks(cli, "ask", ("ask", ["2"], "PostgreSQL"), ("ask", [ESC], "Esc"))
    talks(cli, [ESC])
    if not AGENTS[cli].is_held:  # The first start of an old one wants an account.
        case(cli, "setup", new=True)(gemini_setup)
    drafts(cli)
    resumes(cli, "Chat Sessions (1 total)", found(r"│ (demo \w+)"))
    if "plan" in AGENTS[cli].dialogs:
        manual = ([DOWN, ENTER], "Yes, manually accept edits")
        plans(cli, [BACKTAB, BACKTAB], "Shift+Tab to manual", *manual, PLAN_GEMINI)


def opencode(cli: str) -> None:
    """The cases of an opencode."""
    asks(
        cli,
        "run",
        ("run", [ENTER], "Allow once"),
        ("run", [RIGHT, RIGHT, ENTER], "Reject"),
        ESCAPED,
    )
    asks(cli, "files", ("write", [ESC], "Esc"), ("edit", [ENTER], "Allow once"))
    asks(cli, "ask", ("ask", ["2"], "PostgreSQL"), ("ask", [ESC], "Esc"))
    talks(cli, [ESC, ESC])
    drafts(cli)
    resumes(
        cli,
        "Sessions",
        found(r"^\s+(Demo|New session - \S+) +\d"),
        anew="/new",
        command="/sessions",
    )
    if "plan" not in AGENTS[cli].dialogs:
        return

    @open_case(cli, "plan", rows=40, env={"OPENCODE_EXPERIMENTAL_PLAN_MODE": "1"})
    def script(r: Recorder) -> None:
        r.type("\t")
        r.wait("Plan · Demo")
        r.sleep(SETTLE_S)
        r.moment("at_rest")
        say(r, "demo plan")
        r.wait(AGENTS[cli].dialogs["plan"].sign)
        shown = re.search(r"Plan at .*\?", " ".join(r.text.replace("┃", "").split()))
        question = shown[0] if shown else ""  # It names a file of its own.
        dialog = attrs.evolve(AGENTS[cli].dialogs["plan"], question=question)
        menu(r, dialog)
        reply(r, dialog, [DOWN, ENTER], "No")


def qwen(cli: str, second: Sequence[str] = ("2",)) -> None:
    """The cases of a Qwen Code; `second` are the keys that choose its second answer."""
    no = str(len(AGENTS[cli].dialogs["run"].options))
    asks(cli, "run", ("run", [ENTER], "Yes, allow once"), ("run", [no], "No"), ESCAPED)
    asks(cli, "files", ("write", ["3"], "No"), ("edit", [ENTER], "Yes, allow once"))
    if "ask" in AGENTS[cli].dialogs:
        asks(cli, "ask", ("ask", [*second], "PostgreSQL"), ("ask", [ESC], "Esc"))
    talks(cli, [ESC], looks=1)
    drafts(cli)
    resumes(cli, "Resume Session", found(r"│ [›❯ ] (demo \w+)"))
    if "trust" in AGENTS[cli].dialogs:

        @case(cli, "setup", new=True)
        def trusts(r: Recorder) -> None:
            menu(r, AGENTS[cli].dialogs["trust"])
            r.type(ENTER, "Trust folder (demo)")
            ready(r, cli)  # It starts anew.
            r.moment("at_rest")

        @open_case(cli, "survey")
        def asks_how_it_is_doing(r: Recorder) -> None:
            """After five messages, in one of four turns."""
            turns = 0
            while "0: Dismiss" not in r.text and turns < 30:
                turns += 1
                say(r, "demo hello")
                r.sleep(3)
                r.gone(AGENTS[cli].busy)
                r.sleep(1)
            r.wait("0: Dismiss", 1)
            r.moment("at_rest")
            say(r, "demo run")
            menu(r, AGENTS[cli].dialogs["run"])

    if "plan" in AGENTS[cli].dialogs:  # The key goes through all modes.
        plans(cli, [BACKTAB] * 4, "plan mode (", ["4"], "No, keep planning")


def login(cli: str) -> None:
    """The screens of a Copilot CLI that takes no provider: it wants an account."""

    @open_case(cli, "login", rests=True)
    def script(r: Recorder) -> None:
        say(r, "demo run")
        r.wait("You must be logged in")
        r.quiet(QUIET_S)
        r.moment("at_rest", "error_retry")


def copilot(cli: str) -> None:
    """The cases of a GitHub Copilot CLI."""
    asks(cli, "run", ("run", [ENTER], "Yes"), ("run", ["1"], "Yes"), ESCAPED)
    asks(cli, "files", ("write", [ESC], "Esc"), ("edit", [ENTER], "Yes"))
    asks(cli, "ask", ("ask", [DOWN, ENTER], "PostgreSQL"), ("ask", [ESC], "Esc"))
    talks(cli, [ESC, ESC])
    case(cli, "setup", new=True)(copilot_setup)
    drafts(cli)
    resumes(cli, "Resume Session:", found(r"\d\. +(demo \w+ \(main\))"))
    if "plan" in AGENTS[cli].dialogs:
        plans(cli, [BACKTAB], " plan · ", [ESC], "Esc")


ASK_QWEN = Dialog(
    "Which database should the notes use?",
    ["SQLite", "PostgreSQL", "Plain files", "Type something..."],
    "multi_choice",
    sign="Enter: Select",
)
QWEN_SETTINGS = {
    "general": {"enableAutoUpdate": False},
    "ui": {"hideBanner": True, "hideTips": True},
}
QWEN_HOME = json.dumps(QWEN_SETTINGS)
TRUSTING = {"security": {"folderTrust": {"enabled": True}}}
QWEN_TRUST = json.dumps(QWEN_SETTINGS | TRUSTING)
"""It asks for trust only where this is set."""
SETTINGS_GEMINI = ".gemini/settings.json"
PLAN_GEMINI = "plans/plan.md"
PLANS_GEMINI = json.dumps(
    json.loads(AGENTS["gemini-cli"].files[SETTINGS_GEMINI])
    | {"general": {"plan": {"directory": "plans"}}}
)
"""Plans in the project, where a script can write one."""
EDITS = [
    "Yes",
    "Yes, and switch to accept edits (auto-approve file edits and common file "
    "commands) for this session (shift+tab)",
    "No",
]
TRUST_CLAUDE = Dialog(
    "Is this a project you created or one you trust?",
    ["No, exit", "Yes, I trust this folder"],
    "confirmation",
    sign="Enter to confirm",
)
KEY_CLAUDE = Dialog(
    "Do you want to use this API key?", ["Yes", "No (recommended)"], "tool_auth", 1
)

claude(
    version(
        "claude-code",
        "2.1.332",
        argv=["claude", "--permission-mode", "default"],
        dialogs={
            "run": Dialog(
                "Do you want to proceed?",
                [
                    "Yes",
                    "Yes, and don't ask again for touch hello.txt and rm -f old.log "
                    "commands in /tmp/demo",
                    "Yes, and switch to auto mode · auto mode handles these prompts "
                    "for you",
                    "No",
                ],
            ),
            "write": Dialog("Do you want to create notes.txt?", EDITS),
            "edit": Dialog("Do you want to make this edit to app.py?", EDITS),
            "trust": TRUST_CLAUDE,
            "key": KEY_CLAUDE,
            "plan": Dialog(
                "Exit plan mode?",
                [
                    "Yes, and switch to default (ask each time) for this session",
                    "No",
                ],
                "confirmation",
            ),
        },
    ),
    "4",
)
PATCH_CODEX = Dialog(
    "Would you like to make the following edits?",
    [
        "Yes, proceed (y)",
        "Yes, and don't ask again for these files (a)",
        "No, and tell Codex what to do differently (esc)",
    ],
)

RUN_CODEX = Dialog(
    "Would you like to run the following command?",
    [
        "Yes, proceed (y)",
        "Yes, and don't ask again for commands that start with `touch hello.txt` (p)",
        "No, and tell Codex what to do differently (esc)",
    ],
)

codex(
    version(
        "codex-cli",
        "0.133.0",
        argv=["codex", "-a", "untrusted"],
        ready="demo default",
        dialogs={
            "run": RUN_CODEX,
            "write": PATCH_CODEX,
            "edit": PATCH_CODEX,
            "plan": Dialog(
                "Implement this plan?",
                [
                    "Yes, implement this plan",
                    "Yes, clear context and implement",
                    "No, stay in Plan mode",
                ],
                "confirmation",
                sign="Press enter to confirm",
            ),
            "trust": Dialog(
                "Do you trust the contents of this directory?",
                ["Yes, continue", "No, quit"],
                "confirmation",
            ),
        },
    )
)
gemini(
    version(
        "gemini-cli",
        "0.53.0",
        argv=["gemini", "-m", "gemini-2.5-pro"],
        files=AGENTS["gemini-cli"].files | {SETTINGS_GEMINI: PLANS_GEMINI},
        dialogs={
            "plan": Dialog(
                "Ready to start implementation?",
                [
                    "Yes, automatically accept edits",
                    "Yes, manually accept edits",
                    "Type your feedback...",
                ],
                "confirmation",
                sign="Ctrl+G to edit plan",
            )
        },
    )
)
opencode(
    version(
        "opencode",
        "1.14.41",
        dialogs={
            "plan": Dialog("", ["Yes", "No"], "confirmation", sign="enter submit")
        },
    )
)
qwen(
    version(
        "qwen-cli",
        "0.24.4",
        argv=["qwen", "--approval-mode", "default"],
        files={".qwen/settings.json": QWEN_HOME},
        new={".qwen/settings.json": QWEN_TRUST},
        dialogs={
            "ask": ASK_QWEN,
            "trust": Dialog(
                "Do you trust this folder?",
                [
                    "Trust folder (demo)",
                    "Trust parent folder (tmp)",
                    "Don't trust (esc)",
                ],
                "confirmation",
            ),
            "plan": Dialog(
                "Would you like to proceed?",
                [
                    "Yes, restore previous mode (yolo)",
                    "Yes, and auto-accept edits",
                    "Yes, and manually approve edits",
                    "No, keep planning (esc)",
                ],
                "confirmation",
            ),
        },
    )
)
copilot(
    version(
        "copilot-cli",
        "1.0.65",
        busy="esc cancel",
        dialogs={
            "write": Dialog(
                "Do you want to edit /tmp/demo/notes.txt?",
                AGENTS["copilot-cli"].dialogs["write"].options,
            ),
            "ask": Dialog(
                "Which database should the notes use?",
                ["SQLite", "PostgreSQL", "Plain files", "Other (type your answer)"],
                "multi_choice",
                sign="enter to confirm",
            ),
            "plan": Dialog(
                "Plan Ready for Review",
                [
                    "Accept plan and build on autopilot (recommended)",
                    "Accept plan and build on default permissions",
                    "Exit plan mode and I will prompt myself",
                    "Suggest changes",
                ],
                "confirmation",
            ),
        },
    )
)

# Kept aside.
codex(
    version(
        "codex-cli",
        "0.104.0",
        argv=["codex", "-a", "untrusted"],
        ready="context left",
        dialogs={"run": RUN_CODEX, "write": PATCH_CODEX, "edit": PATCH_CODEX},
    )
)
TELL = "Type here to tell Claude what to do differently"
claude(
    version(
        "claude-code",
        "2.0.76",
        dialogs={
            word: Dialog(dialog.question, [*dialog.options[:2], TELL])
            for word, dialog in AGENTS["claude-code"].dialogs.items()
            if word in ("run", "write", "edit")
        }
        | {
            "ask": Dialog(
                "Which database should the notes use?",
                ["SQLite", "PostgreSQL", "Plain files", "Type something."],
                "multi_choice",
                sign="to navigate · Esc",
            )
        },
    ),
    "",
)
gemini(
    version(
        "gemini-cli",
        "0.34.0",
        argv=["gemini", "-m", "gemini-2.5-pro"],
        dialogs={
            "run": Dialog(
                "Allow execution of: 'touch, rm'?",
                AGENTS["gemini-cli"].dialogs["run"].options,
            )
        },
    )
)
opencode(version("opencode", "1.1.53"))
qwen(
    version(
        "qwen-cli",
        "0.12.0",
        files={".qwen/settings.json": QWEN_HOME},
        dialogs={
            "ask": ASK_QWEN,
            "run": Dialog(
                "Allow execution of: 'touch, rm'?",
                [
                    "Yes, allow once",
                    "Yes, allow always ...",
                    "No, suggest changes (esc)",
                ],
            ),
        },
    ),
    (DOWN, ENTER),
)
copilot(
    version(
        "copilot-cli",
        "1.0.44",
        busy="Esc to cancel",
        dialogs={
            word: attrs.evolve(AGENTS["copilot-cli"].dialogs[word], sign=sign)
            for word, sign in (("write", "Do you want to"), ("ask", "3. Plain files"))
        },
    )
)
login(version("copilot-cli", "0.0.420", ready="Type @ to mention"))
