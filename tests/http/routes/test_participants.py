"""Participants, presence, typing and reads over HTTP, and what is heard of them."""

from typing import Any

import pytest

from tests.http.asking import Api


async def test_members_come_and_go(api: Api) -> None:
    """The room hears of each change, and of nothing that changed nothing."""
    room, ada = await api.room(), await api.rig.create("ada")
    path = f"/api/sessions/{room['id']}/participants"
    async with api.ear(room["id"]) as inside, api.ear() as outside:
        added = await api.call("POST", path, {"handle": "ada", "alias": "boss"})
        assert 201 == added.status
        assert (ada.id, "@ada", "@boss", "participant") == tuple(
            added.body[key] for key in ("id", "handle", "alias", "role")
        )
        everybody = {"participants": [added.body], "postsFrom": [], "all": [added.body]}
        everybody["next"] = None
        assert everybody == await api.get(path)
        for query, body, removed in (
            ({"handle": "@ada"}, None, True),
            ({"handle": "@ada"}, {"session_id": "nobody"}, False),
            ({}, {"session_id": ada.id}, False),
        ):
            left = await api.call("DELETE", path, body, **query)
            expected = {"ok": True, "removed": removed, "id": ada.id}
            assert (200, expected) == (left.status, left.body)
        assert {
            "participants": [],
            "postsFrom": [],
            "all": [],
            "next": None,
        } == await api.get(path)
        again = await api.call("POST", path, {"session_id": ada.id})
        assert added.body == again.body
        told = ["participants_changed", "sessions_changed"]
        assert told * 3 == await inside.tags()
        heard = await outside.heard()
        assert [("sessions_changed", ada.id)] * 3 == [
            (each["type"], each["sessionId"]) for each in heard
        ]


async def test_a_poster_is_told_before_its_message(api: Api) -> None:
    """The first time only."""
    room, ada = await api.room(), await api.rig.create("ada")
    async with api.ear(room["id"]) as inside:
        await api.post(room, sender_id="ADA")
        await api.post(room, sender_id=ada.id)
        await api.post(room, sender_id="zoe")
        assert (
            [
                *("participants_changed", "sessions_changed"),
                *["message_created"] * 3,
                "delivery_updated",  # What a stranger says is for the terminal.
            ]
            == (await inside.tags())[:6]
        )
    found = await api.get(f"/api/sessions/{room['id']}/participants")
    assert [(ada.id, 2), ("zoe", 1)] == [
        (each["id"], each["message_count"]) for each in found["all"]
    ]


async def test_presence_is_of_who_joined_with_a_handle(api: Api) -> None:
    """While they are there."""
    room = await api.room()
    path = f"/api/presence/{room['id']}"
    async with api.ear(room["id"], handle="@ada"), api.ear(room["id"]):
        presence = (await api.get(path))["presence"]
        assert ["@ada"] == list(presence)
        assert "active" == presence["@ada"]["status"]
        assert isinstance(presence["@ada"]["lastSeen"], int)
    assert {"presence": {}} == await api.get(path)
    assert 404 == (await api.call("GET", "/api/presence/nobody")).status


async def test_typing_is_heard_and_not_kept(api: Api) -> None:
    """By the room, without a place in the log."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}/typing"
    async with api.ear(room["id"]) as inside, api.ear() as outside:
        for typing in (True, False):
            answer = await api.call("POST", path, {"handle": "@ada", "typing": typing})
            assert (200, {"ok": True}) == (answer.status, answer.body)
        heard = await inside.heard()
        assert [
            ("typing", room["id"], "@ada", True),
            ("typing", room["id"], "@ada", False),
        ] == [
            tuple(e[key] for key in ("type", "sessionId", "handle", "typing"))
            for e in heard
        ]
        assert not any("seq" in each for each in heard)
        assert [] == await outside.heard()


async def test_people_take_part_by_handle(api: Api) -> None:
    """They are members, are present, read, and leave; the room hears of each."""
    room = await api.room()
    message = await api.post(room, sender_id="@james")
    path = f"/api/sessions/{room['id']}"
    read = f"{path}/messages/{message['id']}/read"
    async with api.ear(room["id"], handle="@james") as inside:
        added = await api.call("POST", f"{path}/participants", {"handle": "@james"})
        assert (201, "@james", "person", None, 1) == (
            added.status,
            added.body["id"],
            added.body["kind"],
            added.body["session_type"],
            added.body["message_count"],
        )
        assert ["@james"] == list(
            (await api.get(f"/api/presence/{room['id']}"))["presence"]
        )
        answer = await api.call("POST", read, {"reader_id": "@james"})
        assert (True, "@james") == (
            answer.body["ok"],
            answer.body["reads"][0]["reader_handle"],
        )
        left = await api.call("DELETE", f"{path}/participants", None, handle="james")
        assert {"ok": True, "removed": True, "id": "@james"} == left.body
        changed = "participants_changed"
        assert [changed, "message_read", changed] == await inside.tags()
    answer = await api.call("POST", read, {"reader_id": "a b"})
    expected = "expected the id of a session, or a handle such as @zoe at $.reader_id"
    assert (400, expected) == (answer.status, answer.detail)


async def test_reads_are_heard_once(api: Api) -> None:
    """With all who read; the answer is the same as the list."""
    room, ada = await api.room(), await api.rig.create("ada")
    message = await api.post(room)
    path = f"/api/sessions/{room['id']}"
    one = f"{path}/messages/{message['id']}/read"
    async with api.ear(room["id"]) as inside, api.ear() as outside:
        for _ in range(2):
            answer = await api.call("POST", one, {"reader_id": ada.id})
            assert 200 == answer.status
        (event,) = await inside.heard()
        assert ("message_read", message["id"], ada.id) == (
            event["type"],
            event["messageId"],
            event["readerId"],
        )
        assert {"reads": event["reads"], "next": None, "ok": True} == answer.body
        assert {"reads": event["reads"], "next": None} == await api.get(one)
        assert {"reads": {message["id"]: event["reads"]}, "next": None} == (
            await api.get(f"{path}/reads")
        )
        (read,) = event["reads"]
        assert (ada.id, "ada", "@ada") == (
            read["session_id"],
            read["reader_name"],
            read["reader_handle"],
        )
        assert [] == await outside.heard()


@pytest.mark.parametrize(
    ("method", "tail", "body", "status"),
    [
        ("POST", "participants", {}, 400),
        ("POST", "participants", {"handle": ""}, 400),
        ("POST", "participants", {"handle": "nobody"}, 404),
        ("POST", "participants", {"session_id": "nobody"}, 404),
        ("POST", "participants", {"handle": "@everyone"}, 404),
        ("POST", "participants", {"session_id": "a b"}, 400),
        ("POST", "participants", {"handle": "ada", "role": "left"}, 400),
        ("DELETE", "participants", None, 400),
        ("DELETE", "participants", {"handle": "nobody"}, 404),
        ("POST", "typing", {"handle": "@ada"}, 400),
        ("POST", "typing", {"handle": "", "typing": True}, 400),
        ("POST", "typing", {"handle": "@ada", "typing": "yes"}, 400),
        ("POST", "messages/nothing/read", {}, 400),
        ("POST", "messages/nothing/read", {"reader_id": "nobody"}, 404),
        ("POST", "messages/nothing/read", {"reader_id": "@a b"}, 400),
        ("GET", "messages/nothing/read", None, 404),
    ],
)
async def test_what_is_refused(
    api: Api, method: str, tail: str, body: Any, status: int
) -> None:
    """In the one shape, and nobody hears of it."""
    room = await api.room()
    await api.rig.create("ada")
    async with api.ear(room["id"]) as inside:
        answer = await api.call(method, f"/api/sessions/{room['id']}/{tail}", body)
        assert status == answer.status, answer.body
        assert answer.detail
        assert [] == await inside.heard()


async def test_a_terminal_has_no_members(api: Api) -> None:
    """Only a chat has; an archived one takes none, and nobody types there."""
    terminal, room = await api.rig.create("one"), await api.room()
    ask = {"session_id": room["id"]}
    answer = await api.call("POST", f"/api/sessions/{terminal.id}/participants", ask)
    assert (400, True) == (answer.status, "chat" in answer.detail)
    path = f"/api/sessions/{room['id']}"
    await api.call("PATCH", path, {"archived": True})
    typing = {"handle": "@ada", "typing": True}
    answers = [
        await api.call("POST", f"{path}/participants", {"session_id": terminal.id}),
        await api.call("DELETE", f"{path}/participants", None, handle="@one"),
        await api.call("POST", f"{path}/typing", typing),
    ]
    assert [410] * 3 == [each.status for each in answers]
    assert 404 == (await api.call("POST", "/api/sessions/nobody/typing", typing)).status
    for tail in ("participants", "reads"):
        await api.get(f"{path}/{tail}")
        answer = await api.call("GET", f"/api/sessions/nobody/{tail}")
        assert 404 == answer.status
