"""Tasks and file references over HTTP, and what is heard of them."""

from typing import Any

import pytest

from tests.http.asking import Api


async def test_tasks_from_making_to_the_end(api: Api) -> None:
    """One row in answer, event and list; heard once each, by those in the room."""
    room, other = await api.room(), await api.room("other")
    path = f"/api/sessions/{room['id']}/tasks"
    async with api.ear(room["id"]) as inside, api.ear(other["id"]) as outside:
        made = await api.call("POST", path, {"title": "one", "file_refs": ["a"]})
        assert 201 == made.status
        task = made.body["task"]
        named = {"status": "review", "assigned_to": "@ada"}
        changed = await api.call("PATCH", f"{path}/{task['id'][:8]}", named)
        assert (200, {**task, **named}) == (
            changed.status,
            {**changed.body["task"], "updated_at": task["updated_at"]},
        )
        gone = await api.call("DELETE", f"{path}/{task['id']}")
        assert (200, {"ok": True}) == (gone.status, gone.body)
        created, updated, deleted = await inside.heard()
        assert ("task_created", task) == (created["type"], created["task"])
        assert ("task_updated", changed.body["task"]) == (
            updated["type"],
            updated["task"],
        )
        assert ("task_deleted", task["id"]) == (deleted["type"], deleted["taskId"])
        assert {room["id"]} == {e["sessionId"] for e in (created, updated, deleted)}
        assert [] == await outside.heard()
    (listed,) = (await api.get(path))["tasks"]
    assert {**changed.body["task"], "status": "deleted"} == {
        **listed,
        "updated_at": changed.body["task"]["updated_at"],
    }


async def test_files_from_flag_to_no_flag(api: Api) -> None:
    """The same, for references."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}/file-refs"
    async with api.ear(room["id"]) as inside, api.ear() as outside:
        made = await api.call("POST", path, {"file_path": "/a b", "note": "look"})
        assert 201 == made.status
        ref = made.body["ref"]
        assert {"refs": [ref], "next": None} == await api.get(path)
        gone = await api.call("DELETE", path, refId=ref["id"])
        assert (200, {"ok": True}) == (gone.status, gone.body)
        created, deleted = await inside.heard()
        assert ("file_ref_created", ref) == (created["type"], created["ref"])
        assert ("file_ref_deleted", ref["id"]) == (deleted["type"], deleted["refId"])
        assert [] == await outside.heard()
    assert {"refs": [], "next": None} == await api.get(path)


@pytest.mark.parametrize(
    ("method", "tail", "body", "query", "status"),
    [
        ("POST", "tasks", {}, {}, 400),
        ("POST", "tasks", {"title": "  "}, {}, 400),
        ("POST", "tasks", {"title": "x", "status": "a b"}, {}, 400),
        ("POST", "tasks", {"title": "x", "file_refs": "a"}, {}, 400),
        ("POST", "tasks", {"title": "x", "file_refs": [""]}, {}, 400),
        ("POST", "tasks", {"title": 1}, {}, 400),
        ("POST", "tasks", {"title": "x", "colour": "red"}, {}, 400),
        ("PATCH", "tasks/nothing", {"title": None}, {}, 400),
        ("PATCH", "tasks/nothing", {"title": "x"}, {}, 404),
        ("DELETE", "tasks/nothing", None, {}, 404),
        ("POST", "file-refs", {"file_path": ""}, {}, 400),
        ("POST", "file-refs", {"file_path": "\0"}, {}, 400),
        ("DELETE", "file-refs", None, {}, 400),
        ("DELETE", "file-refs", None, {"refId": "nothing"}, 404),
    ],
)
async def test_what_is_refused(
    api: Api, method: str, tail: str, body: Any, query: dict[str, str], status: int
) -> None:
    """In the one shape, and nobody hears of it."""
    room = await api.room()
    async with api.ear(room["id"]) as inside:
        answer = await api.call(
            method, f"/api/sessions/{room['id']}/{tail}", body, **query
        )
        assert status == answer.status
        assert answer.detail
        assert [] == await inside.heard()
    everything = [await api.get(f"/api/sessions/{room['id']}/tasks")]
    everything.append(await api.get(f"/api/sessions/{room['id']}/file-refs"))
    assert [{"tasks": [], "next": None}, {"refs": [], "next": None}] == everything


async def test_an_ambiguous_beginning_is_a_conflict(api: Api) -> None:
    """It names those it fits."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}/tasks"
    ids: dict[str, list[str]] = {}
    while not any(len(each) > 1 for each in ids.values()):
        made = await api.call("POST", path, {"title": "x"})
        task_id = made.body["task"]["id"]
        ids.setdefault(task_id[0], []).append(task_id)
    (letter,) = [key for key, each in ids.items() if len(each) > 1]
    answer = await api.call("PATCH", f"{path}/{letter}", {"title": "y"})
    assert 409 == answer.status
    assert all(each in answer.detail for each in ids[letter])
