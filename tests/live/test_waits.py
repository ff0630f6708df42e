"""Waits against a real server: across `kill -9`, of a shell, and while it stops."""

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from ant.client import AntClient
from tests.installed import needs
from tests.live.server import running_server, start_server

SLOW_S = 60.0

HOSTS = [
    "pty",
    pytest.param("tmux", marks=needs("tmux")),
]


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
async def test_a_place_outlives_the_server(tmp_path: Path, host: str) -> None:
    """After `kill -9` the next wait goes on: with the program in tmux, else `lost`."""
    go = tmp_path / "go"
    script = f'echo one; until [ -e "{go}" ]; do sleep 0.05; done; echo two; exit 5'
    with trio.fail_after(SLOW_S):
        server = await start_server(tmp_path / "data")
        async with server.client() as ant:
            row = await ant.create("one", host=host, command=["sh", "-c", script])
            first = await ant.wait(row["id"], "output:one", after="0")
            assert "output:one" == first["until"]
        await server.kill()
        async with running_server(tmp_path / "data") as again, again.client() as ant:
            go.touch()
            told = [await ant.wait(row["id"], "output:two", after=first["next"])]
            while told[-1]["until"] != "exit":
                after = told[-1]["next"]
                told.append(await ant.wait(row["id"], "output:two", after=after))
            assert {first["run"]} == {answer["run"] for answer in told}
            if host == "tmux":
                assert ["output:two", "exit"] == [each["until"] for each in told]
                assert 5 == told[-1]["exit_code"]
                return
            (lost,) = told
            assert ("lost", None) == (lost["status"], lost["exit_code"])
            await ant.call("POST", f"/api/sessions/{row['id']}/terminal/start", {})
            new = await ant.wait(row["id"], "output:one", after=lost["next"])
            assert "output:one" == new["until"]
            assert new["gap"]["from"] <= new["gap"]["to"] <= new["start"]
            assert new["run"] != lost["run"]


async def typed(ant: AntClient, session_id: str, line: str) -> str:
    """Type a line; the place from before."""
    here = await ant.wait(session_id, "block", timeout=0)
    await ant.type(session_id, f"{line}\r")
    return str(here["next"])


@pytest.mark.slow
async def test_a_shell(tmp_path: Path) -> None:
    """A prompt, a command with its code, a question, rest, and a stop of the server."""
    with trio.fail_after(SLOW_S):
        async with running_server(tmp_path / "data") as server, server.client() as ant:
            row = await ant.create("one", command=["bash", "-i"])
            session_id = row["id"]
            await ant.type(session_id, "")
            ready = await ant.wait(session_id, "ready")
            assert "ready" == ready["until"]
            after = await typed(ant, session_id, "(exit 3)")
            block = await ant.wait(session_id, "block", after=after)
            assert ("block", "(exit 3)", 3, "high") == (
                block["until"],
                block["command"],
                block["exit_code"],
                block["trust"],
            )
            # At rest again, behind that command; and no second time without output.
            rest = await ant.wait(session_id, "ready", after=block["next"])
            assert rest["end"] >= block["end"]
            after = await typed(ant, session_id, "read -p 'Delete it? [y/N] ' x")
            prompt = await ant.wait(session_id, "prompt", after=after)
            assert "Delete it?" == prompt["prompt"]["question"]
            same = await ant.wait(session_id, "prompt")
            assert same["prompt"]["id"] == prompt["prompt"]["id"]
            nothing = await ant.wait(
                session_id, "prompt", after=prompt["next"], timeout=0
            )
            assert nothing["timed_out"]
            answers: list[Any] = []

            async def wait() -> None:
                answers.append(await ant.wait(session_id, "output:never"))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked(0.5)
                assert 0 == await server.stop()
            (last,) = answers
            assert (True, True) == (last["timed_out"], last["stopping"])
