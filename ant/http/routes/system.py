"""Health, and what this API is."""

from typing import Any

import attrs

from ant import deliveries
from ant.errors import StorageFailed
from ant.health import Health
from ant.http import openapi
from ant.http.endpoint import endpoint
from ant.system import System


@endpoint("GET", "/api/health")
async def get_health(system: System) -> Health:
    """Status, version, uptime, sessions, cap, stalled ones, pressure, limits met.

    `deliveries` counts messages that wait for terminals or were given up.
    """
    snapshot = system.health.snapshot()
    try:
        counts = await system.journal.study(deliveries.counts)
    except StorageFailed:
        return snapshot
    return attrs.evolve(snapshot, deliveries=counts)


@endpoint("GET", "/openapi.json")
async def get_openapi(system: System) -> dict[str, Any]:
    """This document: every route, what it takes and what it answers."""
    return openapi.document(system.config.api_key is not None)
