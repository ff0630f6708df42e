"""Drivers over HTTP: the list, a reload, a check; explain says which version runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio

from ant.model.sessions import SessionId
from ant.terminal.host.pty import open_pty
from tests.http.asking import Api
from tests.mocks.mine import DRIVER, mine, write_driver
from tests.systems import PATIENCE_S, Rig, running

pytestmark = pytest.mark.slow


@pytest.fixture
async def own_api(tmp_path: Path, own_folder: Path) -> AsyncIterator[Api]:
    """Routes of a server with real terminals and a folder of drivers."""
    data = tmp_path / "data"
    data.mkdir()
    async with running(data, open_terminal=open_pty, drivers_dir=own_folder) as rig:
        yield Api(rig)


async def start(rig: Rig, folder: Path) -> str:
    """A terminal with the agent `mine`, at rest."""
    session = await rig.started("one", command=(str(mine(folder, "1.1")),))
    live = rig.system.supervisor.need(session.id)
    with trio.fail_after(PATIENCE_S):
        while "mine>" not in " ".join(live.text()):
            await live.wait_output(0.05)
        while live.verdict is None or live.verdict.kind == "busy":
            await live.wait_output(0.05)
    return session.id


async def test_a_driver_of_the_operator(
    own_api: Api, own_folder: Path, tmp_path: Path
) -> None:
    """It is listed after a reload, with the sessions that use it and their version."""
    before = await own_api.get("/api/drivers")
    assert str(own_folder) == before["folder"]
    assert "mine" not in {each["name"] for each in before["drivers"]}
    assert "shell" not in {each["name"] for each in before["drivers"]}
    ident = await start(own_api.rig, tmp_path)
    path = f"/api/sessions/{ident}/prompt-bridge/explain"
    assert (await own_api.get(path))["agent"] is None
    write_driver(own_folder)
    write_driver(own_folder, "name = 1", "bad.toml")
    answer = await own_api.call("POST", "/api/drivers/reload")
    assert 200 == answer.status
    assert 1 == answer.body["sessions"]
    (refused,) = answer.body["refused"]
    assert f"{own_folder}/bad.toml: name: expected a text, got 1." == refused["reason"]
    live = own_api.rig.system.supervisor.need(SessionId(ident))
    with trio.fail_after(PATIENCE_S):
        while (page := await own_api.get(path))["agent"]["running"] is None:
            await live.wait_output(0.02)
    agent = {
        "driver": "mine",
        "file": str(own_folder / "mine.toml"),
        "recorded": ["1.0"],
        "running": "1.1",
        "source": "screen",
        "differs": True,
    }
    assert agent == page["agent"]
    listed = await own_api.get("/api/drivers")
    (row,) = [each for each in listed["drivers"] if each["name"] == "mine"]
    (session,) = row["sessions"]
    assert (ident, "one", "mine", "1.1", True) == (
        session["session_id"],
        session["name"],
        session["program"],
        session["running"],
        session["differs"],
    )
    past = await own_api.get(f"{path}?offset={page['offset']}")
    assert {**agent, "running": None, "source": None, "differs": None} == past["agent"]


async def test_a_driver_is_tried_on_a_session(own_api: Api, tmp_path: Path) -> None:
    """Its stored screens are judged with it, and nothing changes."""
    ident = await start(own_api.rig, tmp_path)
    body = {"content": DRIVER, "session_id": ident, "file": "mine.toml"}
    live = own_api.rig.system.supervisor.need(SessionId(ident))
    with trio.fail_after(PATIENCE_S):
        while True:
            answer = await own_api.call("POST", "/api/drivers/check", body)
            if answer.status == 200:
                last = answer.body["screens"][-1]
                if last["rule"] == "mine/composer":
                    break
            await live.wait_output(0.05)
    assert ("at_rest", ["mine>"], True) == (
        last["kind"],
        last["evidence"],
        last["uses_driver"],
    )
    page = await own_api.get("/api/drivers")
    assert "mine" not in {each["name"] for each in page["drivers"]}
    body["content"] = "name = 1"
    answer = await own_api.call("POST", "/api/drivers/check", body)
    assert 400 == answer.status
    assert "mine.toml: name: expected a text, got 1 at $.content" == answer.detail
