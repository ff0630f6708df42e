"""Versions that are kept aside: no rule and no driver is fitted to their recordings."""

import json

from tests.terminal.agents import AGENTS, Dialog, version
from tests.terminal.agents.claude import CLAUDE_HOME
from tests.terminal.agents.codex import TRUST_CODEX
from tests.terminal.agents.versions import (
    EDITS,
    KEY_CLAUDE,
    PATCH_CODEX,
    TRUST_CLAUDE,
    claude,
    codex,
    copilot,
    gemini,
    opencode,
    qwen,
)
from tests.terminal.recorder import DEMO

RUN_CLAUDE = AGENTS["claude-code-2.1.332"].dialogs["run"]

claude(
    version(
        "claude-code",
        "2.1.265",
        held=True,
        argv=["claude", "--permission-mode", "default"],
        dialogs={
            "run": RUN_CLAUDE,
            "write": Dialog("Do you want to create notes.txt?", EDITS),
            "edit": Dialog("Do you want to make this edit to app.py?", EDITS),
            "trust": TRUST_CLAUDE,
            "key": KEY_CLAUDE,
        },
    ),
    "4",
)

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
version(
        "claude-code",
        "1.0.117",
        held=True,
        files={".claude.json": json.dumps(OLD_CLAUDE_HOME)},
)

codex(
    version(
        "codex-cli",
        "0.171.0",
        held=True,
        argv=["codex", "--no-daemon", "-a", "untrusted"],
        dialogs={"write": PATCH_CODEX, "edit": PATCH_CODEX, "trust": TRUST_CODEX},
    )
)

gemini(
    version("gemini-cli", "0.45.2", held=True, argv=["gemini", "-m", "gemini-2.5-pro"])
)
OLD_GEMINI = version("gemini-cli", "0.16.0", held=True, argv=["gemini", "-m", "gemini-2.5-pro"])
COPILOT = version("copilot-cli", "1.0.86", held=True)
OPENCODE = version("opencode", "1.17.0", held=True)
OLD_OPENCODE = version("opencode", "1.0.152", held=True)
QWEN = version("qwen-cli", "0.21.10", held=True, argv=["qwen", "--approval-mode", "default"])
