"""Routes of drivers: which ones ANT uses, trying one, reading the folder again."""

from ant.api.prompt_requests import CheckDriver
from ant.core.errors import CapacityReached, Conflict, NotRunning
from ant.history import driver_check
from ant.history.driver_check import DriverCheck
from ant.http.contract.endpoint import endpoint
from ant.journal.writer import Lane
from ant.model.access_tokens import Scope
from ant.model.sessions import SessionId
from ant.runtime.agents import drivers
from ant.runtime.agents.drivers import DriverList, ReloadedDrivers
from ant.runtime.system import System
from ant.terminal.view import NO_LIBRARY


@endpoint("GET", "/api/drivers", scope=Scope.ADMIN)
async def list_drivers(system: System) -> DriverList:
    """List the drivers: how ANT reads each agent CLI, and types to it.

    Besides those of ANT there are the files of the operator. `recorded` has the
    versions of the agent that a driver was made with; each of `sessions` has the
    version that runs, as far as the screen or the files of the program tell it. ANT
    runs nothing to find it out.
    """
    return await drivers.list_drivers(system)


@endpoint(
    "POST",
    "/api/drivers/check",
    raises={
        Conflict: "Nothing is stored of the terminal, or no screen library is "
        "installed on the server.",
        NotRunning: "The session is a chat and has no terminal.",
        CapacityReached: "16 reports wait already.",
    },
    scope=Scope.ADMIN,
)
async def check_driver(system: System, body: CheckDriver) -> DriverCheck:
    """Try a driver file on the stored screens of a session, and change nothing.

    Each of `screens` has the state that ANT would conclude with that driver after five
    seconds without output: at most 500 screens, within the newest 16 MiB.
    `rules` counts the screens with a row that each pattern matches. A mistake in the
    file is a 400 that names it.
    """
    session_id = SessionId(body.session_id)
    pid = None
    if (session_run := system.services.running.get(session_id)) is not None:
        identity = session_run.live.terminal.identity
        pid = identity.pid if identity is not None else None
        await system.services.transcript_writer.flush(session_id, session_run.flow)
    try:
        return await system.journal.read_in_thread(
            driver_check.check_on_session,
            session_id,
            body.content,
            body.file,
            pid,
            lane=Lane.REPORT,
        )
    except ImportError:
        raise Conflict(NO_LIBRARY) from None


@endpoint("POST", "/api/drivers/reload", scope=Scope.ADMIN)
async def reload_drivers(system: System) -> ReloadedDrivers:
    """Read the operator's own driver files again, and use them at once.

    `sessions` counts the running sessions whose driver is another one now. A file with
    a mistake is in `refused`; if ANT had read a driver from it before, that one stays
    in use until the server ends.
    """
    return await drivers.reload_drivers(system)
