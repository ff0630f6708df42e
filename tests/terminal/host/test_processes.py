"""Processes are found by what the kernel knows of them, never by name."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import attrs
import pytest
import trio

from ant.terminal.host import processes
from ant.terminal.host.base import Identity

READY_THEN_WAIT = "import os, signal; os.write(1, b'R'); signal.pause()"

CRASHING_SERVER = """
import json, os, signal, sys, trio
from ant.terminal.host.base import Spec
from ant.terminal.host.pty import open_pty
async def main():
    argv, env = json.loads(sys.argv[1]), json.loads(sys.argv[2])
    terminal = await open_pty(Spec(tuple(argv), "/", env, 80, 24))
    seen = b""
    while b"READY" not in seen:
        seen += await terminal.read()
    identity = terminal.identity
    sys.stdout.buffer.write(json.dumps(
        [identity.pid, identity.start_ticks, identity.boot_id, seen.decode()]
    ).encode())
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
trio.run(main)
"""

DEAF = """
import os, signal
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
"""

DAEMON = """
import pty
def daemonise(forks):
    # As tmux does: a session of its own, no terminal, and a pane on another one.
    receive, tell = os.pipe()
    if os.fork():
        return os.read(receive, 100)
    os.setsid()
    if forks == 2 and os.fork():
        os._exit(0)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    daemon = os.getpid()
    pane, master = pty.fork()
    if not pane:
        os.write(tell, b"%d,%d," % (daemon, os.getpid()))
    signal.pause()
"""

Started = subprocess.Popen[bytes]


@pytest.fixture
def started() -> Iterator[list[Started]]:
    """Programs that are killed and reaped after the test."""
    programs: list[Started] = []
    yield programs
    for program in programs:
        program.kill()
        program.wait()
        if program.stdout:
            program.stdout.close()


def start(
    started: list[Started], code: str, env: dict[str, str] | None = None
) -> Started:
    """A Python program in a session of its own that has printed that it is ready."""
    program = subprocess.Popen(
        [sys.executable, "-ISc", code],
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=env or dict(os.environ),
    )
    started.append(program)
    assert program.stdout
    assert program.stdout.read(1) == b"R"
    return program


@attrs.frozen
class Crashed:
    """What a killed server run printed about its terminal."""

    identity: Identity
    output: str


async def crash(code: str, session_id: str, run: str) -> Crashed:
    """Have a server start `code` on a PTY, wait for its READY, and be killed."""
    argv = [sys.executable, "-ISc", code]
    env = os.environ | {"ANT_SESSION_ID": session_id, "ANT_RUN": run}
    server = await trio.run_process(
        [sys.executable, "-c", CRASHING_SERVER, json.dumps(argv), json.dumps(env)],
        capture_stdout=True,
        check=False,
    )
    assert server.returncode == -signal.SIGKILL
    pid, start_ticks, boot_id, output = json.loads(server.stdout)
    return Crashed(Identity(pid, start_ticks, boot_id), output)


def alive(pid: int) -> bool:
    return any(process.pid == pid and process.live for process in processes.snapshot())


def stop(program: Started) -> None:
    program.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, program.pid, os.WSTOPPED)


async def wait_gone(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        pidfd = os.pidfd_open(pid)
        try:
            await trio.lowlevel.wait_readable(pidfd)
        finally:
            os.close(pidfd)


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


async def test_ending_a_polite_session_waits_for_it(started: list[Started]) -> None:
    """A program that exits on HUP is never killed."""
    program = start(started, READY_THEN_WAIT)
    with trio.fail_after(10):
        await processes.end_session(program.pid, grace_s=10)
    assert program.wait() == -signal.SIGHUP


async def test_a_stopped_program_gets_its_hup(started: list[Started]) -> None:
    """Because CONT comes after it."""
    program = start(started, READY_THEN_WAIT)
    stop(program)
    with trio.fail_after(10):
        await processes.end_session(program.pid, grace_s=10)
    assert program.wait() == -signal.SIGHUP


async def test_a_program_that_ignores_hup_is_killed(started: list[Started]) -> None:
    """After the grace, and its children too."""
    program = start(started, DEAF + "os.fork()\nos.fork()\n" + READY_THEN_WAIT)
    with trio.fail_after(10):
        await processes.end_session(program.pid, grace_s=0.01)
    assert processes.members(program.pid) == []
    assert program.wait() == -signal.SIGKILL


async def test_a_cancelled_end_kills_at_once(started: list[Started]) -> None:
    """Cancellation cuts the grace short, not the KILL."""
    program = start(started, DEAF + READY_THEN_WAIT)
    with trio.fail_after(10), trio.CancelScope() as scope:
        scope.cancel()
        await processes.end_session(program.pid, grace_s=1000)
    assert scope.cancelled_caught
    assert program.wait() == -signal.SIGKILL


async def test_ending_an_empty_session_returns_at_once() -> None:
    """There is nothing to wait for."""
    with trio.fail_after(10):
        await processes.end_session(2**22 + 1, grace_s=1000)


async def ended_side_by_side(
    count: int, monkeypatch: pytest.MonkeyPatch, started: list[Started]
) -> int:
    """How many scans of /proc it takes to end `count` sessions at once.

    Of each five, one exits on HUP; the others have to be killed.
    """
    programs = [
        start(
            started,
            (DEAF if number % 5 else "import os\n") + "os.fork()\n" + READY_THEN_WAIT,
        )
        for number in range(count)
    ]
    looks = 0
    snapshot = processes.snapshot

    def counting() -> list[processes.Process]:
        nonlocal looks
        looks += 1
        return snapshot()

    monkeypatch.setattr(processes, "snapshot", counting)
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            for each in programs:
                nursery.start_soon(processes.end_session, each.pid, 0.05)
    monkeypatch.undo()
    assert [processes.members(each.pid) for each in programs] == [[]] * count
    return looks


async def test_sessions_that_end_at_once_share_their_scans(
    monkeypatch: pytest.MonkeyPatch, started: list[Started]
) -> None:
    """With a scan for each session, the cost would be quadratic."""
    one = await ended_side_by_side(1, monkeypatch, started)
    many = await ended_side_by_side(25, monkeypatch, started)
    assert many <= 5 * one + 5


async def test_a_scan_serves_only_earlier_callers(
    started: list[Started],
) -> None:
    """A later call sees processes that started or ended since."""
    first = start(started, READY_THEN_WAIT)
    assert len(await processes._scans.members(first.pid)) == 1
    second = start(started, READY_THEN_WAIT)
    assert len(await processes._scans.members(second.pid)) == 1
    second.kill()
    second.wait()
    assert await processes._scans.members(second.pid) == []
    assert len(await processes._scans.members(first.pid)) == 1


async def test_a_reused_pid_is_not_signalled(started: list[Started]) -> None:
    """The start time shows that it is another process."""
    program = start(started, READY_THEN_WAIT)
    (found,) = processes.members(program.pid)
    other = attrs.evolve(found, start_ticks=found.start_ticks + 1)
    assert processes.signal_all([other], signal.SIGKILL) == 0
    (again,) = processes.members(program.pid)
    assert (found.pid, found.start_ticks) == (again.pid, again.start_ticks)
    assert processes.signal_all([found], signal.SIGKILL) == 1


async def test_a_session_that_forks_meanwhile_is_ended(started: list[Started]) -> None:
    """Children that are started during the KILL do not survive."""
    code = DEAF + (
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "os.write(1, b'R')\n"
        "while True:\n"
        "    if os.fork() == 0:\n"
        "        if os.fork() == 0: signal.sigtimedwait({signal.SIGUSR1}, 0.05)\n"
        "        os._exit(0)\n"
        "    signal.sigtimedwait({signal.SIGUSR1}, 0.002)\n"
    )
    program = start(started, code)
    with trio.fail_after(10):
        await processes.end_session(program.pid, grace_s=0.02)
    assert processes.members(program.pid) == []


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
            await processes.end_session(pid, grace_s=0.01)
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
            await processes.end_session(identity.pid, grace_s=0.01)


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
            await processes.end_session(sid, grace_s=0.01)
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
            await processes.end_session(leader, grace_s=0.01)
            for pid in (daemon, pane):
                assert alive(pid)
                assert processes.environ_of(pid)["ANT_SESSION_ID"] == "lost-4"
            assert processes.find_lost("lost-4", identity, "run-4") == set()
        finally:
            for sid in (leader, os.getsid(daemon), pane):
                processes.signal_all(processes.members(sid), signal.SIGKILL)
