"""Orphans become children of ANT and are reaped; claimed children are not.

Each test runs in a process of its own, because a subreaper has all its orphans.
"""

import os
import subprocess
import sys

import pytest

START = """
import os, signal, subprocess, sys, trio
from ant.terminal.host import processes
from ant.terminal.host.subreaper import *
def states():
    mine = [each for each in processes.snapshot() if each.ppid == os.getpid()]
    return {each.pid: each.state for each in mine}
def ended(process):
    how = os.WEXITED | os.WNOWAIT
    os.waitid(os.P_PID, process.pid, how)
become_subreaper()
"""


def held(code: str, *argv: str) -> None:
    """The code runs to its end."""
    told = subprocess.run(
        [sys.executable, "-c", START + code + "\nprint('held')", *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "held\n" == told.stdout, told.stderr


def test_an_orphan_becomes_a_child() -> None:
    """Also one that has left its session."""
    held("""
reader, writer = os.pipe()
if (child := os.fork()) == 0:
    os.close(writer)
    if os.fork() == 0:
        os.setsid()
        os.read(reader, 1)
        os._exit(0)
    os._exit(7)
os.close(reader)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
children.reap()
assert len(states()) == 1, states()
os.close(writer)
(orphan,) = states()
os.waitid(os.P_PID, orphan, os.WEXITED | os.WNOWAIT)
assert children.reap() == 1
assert states() == {}
""")


def test_the_exit_of_a_claimed_child_is_not_taken() -> None:
    """Whether it ends before or after the orphans; it is after its release."""
    held("""
first = subprocess.Popen(["sh", "-c", "exit 3"])
children.claim(first.pid)
orphan = subprocess.Popen(["sh", "-c", "exit 4"])
last = subprocess.Popen(["sh", "-c", "exit 5"])
children.claim(last.pid)
for each in (first, orphan, last):
    ended(each)
assert children.reap() == 1
assert set(states()) == {first.pid, last.pid}
assert (first.wait(), last.wait()) == (3, 5)
children.release(first.pid)
given_up = subprocess.Popen(["true"])
children.claim(given_up.pid)
children.release(given_up.pid)
children.release(given_up.pid)
ended(given_up)
assert children.reap() == 1
orphan.returncode = given_up.returncode = 0
""")


def test_nothing_is_reaped_while_a_child_is_started() -> None:
    """The ended process may be the child whose pid is not known yet."""
    held("""
async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(children.reap_orphans)
        await trio.testing.wait_all_tasks_blocked()
        codes = []
        for number in range(20):
            words = ["sh", "-c", f"exit {number}"]
            with children.starting():
                done = await trio.run_process(words, check=False)
            codes.append(done.returncode)
            with children.starting():
                process = await trio.lowlevel.open_process(words)
                children.claim(process.pid)
            codes.append(await process.wait())
            children.release(process.pid)
        assert codes == [number for number in range(20) for _ in range(2)], codes
        nursery.cancel_scope.cancel()
import trio.testing
trio.run(main)
""")


def test_a_thousand_orphans_leave_nothing() -> None:
    """No zombie, and no exit code of a claimed child is lost."""
    held('''
MANY = """
import os
for _ in range(50):
    if os.fork() == 0:
        os.fork()
        os._exit(0)
"""
async def main():
    with trio.fail_after(50):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(children.reap_orphans)
            for number in range(20):
                with children.starting():
                    words = [sys.executable, "-c", f"{MANY}os._exit({number})"]
                    process = await trio.lowlevel.open_process(words)
                    children.claim(process.pid)
                assert await process.wait() == number
                children.release(process.pid)
            while states():
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
trio.run(main)
''')


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_memory_is_hidden_from_the_same_user() -> None:
    """But not from the process itself; programs that it starts stay readable."""
    held("""
os.setgid(65534)
os.setuid(65534)
import ctypes
read, write = os.pipe()
def started(hides):
    pid = os.fork()
    if pid == 0:
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # Becoming another user has hidden it.
        if hides:
            hide_memory()
        assert len(os.listdir("/proc/self/fd")) > 2
        open("/proc/self/statm").read()
        os.pidfd_open(os.getpid())
        with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as child:
            while not open(f"/proc/{child.pid}/cmdline").read().startswith("cat"):
                os.sched_yield()
            open(f"/proc/{child.pid}/environ").read()
        os.write(write, b"x")
        signal.pause()
    os.read(read, 1)
    return pid
def is_seen(pid):
    try:
        os.listdir(f"/proc/{pid}/fd")
        open(f"/proc/{pid}/environ", "rb").read()
    except PermissionError:
        return False
    return True
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
seen, hidden = started(False), started(True)
assert is_seen(seen)
assert not is_seen(hidden)
for pid in (seen, hidden):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
""")
