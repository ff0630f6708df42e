"""A real server process on a free port, for live tests and benchmarks."""

import atexit
import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import httpx
import trio

from ant.client import AntClient
from ant.terminal.host import processes

START_S = 20.0


@attrs.define(eq=False)
class Server:
    """A server process that is listening, or was."""

    process: trio.Process
    url: str
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self, api_key: str | None = None) -> AntClient:
        """A client of this server, to be entered."""
        return AntClient(self.url, api_key)

    def signal(self, signum: int) -> None:
        self.process.send_signal(signum)

    def open_fds(self) -> list[str]:
        """What its descriptors are, those of the database's small pool left out."""
        folder = Path(f"/proc/{self.pid}/fd")
        found = []
        for name in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(folder / name))
        return [each for each in found if "/ant.db" not in each]

    def rss_bytes(self) -> int:
        """Its resident memory, as the kernel tells it."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    def children(self) -> list[processes.Process]:
        """Its child processes, zombies included."""
        return [each for each in processes.snapshot() if each.ppid == self.pid]

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return await self.process.wait()

    async def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        await self.process.wait()


def left_of(session_id: str) -> list[int]:
    """The live processes that carry this session's mark in their environment."""
    return [
        each.pid
        for each in processes.snapshot()
        if processes.environ_of(each.pid).get("ANT_SESSION_ID") == session_id
    ]


def environment(**extra: str) -> dict[str, str]:
    """Ours without any variable of ANT or of the make that runs us; these on top."""
    foreign = ("ANT_", "MAKE", "MFLAGS")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
    return {**clean, **extra}


async def run_serve(*flags: str, **env: str) -> tuple[int, str, str]:
    """Run `ant serve` to its end, which must come of itself; code, stdout, stderr."""
    return await run_ant("serve", *flags, **env)


async def run_ant(*argv: str, **env: str) -> tuple[int, str, str]:
    """Run a verb of `ant` to its end; code, stdout, stderr."""
    with trio.fail_after(START_S):
        done = await trio.run_process(
            [sys.executable, "-m", "ant", *argv],
            capture_stdout=True,
            capture_stderr=True,
            check=False,
            env=environment(**env),
        )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def start_server(
    data_dir: Path,
    *flags: str,
    command: Sequence[str] | None = None,
    **env: str,
) -> Server:
    """Start `ant serve` on a free port and wait until it says that it listens.

    `command` replaces everything up to and with `serve` and the flags we would give.
    """
    os.makedirs(data_dir, exist_ok=True)
    log = data_dir / "server.log"
    ours = [sys.executable, "-m", "ant", "serve", "--port", "0"]
    with log.open("ab") as stderr:
        process = await trio.lowlevel.open_process(
            [*(command or [*ours, "--data-dir", str(data_dir)]), *flags],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(**env),
            start_new_session=True,
        )
    # Whoever breaks off this run breaks off the servers too, come what may.
    atexit.register(process.kill)
    assert process.stdout is not None
    said = b""
    with trio.fail_after(START_S):
        while b"\n" not in said:
            part = await process.stdout.receive_some(1024)
            if not part:
                await process.wait()
                raise RuntimeError(f"The server did not start:\n{log.read_text()}")
            said += part
    url = said.decode().split()[-1]
    return Server(process, url, log)


@attrs.define(eq=False)
class SharedServer:
    """A server process that several tests use, one after the other."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def client(self) -> AntClient:
        """A client of this server, to be entered."""
        return AntClient(self.url)

    def clear(self) -> None:
        """Remove all sessions for good. The server must be there still."""
        assert self.process.poll() is None
        with httpx.Client(
            base_url=self.url, trust_env=False, timeout=START_S
        ) as client:
            page = client.get("/api/sessions").json()
            for each in (*page["sessions"], *page["recoverable"]):
                path = f"/api/sessions/{each['id']}"
                answer = client.delete(path, params={"hard": "true"})
                # A chat goes with its terminal.
                assert answer.status_code in (204, 404), answer.text


@cache
def worker_server() -> SharedServer:
    """The server of this worker, which ends with it."""
    folder = TemporaryDirectory(prefix="ant-shared-")
    log = Path(folder.name) / "server.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "ant", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(ANT_DATA_DIR=f"{folder.name}/data"),
            start_new_session=True,
        )

    def end() -> None:
        process.terminate()
        try:
            process.wait(START_S)
        finally:
            process.kill()
            folder.cleanup()

    atexit.register(end)
    assert process.stdout is not None
    said = process.stdout.readline().decode()
    assert "listening" in said, log.read_text()
    return SharedServer(process, said.split()[-1], log)


@asynccontextmanager
async def shared_server() -> AsyncIterator[SharedServer]:
    """The worker's own server, for a test that neither sets it up nor ends it.

    All sessions are removed for good at the end of the block, so the next test finds
    none.
    """
    server = worker_server()
    try:
        yield server
    finally:
        with trio.CancelScope(shield=True):
            await trio.to_thread.run_sync(server.clear)


@asynccontextmanager
async def running_server(
    data_dir: Path,
    *flags: str,
    command: Sequence[str] | None = None,
    **env: str,
) -> AsyncIterator[Server]:
    """A server for the length of a block; it leaves gracefully if it can."""
    server = await start_server(data_dir, *flags, command=command, **env)
    try:
        yield server
    finally:
        with trio.CancelScope(shield=True), trio.move_on_after(15) as patience:
            if server.process.returncode is None:
                await server.stop()
        if patience.cancelled_caught:
            server.process.kill()
