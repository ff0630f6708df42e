"""Every host passes the contract; the fake behaves as the real ones."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import trio

from ant.terminal.host.host_terminal import HostTerminal, Spec
from ant.terminal.host.pty import open_pty
from tests.fakes import FakeTerminal
from tests.installed import each
from tests.terminal import contract
from tests.terminal.private_tmux import running_tmux

ECHO = f"""
import os, signal, tty
signal.signal(signal.SIGINT, signal.SIG_DFL)
tty.setraw(0)
os.write(1, {contract.READY!r})
while True:
    data = os.read(0, 4096)
    for key in (b"\\3", b"\\4"):
        before, found, _ = data.partition(key)
        if found:
            os.write(1, before)
            signal.raise_signal(2) if key == b"\\3" else os._exit(0)
    while data:
        data = data[os.write(1, data):]
"""


SPEC = Spec((sys.executable, "-ISc", ECHO), "/", dict(os.environ), 80, 24)


async def open_fake() -> HostTerminal:
    return FakeTerminal(contract.READY)


async def open_echo_pty() -> HostTerminal:
    return await open_pty(SPEC)


HOSTS: dict[str, contract.Opener | None] = {
    "fake": open_fake,
    "pty": open_echo_pty,
    "tmux": None,
}


@pytest.fixture(params=["fake", "pty", *each("tmux")])
async def opener(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[contract.Opener]:
    """Open the echo program on one host, and close whatever was opened."""
    opened: list[HostTerminal] = []

    async def open_one() -> HostTerminal:
        assert open_host is not None
        opened.append(await open_host())
        return opened[-1]

    async with AsyncExitStack() as stack:
        open_host = HOSTS[request.param]
        if open_host is None:
            tmux = await stack.enter_async_context(running_tmux(tmp_path))

            async def open_host() -> HostTerminal:
                return await tmux.open(SPEC, f"s{len(opened)}", "run", 0, lambda: 0)

        yield open_one
        for terminal in opened:
            await terminal.aclose(grace_s=0)


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
async def test_a_host_keeps_the_contract(
    check: contract.Check, opener: contract.Opener
) -> None:
    """One check of the contract, on one host."""
    with trio.fail_after(20):
        await check(opener)
