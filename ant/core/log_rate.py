"""Log lines of something that is tried again and again: the first, then few."""

import logging

from ant.core import clock

AGAIN_S = 60.0
"""Between two lines while it goes on."""


class RetryLog:
    """Something that fails over and over, as `what` says: "Transcripts wait"."""

    def __init__(self, log: logging.Logger, what: str) -> None:
        self._log, self._what = log, what
        self._tries, self._began, self._told = 0, 0.0, 0.0

    def failed(self, error: Exception) -> None:
        """It failed once more: told at once, and then once a minute."""
        now = clock.monotonic()
        self._tries += 1
        if self._tries == 1:
            self._began = self._told = now
            self._log.error("%s: %s", self._what, error)
        elif now - self._told >= AGAIN_S:
            self._told = now
            self._log.error(
                "%s, after %d tries in %d s: %s",
                *(self._what, self._tries, now - self._began, error),
            )

    def worked(self) -> None:
        """It works: told where it had failed."""
        if self._tries:
            took = clock.monotonic() - self._began
            self._log.warning(
                "%s no more, after %d tries in %d s.", self._what, self._tries, took
            )
            self._tries = 0
