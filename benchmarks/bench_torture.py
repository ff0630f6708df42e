"""A minute of torture: kill -9, floods, slow and restless clients; nothing is missing.

The seed is the time. `python -m benchmarks.bench_torture 7` takes 7, to do it again.
"""

import sys
import tempfile
import time
from pathlib import Path

import trio

from tests.live.torture import told, torture

SECONDS = 60.0


async def main(seed: int | None = None) -> None:
    seed = int(time.time()) if seed is None else seed
    print(f"seed {seed}, {SECONDS:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        world = await torture(Path(folder), seed, SECONDS, keep=40)
        print(told(world))
        print(f"took {time.perf_counter() - start:.0f} s")
        if world.faults:
            raise SystemExit("Something is missing or wrong; see above.")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]) if sys.argv[1:] else None)
