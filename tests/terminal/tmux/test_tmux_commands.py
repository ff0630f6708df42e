"""Commands in a private tmux: their output, versions, names, and stuck clients."""

import os
import signal
import stat
from pathlib import Path

import pytest
import trio

from ant.core.errors import CapacityReached, Invalid
from ant.terminal.host import processes
from ant.terminal.tmux import tmux_commands as commands_module
from ant.terminal.tmux.tmux_commands import CLIENT, TmuxCommands, is_old, name_of
from ant.terminal.tmux.tmux_server import Tmux
from tests.live.waiting import eventually
from tests.terminal.private_tmux import command, needs_tmux, running_tmux


@needs_tmux
async def test_commands_have_output_or_are_refused(tmp_path: Path) -> None:
    """`run` returns None then;

    a session that cannot start is an error with tmux's text.
    """
    async with running_tmux(tmp_path) as tmux:
        tmux_commands = tmux.tmux_commands
        assert await tmux_commands.run("list-sessions") is None
        said = await tmux_commands.start_session(
            "new-session", "-d", "-P", "-F", "#{session_id}", "cat"
        )
        assert said == "$0\n"
        assert (
            await tmux_commands.run("list-sessions", "-F", "a  #{session_id}")
            == "a  $0"
        )
        assert await tmux_commands.run("kill-session", "-t", "=no") is None
        await tmux_commands.start_session("new-session", "-d", "-s", "one", "cat")
        with pytest.raises(CapacityReached, match="duplicate session: one"):
            await tmux_commands.start_session("new-session", "-d", "-s", "one", "cat")


@needs_tmux
async def test_clients_of_a_killed_server_are_ended(tmp_path: Path) -> None:
    """Not those of this process, and not a user's own."""
    async with running_tmux(tmp_path) as tmux:
        await tmux.tmux_commands.start_session("new-session", "-d", "-s", "s", "cat")
        argv = [
            "tmux",
            "-L",
            tmux.tmux_commands.name,
            "-C",
            "attach-session",
            "-t",
            "=s:",
        ]
        env, name = dict(os.environ), tmux.tmux_commands.name
        marks = (f"{name} 1", f"{name} {os.getpid()}", "ant-another 1")
        clients = [
            await trio.lowlevel.open_process(argv, stdin=-1, stdout=-1, env=env | extra)
            for extra in (*({CLIENT: mark} for mark in marks), {})
        ]
        listed = ("list-clients", "-F", "#{client_pid}")
        await eventually(lambda: len(command(tmp_path, *listed).split()) == 4)
        tmux.tmux_commands.end_stuck_clients()
        with trio.fail_after(10):
            assert await clients[0].wait() == -9
        assert [client.poll() for client in clients[1:]] == [None, None, None]
        for client in clients[1:]:
            processes.kill(client.pid)
            await client.wait()


@needs_tmux
async def test_a_tmux_that_waits_for_a_stuck_client_can_exit(tmp_path: Path) -> None:
    """Until then it refuses every command, and every start."""
    async with running_tmux(tmp_path) as tmux:
        tmux_commands = tmux.tmux_commands
        await tmux_commands.start_session("new-session", "-d", "-s", "s", "cat")
        argv = ["tmux", "-L", tmux_commands.name, "-C", "attach-session", "-t", "=s:"]
        env = os.environ | {CLIENT: f"{tmux_commands.name} 1"}
        client = await trio.lowlevel.open_process(argv, stdin=-1, stdout=-1, env=env)
        listed = ("list-clients", "-F", "#{client_pid}")
        await eventually(lambda: command(tmp_path, *listed) == str(client.pid))
        client.send_signal(signal.SIGSTOP)
        command(tmp_path, "kill-server")
        tmux_commands.end_stuck_clients()
        words = ("new-session", "-d", "-P", "-F", "#S", "cat")
        assert await tmux_commands.start_session(*words) == "0\n"
        with trio.fail_after(10):
            assert await client.wait() == -9


async def test_a_tmux_that_hangs_counts_as_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `COMMAND_S`."""
    hangs = tmp_path / "tmux"
    hangs.write_text("#!/bin/sh\nexec sleep 1000\n")
    hangs.chmod(hangs.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(commands_module, "COMMAND_S", 0.1)
    with trio.fail_after(10):
        assert (
            await TmuxCommands(tmp_path, dict(os.environ)).run("list-sessions") is None
        )


def test_versions() -> None:
    """As tmux reports them; one without a number is built from source, and new."""
    assert [is_old(v) for v in ("1.8", "3.2a", "3.3", "3.5a", "next-3.6", "4.0")] == [
        *(True, True, False, False, False, False)
    ]
    assert not is_old("master")


def test_each_folder_has_a_name(tmp_path: Path) -> None:
    """A short name of plain characters; the same for each path to the folder."""
    long = tmp_path / ("x" * 200)
    link = tmp_path / "link"
    link.symlink_to(long)
    assert name_of(long) == name_of(link) != name_of(tmp_path)
    assert len(name_of(long)) == 16


async def test_without_tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no tmux on the PATH there is nothing to find, and starts are refused."""
    monkeypatch.setenv("PATH", str(tmp_path))
    tmux_commands = TmuxCommands(tmp_path, {})
    assert await Tmux(tmp_path, {}).surviving_panes() == {}
    assert (await tmux_commands.version(), tmux_commands.found) == (None, None)
    assert await tmux_commands.run("list-sessions") is None
    assert await tmux_commands.open_client(0) is None
    with pytest.raises(Invalid, match=r"there is no tmux .* at \$\.host"):
        await tmux_commands.check()
    with pytest.raises(Invalid, match=r"there is no tmux .* at \$\.host"):
        await tmux_commands.start_session("new-session", "-d")
