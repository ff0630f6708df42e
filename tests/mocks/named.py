"""Programs of tests by the name of an agent: by no other is a program taken for one."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMES = {
    "claude": "claude",
    "codex": "codex",
    "gemini": "gemini",
    "copilot": "copilot",
    "qwen": "qwen",
}
"""By style of the mock agent: what its script is called."""

_MOCK = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT)!r})
runpy.run_module("tests.mocks.agent", run_name="__main__")
"""


def script(folder: Path, name: str, source: str) -> tuple[str, ...]:
    """The command of a Python script by that name, in a folder of its own."""
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(source)
    return sys.executable, str(path)


def mock_agent(folder: Path, style: str, *more: str) -> tuple[str, ...]:
    """The command of a mock agent that logs to `log` and obeys by `s`, there."""
    given = ("--log", str(folder / "log"), "--control", str(folder / "s"))
    command = script(folder, NAMES[style], _MOCK)
    return (*command, "--style", style, *given, *more)
