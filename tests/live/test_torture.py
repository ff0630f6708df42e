"""A short torture in each run of the tests, and three long ones in `make soak`."""

from pathlib import Path

import pytest

from tests.live.torture import told, torture
from tests.soak import soak

TORTURES = (soak(4, 60.0), soak(5, 60.0), soak(6, 60.0))
"""A seed, and for how many seconds."""

MUST_HAPPEN = ("kills", "reconnects", "events", "bytes", "terminal gaps told")


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "seconds"), TORTURES)
async def test_nobody_misses_anything_under_torture(
    tmp_path: Path, seed: int, seconds: float
) -> None:
    """Killed, flooded, left and rejoined: what each client has is what there is."""
    world = await torture(tmp_path, seed, seconds, life_s=(0.8, 2.0), keep=10)
    print(told(world))
    assert [] == world.faults
    assert 0 == world.counts["silent holes"]
    assert min(world.counts[name] for name in MUST_HAPPEN) > 0, "it tested little"
