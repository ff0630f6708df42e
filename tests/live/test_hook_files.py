"""Files with hook settings, over crashes of the server and on both hosts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ant.terminal.agents.hook_settings import hook_settings
from tests.live.server import running_server
from tests.live.waiting import eventually
from tests.terminal.private_tmux import ended_with_us, needs_tmux

pytestmark = [pytest.mark.slow, needs_tmux]

AGENT = '#!/bin/sh\nprintf "%s " "$@" > "$HOME/args"\nexec sleep 600\n'


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder, whose tmux ends with the test."""
    with ended_with_us(tmp_path / "data"):
        yield tmp_path / "data"


async def test_a_file_lives_as_long_as_its_run(tmp_path: Path, data: Path) -> None:
    """Also over a kill of the server, where the program outlives that."""
    agent = tmp_path / "claude"
    agent.write_text(AGENT)
    agent.chmod(0o700)
    ids: dict[str, str] = {}
    async with running_server(data) as server, server.client() as ant:
        for host in ("pty", "tmux"):
            home = tmp_path / host
            home.mkdir()
            row = await ant.create(
                *(host, "agent"),
                command=[str(agent), "-c"],
                env={"HOME": str(home)},
                host=host,
            )
            ids[host] = row["id"]
            file = data / "hooks" / f"{row['id']}.json"
            added = row["terminal"]["added_arguments"]
            assert ["--settings", str(file)] == added
            assert [str(agent), "-c"] == row["terminal"]["command"]
            said = await eventually(lambda home=home: text_of(home / "args"))
            assert f"--settings {file} -c " == said
            expected = hook_settings("claude-code")  # Its version is not known.
            assert expected == json.loads(file.read_text())
        await server.kill()
    files = {host: data / "hooks" / f"{id_}.json" for host, id_ in ids.items()}
    assert all(each.exists() for each in files.values())
    async with running_server(data) as server, server.client() as ant:
        assert {"pty": False, "tmux": True} == {
            host: each.exists() for host, each in files.items()
        }
        row: Any = await ant.call("GET", f"/api/sessions/{ids['tmux']}")
        assert "running" == row["status"]
        assert str(files["tmux"]) == row["terminal"]["added_arguments"][1]
        await ant.start(ids["pty"])
        assert files["pty"].exists()
        for host in ids:
            await ant.call("DELETE", f"/api/sessions/{ids[host]}", hard="true")
            assert not files[host].exists()


def text_of(path: Path) -> str:
    """What a file has; nothing if it is not there."""
    return path.read_text() if path.exists() else ""
