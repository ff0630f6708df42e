"""A control client on real pipes:

with a real tmux, and with a program that never reads.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from ant.core.errors import CapacityReached, NotRunning
from ant.terminal.tmux import control_client
from ant.terminal.tmux.control_client import ControlClient, open_client
from ant.terminal.tmux.control_parser import Notice
from tests.live.waiting import eventually
from tests.terminal.private_tmux import command, needs_tmux, running_tmux

ENV = {"PATH": os.environ["PATH"]}


@asynccontextmanager
async def client_of(
    *argv: str, notices: list[Notice] | None = None
) -> AsyncIterator[ControlClient]:
    """A client that runs, and ends with the block."""
    program = shutil.which(argv[0])
    assert program is not None
    client = await open_client([program, *argv[1:]], ENV, trio.Lock())
    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.run, ([] if notices is None else notices).append)
            yield client
            nursery.cancel_scope.cancel()
    await client.aclose()


def fill(client: ControlClient) -> None:
    """Send more than a pipe holds."""
    for _ in range(100):
        client.send("x" * 4000)


@needs_tmux
async def test_answers_come_in_order(tmp_path: Path) -> None:
    """For several commands in one line, that of the last one; errors are answers."""
    notices: list[Notice] = []
    async with running_tmux(tmp_path) as tmux:
        command(tmp_path, "-f", "/dev/null", "new-session", "-d", "-s", "s", "cat")
        argv = (
            "tmux",
            "-L",
            tmux.tmux_commands.name,
            "-C",
            "attach-session",
            "-t",
            "=s:",
        )
        async with client_of(*argv, notices=notices) as client:
            given = [
                client.send("display-message -p one", "display-message -p two"),
                client.send("nonsense"),
                client.send("display-message -p 'a  b'"),
            ]
            for each in given:
                await each.done.wait()
            answers = [each.answer for each in given]
            assert [a.ok for a in answers if a] == [True, False, True]
            assert [a.lines for a in answers if a and a.ok] == [("two",), ("a  b",)]
            answer = await client.request("display-message -p '#{session_name}'")
            assert answer is not None
            assert answer.lines == ("s",)
            command(tmp_path, "kill-session", "-t", "=s:")
            await client.over.wait()
            with pytest.raises(NotRunning):
                client.send("display-message -p x")
    assert notices[0].kind == "session-changed"
    assert notices[-1].kind == "exit"


async def test_waiting_commands_get_none_when_the_client_ends() -> None:
    """No caller waits for ever."""
    async with client_of("sh", "-c", "echo; read x; exit 1") as client:
        assert await client.request("display-message") is None
        with pytest.raises(NotRunning):
            client.send("display-message")


async def test_a_full_pipe_refuses_commands() -> None:
    """It takes no part of a line, and the caller does not block."""
    async with client_of("sh", "-c", "echo; exec sleep 1000") as client:
        with pytest.raises(CapacityReached):
            fill(client)


async def test_a_client_is_not_ended_before_it_is_greeted(tmp_path: Path) -> None:
    """A cancelled start waits for the greeting; tmux would crash otherwise."""
    script = f"cd {tmp_path}; touch begun; while [ ! -e go ]; do sleep 0.01; done; "
    script += "touch greets; echo; cat"
    left = trio.Event()

    async def open_one(scope: trio.CancelScope) -> None:
        with scope:
            client = await open_client(["/bin/sh", "-c", script], ENV, trio.Lock())
            await client.aclose()
        left.set()

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(open_one, scope)
            await eventually((tmp_path / "begun").exists)
            scope.cancel()
            await trio.testing.wait_all_tasks_blocked()
            assert not left.is_set()
            (tmp_path / "go").touch()
        assert (tmp_path / "greets").exists()


async def test_a_client_that_is_never_greeted_ends_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as ended, and exits when its input has ended."""
    monkeypatch.setattr(control_client, "GREET_S", 0.1)
    script = f"cat; touch {tmp_path}/ended"
    with trio.fail_after(20):
        client = await open_client(["/bin/sh", "-c", script], ENV, trio.Lock())
        await client.run(lambda _: None)
        assert client.over.is_set()
        assert not (tmp_path / "ended").exists()
        await client.aclose()
        await eventually((tmp_path / "ended").exists)
