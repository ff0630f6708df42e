"""The accepted values of `cli_flag`, and the flag that each agent's program selects.

The driver files are the source of both: an agent's flags are the keys `name` and
`flags` of its file, its programs the key `programs`. A new agent needs no change here.
A shell is no agent, so its driver gives no flag.
"""

from collections.abc import Mapping
from typing import Any, Final

from ant.terminal.agents.driver_files import SHELL, driver_files

ORIGINAL_FLAGS: Final = (
    *("claude-code", "codex-cli", "gemini-cli", "copilot-cli", "copilot", "qwen-cli"),
    *("qwen", "opencode", "aider", "hermes-acp", "ollama", "perspective", "msty"),
    *("lm-studio", "llamafile", "llm", "pi", "lemonade", "mlx-lm", "kimi-code", "kimi"),
)
"""The flags of the original server, in its order.

ANT accepts all of them because old clients send them. A flag that no driver file names,
such as `ollama`, selects no driver.
"""

ORIGINAL_PROGRAMS: Final = {
    "ollama": "ollama",
}
"""The programs to which the original server gives a flag that has no driver here."""


def accepted_flags() -> tuple[str, ...]:
    """Return the original server's flags, then those that only driver files name."""
    ours = [
        flag for table in _agents() for flag in (table["name"], *table.get("flags", ()))
    ]
    return tuple(dict.fromkeys([*ORIGINAL_FLAGS, *ours]))


def program_flags() -> dict[str, str]:
    """Return the flag of each agent program, by the program's name."""
    ours = {
        program: table["name"]
        for table in _agents()
        for program in table.get("programs", ())
    }
    return {**ORIGINAL_PROGRAMS, **ours}


def _agents() -> list[Mapping[str, Any]]:
    """Return the top-level tables of the agents' driver files."""
    return [table for table in driver_files().values() if table["name"] != SHELL]
