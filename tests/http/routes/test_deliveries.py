"""The ledger over HTTP, and what the poster of a message is told."""

from typing import Any

import pytest

from ant.model.sessions import SessionId
from ant.terminal.model.prompt import Kind
from tests.heard import Hearer
from tests.http.asking import Api


@pytest.fixture
async def hearer(api: Api) -> Hearer:
    return await Hearer.start(api.rig)


def path(hearer: Hearer, more: str = "messages") -> str:
    return f"/api/sessions/{hearer.room.id}/{more}"


async def post(api: Api, hearer: Hearer, text: str, **query: Any) -> Any:
    """Post; what the answer says of the terminal."""
    answer = await api.call("POST", path(hearer), {"content": text}, **query)
    assert 201 == answer.status, answer.body
    room, one = answer.body["deliveries"]
    assert ("ws-broadcast", None, True) == (
        room["adapter"],
        room["id"],
        room["delivered"],
    )
    return answer.body["id"], one


async def test_a_poster_is_told_how_far_it_is(api: Api, hearer: Hearer) -> None:
    """Queued at once; with `wait`, what came of it."""
    hearer.show(Kind.DIALOG)
    _, one = await post(api, hearer, "@codex a")
    assert ("queued", False) == (one["state"], one["delivered"])
    _, one = await post(api, hearer, "@codex b", wait="typed", timeout="1")
    assert one["state"] in ("queued", "withheld")
    hearer.show(Kind.AT_REST)
    ident, one = await post(api, hearer, "@codex c", wait="reacted", timeout="20")
    assert {
        "adapter": "pty-injection",
        "targetId": hearer.session.id,
        "delivered": True,
        "error": None,
        "id": one["id"],
        "state": "reacted",
        "reason": None,
        "final": True,
        "file": None,
    } == one
    page = await api.get(path(hearer, f"messages/{ident}/deliveries"))
    (record,) = page["deliveries"]
    assert one == {key: record[key] for key in one}
    assert ["queued", "typed", "submitted", "reacted"] == [
        each["state"] for each in record["transitions"]
    ]
    for whose in (hearer.room.id, hearer.session.id):
        every = await api.get(f"/api/sessions/{whose}/deliveries", state="reacted")
        assert record == every["deliveries"][-1]
        assert 3 == len(every["deliveries"])


async def test_room_and_terminal_hear_of_it(api: Api, hearer: Hearer) -> None:
    """Each step, after it is written."""
    for whose in (hearer.room.id, hearer.session.id):
        async with api.ear(whose) as inside, api.ear() as outside:
            ident, _ = await post(api, hearer, "hi", wait="reacted", timeout="20")
            heard = [
                each
                for each in await inside.heard()
                if each["type"] == "delivery_updated"
            ]
            states = [each["delivery"]["state"] for each in heard]
            assert ["queued", "submitted", "reacted"] == states
            assert {(whose, ident, heard[0]["delivery"]["id"])} == {
                (each["sessionId"], each["msgId"], each["deliveryId"]) for each in heard
            }
            assert [] == await outside.heard()


async def test_an_agent_at_rest_is_woken(api: Api, hearer: Hearer) -> None:
    """By what another says to nobody; one that nothing is known of is not."""
    other = await api.rig.create("claude")
    body = {"content": "done", "sender_id": other.id}
    answer = await api.call("POST", path(hearer), body)
    (_, skipped) = answer.body["deliveries"]
    assert ("skipped", "not_running", False) == (
        skipped["state"],
        skipped["reason"],
        skipped["delivered"],
    )
    session_id = SessionId(hearer.session.id)
    await api.rig.system.supervisor.start(session_id)
    hearer.run()
    tracker = api.rig.system.services.prompt_service._entries[session_id].tracker
    assert hearer.verdict is not None
    tracker.update(hearer.verdict)
    api.rig.system.services.prompt_service.status(session_id)
    body["content"] = "really done"
    answer = await api.call("POST", path(hearer), body)
    (_, queued) = answer.body["deliveries"]
    assert "queued" == queued["state"]


async def test_what_is_asked_wrongly(api: Api, hearer: Hearer) -> None:
    """Is named by its path."""
    asks: list[tuple[str, str, dict[str, str]]] = [
        ("POST", "messages", {"wait": "read"}),
        ("POST", "messages", {"timeout": "26"}),
        ("GET", "deliveries", {"state": "lost"}),
        ("GET", "deliveries", {"since": "yesterday"}),
    ]
    for method, where, query in asks:
        body = {"content": "x"} if method == "POST" else None
        answer = await api.call(method, path(hearer, where), body, **query)
        assert 400 == answer.status
        assert f"at $.{next(iter(query))}" in answer.detail


async def test_health_counts_them(api: Api, hearer: Hearer) -> None:
    """Those that wait."""
    hearer.show(Kind.DIALOG)
    ident, _ = await post(api, hearer, "x")
    await hearer.until(ident, "withheld")
    health = await api.get("/api/health")
    assert {
        "dead": 0,
        "queued": 0,
        "submitted": 0,
        "typed": 0,
        "withheld": 1,
    } == health["deliveries"]
