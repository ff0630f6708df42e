"""Create, list, look, delete."""

import json
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.errors import Invalid
from ant.store import Unit
from tests.http.asking import ask
from tests.systems import PATIENCE_S, Rig, running


async def create(rig: Rig, name: str = "one", **fields: Any) -> Any:
    body = {"name": name, "type": "terminal", **fields}
    answer = await ask(rig.app, "POST", "/api/sessions", body)
    assert 201 == answer.status, answer.body
    return answer.body


async def test_a_terminal_starts_at_once(rig: Rig, tmp_path: Path) -> None:
    """In its folder, with its size; the answer has it running, and its chat."""
    row = await create(rig, root_dir=str(tmp_path), cols=99, rows=33, meta={"a": [1]})
    assert ("running", {"a": [1]}, 99, 33) == (
        row["status"],
        row["meta"],
        row["terminal"]["cols"],
        row["terminal"]["rows"],
    )
    assert (str(tmp_path), 99, 33) == (
        rig.specs[0].cwd,
        rig.specs[0].cols,
        rig.specs[0].rows,
    )
    chat = await ask(rig.app, "GET", f"/api/sessions/{row['linked_chat_id']}")
    assert ("one-Chat", "chat", None) == (
        chat.body["name"],
        chat.body["type"],
        chat.body["terminal"],
    )
    listed = (await ask(rig.app, "GET", "/api/sessions")).body
    assert {row["id"], chat.body["id"]} == {each["id"] for each in listed["sessions"]}
    assert row in listed["sessions"]


async def test_a_deferred_start_waits_to_be_used(rig: Rig) -> None:
    """And a chat has nothing to start."""
    assert "none" == (await create(rig, start=False))["status"]
    assert "none" == (await create(rig, "room", type="chat"))["status"]
    assert [] == rig.terminals


async def test_an_agent_has_the_driver_of_its_program(rig: Rig, tmp_path: Path) -> None:
    """Chosen by the program's name, wherever it is."""
    program = tmp_path / "claude"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    row = await create(rig, type="agent", command=[str(program)])
    assert ("claude-code", "running") == (row["cli_flag"], row["status"])


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"command": ["no-such-program"]}, "$.command[0]"),
        ({"root_dir": "/no/such/folder"}, "$.root_dir"),
        ({"name": " "}, "$.name"),
    ],
)
async def test_what_cannot_start_is_not_created(
    rig: Rig, fields: dict[str, Any], path: str
) -> None:
    """Neither the terminal nor its chat, nor an event of them."""
    body = {"name": "one", "type": "terminal", **fields}
    answer = await ask(rig.app, "POST", "/api/sessions", body)
    assert 400 == answer.status
    assert answer.body["issues"][0].endswith(f"at {path}")
    assert {"sessions": [], "recoverable": []} == (
        await ask(rig.app, "GET", "/api/sessions")
    ).body
    assert [] == rig.tags()


async def test_what_fails_to_start_is_taken_back(rig: Rig) -> None:
    """What only the host can know: the pair goes, and its name is free."""
    rig.fault = Invalid("Cannot start this at $.command")
    body = {"name": "one", "type": "terminal"}
    assert 400 == (await ask(rig.app, "POST", "/api/sessions", body)).status
    listed = (await ask(rig.app, "GET", "/api/sessions")).body
    assert {"sessions": [], "recoverable": []} == listed
    rig.fault = None
    await create(rig)
    rig.check_published()


async def test_a_name_is_taken_once(rig: Rig) -> None:
    """The second is a conflict, and nothing of it stays."""
    await create(rig)
    body = {"name": "ONE", "type": "terminal"}
    answer = await ask(rig.app, "POST", "/api/sessions", body)
    assert (409, '"ONE" already exists') == (answer.status, answer.body["detail"])
    assert 1 == len(rig.terminals)


async def test_the_cap_is_429_and_nothing_is_created(tmp_path: Path) -> None:
    """One too many; a chat is none of its business."""
    async with running(tmp_path, max_active_sessions=1) as rig:
        await create(rig)
        body = {"name": "two", "type": "terminal"}
        answer = await ask(rig.app, "POST", "/api/sessions", body)
        assert 429 == answer.status
        assert "ANT_MAX_ACTIVE_SESSIONS" in answer.body["detail"]
        await create(rig, "room", type="chat")
        await create(rig, "later", start=False)
        listed = (await ask(rig.app, "GET", "/api/sessions")).body["sessions"]
        assert "two" not in {each["name"] for each in listed}


async def test_two_at_once_get_one_place(tmp_path: Path) -> None:
    """The cap holds while both are being started."""
    async with running(tmp_path, max_active_sessions=1) as rig:
        statuses = []

        async def post(name: str) -> None:
            body = {"name": name, "type": "terminal"}
            answer = await ask(rig.app, "POST", "/api/sessions", body)
            statuses.append(answer.status)

        async with trio.open_nursery() as nursery:
            for name in ("a", "b", "c"):
                nursery.start_soon(post, name)
        assert [201, 429, 429] == sorted(statuses)
        assert 1 == len(rig.terminals)


@pytest.mark.parametrize("hard", [False, True])
async def test_a_deleted_session_is_over(rig: Rig, hard: bool) -> None:
    """Its program has ended; soft it can be looked at, hard it was never there."""
    row = await create(rig)
    rig.terminals[0].say(b"hello")
    path = f"/api/sessions/{row['id']}"
    with trio.fail_after(PATIENCE_S):
        answer = await ask(rig.app, "DELETE", f"{path}?hard={str(hard).lower()}")
    assert (204, None) == (answer.status, answer.body)
    assert rig.terminals[0].closed
    look = await ask(rig.app, "GET", path)
    assert (404 if hard else 200) == look.status
    if hard:

        def count(unit: Unit) -> int:
            return sum(1 for _ in unit.transcripts.backwards(row["id"]))

        assert 0 == await rig.system.journal.read(count)
        assert {} == rig.system.stage.flows
    else:
        assert ("exited", None) != (look.body["status"], look.body["deleted_at"])
    assert (404 if hard else 410) == (await ask(rig.app, "DELETE", path)).status
    rig.check_published()
    await create(rig)


async def test_a_soft_deleted_session_can_go_for_good(rig: Rig) -> None:
    """It is in the list of what can be brought back until then."""
    row = await create(rig, start=False)
    path = f"/api/sessions/{row['id']}"
    await ask(rig.app, "DELETE", path)
    recoverable = (await ask(rig.app, "GET", "/api/sessions")).body["recoverable"]
    assert {row["id"], row["linked_chat_id"]} == {each["id"] for each in recoverable}
    assert 204 == (await ask(rig.app, "DELETE", f"{path}?hard=true")).status
    assert [] == (await ask(rig.app, "GET", "/api/sessions")).body["recoverable"]


async def test_a_row_keeps_secrets(rig: Rig) -> None:
    """The environment of a session is in no answer and no event."""
    row = await create(rig, env={"TOKEN": "hunter2"})
    listed = (await ask(rig.app, "GET", "/api/sessions")).body
    assert "hunter2" not in json.dumps([row, listed])
    assert "hunter2" == rig.specs[0].env["TOKEN"]
