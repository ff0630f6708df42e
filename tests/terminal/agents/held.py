"""Versions that are kept aside: no rule and no driver is fitted to their recordings."""

import json

from tests.terminal.agents import (
    AGENTS,
    BACKTAB,
    CASES,
    DOWN,
    ENTER,
    ESC,
    Dialog,
    aider,
    asks,
    case,
    cline,
    cn,
    gptme,
    kimi,
    menu,
    nanocoder,
    omp,
    pi,
    ready,
    reply,
    say,
    talks,
    version,
    vibe,
)
from tests.terminal.agents.claude import CLAUDE_HOME
from tests.terminal.agents.codex import TRUST_CODEX
from tests.terminal.agents.common import drafts, found, plans, resumes
from tests.terminal.agents.versions import (
    EDITS,
    ESCAPED,
    KEY_CLAUDE,
    PATCH_CODEX,
    QWEN_HOME,
    TRUST_CLAUDE,
    claude,
    codex,
    copilot,
    gemini,
    opencode,
    qwen,
)
from tests.terminal.recorder import DEMO, Recorder

CLAUDE = version(
    "claude-code",
    "2.1.265",
    held=True,
    argv=["claude", "--permission-mode", "default"],
    dialogs={
        "run": AGENTS["claude-code-2.1.332"].dialogs["run"],
        "write": Dialog("Do you want to create notes.txt?", EDITS),
        "edit": Dialog("Do you want to make this edit to app.py?", EDITS),
        "trust": TRUST_CLAUDE,
        "key": KEY_CLAUDE,
    },
)
claude(CLAUDE, "4")
CASES[:] = [each for each in CASES if each.name != f"{CLAUDE}/resume"]
resumes(CLAUDE, "Resume session", found(r"^\s*❯ (Demo)$"))

PROJECT = {
    "allowedTools": [],
    "history": [],
    "mcpContextUris": [],
    "mcpServers": {},
    "enabledMcpjsonServers": [],
    "disabledMcpjsonServers": [],
    "hasTrustDialogAccepted": True,
    "hasCompletedProjectOnboarding": True,
}
OLD_CLAUDE_HOME = CLAUDE_HOME | {
    "customApiKeyResponses": {"approved": ["0" * 20], "rejected": []},
    "projects": {DEMO: PROJECT},
}
NO_CLAUDE = "No, and tell Claude what to do differently (esc)"
EDITS_CLAUDE = [
    "Yes",
    "Yes, allow all edits during this session (shift+tab)",
    NO_CLAUDE,
]
OLD_CLAUDE = version(
    "claude-code",
    "1.0.117",
    held=True,
    files={".claude.json": json.dumps(OLD_CLAUDE_HOME)},
    dialogs={
        "run": Dialog(
            "Do you want to proceed?",
            [
                "Yes",
                "Yes, and don't ask again for similar commands in /tmp/demo",
                NO_CLAUDE,
            ],
        ),
        "write": Dialog("Do you want to create notes.txt?", EDITS_CLAUDE),
        "edit": Dialog("Do you want to make this edit to app.py?", EDITS_CLAUDE),
        "plan": Dialog(
            "Would you like to proceed?",
            [
                "Yes, and auto-accept edits",
                "Yes, and manually approve edits",
                "No, keep planning",
            ],
            "confirmation",
        ),
    },
)
asks(
    OLD_CLAUDE,
    "run",
    ("run", [ENTER], "Yes"),
    ("run", ["3"], "No"),
    ("run", [DOWN, DOWN, ENTER], "No"),
    ("run", [ESC], "Esc"),
)
asks(OLD_CLAUDE, "files", ("write", [ESC], "Esc"), ("edit", [DOWN, ENTER], "Yes, all"))
talks(OLD_CLAUDE, [ESC], working="esc to interrupt")
drafts(OLD_CLAUDE)
resumes(OLD_CLAUDE, None, found(r" main +(\S.*\S) *$"))
plans(
    OLD_CLAUDE,
    [BACKTAB, BACKTAB],
    "plan mode on",
    [DOWN, DOWN, ENTER],
    "No, keep planning",
)

CODEX = version(
    "codex-cli",
    "0.171.0",
    held=True,
    argv=["codex", "--no-daemon", "-s", "read-only", "-a", "on-request"],
    dialogs={"write": PATCH_CODEX, "edit": PATCH_CODEX, "trust": TRUST_CODEX},
)
codex(CODEX)
CASES[:] = [each for each in CASES if each.name != f"{CODEX}/resume"]


@case(CODEX, "resume")
def resumes_codex(r: Recorder) -> None:
    """`/new` asks where, and the picker of earlier conversations."""
    where = Dialog(
        "Where should the new conversation run?",
        ["Use current Git worktree", "Create new Git worktree"],
        "multi_choice",
    )
    ready(r, CODEX)
    say(r, "demo hello")
    r.wait("Tell me what to do.")
    r.sleep(2)
    say(r, "/new")
    menu(r, where)
    reply(r, where, [ENTER], "Use current Git worktree")
    say(r, "/resume")
    r.wait("Resume a previous session")
    r.sleep(3)
    r.moment("dialog", "multi_choice", "Resume a previous session", ["demo hello"], 0)
    r.type(ESC, "Esc")
    r.sleep(2)
    r.moment("at_rest")


GEMINI = version(
    "gemini-cli", "0.45.2", held=True, argv=["gemini", "-m", "gemini-2.5-pro"]
)
gemini(GEMINI)
CASES[:] = [each for each in CASES if each.name != f"{GEMINI}/resume"]
resumes(GEMINI, "Chat Sessions (2 total)", found(r"│ (<session_context> .*?) *$"))

NO_GEMINI = "No, suggest changes (esc)"
EDITS_GEMINI = [
    "Yes, allow once",
    "Yes, allow always",
    "Modify with external editor",
    NO_GEMINI,
]
OLD_GEMINI = version(
    "gemini-cli",
    "0.16.0",
    held=True,
    argv=["gemini", "-m", "gemini-2.5-pro"],
    dialogs={
        "run": Dialog(
            "Allow execution of: 'touch, rm'?",
            ["Yes, allow once", "Yes, allow always ...", NO_GEMINI],
        ),
        "write": Dialog("Apply this change?", EDITS_GEMINI),
        "edit": Dialog("Apply this change?", EDITS_GEMINI),
    },
)
asks(
    OLD_GEMINI,
    "run",
    ("run", [ENTER], "Yes, allow once"),
    ("run", ["1"], "Yes, allow once"),
    ("run", [DOWN, DOWN, ENTER], "No"),
)
asks(OLD_GEMINI, "files", ("write", ["1"], "Yes, allow once"), ("edit", [ESC], "Esc"))
talks(OLD_GEMINI, [ESC], failure="API Error")
drafts(OLD_GEMINI)

copilot(version("copilot-cli", "1.0.86", held=True))

OPENCODE = version("opencode", "1.17.0", held=True)
opencode(OPENCODE)
CASES[:] = [each for each in CASES if each.name != f"{OPENCODE}/resume"]
resumes(
    OPENCODE, "Sessions", found(r"^\s+(Demo)\s*$"), anew="/new", command="/sessions"
)
OLD_PERMISSION = Dialog(
    "Permission required to run this tool:",
    ["accept", "accept always", "deny"],
    sign="d deny",
)
OLD_OPENCODE = version(
    "opencode",
    "1.0.152",
    env={
        "OPENCODE_DISABLE_DEFAULT_PLUGINS": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
    },
    dialogs=dict.fromkeys(("run", "write", "edit"), OLD_PERMISSION),
)
asks(
    OLD_OPENCODE,
    "run",
    ("run", [ENTER], "accept"),
    ("run", ["d"], "deny"),
    ESCAPED,
)
asks(OLD_OPENCODE, "files", ("write", [ESC], "Esc"), ("edit", [ENTER], "accept"))
talks(OLD_OPENCODE, [ESC, ESC])
drafts(OLD_OPENCODE)

QWEN = version(
    "qwen-cli",
    "0.21.10",
    held=True,
    argv=["qwen", "--approval-mode", "default"],
    ready="Ask permissions",
    files={".qwen/settings.json": QWEN_HOME},
    dialogs={"ask": AGENTS["qwen-cli-0.24.4"].dialogs["ask"]},
)
qwen(QWEN)

cn.cases(version("continue", "1.5.26", held=True))
nanocoder.cases(version("nanocoder", "1.28.1", held=True))
pi.records(version("pi", "0.61.1", held=True))
omp.records(version("omp", "17.3.5", held=True, busy="⟦esc⟧"))
cline.records(version("cline", "3.0.61", held=True))
AIDER = version(
    "aider",
    "0.68.0",
    held=True,
    dialogs={
        "edit": Dialog("Add app.py to the chat?", ["Yes", "No", "Don't ask again"])
    },
)
aider.cases(AIDER)
CASES[:] = [each for each in CASES if each.name != f"{AIDER}/files"]


@case(AIDER, "files")
def aider_files(r: Recorder) -> None:
    """Another word than yes or no is asked again."""
    ready(r, AIDER)
    aider.aider_asks(r, AIDER, "edit", "n", "No")
    question = "Allow edits to file that has not been added to the chat?"
    r.wait(question)
    r.sleep(1)
    r.moment("dialog", "permission_request", question, ["Yes", "No"], 0)
    r.type("y\r", "Yes")
    r.wait("Applied edit")
    r.sleep(2)
    r.moment("at_rest")
    aider.aider_asks(r, AIDER, "write", "perhaps", "perhaps")
    r.wait("Please answer with one of: yes, no")
    r.sleep(1)
    r.moment("dialog", "permission_request", "Create new file?", ["Yes", "No"], 0)
    r.type("y\r", "Yes")
    r.wait("Applied edit to notes.txt")
    r.sleep(2)
    r.moment("at_rest")


gptme.cases(version("gptme", "0.34.0", held=True))
kimi.cases(version("kimi", "1.30.0", held=True, turns=True))
WRITE_VIBE = Dialog("Permission for the write_file tool", vibe.ALLOW)
vibe.cases(
    version(
        "mistral-vibe",
        "2.18.4",
        held=True,
        argv=["vibe"],
        ready="tokens (0%)",
        turns=True,
        files={
            ".vibe/config.toml": vibe.STILL,
            ".vibe/trusted_folders.toml": vibe.TRUST,
        },
        dialogs={
            "run": Dialog("Permission for the bash tool (touch *, rm *)", vibe.ALLOW),
            "write": WRITE_VIBE,
            "edit": WRITE_VIBE,
        },
    )
)

codex(
    version(
        "codex-cli",
        "0.152.0",
        held=True,
        argv=["codex", "-s", "read-only", "-a", "on-request"],
        dialogs={"write": PATCH_CODEX, "edit": PATCH_CODEX},
    )
)
opencode(version("opencode", "1.15.3", held=True))
qwen(
    version(
        "qwen-cli",
        "0.23.1",
        held=True,
        argv=["qwen", "--approval-mode", "default"],
        ready="Ask permissions",
        files={".qwen/settings.json": QWEN_HOME},
        dialogs={"ask": AGENTS["qwen-cli-0.24.4"].dialogs["ask"]},
    )
)
