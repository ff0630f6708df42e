"""Messages and search over HTTP, and what is heard of them."""

from functools import partial
from typing import Any

import pytest
import trio

from ant.journal.writer import SMALL
from tests.http.asking import Answer, Api


async def test_a_message_is_one_row_everywhere(api: Api) -> None:
    """In answer, event, list and search; targeted or not, the whole room hears it."""
    room, other = await api.room(), await api.room("other")
    path = f"/api/sessions/{room['id']}"
    async with api.ear(room["id"]) as inside, api.ear(other["id"]) as outside:
        posted = await api.post(
            room,
            "hello 漢字 <b>",
            sender_id="zoe",
            target="@codex",
            meta={"type": "mine", "a": [None]},
        )
        delivery, nobody = posted.pop("deliveries")
        assert {
            "adapter": "ws-broadcast",
            "targetId": room["id"],
            "delivered": True,
            "error": None,
            "id": None,
            "state": None,
            "reason": None,
            "final": True,
            "file": None,
        } == delivery
        assert ("@codex", False, "skipped", "unknown_target") == (
            nobody["targetId"],
            nobody["delivered"],
            nobody["state"],
            nobody["reason"],
        )
        (event,) = await inside.heard()
        extra = {"type": "message_created", "sessionId": room["id"]}
        assert {**posted, **extra, "seq": event["seq"], "at": event["at"]} == event
        assert [] == await outside.heard()
    assert {"messages": [posted], "next": None} == await api.get(f"{path}/messages")
    marked = {**posted, "snippet": "<mark>hello</mark> 漢字 <b>"}
    for where in (f"{path}/messages/search", "/api/search"):
        assert [marked] == (await api.get(where, q="HELLO"))["results"]
        assert [] == (await api.get(where))["results"]


async def test_a_change_is_heard_by_old_and_new_clients(api: Api) -> None:
    """Merged, pinned, deleted: each in order and once."""
    room = await api.room()
    message = await api.post(room, meta={"a": 1})
    path = f"/api/sessions/{room['id']}/messages"
    which = {"msgId": message["id"]}
    async with api.ear(room["id"]) as inside, api.ear() as outside:
        merged = await api.call("PATCH", path, {"meta": {"b": None}}, **which)
        assert (200, {**which, "meta": {"a": 1, "b": None}}) == (
            merged.status,
            merged.body,
        )
        pin = f"{path}/{message['id']}/pin"
        pinned = await api.call("PATCH", pin, {"pinned": True})
        assert (200, {**which, "pinned": True}) == (pinned.status, pinned.body)
        row = (await api.get(path))["messages"][0]
        gone = await api.call("DELETE", path, **which)
        assert (200, {"ok": True}) == (gone.status, gone.body)
        heard = await inside.heard()
        assert [
            "message_updated",
            "message_updated",
            "message_pinned",
            "message_deleted",
        ] == [each["type"] for each in heard]
        assert {message["id"]} == {each["msgId"] for each in heard}
        assert {"a": 1, "b": None} == heard[0]["meta"]
        assert {"deliveries": message["deliveries"], **heard[1]["message"]} == {
            **message,
            "meta": {"a": 1, "b": None},
            "pinned": True,
        }
        assert row == heard[1]["message"]
        assert [] == await outside.heard()
    assert {"messages": [], "next": None} == await api.get(path)


async def test_pages(api: Api) -> None:
    """By id and by time, with a limit."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}/messages"
    five = [await api.post(room, str(n)) for n in range(5)]

    async def texts(**query: Any) -> str:
        page = await api.get(path, **query)
        return "".join(each["content"] for each in page["messages"])

    assert "01234" == await texts()
    assert "34" == await texts(limit=2)
    assert "12" == await texts(limit=2, since=five[0]["id"])
    assert "12" == await texts(limit=2, since=five[0]["created_at"])
    assert "12" == await texts(limit=2, before=five[3]["id"])
    assert "01234" == await texts(since="1m")


async def test_a_client_id_is_answered_with_the_first_row(api: Api) -> None:
    """Also when eight ask at once: one row, heard once."""
    room = await api.room()
    answers: list[Any] = []

    async def ask(n: int) -> None:
        answers.append(await api.post(room, f"{n}", client_id="c"))

    async with api.ear(room["id"]) as inside:
        async with trio.open_nursery() as nursery:
            for n in range(8):
                nursery.start_soon(ask, n)
        assert 1 == len({each["id"] for each in answers})
        assert ["message_created"] == await inside.tags()
    page = await api.get(f"/api/sessions/{room['id']}/messages")
    assert 1 == len(page["messages"])


async def test_reactions_at_once_all_count(api: Api) -> None:
    """Each under a key of its own: the merge is the server's."""
    room = await api.room()
    message = await api.post(room)
    path = f"/api/sessions/{room['id']}/messages"
    async with api.ear(room["id"]) as inside:
        async with trio.open_nursery() as nursery:
            for n in range(8):
                ask = partial(
                    api.call,
                    "PATCH",
                    path,
                    {"meta": {f"up-{n}": True}},
                    msgId=message["id"],
                )
                nursery.start_soon(ask)
        metas = [each["meta"] for each in await inside.heard()]
    assert list(range(1, 9)) == [len(each) for each in metas]
    page = await api.get(path)
    assert {f"up-{n}": True for n in range(8)} == page["messages"][0]["meta"]


@pytest.mark.parametrize(
    ("method", "tail", "body", "query", "status"),
    [
        ("POST", "", {}, {}, 400),
        ("POST", "", {"content": None}, {}, 400),
        ("POST", "", {"content": "a\0"}, {}, 400),
        ("POST", "", {"content": "x", "role": "a b"}, {}, 400),
        ("POST", "", {"content": "x", "meta": "{}"}, {}, 400),
        ("POST", "", {"content": "x", "meta": {"a": "x" * (1 << 18)}}, {}, 400),
        ("POST", "", {"content": "x", "reply_to": "nothing"}, {}, 400),
        ("POST", "", {"content": "x", "client_id": ""}, {}, 400),
        ("POST", "", {"content": "x", "id": "mine"}, {}, 400),
        ("POST", "", [], {}, 400),
        ("PATCH", "", {"meta": {}}, {}, 400),
        ("PATCH", "", {"meta": None}, {"msgId": "nothing"}, 400),
        ("PATCH", "", {"meta": {}}, {"msgId": "nothing"}, 404),
        ("DELETE", "", None, {}, 400),
        ("DELETE", "", None, {"msgId": "nothing"}, 404),
        ("PATCH", "/nothing/pin", {"pinned": 1}, {}, 400),
        ("PATCH", "/nothing/pin", {"pinned": True}, {}, 404),
        ("GET", "", None, {"since": "yesterday"}, 400),
        ("GET", "", None, {"before": ""}, 400),
        ("GET", "", None, {"limit": "0"}, 400),
        ("GET", "", None, {"limit": "1001"}, 400),
        ("GET", "", None, {"order": "up"}, 400),
        ("GET", "/search", None, {"q": "x", "sort": "worst"}, 400),
        ("GET", "/search", None, {"q": "x", "include": "everything"}, 400),
        ("GET", "/search", None, {"q": "x" * 1001}, 400),
    ],
)
async def test_what_is_refused(
    api: Api, method: str, tail: str, body: Any, query: dict[str, str], status: int
) -> None:
    """In the one shape, and nobody hears of it."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}/messages"
    async with api.ear(room["id"]) as inside:
        answer = await api.call(method, path + tail, body, **query)
        assert status == answer.status, answer.body
        assert answer.detail
        assert [] == await inside.heard()
    assert {"messages": [], "next": None} == await api.get(path)


async def test_deep_json_is_refused(api: Api) -> None:
    """However deep, wherever it is: a 400 and not a bug."""
    room = await api.room()
    for depth in (65, 300, 1000, 5000):
        text = '{"a":' * depth + "1" + "}" * depth
        client = api.rig.app.test_client()
        for body in (f'{{"content":"x","meta":{text}}}', f'{{"content":{text}}}'):
            path = f"/api/sessions/{room['id']}/messages"
            response = await client.post(
                path, data=body, headers={"Content-Type": "application/json"}
            )
            assert 400 == response.status_code, depth


async def test_nothing_in_a_search_is_an_error(api: Api) -> None:
    """What a person types is text."""
    room = await api.room()
    await api.post(room, "ask @codex about c++ and foo-bar: 100% \"sure\" 'x' 🙂 漢")
    for typed in ("@codex", "c++", "foo-bar", "%", '"sure"', "'x'", "🙂", "漢", "AND"):
        body = await api.get("/api/search", q=typed)
        assert 1 == len(body["results"]), typed
    for typed in ("NEAR(a b)", "a*", "^ask", "col:x", "(", '"', "\\", "_", "a OR b"):
        await api.get("/api/search", q=typed)


async def test_what_is_put_away_is_found_by_name_only(api: Api) -> None:
    """A room's own search always finds; the search over all when it is asked to."""
    room = await api.room()
    await api.post(room, "hello")
    await api.call("PATCH", f"/api/sessions/{room['id']}", {"archived": True})

    async def count(path: str, **query: str) -> int:
        return len((await api.get(path, q="hello", **query))["results"])

    assert 1 == await count(f"/api/sessions/{room['id']}/messages/search")
    assert 0 == await count("/api/search")
    assert 0 == await count("/api/search", include="deleted")
    assert 1 == await count("/api/search", include="archived")


async def test_an_archived_room_is_only_read(api: Api) -> None:
    """A change is a 410, an unknown room a 404."""
    room = await api.room()
    message = await api.post(room)
    await api.call("PATCH", f"/api/sessions/{room['id']}", {"archived": True})
    for session_id, status in ((room["id"], 410), ("nobody", 404)):
        path = f"/api/sessions/{session_id}/messages"
        which = {"msgId": message["id"]}
        pin = f"{path}/{message['id']}/pin"
        answers: list[Answer] = [
            await api.call("POST", path, {"content": "x"}),
            await api.call("PATCH", path, {"meta": {}}, **which),
            await api.call("DELETE", path, **which),
            await api.call("PATCH", pin, {"pinned": True}),
        ]
        assert [status] * 4 == [each.status for each in answers]
    page = await api.get(f"/api/sessions/{room['id']}/messages")
    assert [message["id"]] == [each["id"] for each in page["messages"]]


async def test_a_terminal_stands_for_its_chat(api: Api) -> None:
    """What is posted to its id is in its linked chat, and is delivered to it."""
    session = await api.rig.started("one")
    chat = f"/api/sessions/{session.linked_chat_id}/messages"
    own = f"/api/sessions/{session.id}/messages"
    async with api.ear(session.linked_chat_id or "") as inside:
        posted = await api.post({"id": session.id}, "hello", sender_id="zoe")
        assert "message_created" in await inside.tags()
    assert session.linked_chat_id == posted["session_id"]
    assert [("ws-broadcast", session.linked_chat_id), ("linked-chat", session.id)] == [
        (each["adapter"], each["targetId"]) for each in posted["deliveries"]
    ]
    assert await api.get(chat) == await api.get(own)
    for path in (own, chat):
        found = await api.get(f"{path}/search", q="hello")
        assert [posted["id"]] == [each["id"] for each in found["results"]]
        ledger = await api.get(f"{path}/{posted['id']}/deliveries")
        assert [session.id] == [each["targetId"] for each in ledger["deliveries"]]
        await api.get(f"{path}/{posted['id']}/read")
    which = {"msgId": posted["id"]}
    answers = [
        await api.call("PATCH", own, {"meta": {"a": 1}}, **which),
        await api.call("PATCH", f"{own}/{posted['id']}/pin", {"pinned": True}),
        await api.call("DELETE", own, **which),
    ]
    assert [200] * 3 == [each.status for each in answers]
    assert [] == (await api.get(chat))["messages"]


async def test_a_terminal_without_a_chat_takes_no_message(api: Api) -> None:
    """Nobody would receive it, so it is refused with what to do."""
    session = await api.rig.started("one")
    path = f"/api/sessions/{session.id}"
    await api.call("PATCH", path, {"linked_chat_id": None})
    answer = await api.call("POST", f"{path}/messages", {"content": "hello"})
    assert (409, True) == (answer.status, "has no linked chat" in answer.detail)
    assert [] == (await api.get(f"{path}/messages"))["messages"]


async def test_an_answer_that_is_no_json(api: Api) -> None:
    """The error says which text should be JSON."""
    session = await api.rig.started("one")
    path = f"/api/sessions/{session.linked_chat_id}/messages"
    ask = {"content": "yes", "msg_type": "agent_response"}
    answer = await api.call("POST", path, ask)
    assert 400 == answer.status
    assert answer.detail.startswith("The content of an agent_response is not JSON: ")
    assert answer.detail.endswith(" at $.content")
    ask = {"content": '{"type": "approve", "choice": []}', "msg_type": "agent_response"}
    answer = await api.call("POST", path, ask)
    assert "expected an object, got [] at $.content.choice" == answer.detail


async def test_messages_in_either_order(api: Api) -> None:
    """Forward from the oldest, and backward from the newest; `next` goes on."""
    room = await api.room()
    ids = [(await api.post(room, str(n)))["id"] for n in range(3)]
    path = f"/api/sessions/{room['id']}/messages"
    for order, key, expected in (
        ("asc", "since", ids),
        ("desc", "before", ids[::-1]),
    ):
        first = await api.get(path, order=order, limit="2")
        assert expected[:2] == [each["id"] for each in first["messages"]]
        query = {"order": order, key: first["next"]}
        last = await api.get(path, **query)
        assert (expected[2:], None) == (
            [each["id"] for each in last["messages"]],
            last["next"],
        )


async def test_a_short_page_of_long_messages_is_whole(api: Api) -> None:
    """What the loop does not read itself is read in a thread."""
    room = await api.room()
    path = f"/api/sessions/{room['id']}/messages"
    for n in range(4):
        await api.call("POST", path, {"content": f"{n}" * (SMALL // 2)})
    page = await api.get(f"{path}?limit=3")
    assert ["1", "2", "3"] == [each["content"][0] for each in page["messages"]]
    assert page["messages"][0]["id"] == page["next"]
    page = await api.get(f"{path}?limit=4")
    assert (4, None) == (len(page["messages"]), page["next"])
