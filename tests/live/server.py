"""A real server process on a free port, for live tests and benchmarks."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import trio

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

    def signal(self, signum: int) -> None:
        self.process.send_signal(signum)

    async def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return await self.process.wait()

    async def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        await self.process.wait()


def environment(**extra: str) -> dict[str, str]:
    """Ours without any ANT_ variable, and these on top."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ANT_")}
    return {**clean, **extra}


async def start_server(data_dir: Path, *flags: str, **env: str) -> Server:
    """Start `ant serve` on a free port and wait until it says that it listens."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    with log.open("ab") as stderr:
        process = await trio.lowlevel.open_process(
            [sys.executable, "-m", "ant", "serve", "--port", "0"]
            + ["--data-dir", str(data_dir), *flags],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(**env),
            start_new_session=True,
        )
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


@asynccontextmanager
async def running_server(
    data_dir: Path, *flags: str, **env: str
) -> AsyncIterator[Server]:
    """A server for the length of a block; afterwards it is gone, gracefully if it can."""
    server = await start_server(data_dir, *flags, **env)
    try:
        yield server
    finally:
        with trio.CancelScope(shield=True), trio.move_on_after(15) as patience:
            if server.process.returncode is None:
                await server.stop()
        if patience.cancelled_caught:
            server.process.kill()
