"""A real PTY with real programs: the kernel's behaviour is tested, too."""

import contextlib
import hashlib
import json
import os
import re
import resource
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
import trio
import trio.testing

from ant.core.errors import CapacityReached, Invalid, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host import processes, pty
from ant.terminal.host.host_terminal import SECRET_FD, ExitStatus, Spec
from ant.terminal.host.pty import PtyTerminal, open_pty
from tests.terminal.contract import read_rest, read_until, write_all

ENV = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "PS1": "$ "}

DEAF = """
import os, signal
for signum in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(signum, signal.SIG_IGN)
"""


class Opener(Protocol):
    async def __call__(
        self,
        *argv: str,
        cwd: str = "/",
        env: dict[str, str] = ENV,
        cols: int = 80,
        rows: int = 24,
        secret: str = "",
    ) -> PtyTerminal: ...


def open_fds() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


EARLIER: set[int] = set()
"""Children from before the test: a server in this process has adopted orphans."""


@pytest.fixture(autouse=True)
def earlier() -> None:
    """Leave out the children that are there already."""
    EARLIER.clear()
    EARLIER.update(each.pid for each in children())


def children() -> list[processes.Process]:
    found = [each for each in processes.snapshot() if each.ppid == os.getpid()]
    return [each for each in found if each.pid not in EARLIER]


@pytest.fixture
async def opener() -> AsyncIterator[Opener]:
    """Open a program on a PTY; afterwards no child and no descriptor is left."""
    opened: list[PtyTerminal] = []
    before = open_fds()

    async def open_one(
        *argv: str,
        cwd: str = "/",
        env: dict[str, str] = ENV,
        cols: int = 80,
        rows: int = 24,
        secret: str = "",
    ) -> PtyTerminal:
        opened.append(await open_pty(Spec(argv, cwd, env, cols, rows, secret)))
        return opened[-1]

    with trio.fail_after(30):
        try:
            yield open_one
        finally:
            for terminal in opened:
                with contextlib.suppress(trio.Cancelled):
                    await terminal.aclose(grace_s=0)
    assert before == open_fds()
    assert children() == []


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-ISc", code)


def sh(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


async def test_an_exit_code_is_reported(opener: Opener) -> None:
    """The program's output, then how it ended."""
    terminal = await opener(*sh("echo out; echo err >&2; exit 7"))
    assert await read_rest(terminal) == b"out\r\nerr\r\n"
    assert await terminal.wait_exit() == ExitStatus(code=7)
    assert await terminal.aclose() == ExitStatus(code=7)


async def test_a_fatal_signal_is_reported(opener: Opener) -> None:
    """A program that a signal has ended has no exit code."""
    terminal = await opener(*sh("kill -SEGV $$"))
    assert await terminal.wait_exit() == ExitStatus(signal=signal.SIGSEGV)


async def test_the_environment_of_the_program(opener: Opener) -> None:
    """It can be checked until the program has replaced itself by another."""
    env = {**ENV, "SECRET": "42"}
    terminal = await opener(
        *sh("unset SECRET; echo one; read x; exec sh -c 'echo two; read x'"), env=env
    )
    await read_until(terminal, b"one")
    assert terminal.has_environ("SECRET", "42")
    assert not terminal.has_environ("SECRET", "43")
    await write_all(terminal, b"\n")
    await read_until(terminal, b"two")
    assert not terminal.has_environ("SECRET", "42")


async def test_a_secret_can_be_read_once(opener: Opener) -> None:
    """From its descriptor, and from nothing else; without one there is none."""
    show = f"cat <&{SECRET_FD} && cat <&{SECRET_FD} && echo end; read x"
    terminal = await opener(*sh(show), secret="5ecret\n")
    assert b"5ecret\r\nend\r\n" == await read_until(terminal, b"end\r\n")
    assert terminal.identity is not None
    for name in ("environ", "cmdline"):
        shown = processes.read_proc(terminal.identity.pid, name)
        assert shown
        assert b"5ecret" not in shown
    plain = await opener(*sh("ls /proc/self/fd; echo end"))
    assert str(SECRET_FD).encode() not in await read_until(plain, b"end\r\n")


async def test_the_leader_owns_a_terminal_session(opener: Opener) -> None:
    """It leads its session and group, on a controlling terminal."""
    terminal = await opener(*sh("echo $$; exec cat"))
    pid = int(await read_until(terminal, b"\n"))
    (leader,) = processes.members(pid)
    assert (leader.pid, leader.ppid) == (pid, os.getpid())
    assert leader.tty_nr != 0
    assert os.getpgid(pid) == pid
    assert terminal.identity == processes.identify(pid)


async def test_directory_and_environment_are_those_of_the_spec(
    opener: Opener, tmp_path: Path
) -> None:
    """It runs there, with these variables and no others."""
    home = tmp_path / "-a=b c"
    home.mkdir()
    env = {"PATH": ENV["PATH"], "ANT_TEST": "ä=\n1", "BASH_FUNC_x%%": "() { :; }"}
    code = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"
    terminal = await opener(*python(code), cwd=str(home), env=env)
    where, names = json.loads(await read_rest(terminal))
    assert where == str(home)
    names.pop("LC_CTYPE", None)  # Python's own.
    assert names == env


async def test_arguments_are_passed_as_they_are(opener: Opener) -> None:
    """Also an empty one, an option of `env` and an assignment."""
    argv = ("/usr/bin/printf", "<%s>", "-C", "", "a=b", "--", "x y")
    terminal = await opener(*argv)
    assert await read_rest(terminal) == b"<-C><><a=b><--><x y>"


async def test_the_child_has_only_its_three_descriptors(opener: Opener) -> None:
    """Not even an inheritable one of this process."""
    fd = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(fd, True)
    try:
        terminal = await opener("/bin/ls", "/proc/self/fd")
        # The fourth is the directory that `ls` reads.
        assert (await read_rest(terminal)).split() == [b"0", b"1", b"2", b"3"]
    finally:
        os.close(fd)


async def test_signals_are_reset(opener: Opener) -> None:
    """The program ignores and blocks none, even if this process does."""
    before = signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    try:
        assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN
        terminal = await opener("/bin/grep", "-E", "Sig(Ign|Blk)", "/proc/self/status")
        lines = (await read_rest(terminal)).split()
    finally:
        signal.signal(signal.SIGUSR2, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    assert lines == [b"SigBlk:", b"0" * 16, b"SigIgn:", b"0" * 16]


async def test_the_terminal_is_set_up_before_the_program(opener: Opener) -> None:
    """It has its size from the first moment, and IUTF8."""
    terminal = await opener(*sh("stty size; stty -a"), cols=123, rows=45)
    output = await read_rest(terminal)
    assert output.startswith(b"45 123\r\n")
    assert b" iutf8" in output


async def test_a_resize_sends_sigwinch(opener: Opener) -> None:
    """The program reads the new size."""
    code = (
        "import os, signal\n"
        "show = lambda *_: os.execlp('stty', 'stty', 'size')\n"
        "signal.signal(signal.SIGWINCH, show)\n"
        "os.write(1, b'ready')\n"
        "signal.pause()\n"
    )
    terminal = await opener(*python(code))
    await read_until(terminal, b"ready")
    terminal.resize(100, 41)
    assert b"41 100" in await read_rest(terminal)


@pytest.mark.parametrize("size", [(0, 24), (80, 0), (65536, 24), (80, -1)])
async def test_an_impossible_size_is_refused(
    size: tuple[int, int], opener: Opener
) -> None:
    """At the start nothing is created; later nothing changes."""
    with pytest.raises(Invalid):
        await opener("/bin/cat", cols=size[0], rows=size[1])
    terminal = await opener("/bin/cat")
    with pytest.raises(Invalid):
        terminal.resize(*size)


@pytest.mark.parametrize(
    ("spec", "issue"),
    [
        (Spec((), "/", ENV, 80, 24), "$.command[0]"),
        (Spec(("/no/such",), "/", ENV, 80, 24), "$.command[0]"),
        (Spec(("/etc",), "/", ENV, 80, 24), "$.command[0]"),
        (Spec(("/etc/passwd",), "/", ENV, 80, 24), "$.command[0]"),
        (Spec(("cat",), "/", ENV, 80, 24), "$.command[0]"),
        (Spec(("/bin/cat",), "/no/such", ENV, 80, 24), "$.root_dir"),
        (Spec(("/bin/cat",), "/etc/passwd", ENV, 80, 24), "$.root_dir"),
        (Spec(("/bin/cat",), ".", ENV, 80, 24), "$.root_dir"),
        (Spec(("/bin/cat", "a\0b"), "/", ENV, 80, 24), "$.command"),
        (Spec(("/bin/cat",), "/", {"A=B": "c"}, 80, 24), "$.command"),
        (Spec(("/bin/cat", "x" * 3_000_000), "/", ENV, 80, 24), "$.command"),
    ],
)
async def test_what_cannot_start_leaves_nothing(spec: Spec, issue: str) -> None:
    """The error names the field; no descriptor and no child is left."""
    before = open_fds()
    with pytest.raises(Invalid) as caught:
        await open_pty(spec)
    assert caught.value.issues[0].endswith(f" {issue}")
    assert before == open_fds()
    assert children() == []


async def test_a_program_named_like_a_variable_is_refused(tmp_path: Path) -> None:
    """`env` would set the variable instead of running the program."""
    program = tmp_path / "a=b"
    program.symlink_to("/bin/true")
    with pytest.raises(Invalid, match=r"'=' at \$\.command\[0\]$"):
        await open_pty(Spec((str(program),), "/", ENV, 80, 24))


async def test_a_cancelled_open_leaves_nothing() -> None:
    """Cancelled before it began, it has created nothing."""
    before = open_fds()
    with trio.CancelScope() as scope:
        scope.cancel()
        await open_pty(Spec(("/bin/cat",), "/", ENV, 80, 24))
    assert scope.cancelled_caught
    assert before == open_fds()
    assert children() == []


@pytest.fixture
def few_descriptors() -> Iterator[list[int]]:
    """A low limit, with descriptors up to it; the test may close some."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    taken: list[int] = []
    yield taken
    for fd in taken:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def take_all(taken: list[int]) -> None:
    with contextlib.suppress(OSError):
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))


@pytest.mark.parametrize("free", range(6))
async def test_without_descriptors_there_is_no_terminal(
    free: int, few_descriptors: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are missing, it raises, and leaves nothing; no reserve is used."""
    monkeypatch.setattr(pty, "check_terminal", lambda: None)
    before = open_fds()
    take_all(few_descriptors)
    for _ in range(free):
        os.close(few_descriptors.pop())
    terminal = None
    with contextlib.suppress(CapacityReached):
        terminal = await open_pty(Spec(("/bin/cat",), "/", ENV, 80, 24))
    while few_descriptors:
        os.close(few_descriptors.pop())
    assert (terminal is not None) == (free >= 3)
    if terminal:
        await terminal.aclose()
    assert before == open_fds()
    assert children() == []


@pytest.mark.slow
async def test_without_descriptors_it_still_closes(
    opener: Opener, few_descriptors: list[int]
) -> None:
    """Without a free descriptor, a program that ignores HUP is killed."""
    terminal = await opener(*python(DEAF + "os.write(1, b'R'); signal.pause()"))
    await read_until(terminal, b"R")
    take_all(few_descriptors)
    assert await terminal.aclose(grace_s=0) == ExitStatus(signal=signal.SIGKILL)
    while few_descriptors:
        os.close(few_descriptors.pop())


async def test_a_shell_is_interrupted(opener: Opener) -> None:
    """Ctrl-C ends the job, not the shell."""
    terminal = await opener("/bin/bash", "--norc", "-i")
    # It says so itself: from then on it is the foreground job.
    await write_all(terminal, b"sh -c \"echo go''ing; exec sleep 1000\"\n")
    await read_until(terminal, b"going")
    terminal.interrupt()
    await read_until(terminal, b"$ ")
    await write_all(terminal, b"echo =$?; exit\n")
    assert b"=130" in await read_rest(terminal)


async def fill(terminal: PtyTerminal) -> None:
    """Write until nothing fits any more."""
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:

            async def write() -> None:
                while True:
                    await terminal.write(b"abcdefg\n" * 100)

            nursery.start_soon(write)
            await trio.testing.wait_all_tasks_blocked(0.05)
            scope.cancel()


async def test_a_full_queue_does_not_stop_an_interrupt(opener: Opener) -> None:
    """With no room left, Ctrl-C is sent as a signal."""
    terminal = await opener(*sh("stty -echo; echo R; exec sleep 1000"))
    await read_until(terminal, b"R")
    await fill(terminal)
    async with trio.open_nursery() as nursery:

        async def blocked() -> None:
            with pytest.raises(NotRunning):
                await write_all(terminal, b"x" * 100_000)

        nursery.start_soon(blocked)
        await trio.testing.wait_all_tasks_blocked()
        terminal.interrupt()
        assert await terminal.wait_exit() == ExitStatus(signal=signal.SIGINT)


async def test_a_stuck_queue_does_not_stop_an_interrupt(opener: Opener) -> None:
    """With room to write, but too much unread input, it is sent as a signal, too."""
    terminal = await opener("/bin/sleep", "1000")
    data = b"abcdefg\n" * 750
    await write_all(terminal, data)
    # The echo shows that the discipline has taken all it can.
    seen = 0
    while seen < 4000:
        seen += len(await terminal.read())
    terminal.interrupt()
    assert await terminal.wait_exit() == ExitStatus(signal=signal.SIGINT)


async def test_a_full_raw_queue_does_not_block_an_interrupt(opener: Opener) -> None:
    """A program that reads Ctrl-C as input does not get it; the caller never waits."""
    terminal = await opener(*sh("stty raw -echo; echo R; exec sleep 1000"))
    await read_until(terminal, b"R")
    await fill(terminal)
    terminal.interrupt()


async def test_a_megabyte_arrives_byte_exact(opener: Opener) -> None:
    """A reader in raw mode gets every byte, however often the queue was full."""
    code = (
        "import hashlib, os, tty\n"
        "tty.setraw(0)\n"
        "os.write(1, b'R')\n"
        "left, seen = 1_000_000, hashlib.sha256()\n"
        "while left:\n"
        "    data = os.read(0, 65536); left -= len(data); seen.update(data)\n"
        "os.write(1, seen.hexdigest().encode())\n"
    )
    data = os.urandom(1_000_000)
    terminal = await opener(*python(code))
    await read_until(terminal, b"R")
    await write_all(terminal, data)
    assert await read_rest(terminal) == hashlib.sha256(data).hexdigest().encode()


async def test_a_flood_arrives_whole(opener: Opener) -> None:
    """Five megabytes, in reads of at most `MAX_READ`."""
    script = "stty raw; exec head -c 5000000 /dev/zero"
    terminal = await opener(*sh(script))
    count = 0
    while data := await terminal.read():
        assert len(data) <= MAX_READ
        count += len(data)
    assert count == 5_000_000


async def test_a_flood_does_not_starve_others(opener: Opener) -> None:
    """While one terminal never stops, others get a turn after each read."""
    terminal = await opener("/usr/bin/yes")
    reads = turns = 0
    async with trio.open_nursery() as nursery:

        async def other() -> None:
            nonlocal turns
            while True:
                await trio.lowlevel.checkpoint()
                turns += 1

        nursery.start_soon(other)
        while reads < 30:
            await terminal.read()
            reads += 1
        nursery.cancel_scope.cancel()
    assert turns >= 29


async def test_cancelled_reads_lose_no_byte(opener: Opener) -> None:
    """Cancelled at any moment, the reads still add up to the stream."""
    script = "stty raw; i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done"
    terminal = await opener(*sh(script))
    seen = b""
    steps = 0
    ended = False
    while not ended:
        steps = (steps + 1) % 7
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:

                async def cancel(scope: trio.CancelScope, steps: int) -> None:
                    for _ in range(steps):
                        await trio.lowlevel.cancel_shielded_checkpoint()
                    scope.cancel()

                nursery.start_soon(cancel, scope, steps)
                data = await terminal.read()
                seen += data
                ended = not data
    assert seen == b"".join(b"%d\n" % count for count in range(3000))


async def test_output_before_the_end_is_not_lost(opener: Opener) -> None:
    """Output is read to the end, although the program has exited."""
    terminal = await opener(*sh("echo last words"))
    await terminal.wait_exit()
    assert await read_rest(terminal) == b"last words\r\n"


async def test_a_program_may_leave_its_terminal(opener: Opener) -> None:
    """It runs on, but its output has ended, and input raises."""
    terminal = await opener(*sh("exec </dev/null >/dev/null 2>&1 sleep 1000"))
    assert await terminal.read() == b""
    with pytest.raises(NotRunning):
        await terminal.write(b"x")
    assert await terminal.aclose() == ExitStatus(signal=signal.SIGHUP)


async def test_a_program_that_ignores_hup_is_killed(opener: Opener) -> None:
    """After the grace; KILL cannot be ignored."""
    terminal = await opener(*python(DEAF + "os.write(1, b'R'); signal.pause()"))
    await read_until(terminal, b"R")
    assert await terminal.aclose(grace_s=0.05) == ExitStatus(signal=signal.SIGKILL)


async def test_a_flooding_program_can_be_closed(opener: Opener) -> None:
    """One that blocks on unread output exits on HUP."""
    terminal = await opener("/usr/bin/yes")
    await terminal.read()
    assert await terminal.aclose() == ExitStatus(signal=signal.SIGHUP)


async def test_unread_output_can_be_read_after_the_close(opener: Opener) -> None:
    """What the kernel held at the close is kept."""
    terminal = await opener(*sh("stty raw; exec head -c 3000 /dev/zero"))
    await terminal.wait_exit()
    await terminal.aclose()
    assert await read_rest(terminal) == bytes(3000)


async def test_output_is_read_during_the_grace(opener: Opener) -> None:
    """What a program prints on HUP still arrives."""
    script = "trap 'echo bye; exit 5' HUP; echo R; while :; do read x; done"
    terminal = await opener("/bin/bash", "-c", script)
    await read_until(terminal, b"R")
    seen = []
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            seen.append(await read_rest(terminal))

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        assert await terminal.aclose() == ExitStatus(code=5)
    assert b"bye" in seen[0]


async def test_job_control_groups_are_ended(opener: Opener) -> None:
    """Jobs in their own groups end too, also stopped ones and ones that ignore HUP."""
    terminal = await opener("/bin/bash", "--norc", "-i")
    jobs = b"sleep 1000 & sleep 1001 & (trap '' HUP; exec sleep 1002) &\n"
    await write_all(
        terminal, jobs + b"kill -STOP %2; jobs -p | tr '\\n' ,; echo e''nd\n"
    )
    output = await read_until(terminal, b"end\r\n")
    listed = re.search(rb"(\d+),(\d+),(\d+),", output)
    assert listed
    pids = {int(pid) for pid in listed.groups()}
    sid = terminal.identity.pid if terminal.identity else 0
    assert {os.getpgid(pid) for pid in pids} == pids
    assert {each.pid for each in processes.members(sid)} >= pids
    await terminal.aclose(grace_s=0.1)
    assert processes.members(sid) == []


async def test_a_grandchild_on_the_terminal_hangs_nothing(opener: Opener) -> None:
    """The leader has ended, its job has not: there is no end, but a close."""
    script = "(trap '' HUP; echo R; exec sleep 1000) & read x; exit 3"
    terminal = await opener(*sh(script))
    await read_until(terminal, b"R")
    await write_all(terminal, b"\n")
    assert await terminal.wait_exit() == ExitStatus(code=3)
    assert terminal.identity
    (left,) = processes.members(terminal.identity.pid)
    rest = []
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            rest.append(await read_rest(terminal))

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        assert rest == []
        assert await terminal.aclose(grace_s=0.05) == ExitStatus(code=3)
    assert rest == [b"\r\n"]
    assert left.pid not in {each.pid for each in processes.snapshot() if each.live}


async def test_a_close_without_a_run_spares_other_sessions(opener: Opener) -> None:
    """Without ANT's variables nothing shows that such a program is of a run."""
    code = (
        "import os, signal\n"
        "if os.fork() == 0:\n"
        "    os.setsid(); os.write(1, b'%d,' % os.getpid())\n"
        "signal.pause()\n"
    )
    terminal = await opener(*python(code))
    pid = int((await read_until(terminal, b",")).strip(b","))
    await terminal.aclose()
    assert [each.pid for each in processes.members(pid)] == [pid]
    os.kill(pid, signal.SIGKILL)


async def test_a_cancelled_close_is_bounded(opener: Opener) -> None:
    """Cancelled in its grace, it kills, reaps and releases everything."""
    terminal = await opener(*python(DEAF + "os.write(1, b'R'); signal.pause()"))
    await read_until(terminal, b"R")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(terminal.aclose, 1000)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert await terminal.wait_exit() == ExitStatus(signal=signal.SIGKILL)
    assert children() == []


async def test_the_pid_is_not_reused_before_the_close(opener: Opener) -> None:
    """An exited program stays a zombie until then."""
    terminal = await opener("/bin/true")
    await terminal.wait_exit()
    (leader,) = children()
    assert terminal.identity
    assert (leader.pid, leader.state) == (terminal.identity.pid, "Z")
    await terminal.aclose()
    assert children() == []


@pytest.mark.slow
@pytest.mark.soak
async def test_a_hundred_terminals_leave_nothing(opener: Opener) -> None:
    """One after another or at once: no zombie, no descriptor."""
    before = open_fds()
    for count in range(50):
        terminal = await opener("/bin/cat")
        if count % 2:
            await terminal.write(b"x")
        await terminal.aclose()
    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon((await opener("/bin/cat")).aclose)
    assert before == open_fds()
    assert children() == []
