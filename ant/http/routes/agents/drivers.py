"""Routes of drivers: which ones ANT uses, and reading the operator's own again."""

from ant.http.contract.endpoint import endpoint
from ant.model.access_tokens import Scope
from ant.model.drivers import DriverList, ReloadedDrivers
from ant.runtime.agents import drivers
from ant.runtime.system import System


@endpoint("GET", "/api/drivers", scope=Scope.ADMIN)
async def list_drivers(system: System) -> DriverList:
    """List the drivers: how ANT reads each agent CLI, and types to it.

    Besides those of ANT there are the files of the operator. `recorded` has the
    versions of the agent that a driver was made with; each of `sessions` has the
    version that runs, as far as the screen or the files of the program tell it. ANT
    runs nothing to find it out.
    """
    return await drivers.list_drivers(system)


@endpoint("POST", "/api/drivers/reload", scope=Scope.ADMIN)
async def reload_drivers(system: System) -> ReloadedDrivers:
    """Read the operator's own driver files again, and use them at once.

    `sessions` counts the running sessions whose driver is another one now. A file with
    a mistake is in `refused`; if ANT had read a driver from it before, that one stays
    in use until the server ends.
    """
    return await drivers.reload_drivers(system)
