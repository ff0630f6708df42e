"""Drivers of agent CLIs, and the versions of agents that run, as callers see them."""

from enum import StrEnum

import attrs

from ant.model.sessions import SessionId


class VersionSource(StrEnum):
    """What says which version of an agent runs."""

    SCREEN = "screen"
    """The agent has shown it since it is in front."""
    FILES = "files"
    """The files of the program have it, such as its package.json."""


@attrs.frozen
class AgentVersion:
    """The version of an agent, beside those that its driver was recorded with."""

    driver: str
    """The name of the driver that is used."""
    file: str | None
    """The file of the operator that describes it; null for a driver of ANT."""
    recorded: tuple[str, ...]
    """The versions of the agent in the recordings of the driver; empty if unknown."""
    running: str | None
    """The version that runs; null if it is unknown."""
    source: VersionSource | None
    """What says so; null if it is unknown."""
    differs: bool | None
    """Whether the version that runs is none of the recorded ones; null if either is
    unknown."""


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
