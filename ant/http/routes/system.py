"""Health, and what this API is."""

from typing import Any

from ant.health import Health
from ant.http import openapi
from ant.http.endpoint import endpoint
from ant.system import System


@endpoint("GET", "/api/health")
async def get_health(system: System) -> Health:
    """Status, version, uptime, sessions, cap, stalled ones, pressure, limits met."""
    return system.health.snapshot()


@endpoint("GET", "/openapi.json")
async def get_openapi(system: System) -> dict[str, Any]:
    """This document: every route, what it takes and what it answers."""
    return openapi.document(system.config.api_key is not None)
