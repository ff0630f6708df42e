"""Drivers of a running server: terminals take a new one without a restart or a flip."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.history.replay import VersionSource
from ant.model.events import AgentStatusUpdated
from ant.model.sessions import SessionId
from ant.runtime.agents.drivers import list_drivers, reload_drivers, version_of
from ant.terminal.host.pty import open_pty
from ant.terminal.model.prompt import Kind, Verdict
from tests.mocks.mine import DRIVER, mine, write_driver
from tests.systems import PATIENCE_S, Rig, running

pytestmark = pytest.mark.slow


@asynccontextmanager
async def system_with(
    folder: Path, drivers: Path, *commands: tuple[str, ...]
) -> AsyncIterator[tuple[Rig, list[SessionId]]]:
    """A system with real terminals, each with one of these commands."""
    (folder / "data").mkdir()
    data = folder / "data"
    async with running(data, open_terminal=open_pty, drivers_dir=drivers) as rig:
        ids = []
        for number, command in enumerate(commands):
            session = await rig.started(f"s{number}", command=command)
            ids.append(session.id)
        yield rig, ids


async def until(
    rig: Rig, session_id: SessionId, holds: Callable[[Verdict], bool]
) -> None:
    """Wait until the verdict on a terminal is like that."""
    live = rig.system.supervisor.need(session_id)
    with trio.fail_after(PATIENCE_S):
        while live.verdict is None or not holds(live.verdict):
            await live.wait_output(0.02)


def states(rig: Rig, session_id: SessionId) -> list[Any]:
    """The states of the agent that were published, in order."""
    return [
        each.event.status.state
        for each in rig.bus.published
        if isinstance(each.event, AgentStatusUpdated)
        and each.event.session_id == session_id
    ]


async def test_a_new_driver_is_taken_by_a_running_terminal(
    tmp_path: Path, own_folder: Path
) -> None:
    """The answer counts the terminals that took it, and names what is refused."""
    command = (str(mine(tmp_path)),)
    async with system_with(tmp_path, own_folder, command, ("cat",)) as (rig, ids):
        one, other = ids
        await until(rig, one, lambda verdict: "mine" not in verdict.rule)
        write_driver(own_folder)
        bad = write_driver(own_folder, "name = 1", "bad.toml")
        found = await reload_drivers(rig.system)
        assert 1 == found.sessions
        assert [str(bad)] == [each.file for each in found.refused]
        await until(rig, one, lambda verdict: verdict.rule == "mine/composer")
        (row,) = [each for each in found.drivers if each.name == "mine"]
        assert (str(own_folder / "mine.toml"), False) == (row.file, row.replaces)
        assert [one] == [each.session_id for each in row.sessions]
        assert 0 == (await reload_drivers(rig.system)).sessions
        write_driver(own_folder, DRIVER.replace("mine>", "nobody>"))
        assert 1 == (await reload_drivers(rig.system)).sessions
        await until(rig, one, lambda verdict: verdict.rule != "mine/composer")
        verdict = rig.system.supervisor.need(other).verdict
        assert verdict is None or "mine" not in verdict.rule


async def test_a_reload_is_no_flip(tmp_path: Path, own_folder: Path) -> None:
    """A busy agent stays busy, and one at rest at rest, however often it happens."""
    command = (str(mine(tmp_path)),)
    write_driver(own_folder)
    async with system_with(tmp_path, own_folder, command) as (rig, (one,)):
        rig.system.drivers.load()
        live = rig.system.supervisor.need(one)
        await until(rig, one, lambda verdict: verdict.kind is Kind.AT_REST)
        before = len(states(rig, one))
        for number in range(5):
            rule = f"\n[[reply]]\nid = 'r{number}'\npattern = 'never{number}'\n"
            write_driver(own_folder, DRIVER + rule)
            assert 1 == (await reload_drivers(rig.system)).sessions
            await live.wait_output(0.15)
        assert [] == states(rig, one)[before:]
        live.type_nowait(b"work 15\r")
        await until(rig, one, lambda verdict: verdict.kind is Kind.BUSY)
        for number in range(5):
            rule = f"\n[[reply]]\nid = 's{number}'\npattern = 'never{number}'\n"
            write_driver(own_folder, DRIVER + rule)
            assert 1 == (await reload_drivers(rig.system)).sessions
            await live.wait_output(0.1)
        await until(rig, one, lambda verdict: verdict.kind is Kind.AT_REST)
        await rig.settle()
        assert ["busy", "ready"] == states(rig, one)[before:]


async def test_a_file_that_became_bad_keeps_its_driver(
    tmp_path: Path, own_folder: Path
) -> None:
    """No terminal loses it; a file that is gone is gone."""
    command = (str(mine(tmp_path)),)
    path = write_driver(own_folder)
    async with system_with(tmp_path, own_folder, command) as (rig, (one,)):
        rig.system.drivers.load()
        await until(rig, one, lambda verdict: verdict.rule == "mine/composer")
        write_driver(own_folder, DRIVER + "\nbussy = 1")
        found = await reload_drivers(rig.system)
        assert 0 == found.sessions
        assert [True] == [each.kept for each in found.refused]
        path.unlink()
        assert 1 == (await reload_drivers(rig.system)).sessions


async def test_the_version_that_runs(tmp_path: Path, own_folder: Path) -> None:
    """By the screen, else by the files; it differs, or nobody can tell."""
    shows, silent = tmp_path / "shows", tmp_path / "silent"
    for folder in (shows, silent):
        folder.mkdir()
        (folder / "package.json").write_text('{"version": "1.0"}')
    commands = [(str(mine(folder, "1.1")),) for folder in (shows, silent)]
    write_driver(own_folder)
    async with system_with(tmp_path, own_folder, *commands) as (rig, (one, two)):
        rig.system.drivers.load()
        for each in (one, two):
            await until(rig, each, lambda verdict: verdict.rule == "mine/composer")
        run = rig.system.services.running[one]
        found = await version_of(rig.system, run)
        assert found is not None
        assert ("1.1", VersionSource.SCREEN, True) == (
            found.running,
            found.source,
            found.differs,
        )
        write_driver(own_folder, DRIVER.replace("Mine v", "Nothing v"))
        await reload_drivers(rig.system)
        run = rig.system.services.running[two]
        run.live.banner.__init__()  # type: ignore[misc]
        found = await version_of(rig.system, run)
        assert found is not None
        assert ("1.0", VersionSource.FILES, False) == (
            found.running,
            found.source,
            found.differs,
        )
        (silent / "package.json").unlink()
        found = await version_of(rig.system, run)
        assert found is not None
        assert (None, None, None) == (found.running, found.source, found.differs)
        page = await list_drivers(rig.system)
        (row,) = [each for each in page.drivers if each.name == "mine"]
        assert {"1.1", None} == {each.running for each in row.sessions}
        assert {"mine"} == {each.program for each in row.sessions}
