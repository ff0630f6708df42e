"""Routes of the server itself: health, the OpenAPI document, and other schemas."""

from collections.abc import Callable
from typing import Any

from ant.http.contract import frame_schemas, openapi
from ant.http.contract.endpoint import endpoint
from ant.model.access_tokens import Scope
from ant.runtime.health import Health
from ant.runtime.system import System
from ant.store import Unit


@endpoint("GET", "/api/health", scope=Scope.VIEW)
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


@endpoint("GET", "/openapi.json", large=True, scope=Scope.VIEW)
async def get_openapi(system: System) -> dict[str, Any]:
    """Return this document: every route, its parameters and its answers."""
    config = system.config
    make, given = openapi.document, (config.api_key is not None, config.base_path)
    return await system.journal.read_in_thread(_contract, make, *given)


def _contract(_: Unit, make: Callable[..., dict[str, Any]], *args: Any) -> Any:
    """Make a document in a thread: the first time takes a tenth of a second."""
    return make(*args)


@endpoint("GET", "/api/schemas/ws", large=True, scope=Scope.VIEW)
async def get_ws_schema(system: System) -> dict[str, Any]:
    """Return the JSON Schema of the frames of `/ws`, in both directions."""
    make = frame_schemas.socket_schema
    return await system.journal.read_in_thread(_contract, make)


@endpoint("GET", "/api/schemas/agent-response", scope=Scope.VIEW)
async def get_agent_response_schema(system: System) -> dict[str, Any]:
    """Return the JSON Schema of the content of an `agent_response`.

    Such a message answers a prompt; its `content` is this object as JSON.
    """
    make = frame_schemas.agent_response_schema
    return await system.journal.read_in_thread(_contract, make)
