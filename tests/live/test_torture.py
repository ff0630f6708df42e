"""A short torture; the long one is `benchmarks/bench_torture.py`."""

from pathlib import Path

import pytest

from tests.live.torture import told, torture

SEED = 4
SECONDS = 9.0

MUST_HAPPEN = ("kills", "reconnects", "events", "bytes", "terminal gaps told")


@pytest.mark.slow
async def test_nobody_misses_anything_under_torture(tmp_path: Path) -> None:
    """Killed, flooded, left and rejoined: what each client has is what there is."""
    world = await torture(tmp_path, SEED, SECONDS, life_s=(0.8, 2.0), keep=10)
    print(told(world))
    assert [] == world.faults
    assert 0 == world.counts["silent holes"]
    assert min(world.counts[name] for name in MUST_HAPPEN) > 0, "it tested little"
