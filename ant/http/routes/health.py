"""Routes of the server itself: health and the OpenAPI document."""

from typing import Any

from ant.http.contract import openapi
from ant.http.contract.endpoint import endpoint
from ant.runtime.health import Health
from ant.runtime.system import System


@endpoint("GET", "/api/health")
async def get_health(system: System) -> Health | bytes:
    """Report the state of the server.

    The answer holds the status (`ok`, `degraded` or `stopping`), version and uptime,
    the number of active sessions and its cap, stalled sessions, resource pressure, and
    tmux's version and socket name. `limits` lists every limit with how often it was
    reached since the start. `degraded_tasks` names what the server cannot do now, and
    why. `deliveries` counts the deliveries that are pending or were given up; it is
    null while the database cannot be read. The answer is a snapshot that is at most a
    second old; `taken_at` is its time. A change of the status, of `degraded_tasks` or
    of the number of sessions shows at once.
    """
    return await system.health.recent()


@endpoint("GET", "/openapi.json")
async def get_openapi(system: System) -> dict[str, Any]:
    """Return this document: every route, its parameters and its answers."""
    return openapi.document(system.config.api_key is not None)
