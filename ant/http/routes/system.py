"""Health, and what this API is."""

from typing import Any

import attrs

from ant.core.errors import StorageFailed
from ant.http.contract import openapi
from ant.http.contract.endpoint import endpoint
from ant.messages import deliveries
from ant.runtime.health import Health
from ant.runtime.system import System


@endpoint("GET", "/api/health")
async def get_health(system: System) -> Health:
    """Status, version, uptime, sessions, cap, stalled ones, pressure, limits met.

    `deliveries` counts messages that wait for terminals or were given up.
    """
    snapshot = system.health.snapshot()
    try:
        counts = await system.journal.read_in_thread(deliveries.counts)
    except StorageFailed:
        return snapshot
    return attrs.evolve(snapshot, deliveries=counts)


@endpoint("GET", "/openapi.json")
async def get_openapi(system: System) -> dict[str, Any]:
    """This document: every route, what it takes and what it answers."""
    return openapi.document(system.config.api_key is not None)
