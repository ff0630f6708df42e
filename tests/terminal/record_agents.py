"""Records agent CLIs that talk to `fake_model`: their own dialogs, nobody's network.

Run `AGENTS=<folders of the programs> python -m tests.terminal.record_agents [CASE …]`.
recordings/AGENTS.md has what was learnt. A CLI that is not on the path fails its cases
and no others.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from urllib.request import urlopen

from tests.terminal import fake_model
from tests.terminal.agents import CASES, MODEL, PORT
from tests.terminal.cases import main

CLIS = ("claude", "codex", "gemini", "copilot", "qwen", "opencode", "aider", "mocks")
CLIS += ("cn", "grok", "vibe", "nanocoder", "gptme", "kimi", "llm")
CLIS += ("pi", "omp", "cline", "kilo", "signed_out")
CLIS += ("versions",)
CLIS += ("held", "held_programs", "deepagents", "held_more")


def load() -> None:
    """Fill `AGENTS` and `CASES`."""
    for cli in CLIS:
        import_module(f"tests.terminal.agents.{cli}")


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


if __name__ == "__main__":
    load()
    with model():
        main(CASES)
