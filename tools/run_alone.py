"""Runs the tests that failed in the last run once more, each of them alone.

    python tools/run_alone.py

CI calls it after a run that failed (decision record 59). A test that waits for real
programs on two busy cores can fail because of its neighbours. A test that fails alone,
too, is broken. The script ends with 0 if every test passes. It names them all the same:
each is a fault of its test. It ends with 1 if one fails again, and if the last run left
no failed test or more than three. A run that broke off leaves none.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
"""Where pytest remembers them, by their node ids."""

MOST = 3
"""More failures than this are no accident of load: one in four thousand tests."""


def failed() -> list[str]:
    """The node ids of the tests that failed in the last run."""
    return sorted(json.loads(FAILED.read_text())) if FAILED.exists() else []


def main() -> int:
    """Run them one after the other; the exit status."""
    tests = failed()
    FAILED.unlink(missing_ok=True)  # The next run remembers its own.
    if not 0 < len(tests) <= MOST:
        print(f"{len(tests)} tests failed; between 1 and {MOST} are run again.")
        return 1
    again = [test for test in tests if _fails(test)]
    print("Failed beside others, and have to be cured:", *tests, sep="\n  ")
    if again:
        print("Failed alone, too:", *again, sep="\n  ")
    return 1 if again else 0


def _fails(test: str) -> bool:
    """Whether a test fails with nothing beside it. Long loops are run, too."""
    alone = ["-q", "-n", "0", "-m", "soak or not soak", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *alone, test]
    return subprocess.run(command, cwd=ROOT, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
