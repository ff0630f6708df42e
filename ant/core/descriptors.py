"""The limit of file descriptors, its division, and the limit of child processes.

ANT divides the limit in advance: connections have a share, terminals have another, and
a reserve is for descriptors that the server opens for a moment. So connections cannot
use up the descriptors of terminals, or of the operator, and terminals cannot either.
"""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached

RESERVE = 64
"""Descriptors for the database, its threads, reads of /proc and pipes to tmux. Below a
limit of 512 the reserve is an eighth of the limit."""

CONNECTIONS_MAX = 4096
"""The most connections, however high the limit is."""

TERMINAL = 4
"""Descriptors that a start of a terminal opens; one in tmux keeps them all open."""

_kept: tuple[int, int] | None = None
_connections = 0


class Shares(NamedTuple):
    """The connections that may be open, by what their clients showed.

    `known` clients showed credentials, `strangers` did not. ANT answers one request of
    a known client on each `spare` connection and then closes it.
    """

    known: int
    strangers: int
    spare: int

    @property
    def all(self) -> int:
        """All connections that may be open at the same time."""
        return self.known + self.strangers + self.spare


def raise_limit() -> None:
    """Raise the soft limit to the hard limit; children get the old soft limit."""
    global _kept
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _most() if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _kept = _kept or (soft, hard)


def _most() -> int:
    """The highest limit that the kernel allows."""
    with open("/proc/sys/fs/nr_open", "rb") as file:
        return int(file.read())


def for_children() -> int | None:
    """The soft limit that ANT was started with, or None if it did not raise it."""
    return _kept[0] if _kept else None


@contextmanager
def child_limit() -> Iterator[None]:
    """Lower the soft limit to the old one while the block starts a child.

    Do not wait in the block. Open descriptors stay open. For that millisecond, another
    thread cannot open a descriptor above the old limit.
    """
    if _kept is None:
        yield
        return
    raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, _kept)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, raised)


def limit() -> int:
    """The soft limit: the descriptors that this process may open."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _most() if soft == resource.RLIM_INFINITY else soft


def shares() -> Shares:
    """The division of the connections, which have a third of the limit together."""
    total = max(12, min(limit() // 3, CONNECTIONS_MAX))
    spare = min(total // 6, 16)
    strangers = (total - spare) // 2
    return Shares(total - spare - strangers, strangers, spare)


def add_connections(count: int) -> None:
    """Add to the number of open connections; `count` may be negative."""
    global _connections
    _connections += count


def check_terminal() -> None:
    """Check that descriptors for one more terminal are left beside all shares.

    Raises `CapacityReached` if not.
    """
    most = limit()
    try:
        open_now = len(os.listdir("/proc/self/fd")) - _connections
    except OSError:  # No descriptor is left for the listing.
        open_now = most
    kept = shares().all + min(RESERVE, most // 8)
    if open_now + TERMINAL > most - kept:
        increment(Limit.TERMINALS)
        raise CapacityReached(
            f"No descriptors are left for a terminal: of {most}, ANT reserves {kept} "
            "for connections and for the server itself. Raise the hard limit "
            "(ulimit -Hn) or end some terminals."
        )
