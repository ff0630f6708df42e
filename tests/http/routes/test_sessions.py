"""Sessions over HTTP: what becomes of them, and what everybody hears of it."""

from typing import Any

import pytest

from tests.http.asking import Api


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
    assert {"sessions": [made], "recoverable": []} == await api.get("/api/sessions")
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
        assert {**room, **expected, "updated_at": changed.body["updated_at"]} == (
            changed.body
        )
        assert changed.body == await api.get(path)
        assert ["sessions_changed"] == await outside.tags()


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
    assert {"sessions": [], "recoverable": []} == await api.get("/api/sessions")
    for each in (path, f"{path}/messages", f"/api/sessions/{session.id}"):
        assert 404 == (await api.call("GET", each)).status
    everywhere = {"q": "hello", "include": "archived,deleted"}
    assert {"results": []} == await api.get("/api/search", **everywhere)


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
    conflict = await api.call("PATCH", path, {"name": "one"})
    assert 200 == conflict.status
    assert 409 == (await api.call("POST", f"{first}/restore")).status


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
        ("POST", "/restore", None, 409),
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
