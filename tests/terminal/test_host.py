"""Every host keeps the contract, and the fake is as good as the real ones."""

import os
import sys
from collections.abc import AsyncIterator

import pytest
import trio

from ant.terminal.host import Spec, Terminal
from ant.terminal.pty import open_pty
from tests.fakes import FakeTerminal
from tests.terminal import contract

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


async def open_fake() -> Terminal:
    return FakeTerminal(contract.READY)


async def open_echo_pty() -> Terminal:
    argv = (sys.executable, "-ISc", ECHO)
    return await open_pty(Spec(argv, "/", dict(os.environ), 80, 24))


HOSTS: dict[str, contract.Opener] = {"fake": open_fake, "pty": open_echo_pty}


@pytest.fixture(params=HOSTS)
async def opener(request: pytest.FixtureRequest) -> AsyncIterator[contract.Opener]:
    """Opens the echo program on one host and closes whatever was opened."""
    opened: list[Terminal] = []

    async def open_one() -> Terminal:
        opened.append(await HOSTS[request.param]())
        return opened[-1]

    yield open_one
    for terminal in opened:
        await terminal.aclose(grace_s=0)


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
async def test_a_host_keeps_the_contract(
    check: contract.Check, opener: contract.Opener
) -> None:
    """One truth of the contract, on one host."""
    with trio.fail_after(20):
        await check(opener)
