"""Room links over HTTP, and what is heard of them."""

from typing import Any

import pytest

from tests.http.asking import Api


async def test_both_rooms_hear_of_a_link(api: Api) -> None:
    """Once each, and again when it ends; it is listed from both ends."""
    old, new = await api.room("old"), await api.room("new")
    path = f"/api/sessions/{old['id']}/links"
    there = f"/api/sessions/{new['id']}/links"
    ask = {"targetRoomId": new["id"], "relationship": "follows_up", "title": "why"}
    async with (
        api.ear(old["id"]) as at_old,
        api.ear(new["id"]) as at_new,
        api.ear(old["id"], new["id"]) as at_both,
        api.ear() as outside,
    ):
        made = await api.call("POST", path, ask)
        assert 201 == made.status
        link = made.body["link"]
        assert {
            "id": link["id"],
            "sourceRoomId": old["id"],
            "targetRoomId": new["id"],
            "relationship": "follows_up",
            "discussionName": None,
            "membersCopied": False,
            "link": link,
        } == made.body
        assert {"outgoing": [link], "incoming": [], "next": None} == await api.get(path)
        assert {"outgoing": [], "incoming": [link], "next": None} == await api.get(
            there
        )
        gone = await api.call("DELETE", there, linkId=link["id"])
        assert (200, {"ok": True}) == (gone.status, gone.body)
        for ear, room in ((at_old, old), (at_new, new)):
            created, deleted = await ear.heard()
            about = {"sessionId": room["id"], "roomId": old["id"], "linkId": link["id"]}
            assert about.items() <= created.items()
            assert about.items() <= deleted.items()
            assert ("room_link_created", new["id"], "follows_up", "why") == tuple(
                created[key]
                for key in ("type", "targetRoomId", "relationship", "title")
            )
            assert "room_link_deleted" == deleted["type"]
        tags = ["room_link_created"] * 2 + ["room_link_deleted"] * 2
        assert tags == await at_both.tags()
        assert [] == await outside.heard()
    assert {"outgoing": [], "incoming": [], "next": None} == await api.get(path)


async def test_a_discussion_is_a_new_room(api: Api) -> None:
    """Everybody hears that the list changed, the source that it is linked."""
    room, ada = await api.room(), await api.rig.create("ada")
    members = f"/api/sessions/{room['id']}/participants"
    await api.call("POST", members, {"session_id": ada.id})
    path = f"/api/sessions/{room['id']}/links"
    async with api.ear(room["id"]) as inside, api.ear() as outside:
        made = await api.call("POST", path, {"title": "Plan", "createdBy": "@ada"})
        assert (201, "Plan", True) == (
            made.status,
            made.body["discussionName"],
            made.body["membersCopied"],
        )
        assert ["sessions_changed", "room_link_created"] == await inside.tags()
        assert ["sessions_changed"] == await outside.tags()
    discussion = await api.get(f"/api/sessions/{made.body['targetRoomId']}")
    assert ("Plan", "chat", {"parent_room": room["id"]}) == (
        discussion["name"],
        discussion["type"],
        discussion["meta"],
    )
    found = await api.get(f"/api/sessions/{discussion['id']}/participants")
    assert [ada.id] == [each["id"] for each in found["participants"]]


@pytest.mark.parametrize(
    ("method", "body", "query", "status"),
    [
        ("POST", {"targetRoomId": "SELF"}, {}, 400),
        ("POST", {"targetRoomId": "nobody"}, {}, 404),
        ("POST", {"targetRoomId": "TERMINAL"}, {}, 400),
        ("POST", {"targetRoomId": "ARCHIVED"}, {}, 410),
        ("POST", {"relationship": "friend_of"}, {}, 400),
        ("POST", {"title": " "}, {}, 400),
        ("POST", {"settings": []}, {}, 400),
        ("DELETE", None, {}, 400),
        ("DELETE", None, {"linkId": "nothing"}, 404),
    ],
)
async def test_what_is_refused(
    api: Api, method: str, body: Any, query: dict[str, str], status: int
) -> None:
    """In the one shape; nothing is made and nobody hears of it."""
    room, terminal = await api.room(), await api.rig.create("one")
    archived = await api.room("archived")
    await api.call("PATCH", f"/api/sessions/{archived['id']}", {"archived": True})
    ids = {"SELF": room["id"], "TERMINAL": terminal.id, "ARCHIVED": archived["id"]}
    if body and "targetRoomId" in body:
        wanted = body["targetRoomId"]
        body = {"targetRoomId": ids.get(wanted, wanted)}
    path = f"/api/sessions/{room['id']}/links"
    before = await api.get("/api/sessions")
    async with api.ear(room["id"]) as inside:
        answer = await api.call(method, path, body, **query)
        assert status == answer.status, answer.body
        assert answer.detail
        assert [] == await inside.heard()
    assert before == await api.get("/api/sessions")


async def test_a_link_is_there_once(api: Api) -> None:
    """A second is a conflict; of an unknown room there is none to list."""
    old, new = await api.room("old"), await api.room("new")
    path = f"/api/sessions/{old['id']}/links"
    ask = {"targetRoomId": new["id"]}
    statuses = [(await api.call("POST", path, ask)).status for _ in range(2)]
    assert [201, 409] == statuses
    assert 404 == (await api.call("GET", "/api/sessions/nobody/links")).status
