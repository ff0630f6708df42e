"""Processes are found by what the kernel knows of them, never by name."""

import os
import signal
import subprocess

import attrs
import pytest
import trio

from ant.terminal.host import processes
from ant.terminal.host.end_session import end_session
from ant.terminal.host.host_terminal import Identity
from tests.terminal.host.programs import (
    DAEMON,
    DEAF,
    READY_THEN_WAIT,
    Started,
    alive,
    crash,
    start,
    wait_gone,
)


def test_this_process_is_in_the_snapshot() -> None:
    """With the fields that the kernel reports."""
    me = next(each for each in processes.snapshot() if each.pid == os.getpid())
    assert (me.ppid, me.sid) == (os.getppid(), os.getsid(0))
    assert me.live
    assert me.rss_bytes > 1_000_000
    assert me.cpu_ticks > 0
    assert processes.identify(me.pid) == Identity(
        me.pid, me.start_ticks, processes.boot_id()
    )


def test_a_name_may_be_anything(started: list[Started]) -> None:
    """A name with spaces and parentheses does not shift the fields."""
    name = "open('/proc/self/comm', 'w').write(') R 1 (x y'); "
    program = start(started, name + READY_THEN_WAIT)
    (process,) = processes.members(program.pid)
    assert (process.pid, process.ppid) == (program.pid, os.getpid())


def test_a_reaped_process_has_no_identity() -> None:
    """Its pid belongs to no process."""
    program = subprocess.Popen(["true"])
    program.wait()
    assert processes.identify(program.pid) is None


def test_a_zombie_has_an_identity_and_is_no_member(started: list[Started]) -> None:
    """It is still that process, but ANT does not signal it."""
    program = start(started, "import os; os.write(1, b'R')")
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    assert processes.identify(program.pid) is not None
    assert processes.members(program.pid) == []
    assert processes.signal_all(processes.members(program.pid), signal.SIGKILL) == 0


def test_a_program_outlives_its_first_thread(started: list[Started]) -> None:
    """Its state is that of a zombie, but it runs, so it is a member."""
    program = start(
        started,
        "import ctypes, threading, os\n"
        "main = os.getpid()\n"
        "def go_on():\n"
        "    while True:\n"
        "        state = open(f'/proc/{main}/task/{main}/stat').read().split()[2]\n"
        "        if state == 'Z': break\n"
        "    os.write(1, b'R')\n"
        "    threading.Event().wait()\n"
        "threading.Thread(target=go_on).start()\n"
        "ctypes.CDLL(None).syscall({'x86_64': 60}.get(os.uname().machine, 93), 0)\n",
    )
    (process,) = processes.members(program.pid)
    assert process.state == "Z"


def test_an_environment_is_read_exactly(started: list[Started]) -> None:
    """Values may hold `=`, newlines and bytes that are not UTF-8."""
    env = {"A": "b=c\nd", "B": os.fsdecode(b"\xff"), "C": ""}
    program = start(started, READY_THEN_WAIT, env)
    assert processes.environ_of(program.pid) == env


def test_an_environment_that_is_not_there_is_empty() -> None:
    """That of a kernel thread, or of no process."""
    assert processes.environ_of(2**22 + 1) == {}


def test_inheritable_descriptors_are_found() -> None:
    """A descriptor that a child would inherit is found, until it is not inheritable."""
    fd = os.open("/dev/null", os.O_RDONLY)
    try:
        assert fd not in processes.inheritable_fds()
        os.set_inheritable(fd, True)
        assert fd in processes.inheritable_fds()
    finally:
        os.close(fd)


async def test_a_reused_pid_is_not_signalled(started: list[Started]) -> None:
    """The start time shows that it is another process."""
    program = start(started, READY_THEN_WAIT)
    (found,) = processes.members(program.pid)
    other = attrs.evolve(found, start_ticks=found.start_ticks + 1)
    assert processes.signal_all([other], signal.SIGKILL) == 0
    (again,) = processes.members(program.pid)
    assert (found.pid, found.start_ticks) == (again.pid, again.start_ticks)
    assert processes.signal_all([found], signal.SIGKILL) == 1


LOST = DEAF + "os.write(1, b'READY')\nsignal.pause()\n"


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_lost_program_is_found_and_ended(recorded: bool) -> None:
    """Recorded or not: ANT finds what a killed server left behind."""
    with trio.fail_after(20):
        crashed = await crash(LOST, "lost-1", "run-1")
        pid = crashed.identity.pid
        identity = crashed.identity if recorded else None
        try:
            assert alive(pid)
            assert processes.find_lost("lost-1", identity, "run-1") == {pid}
        finally:
            await end_session(pid, grace_s=0.01)
    assert not alive(pid)
    assert processes.find_lost("lost-1", identity, "run-1") == set()


async def test_another_process_is_not_lost() -> None:
    """One with another boot, start time, session or run is left alone."""
    with trio.fail_after(20):
        crashed = await crash(LOST, "lost-2", "run-2")
        identity = crashed.identity
        other_boot = attrs.evolve(identity, boot_id="another")
        other_start = attrs.evolve(identity, start_ticks=1)
        try:
            assert processes.find_lost("lost-2", other_boot, "run-2") == set()
            assert processes.find_lost("other", other_start, "run-2") == set()
            assert processes.find_lost("other", None, "run-2") == set()
            assert processes.find_lost("lost-2", None, "other") == set()
        finally:
            await end_session(identity.pid, grace_s=0.01)


async def test_what_a_dead_leader_left_is_found_by_its_environment() -> None:
    """The leader has ended; its job still has the `ANT_SESSION_ID`."""
    code = DEAF + (
        "if os.fork() == 0:\n"
        "    os.write(1, b'<%d>READY' % os.getpid())\n"
        "    signal.pause()\n"
        "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"
        "signal.pause()\n"
    )
    with trio.fail_after(20):
        crashed = await crash(code, "lost-3", "run-3")
        sid = crashed.identity.pid
        try:
            # The kernel's hang-up ends the leader.
            await wait_gone(sid)
            assert processes.members(sid)
            found = processes.find_lost("lost-3", crashed.identity, "run-3")
            assert found == {sid}
            assert processes.find_lost("x", crashed.identity, "run-3") == set()
        finally:
            await end_session(sid, grace_s=0.01)
    assert processes.members(sid) == []


@pytest.mark.parametrize("forks", [1, 2])
@pytest.mark.parametrize("recorded", [True, False])
async def test_a_daemon_is_left_alone(forks: int, recorded: bool) -> None:
    """Even with ANT's environment, while its parent lives and after."""
    code = (
        DEAF
        + DAEMON
        + (f"os.write(1, daemonise({forks}) + b'READY')\nsignal.pause()\n")
    )
    with trio.fail_after(20):
        crashed = await crash(code, "lost-4", "run-4")
        leader = crashed.identity.pid
        identity = crashed.identity if recorded else None
        daemon, pane = map(int, crashed.output.split(",")[:2])
        try:
            assert processes.find_lost("lost-4", identity, "run-4") == {leader}
            await end_session(leader, grace_s=0.01)
            for pid in (daemon, pane):
                assert alive(pid)
                assert processes.environ_of(pid)["ANT_SESSION_ID"] == "lost-4"
            assert processes.find_lost("lost-4", identity, "run-4") == set()
        finally:
            for sid in (leader, os.getsid(daemon), pane):
                processes.signal_all(processes.members(sid), signal.SIGKILL)
