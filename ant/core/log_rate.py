"""A log of a failure that repeats: its first line at once, then few."""

import logging

from ant.core import clock

EVERY_S = 60.0
"""Seconds between two lines while the failure goes on."""


class FailureLog:
    """Logs one kind of failure, which `what` describes: "Transcripts wait".

    Rule 1: the first failure is logged at once. Rule 2: further ones are logged once in
    `EVERY_S`, and each line counts those since the line before. Rule 3: `worked` logs
    the recovery, and the next failure is a first one again. It may stay uncalled where
    the failures are independent of each other. `level` is that of its lines.
    """

    def __init__(
        self, log: logging.Logger, what: str, level: int = logging.ERROR
    ) -> None:
        self._log, self._what, self._level = log, what, level
        self._failures, self._skipped = 0, 0
        self._began = self._logged = 0.0

    def failed(self, detail: object) -> None:
        """Log an error with its detail, or count it."""
        now = clock.monotonic()
        self._failures += 1
        if self._failures == 1:
            self._began = now
        elif now - self._logged < EVERY_S:
            self._skipped += 1
            return
        more = ""
        if self._skipped:
            more = f" ({self._skipped} more in {now - self._logged:.0f} s.)"
        self._log.log(self._level, "%s: %s%s", self._what, detail, more)
        self._logged, self._skipped = now, 0

    def worked(self) -> None:
        """Log a warning that the failure is over; nothing where there was none."""
        if self._failures:
            took = clock.monotonic() - self._began
            self._log.warning(
                "%s no more, after %d failures in %.0f s.",
                *(self._what, self._failures, took),
            )
            self._failures = self._skipped = 0
