"""Tells the service manager that started ANT what state ANT is in: `sd_notify(3)`.

The manager names a datagram socket in `NOTIFY_SOCKET`. It may also ask for a sign of
life at intervals (`WATCHDOG_USEC`), and ends a process that does not give it.
"""

import logging
from collections.abc import Mapping
from typing import Final

import trio

log = logging.getLogger(__name__)

VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
"""Variables that are for the server alone; no child may speak for it."""

SEND_S: Final = 1.0
"""How long a message may wait for room in the socket of the manager."""


class ServiceNotifier:
    """Sends states to a service manager. Without one its methods do nothing.

    The manager learns a lost message from the log only: ANT goes on without it.
    """

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        # An abstract socket is written with @ in the place of its NUL.
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self.watchdog_s = _watchdog_s(environ, pid)

    async def ready(self, url: str) -> None:
        """The server serves at that URL."""
        await self._send(f"READY=1\nSTATUS=Serving {url}")

    async def stopping(self) -> None:
        """The server stops."""
        await self._send("STOPPING=1\nSTATUS=Stopping")

    @property
    def has_watchdog(self) -> bool:
        """Whether the manager asks for signs of life."""
        return self.watchdog_s is not None and bool(self._address)

    async def run_watchdog(self) -> None:
        """Give a sign of life at half of the interval; only if `has_watchdog`.

        It comes from the event loop, so a loop that hangs gives none.
        """
        assert self.watchdog_s is not None
        while True:
            await self._send("WATCHDOG=1")
            await trio.sleep(self.watchdog_s / 2)

    async def _send(self, text: str) -> None:
        if not self._address:
            return
        family, kind = trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM
        try:
            with trio.socket.socket(family, kind) as sender:
                with trio.fail_after(SEND_S):
                    await sender.connect(self._address)
                    await sender.send(text.encode())
        except (OSError, ValueError, trio.TooSlowError) as exc:
            log.warning("The service manager cannot be told %r: %s.", text, exc)


def _watchdog_s(environ: Mapping[str, str], pid: int) -> float | None:
    """The interval that the manager asks this process for, in seconds, or None."""
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    text = environ.get("WATCHDOG_USEC", "")
    if not (text.isascii() and text.isdecimal()) or int(text) == 0:
        return None
    return int(text) / 1e6
