"""Run the cases that are named, or all of them, and print what each one measured."""

import importlib
import sys
from pathlib import Path

import trio

PATIENCE_S = 600.0
"""For one case: several times what the longest takes."""


async def run(case: str) -> None:
    """One case, which fails rather than go on for ever."""
    with trio.fail_after(PATIENCE_S):
        await importlib.import_module(f"benchmarks.bench_{case}").main()


def main() -> None:
    cases = sorted(path.stem[6:] for path in Path(__file__).parent.glob("bench_*.py"))
    for case in sys.argv[1:] or cases:
        print(f"== {case}", flush=True)
        trio.run(run, case)


main()
