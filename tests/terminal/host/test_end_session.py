"""A terminal session and all that left it are ended: politely, then by force."""

import os
import signal

import pytest
import trio

from ant.terminal.host import end_session, processes
from ant.terminal.host.run_processes import RunTag
from tests.terminal.host.programs import (
    DEAF,
    READY_THEN_WAIT,
    Started,
    alive,
    start,
    stop,
)


async def test_ending_a_polite_session_waits_for_it(started: list[Started]) -> None:
    """A program that exits on HUP is never killed."""
    program = start(started, READY_THEN_WAIT)
    with trio.fail_after(10):
        await end_session.end_session(program.pid, grace_s=10)
    assert program.wait() == -signal.SIGHUP


async def test_a_stopped_program_gets_its_hup(started: list[Started]) -> None:
    """Because CONT comes after it."""
    program = start(started, READY_THEN_WAIT)
    stop(program)
    with trio.fail_after(10):
        await end_session.end_session(program.pid, grace_s=10)
    assert program.wait() == -signal.SIGHUP


async def test_a_program_that_ignores_hup_is_killed(started: list[Started]) -> None:
    """After the grace, and its children too."""
    program = start(started, DEAF + "os.fork()\nos.fork()\n" + READY_THEN_WAIT)
    with trio.fail_after(10):
        await end_session.end_session(program.pid, grace_s=0.01)
    assert processes.members(program.pid) == []
    assert program.wait() == -signal.SIGKILL


async def test_a_cancelled_end_kills_at_once(started: list[Started]) -> None:
    """Cancellation cuts the grace short, not the KILL."""
    program = start(started, DEAF + READY_THEN_WAIT)
    with trio.fail_after(10), trio.CancelScope() as scope:
        scope.cancel()
        await end_session.end_session(program.pid, grace_s=1000)
    assert scope.cancelled_caught
    assert program.wait() == -signal.SIGKILL


async def test_ending_an_empty_session_returns_at_once() -> None:
    """There is nothing to wait for."""
    with trio.fail_after(10):
        await end_session.end_session(2**22 + 1, grace_s=1000)


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
                nursery.start_soon(end_session.end_session, each.pid, 0.05)
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
    assert len(await end_session._scans.members(first.pid)) == 1
    second = start(started, READY_THEN_WAIT)
    assert len(await end_session._scans.members(second.pid)) == 1
    second.kill()
    second.wait()
    assert await end_session._scans.members(second.pid) == []
    assert len(await end_session._scans.members(first.pid)) == 1


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
        await end_session.end_session(program.pid, grace_s=0.02)
    assert processes.members(program.pid) == []


async def test_what_was_found_once_is_not_forgotten(started: list[Started]) -> None:
    """A child without any mark ends, though its parent is gone before it is killed."""
    code = (
        "import os, signal\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    for signum in (signal.SIGHUP, signal.SIGTERM):\n"
        "        signal.signal(signum, signal.SIG_IGN)\n"
        "    os.write(write, b'x')\n"
        "    signal.pause()\n"
        "os.read(read, 1); os.write(1, b'R'); signal.pause()\n"
    )
    program = start(started, code)
    (child,) = [each for each in processes.snapshot() if each.ppid == program.pid]
    tag = RunTag("one", "run", 0, frozenset())
    with trio.fail_after(10):
        await end_session.end_session(program.pid, 0.05, tag)
    assert program.wait() == -signal.SIGHUP
    assert not alive(child.pid)


async def test_a_daemon_gets_a_term(started: list[Started]) -> None:
    """One that takes HUP as a request ends within the grace."""
    code = "import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    env = {"ANT_SESSION_ID": "one", "ANT_RUN": "run"}
    daemon = start(started, code + READY_THEN_WAIT, env)
    tag = RunTag("one", "run", 0, frozenset({os.getpid()}))
    with trio.fail_after(10):
        await end_session.end_session(None, 1000, tag)
    assert daemon.wait() == -signal.SIGTERM
