"""A minute of torture: kill -9, floods, slow and restless clients; nothing is missing.

Named alone, a number that follows is the seed, so that a run can be made again.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.live.torture import told, torture

SECONDS = 60.0


def seed_of(arguments: list[str]) -> int:
    """The last number that was given, else the time."""
    numbers = [int(each) for each in arguments if each.isdigit()]
    return numbers[-1] if numbers else int(time.time())


async def main() -> None:
    seed = seed_of(sys.argv[1:])
    print(f"seed {seed}, {SECONDS:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        world = await torture(Path(folder), seed, SECONDS)
        print(told(world))
        print(f"took {time.perf_counter() - start:.0f} s")
        if world.faults:
            raise SystemExit("Something is missing or wrong; see above.")
