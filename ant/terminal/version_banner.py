"""The version that an agent shows on its screen, by the `version` rules of its driver.

Rule 1: only rows that are shown while the driver's own program is in front count.
Rule 2: the lowest row that matches counts; the version stays known when it scrolls
away. It is forgotten when another program is in front.
"""

from ant.terminal.agents.driver import Driver, driver_of
from ant.terminal.screen.snapshot import ScreenSnapshot

VERSION_MAX = 40
"""Characters of a version."""


class VersionBanner:
    """The version that the agent in front of one terminal has shown."""

    def __init__(self) -> None:
        self._program, self._version = "", ""

    def version_of(self, program: str) -> str | None:
        """Return the version that this program has shown since it is in front."""
        return self._version or None if program == self._program else None

    def see(self, snapshot: ScreenSnapshot) -> None:
        """Look for the version, unless it is known already."""
        program = snapshot.tty.foreground if snapshot.tty is not None else ""
        if program != self._program:
            self._program, self._version = program, ""
        if self._version or (driver := driver_of(program)) is None:
            return
        self._version = _shown(snapshot, driver)


def _shown(snapshot: ScreenSnapshot, driver: Driver) -> str:
    for row in range(snapshot.last, -1, -1) if driver.version else ():
        for rule in driver.version:
            if (found := rule.pattern.search(snapshot.bare[row])) is not None:
                return str(found.groupdict()["version"] or "")[:VERSION_MAX]
    return ""
