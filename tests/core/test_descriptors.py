"""How the limit of descriptors is raised, divided, and given back to children."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ant.core import descriptors
from ant.core.counters import Limit
from ant.core.descriptors import (
    RESERVE,
    Shares,
    add_connections,
    check_terminal,
    shares,
)
from ant.core.errors import CapacityReached


@pytest.fixture
def limited() -> Iterator[None]:
    """The limit may be set by the test."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def set_limit(soft: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def run(code: str, soft: int, hard: int) -> str:
    """What a new Python with these limits prints."""
    shell = f'ulimit -n {hard} && ulimit -Sn {soft} && exec "$@"'
    done = subprocess.run(
        ["/bin/bash", "-c", shell, "bash", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


CHILD = """
import resource, os, subprocess
from ant.core import descriptors as d
def soft(): return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
def childs():
    out = os.memfd_create("out")
    os.set_inheritable(out, True)
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", f"ulimit -Sn >&{out}"], os.environ)
    os.waitpid(pid, 0)
    return int(os.pread(out, 100, 0))
before = soft()
d.raise_limit(); d.raise_limit()
with d.child_limit():
    lent = childs()
print(before, soft(), d.for_children(), lent, childs())
"""


@pytest.mark.slow
def test_the_limit_is_raised_for_us_alone() -> None:
    """Raises the soft limit to the hard one, once; a child gets the old soft limit."""
    assert "300 600 300 300 600" == run(CHILD, 300, 600)
    assert "500 500 None 500 500" == run(CHILD, 500, 500)


@pytest.mark.parametrize("most", [64, 256, 1024, 4096, 20000])
def test_all_have_a_share(most: int, limited: None) -> None:
    """Connections have a third; strangers and known clients have half of it each."""
    if most > resource.getrlimit(resource.RLIMIT_NOFILE)[1]:
        pytest.skip(f"needs a hard limit of {most} descriptors")
    set_limit(most)
    found = shares()
    assert found.all <= most // 3 + 1
    assert found.all <= descriptors.CONNECTIONS_MAX
    assert abs(found.known - found.strangers) <= 1
    assert min(found) >= 2
    assert Shares(*found) == found


@pytest.mark.meets(Limit.TERMINALS)
def test_terminals_leave_what_others_need(limited: None) -> None:
    """Terminals start up to their share; open connections do not reduce it."""
    set_limit(256)
    kept = shares().all + min(RESERVE, 256 // 8)
    taken: list[int] = []
    try:
        with suppress(CapacityReached):
            while True:
                check_terminal()
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(CapacityReached, match=f"ANT reserves {kept}"):
            check_terminal()
        assert len(os.listdir("/proc/self/fd")) <= 256 - kept
        add_connections(10)
        check_terminal()
        add_connections(-10)
        with pytest.raises(CapacityReached):
            check_terminal()
    finally:
        for fd in taken:
            os.close(fd)


def test_no_terminal_starts_while_descriptors_cannot_be_counted(limited: None) -> None:
    """No descriptor is left to read /proc: the refusal is `CapacityReached`."""
    taken: list[int] = []
    set_limit(100)
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(CapacityReached):
            check_terminal()
    finally:
        for fd in taken:
            os.close(fd)
