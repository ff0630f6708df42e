"""Findings of `ant doctor`, and the threads that look for them.

Rule: a check may hang, on a network file system for example. So each check runs in a
thread of its own, and the report does not wait for one that needs too long.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import attrs

from ant.core import clock

PATIENCE_S: Final = 8.0
"""How long the report waits for all checks together. The slowest wait 3 s for a server
or a program, and 2 s for the database."""


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """Something works less well, or not everywhere."""
    PROBLEM = "problem"
    """A server does not start, or loses something."""


@attrs.frozen
class Finding:
    """One fact about the installation: its subject, and what to do unless it is ok."""

    level: Level
    subject: str
    text: str
    remedy: str | None = None


def ok(subject: str, text: str) -> Finding:
    """A finding that needs no remedy."""
    return Finding(Level.OK, subject, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    """A finding about something that works less well."""
    return Finding(Level.WARNING, subject, text, remedy)


def problem(subject: str, text: str, remedy: str) -> Finding:
    """A finding about something that does not work."""
    return Finding(Level.PROBLEM, subject, text, remedy)


Check = Callable[[], Iterable[Finding]]


def run_checks(
    checks: Mapping[str, Check], patience_s: float = PATIENCE_S
) -> Iterator[Finding]:
    """The findings of all checks, in their order; each check runs in a thread.

    A check that fails, or that has not ended in time, is a finding itself. Its thread
    does not keep the process from ending.
    """
    running = [(name, *_start(check)) for name, check in checks.items()]
    end = clock.monotonic() + patience_s
    for name, thread, found in running:
        thread.join(max(0.0, end - clock.monotonic()))
        is_late = thread.is_alive()
        for each in list(found):
            yield attrs.evolve(each, subject=name) if not each.subject else each
        if is_late:
            yield problem(
                name,
                f"This check did not end within {patience_s:g} seconds.",
                "Look for a disk, a network file system or a program that hangs.",
            )


def _start(check: Check) -> tuple[threading.Thread, list[Finding]]:
    found: list[Finding] = []

    def collect() -> None:
        try:
            for each in check():
                found.append(each)
        except Exception as exc:  # noqa: BLE001  The finding reports it.
            reason = str(exc) or type(exc).__name__
            found.append(
                problem(
                    "",
                    f"This check failed: {reason}.",
                    "Mend that, or report it as a bug of ANT.",
                )
            )

    thread = threading.Thread(target=collect, daemon=True)
    thread.start()
    return thread, found
