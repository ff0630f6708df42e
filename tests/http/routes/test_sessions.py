"""Sessions over HTTP: what becomes of them, and what everybody hears of it."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.core import clock
from ant.core.errors import Invalid
from ant.store import Unit
from tests.http.asking import Api, ask
from tests.store.chunks import chunks_of
from tests.systems import PATIENCE_S, Rig, running


async def test_a_session_is_one_row_everywhere(api: Api) -> None:
    """In answer and list, and by its id; everybody hears that there is one more."""
    async with api.ear() as outside:
        made = await api.room(meta={"project": "ant"}, ttl="forever")
        (event,) = await outside.heard()
    assert ("sessions_changed", made["id"], []) == (
        event["type"],
        event["sessionId"],
        event["removedIds"],
    )
    assert {"sessions": [made], "recoverable": [], "next": None} == await api.get(
        "/api/sessions"
    )
    assert made == await api.get(f"/api/sessions/{made['id']}")


async def test_a_change_is_answered_with_the_row(api: Api) -> None:
    """Meta is merged; what is not named stays."""
    room = await api.room(meta={"a": 1, "b": 2})
    path = f"/api/sessions/{room['id']}"
    async with api.ear() as outside:
        ask = {"name": " new ", "ttl": "7d", "meta": {"a": None, "c": [3]}}
        changed = await api.call("PATCH", path, ask)
        expected = {"name": "new", "ttl": "7d", "meta": {"b": 2, "c": [3]}}
        assert 200 == changed.status
        assert [] == changed.body.pop("replaced")
        assert {**room, **expected, "updated_at": changed.body["updated_at"]} == (
            changed.body
        )
        assert changed.body == await api.get(path)
        assert ["sessions_changed"] == await outside.tags()


async def test_a_session_says_that_it_accepts_messages(api: Api) -> None:
    """From the start or later; by itself none does, and its chat never."""
    ask = {"name": "tool", "type": "terminal", "start": False}
    plain = (await api.call("POST", "/api/sessions", ask)).body
    assert plain["accepts_messages"] is False
    ask |= {"name": "other", "accepts_messages": True}
    made = (await api.call("POST", "/api/sessions", ask)).body
    assert made["accepts_messages"] is True
    chat = await api.get(f"/api/sessions/{made['linked_chat_id']}")
    assert chat["accepts_messages"] is False
    path = f"/api/sessions/{plain['id']}"
    changed = await api.call("PATCH", path, {"accepts_messages": True})
    assert (200, True) == (changed.status, changed.body["accepts_messages"])
    assert {**await api.get(path), "replaced": []} == changed.body
    wrong = await api.call("PATCH", path, {"accepts_messages": "yes"})
    assert 400 == wrong.status


async def test_a_session_gives_hooks_unless_it_says_no(api: Api) -> None:
    """From the start or later."""
    ask = {"name": "tool", "type": "agent", "start": False}
    plain = (await api.call("POST", "/api/sessions", ask)).body
    assert plain["hooks"] is True
    assert [] == plain["terminal"]["added_arguments"]
    ask |= {"name": "other", "hooks": False}
    made = (await api.call("POST", "/api/sessions", ask)).body
    assert made["hooks"] is False
    path = f"/api/sessions/{plain['id']}"
    changed = await api.call("PATCH", path, {"hooks": False})
    assert (200, False) == (changed.status, changed.body["hooks"])
    assert 400 == (await api.call("PATCH", path, {"hooks": None})).status


@pytest.mark.parametrize("by_patch", [True, False])
async def test_a_pair_is_put_away_and_brought_back(api: Api, by_patch: bool) -> None:
    """The program ends, both halves go and come, and their ids are told."""
    session = await api.rig.started("one")
    ids = {session.id, session.linked_chat_id}
    path = f"/api/sessions/{session.id}"
    async with api.ear() as outside:
        if by_patch:
            gone = await api.call("PATCH", path, {"archived": True})
            assert (200, True) == (gone.status, gone.body["archived"])
        else:
            gone = await api.call("DELETE", path)
            assert (204, None) == (gone.status, gone.body)
        assert [True] == [each.closed for each in api.rig.terminals]
        heard = [e for e in await outside.heard() if e["type"] == "sessions_changed"]
        assert ids == {each for event in heard for each in event["removedIds"]}
        listed = await api.get("/api/sessions")
        assert [] == listed["sessions"]
        assert ids == {each["id"] for each in listed["recoverable"]}
        assert 410 == (await api.call("PATCH", path, {"name": "x"})).status
        await outside.heard()
        for each in ids:  # What is so already, is not done again.
            other = f"/api/sessions/{each}"
            again = await api.call("PATCH", other, {"archived": True})
            assert (200, by_patch) == (again.status, again.body["archived"])
            if not by_patch:
                assert 204 == (await api.call("DELETE", other)).status
        assert [] == await outside.heard()
        if by_patch:
            back = await api.call("PATCH", path, {"archived": False})
        else:
            back = await api.call("POST", f"{path}/restore")
        assert (200, False, None) == (
            back.status,
            back.body["archived"],
            back.body["deleted_at"],
        )
        assert "sessions_changed" in await outside.tags()
        for each in ids:
            again = await api.call("POST", f"/api/sessions/{each}/restore")
            assert (200, []) == (again.status, again.body["replaced"])
        assert [] == await outside.heard()
    listed = await api.get("/api/sessions")
    assert ids == {each["id"] for each in listed["sessions"]}
    assert 1 == len(api.rig.terminals), "nothing was started"


async def test_a_hard_delete_leaves_nothing(api: Api) -> None:
    """Not of the pair, not of what hung on it."""
    session = await api.rig.started("one")
    chat = await api.get(f"/api/sessions/{session.linked_chat_id}")
    await api.post(chat, "hello")
    path = f"/api/sessions/{chat['id']}"
    assert 204 == (await api.call("DELETE", path, hard="true")).status
    empty = {"sessions": [], "recoverable": [], "next": None}
    assert empty == await api.get("/api/sessions")
    for each in (path, f"{path}/messages", f"/api/sessions/{session.id}"):
        assert 404 == (await api.call("GET", each)).status
    everywhere = {"q": "hello", "include": "archived,deleted"}
    assert [] == (await api.get("/api/search", **everywhere))["results"]


async def test_names_and_handles_are_taken_once(api: Api) -> None:
    """A conflict, whatever the case, until they are free again."""
    one, two = await api.room("one"), await api.room("two")
    path = f"/api/sessions/{two['id']}"
    assert 409 == (await api.call("PATCH", path, {"name": "ONE"})).status
    ask = {"name": "One ", "type": "chat"}
    assert 409 == (await api.call("POST", "/api/sessions", ask)).status
    first = f"/api/sessions/{one['id']}"
    async with api.ear(one["id"]) as inside, api.ear() as outside:
        named = await api.call(
            "PATCH", f"{first}/handle", {"handle": "Boss", "display_name": "B"}
        )
        expected = {"handle": "@Boss", "display_name": "B"}
        assert (200, expected) == (named.status, named.body)
        heard = await inside.heard()
        assert ["handle_updated", "sessions_changed"] == [e["type"] for e in heard]
        assert expected.items() <= heard[0].items()
        assert ["sessions_changed"] == await outside.tags()
    taken = await api.call("PATCH", f"{path}/handle", {"handle": "@boss"})
    assert (409, "@boss is already taken") == (taken.status, taken.detail)
    await api.call("DELETE", first)
    free = await api.call("PATCH", f"{path}/handle", {"handle": "@boss"})
    assert 200 == free.status
    named = await api.call("PATCH", path, {"name": "one"})
    assert 200 == named.status
    back = await api.call("POST", f"{first}/restore")
    assert (200, "one (2)", "@Boss-2") == (
        back.status,
        back.body["name"],
        back.body["handle"],
    )
    assert [
        {"session_id": one["id"], "field": "name", "taken": "one", "now": "one (2)"},
        {
            "session_id": one["id"],
            "field": "handle",
            "taken": "@Boss",
            "now": "@Boss-2",
        },
    ] == back.body["replaced"]


async def test_an_archived_session_is_deleted(api: Api) -> None:
    """It can be restored from there, too."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}"
    await api.call("PATCH", path, {"archived": True})
    assert 204 == (await api.call("DELETE", path)).status
    row = await api.get(path)
    assert (False, True) == (row["archived"], row["deleted_at"] is not None)
    back = await api.call("PATCH", path, {"archived": False})
    assert (200, None) == (back.status, back.body["deleted_at"])


async def test_an_archive_that_was_interrupted_is_finished(api: Api) -> None:
    """A program that still runs in an archived session ends with the second request."""
    session = await api.rig.started("one")

    def archive(unit: Unit) -> None:
        unit.sessions.change(session.id, archived=True)

    await api.rig.system.journal.write(archive)
    assert not api.rig.terminals[0].closed
    path = f"/api/sessions/{session.id}"
    assert 200 == (await api.call("PATCH", path, {"archived": True})).status
    assert api.rig.terminals[0].closed


async def test_what_is_past_its_ttl_is_not_offered(api: Api) -> None:
    """Before the sweep removes it; it can be read until then, and not restored."""
    room = await api.room(ttl="1m")
    path = f"/api/sessions/{room['id']}"
    await api.call("DELETE", path)
    assert 1 == len((await api.get("/api/sessions"))["recoverable"])

    def age(unit: Unit) -> None:
        at = clock.stamp(unit.now - timedelta(minutes=2))
        unit.sessions.change(room["id"], deleted_at=at)

    await api.rig.system.journal.write(age)
    assert [] == (await api.get("/api/sessions"))["recoverable"]
    assert room["id"] == (await api.get(path))["id"]
    assert 410 == (await api.call("POST", f"{path}/restore")).status


async def test_a_display_name_alone(api: Api) -> None:
    """And a handle alone, which leaves it."""
    session = await api.rig.create("one")
    path = f"/api/sessions/{session.id}/handle"
    for body, expected in (
        ({"display_name": "Only Name"}, ("@one", "Only Name")),
        ({"handle": "two"}, ("@two", "Only Name")),
        ({"handle": None}, (None, "Only Name")),
        ({"display_name": None}, (None, None)),
    ):
        answer = await api.call("PATCH", path, body)
        assert (200, *expected) == (
            answer.status,
            answer.body["handle"],
            answer.body["display_name"],
        )
    refused = await api.call("PATCH", path, {})
    assert "handle or display_name required at $" == refused.detail


async def test_a_driver_is_heard_of(api: Api) -> None:
    """By the room as what it is, by everybody as a change of the list."""
    session = await api.rig.create("one")
    path = f"/api/sessions/{session.id}/cli-flag"
    async with api.ear(session.id) as inside, api.ear() as outside:
        for flag in ("codex-cli", None):
            answer = await api.call("PATCH", path, {"cli_flag": flag})
            expected = {"id": session.id, "cli_flag": flag}
            assert (200, expected) == (answer.status, answer.body)
        tags = [e["type"] for e in await inside.heard()]
        assert ["cli_flag_updated", "sessions_changed"] * 2 == tags
        assert ["sessions_changed"] * 2 == await outside.tags()


@pytest.mark.parametrize(
    ("method", "tail", "body", "status"),
    [
        ("PATCH", "", {"name": ""}, 400),
        ("PATCH", "", {"name": None}, 400),
        ("PATCH", "", {"ttl": "soon"}, 400),
        ("PATCH", "", {"archived": 1}, 400),
        ("PATCH", "", {"archived": None}, 400),
        ("PATCH", "", {"meta": None}, 400),
        ("PATCH", "", {"colour": "red"}, 400),
        ("PATCH", "", {"linked_chat_id": "nobody"}, 400),
        ("PATCH", "/handle", {}, 400),
        ("PATCH", "/handle", {"handle": "a b"}, 400),
        ("PATCH", "/handle", {"handle": "@"}, 400),
        ("PATCH", "/cli-flag", {"cli_flag": "vim"}, 400),
        ("PATCH", "/cli-flag", {"cli_flag": 5}, 400),
        ("PATCH", "/cli-flag", {}, 400),
        ("DELETE", "?hard=maybe", None, 400),
    ],
)
async def test_what_is_refused(
    api: Api, method: str, tail: str, body: Any, status: int
) -> None:
    """In the one shape; nothing changes and nobody hears of it."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}"
    async with api.ear(room["id"]) as inside:
        answer = await api.call(method, path + tail, body)
        assert status == answer.status, answer.body
        assert answer.detail
        assert [] == await inside.heard()
    assert room == await api.get(path)
    unknown = await api.call(method, "/api/sessions/nobody" + tail, body)
    assert unknown.status in (400, 404)


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
    assert {"sessions": [], "recoverable": [], "next": None} == (
        await ask(rig.app, "GET", "/api/sessions")
    ).body
    assert [] == rig.tags()


async def test_what_fails_to_start_is_taken_back(rig: Rig) -> None:
    """What only the host can know: the pair goes, and its name is free."""
    rig.fault = Invalid("Cannot start this at $.command")
    body = {"name": "one", "type": "terminal"}
    assert 400 == (await ask(rig.app, "POST", "/api/sessions", body)).status
    listed = (await ask(rig.app, "GET", "/api/sessions")).body
    assert {"sessions": [], "recoverable": [], "next": None} == listed
    rig.fault = None
    await create(rig)
    await rig.check_published()


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
            return len(chunks_of(unit, row["id"]))

        with trio.fail_after(PATIENCE_S):
            await rig.system.remover.idle.wait()
        assert 0 == await rig.system.journal.read(count)
        assert {} == rig.system.services.flows
    else:
        assert ("exited", None) != (look.body["status"], look.body["deleted_at"])
    assert (404 if hard else 204) == (await ask(rig.app, "DELETE", path)).status
    await rig.check_published()
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
