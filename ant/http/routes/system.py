"""Health."""

from ant.health import Health
from ant.http.endpoint import endpoint
from ant.system import System


@endpoint("GET", "/api/health")
async def get_health(system: System) -> Health:
    """Status, version, uptime, sessions, cap, stalled sessions, resource pressure."""
    return system.health.snapshot()
