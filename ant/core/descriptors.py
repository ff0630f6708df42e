"""How many descriptors there are, who may have how many, and what children get.

The limit is divided before anybody takes: connections have a share, terminals have
another, and a reserve is left for what the server itself opens for a moment. So neither
takes what the other, or the operator, needs.
"""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached

RESERVE = 64
"""Descriptors for the database, its threads, a look at /proc, pipes to tmux; of a limit
below 512 an eighth."""

CONNECTIONS_MAX = 4096
"""More connections than this nobody needs, whatever the limit is."""

TERMINAL = 4
"""Descriptors that the start of a terminal may take; one in tmux keeps them all."""

_kept: tuple[int, int] | None = None
_connections = 0


class Shares(NamedTuple):
    """Connections that may be open: of who showed credentials, of strangers, and a few
    more on which who showed them is answered once."""

    known: int
    strangers: int
    spare: int

    @property
    def all(self) -> int:
        """Connections that may be open together."""
        return self.known + self.strangers + self.spare


def raise_limit() -> None:
    """Raise our soft limit to the hard one, and remember what it was for children."""
    global _kept
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _most() if hard == resource.RLIM_INFINITY else hard
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            _kept = _kept or (soft, hard)


def _most() -> int:
    """What the kernel allows any process."""
    with open("/proc/sys/fs/nr_open", "rb") as file:
        return int(file.read())


def for_children() -> int | None:
    """The soft limit that we were started with; None where it is ours still."""
    return _kept[0] if _kept else None


@contextmanager
def lent_to_child() -> Iterator[None]:
    """What is started inside gets the limit that we were started with.

    Never wait inside. What we have open stays so; only who would open one beyond that
    limit in another thread, in this millisecond, is refused.
    """
    if _kept is None:
        yield
        return
    ours = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, _kept)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, ours)


def limit() -> int:
    """Descriptors that this process may have."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _most() if soft == resource.RLIM_INFINITY else soft


def shares() -> Shares:
    """How the connections that may be open are divided: a third of the limit."""
    everybody = max(12, min(limit() // 3, CONNECTIONS_MAX))
    spare = min(everybody // 6, 16)
    strangers = (everybody - spare) // 2
    return Shares(everybody - spare - strangers, strangers, spare)


def connected(count: int) -> None:
    """So many connections more, or fewer, are open."""
    global _connections
    _connections += count


def check_terminal() -> None:
    """Whether there are enough for another terminal, and for all else that may come.

    Raises `CapacityReached`.
    """
    most = limit()
    try:
        open_now = len(os.listdir("/proc/self/fd")) - _connections
    except OSError:  # Not even one is left to count them.
        open_now = most
    kept = shares().all + min(RESERVE, most // 8)
    if open_now + TERMINAL > most - kept:
        increment(Limit.TERMINALS)
        raise CapacityReached(
            f"No terminal to be had: of {most} descriptors {kept} are kept for "
            "connections and for the server itself; raise the hard limit (ulimit -Hn) "
            "or end some terminals."
        )
