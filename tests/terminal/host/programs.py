"""Programs that the tests of processes start, and what they ask about them."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import attrs
import trio

from ant.terminal.host import processes
from ant.terminal.host.host_terminal import Identity

READY_THEN_WAIT = "import os, signal; os.write(1, b'R'); signal.pause()"

CRASHING_SERVER = """
import json, os, signal, sys, trio
from ant.terminal.host.host_terminal import Spec
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
