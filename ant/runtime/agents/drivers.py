"""Drivers of the running server: list them, read the operator's own again."""

from collections.abc import Mapping

import attrs

from ant.core.errors import NotFound
from ant.history.replay import AgentVersion, VersionSource, agent_version
from ant.model.sessions import SessionId
from ant.runtime.services import ActiveRun
from ant.runtime.system import System
from ant.sessions.sessions import get_session
from ant.store import Unit
from ant.terminal.agents.driver import Driver, driver_for, drivers, shipped
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.agents.own_drivers import OwnDrivers
from ant.terminal.host.program_version import running_version
from ant.terminal.session import LiveTerminal


@attrs.frozen
class DriverSession:
    """A running session that uses a driver."""

    session_id: SessionId
    """The id of the terminal."""
    name: str
    """Its name."""
    program: str
    """The program in front."""
    running: str | None
    """The version of that program; null if it is unknown."""
    source: VersionSource | None
    """What says so; null if the version is unknown."""
    differs: bool | None
    """Whether the version is none of the recorded ones; null if either is unknown."""


@attrs.frozen
class DriverRow:
    """A driver that ANT uses."""

    name: str
    """Its name, which is a value of `cli_flag`."""
    flags: tuple[str, ...]
    """More values of `cli_flag` that select it."""
    programs: tuple[str, ...]
    """The names of the processes that select it."""
    recorded: tuple[str, ...]
    """The versions of the agent in its recordings; empty if unknown."""
    file: str | None
    """The file of the operator that describes it; null for a driver of ANT."""
    replaces: bool
    """Whether a file of the operator replaces the driver of ANT with that name."""
    usable: bool
    """Whether ANT uses it: false once its patterns took too long."""
    sessions: tuple[DriverSession, ...]
    """The running sessions that use it."""


@attrs.frozen
class RefusedDriver:
    """A file, or a whole folder, that ANT does not use."""

    file: str
    """Its path."""
    reason: str
    """One sentence: the file, what is wrong, and what was expected."""
    kept: bool
    """Whether ANT still uses what it read there before."""


@attrs.frozen
class DriverList:
    """The drivers of agents that ANT uses, and the files that it refuses."""

    folder: str
    """The folder of the operator's own driver files, which may not exist."""
    drivers: tuple[DriverRow, ...]
    """The drivers, by name."""
    refused: tuple[RefusedDriver, ...]
    """What ANT does not use of that folder, and why."""


@attrs.frozen
class ReloadedDrivers:
    """What a reload has changed."""

    sessions: int
    """Running sessions whose driver is another one now."""
    folder: str
    """The folder of the operator's own driver files, which may not exist."""
    drivers: tuple[DriverRow, ...]
    """The drivers, by name."""
    refused: tuple[RefusedDriver, ...]
    """What ANT does not use of that folder, and why."""


@attrs.frozen
class _Used:
    """A running terminal, its driver, and what its screen says of the version."""

    driver: Driver
    program: str
    pid: int | None
    shown: str | None


async def version_of(system: System, run: ActiveRun) -> AgentVersion | None:
    """Return the version of the agent in front of a terminal.

    None if no driver knows the program. The files of the program are read in a thread.
    *Cancellation:* nothing to undo.
    """
    used = _used(run)
    if used is None:
        return None
    found = await system.journal.read_in_thread(_version_of, used)
    return agent_version(used.driver, *found)


async def list_drivers(system: System) -> DriverList:
    """Return the drivers in use, and the sessions that use them.

    *Cancellation:* nothing to undo.
    """
    used = {
        session_id: found
        for session_id, each in system.services.running.items()
        if (found := _used(each)) is not None
    }
    sessions = await system.journal.read_in_thread(_sessions, used)
    ours = {each.name for each in shipped()}
    rows = [
        DriverRow(
            name=each.name,
            flags=each.flags,
            programs=each.programs,
            recorded=each.recorded,
            file=each.path,
            replaces=each.path is not None and each.name in ours,
            usable=each.is_usable,
            sessions=tuple(sessions.get(each.name, ())),
        )
        for each in drivers().values()
        if each.name != SHELL
    ]
    folder = system.drivers
    refused = (
        RefusedDriver(str(each.path), each.reason, each.is_kept)
        for each in folder.own.refused
    )
    rows.sort(key=lambda row: row.name)
    return DriverList(str(folder.path), tuple(rows), tuple(refused))


async def reload_drivers(system: System) -> ReloadedDrivers:
    """Read the operator's own drivers again, and use them in running terminals.

    A terminal whose driver has changed is judged again at once; what ANT knows of its
    program and of its prompt stays until a verdict differs. *Cancellation:* the drivers
    are changed for all terminals, or for none.
    """
    async with system.drivers_lock:
        own = await system.journal.read_in_thread(_read, system)
        runs = list(system.services.running.values())
        before = [_driver(each) for each in runs]
        system.drivers.apply(own)
        changed = 0
        for each, driver in zip(runs, before, strict=True):
            if not _is_same(_driver(each), driver):
                each.live.set_driver(each.detector.flag)
                changed += 1
    found = await list_drivers(system)
    return ReloadedDrivers(changed, found.folder, found.drivers, found.refused)


def _is_same(now: Driver | None, before: Driver | None) -> bool:
    """Whether two drivers are equal, and from the same file."""
    if now is None or before is None:
        return now is before
    return (now, now.path) == (before, before.path)


def _used(run: ActiveRun) -> _Used | None:
    driver, live = _driver(run), run.live
    if driver is None:
        return None
    program, identity = _program(live), live.terminal.identity
    pid = identity.pid if identity is not None else None
    return _Used(driver, program, pid, live.banner.version_of(program))


def _driver(run: ActiveRun) -> Driver | None:
    return driver_for(run.detector.flag, _program(run.live))


def _program(live: LiveTerminal) -> str:
    tty = live.tty()
    return tty.foreground if tty is not None else ""


def _version_of(_: Unit, used: _Used) -> tuple[str | None, VersionSource | None]:
    """Return the version of an agent; a thread reads the files of its program.

    What the agent itself has shown comes first: an update may have replaced the files
    while it runs.
    """
    if used.shown is not None:
        return used.shown, VersionSource.SCREEN
    # The flag of a session may name a driver for a program that is another one.
    is_its_program = used.program in used.driver.programs
    if used.pid is None or not is_its_program:
        return None, None
    version = running_version(used.pid, used.program)
    return version, VersionSource.FILES if version is not None else None


def _sessions(
    unit: Unit, used: Mapping[SessionId, _Used]
) -> dict[str, list[DriverSession]]:
    """Return the running sessions by the name of their driver."""
    found: dict[str, list[DriverSession]] = {}
    for session_id, each in used.items():
        unit.pause()
        try:
            session = get_session(unit, session_id)
        except NotFound:
            continue  # It was removed meanwhile.
        version = agent_version(each.driver, *_version_of(unit, each))
        assert version is not None
        row = DriverSession(
            session_id,
            session.display_name or session.name,
            each.program,
            version.running,
            version.source,
            version.differs,
        )
        found.setdefault(each.driver.name, []).append(row)
    return found


def _read(_: Unit, system: System) -> OwnDrivers:
    return system.drivers.read()
