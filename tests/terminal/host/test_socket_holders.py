"""Finding the process that holds a socket."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ant.terminal.host import processes, socket_holders
from ant.terminal.host.socket_holders import (
    SocketHolder,
    SocketHolders,
    lineage,
    uids_of,
)

HIDDEN = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
os.setuid(int(sys.argv[1]))
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """A socket of this process."""
    with socket.socket() as one:
        yield one


def inode_of(one: socket.socket) -> int:
    return os.fstat(one.fileno()).st_ino


def test_the_holder_is_found(held: socket.socket) -> None:
    """Also by a finder that has found it before."""
    again = SocketHolders()
    assert SocketHolder(os.getpid()) == again.find(inode_of(held))
    assert SocketHolder(os.getpid()) == again.find(inode_of(held))


def test_a_child_that_holds_it_is_found(held: socket.socket) -> None:
    """After this process has closed it."""
    inode = inode_of(held)
    with subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, pass_fds=[held.fileno()]
    ) as it:
        held.close()
        assert SocketHolder(it.pid) == SocketHolders().find(inode)
        assert it.stdin is not None
        it.stdin.close()
        it.wait()
        assert SocketHolders().find(inode).pid is None


def test_a_recent_holder_is_looked_at_first(
    held: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And then no other process is: a browser connects all day."""
    looked: list[int] = []
    holds = socket_holders._holds

    def noted(pid: int, target: bytes) -> bool | None:
        looked.append(pid)
        return holds(pid, target)

    monkeypatch.setattr(socket_holders, "_holds", noted)
    one = SocketHolders()
    assert SocketHolder(os.getpid()) == one.find(inode_of(held))
    everybody = len(looked)
    with socket.socket() as other:
        assert SocketHolder(os.getpid()) == one.find(inode_of(other))
    assert everybody + 1 == len(looked), "who held one lately comes first"
    with subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, pass_fds=[held.fileno()]
    ) as it:
        inode = inode_of(held)
        held.close()
        looked.clear()
        assert SocketHolder(it.pid) == one.find(inode)
        assert it.pid in looked[: 2 + socket_holders.NEWEST], "then who is new"
        it.communicate(b"")


def test_a_process_with_more_files_is_looked_at_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Although it is neither new nor a recent holder."""
    monkeypatch.setattr(socket_holders, "NEWEST", 0)
    monkeypatch.setattr(socket_holders, "RECENT", 0)
    one, looked = SocketHolders(), list[int]()
    holds = socket_holders._holds

    def noted(pid: int, target: bytes) -> bool | None:
        looked.append(pid)
        return holds(pid, target)

    assert one.find(2**40).pid is None
    monkeypatch.setattr(socket_holders, "_holds", noted)
    if not socket_holders._count_files(os.getpid()):
        pytest.skip("a kernel before 6.2 does not count the files of a process")
    with socket.socket() as new, socket.socket():
        assert SocketHolder(os.getpid()) == one.find(inode_of(new))
        others = len(list(filter(str.isdigit, os.listdir("/proc"))))
        assert len(looked) < others


def test_a_closed_socket_has_no_holder(held: socket.socket) -> None:
    """As root, ANT can list the descriptors of every process."""
    inode = inode_of(held)
    held.close()
    found = SocketHolders().find(inode)
    assert found.pid is None
    if os.geteuid() == 0:
        assert {1} >= set(found.unseen), "of a container root may not see the first"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_process_that_cannot_be_inspected_is_reported(held: socket.socket) -> None:
    """With its pid, to a user that is not root."""
    code = (
        "import os, sys\n"
        "from ant.terminal.host.socket_holders import SocketHolders, uids_of\n"
        "os.setuid(65534); pid = int(sys.argv[1]); found = SocketHolders().find(1)\n"
        "print(found.pid, pid in found.unseen, *uids_of(pid))"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HIDDEN, "65534"], **pipes) as hidden:
        assert hidden.stdout is not None
        hidden.stdout.readline()
        told = subprocess.run(
            [sys.executable, "-c", code, str(hidden.pid)],
            *(),
            capture_output=True,
            text=True,
            check=True,
        )
        hidden.communicate(b"")
    assert "None True 65534 65534 65534 65534\n" == told.stdout


def test_ancestors_begin_with_the_nearest() -> None:
    """Up to pid 1; None for a process that has ended."""
    with subprocess.Popen(["sh", "-c", "cat; :"], stdin=subprocess.PIPE) as shell:
        line = lineage(shell.pid)
        assert line is not None
        assert [shell.pid, os.getpid(), os.getppid()] == [each.pid for each in line[:3]]
        assert line[-1].ppid == 0
        shell.communicate(b"")
    assert lineage(shell.pid) is None
    assert () == uids_of(shell.pid)
    assert (os.getuid(), os.geteuid()) == uids_of(os.getpid())[:2]


def test_a_parent_that_ends_meanwhile_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its child has another parent by then."""
    snapshot, gone = processes.look, iter([True])

    def looked(pid: int) -> processes.Process | None:
        me = snapshot(os.getpid())
        assert me is not None
        if pid == os.getpid() and next(gone, False):
            return processes.Process(pid, 2**22, me.sid, 0, "S", 1, 0, 0, 1)
        return snapshot(pid)

    monkeypatch.setattr(processes, "look", looked)
    line = lineage(os.getpid())
    assert line is not None
    assert [os.getppid()] == [each.pid for each in line[1:2]]
