"""Answers by messages: what the original's clients send to a linked chat."""

import json
from typing import Any

import pytest

from ant.core.errors import NotAnOption, PromptChanged
from ant.model.prompts import PromptStatus
from ant.terminal.model.choice import Choice, Outcome
from tests.asked import Asker, prompt, secret, stored
from tests.http.asking import Answer, Api
from tests.systems import Rig


@pytest.fixture
async def asker(rig: Rig) -> Asker:
    return await Asker.start(rig)


async def send(api: Api, room_id: str | None, content: Any, **envelope: Any) -> Answer:
    """An `agent_response`."""
    text = content if isinstance(content, str) else json.dumps(content)
    body = {"role": "user", "content": text, "msg_type": "agent_response", **envelope}
    return await api.call("POST", f"/api/sessions/{room_id}/messages", body)


async def rows(api: Api, room_id: str | None) -> list[Any]:
    page = await api.get(f"/api/sessions/{room_id}/messages")
    found: list[Any] = page["messages"]
    return found


async def test_a_card_is_answered(api: Api, asker: Asker) -> None:
    """With 200 and the original's keys. ANT stores only the outcome."""
    one = await asker.ask()
    chat = asker.session.linked_chat_id
    async with api.ear(chat or "") as ear:
        answer = await send(
            api,
            chat,
            {
                "type": "approve",
                "event_id": one.message_id,
                "event_content": "whatever",
                "choice": {"action": "approve"},
                "justification": "it is safe",
                "source": "cli_decision",
            },
            sender_id=asker.session.id,
        )
        tags = await ear.tags()
    assert 200 == answer.status, answer.body
    body = answer.body
    assert {
        *("id", "session_id", "role", "format", "status", "sender_id", "target"),
        *("reply_to", "msg_type", "handled", "deliveries", "chosen", "resolved"),
        "prompt",
    } == body.keys()
    assert (True, "json", "complete", "approve", True, "answered") == (
        body["handled"],
        body["format"],
        body["status"],
        body["chosen"],
        body["resolved"],
        body["prompt"]["status"],
    )
    (delivery,) = body["deliveries"]
    assert ("agent-event-bus", asker.session.id, True) == (
        delivery["adapter"],
        delivery["targetId"],
        delivery["delivered"],
    )
    assert [(prompt().fingerprint, Choice("approve"))] == asker.typed
    (card,) = await rows(api, chat)
    assert (one.message_id, "responded", "approve") == (
        card["id"],
        card["meta"]["status"],
        card["meta"]["chosen"],
    )
    decision = card["meta"]["decision"]
    assert ("@one", asker.session.id, "cli_decision", "it is safe") == (
        decision["by"],
        decision["responder_id"],
        decision["source"],
        decision["justification"],
    )
    assert [
        "agent_status_updated",
        "message_updated",
        "prompt_bridge_resolved",
        "session_input_resolved",
    ] == tags


@pytest.mark.parametrize(
    ("content", "choice"),
    [
        ({"type": "deny"}, Choice("deny")),
        ({"type": "select", "choice": {"selected": "No", "index": 2}}, 2),
        ({"type": "confirm", "choice": {"yes": True}}, Choice("confirm", yes=True)),
        ({"type": "text", "choice": {"value": "x"}}, Choice("text", text="x")),
        ({"choice": {"type": "text", "text": "x"}}, Choice("text", text="x")),
        ({"class": "x", "choice": {"type": "select", "index": 1}}, 1),
    ],
)
async def test_the_requests_of_clients(
    api: Api, asker: Asker, content: Any, choice: Choice | int
) -> None:
    """The prompt is found by the room alone, by terminal, or by the card's content."""
    if isinstance(choice, int):
        choice = Choice("select", index=choice)
    one = await asker.ask()
    (card,) = await rows(api, one.chat_id)
    for where in (
        {},
        {"terminal_session_id": asker.session.id},
        {"event_content": card["content"]},
    ):
        asker.outcomes.append(Outcome("it", False, asker.end))
        answer = await send(api, one.chat_id, {**content, **where})
        assert (200, "it", False) == (
            answer.status,
            answer.body["chosen"],
            answer.body["resolved"],
        )
    asker.outcomes.append(Outcome("it", False, asker.end))
    assert 200 == (await send(api, asker.session.id, content)).status
    assert [choice] * 4 == [each for _, each in asker.typed]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ("", 400),
        ({}, 400),
        ({"type": "maybe"}, 400),
        ({"type": "select"}, 400),
        ({"type": "approve", "event_id": "nothing"}, 404),
        ({"type": "approve", "prompt_id": "nothing"}, 404),
        ({"type": "approve", "terminal_session_id": "nobody"}, 404),
        ({"type": "select", "choice": {"index": 9}}, 422),
    ],
)
async def test_refused_answers(
    api: Api, asker: Asker, content: Any, status: int
) -> None:
    """In the one shape of errors; nothing is typed, and nothing is stored."""
    one = await asker.ask()
    answer = await send(api, one.chat_id, content)
    assert status == answer.status, answer.body
    assert answer.detail
    if status == 400:
        assert all("$.c" in issue for issue in answer.body["issues"]), answer.body
    assert [] == asker.typed
    assert [one.message_id] == [row["id"] for row in await rows(api, one.chat_id)]


async def test_a_room_drives_its_own_terminal_only(api: Api, asker: Asker) -> None:
    """With a card or id of another terminal: 403. A room without a terminal: 409."""
    one = await asker.ask()
    public, other = await api.room(), await asker.rig.create("two")
    for room_id in (public["id"], other.linked_chat_id, other.id):
        for content in (
            {"type": "approve", "event_id": one.message_id},
            {"type": "approve", "terminal_session_id": asker.session.id},
        ):
            answer = await send(api, room_id, content)
            assert 403 == answer.status
    assert 409 == (await send(api, public["id"], {"type": "approve"})).status
    assert [] == asker.typed


async def test_a_card_is_answered_once(api: Api, asker: Asker) -> None:
    """Afterwards, or when it closed or was dismissed: 409, and nothing is typed."""
    one = await asker.ask()
    ask = {"type": "approve", "event_id": one.message_id}
    assert 200 == (await send(api, one.chat_id, ask)).status
    answer = await send(api, one.chat_id, ask)
    assert (409, "urn:ant:problem:already-answered") == (
        answer.status,
        answer.body["type"],
    )
    two = await asker.ask(prompt("And this?"))
    asker.show()
    ask["event_id"] = two.message_id
    assert 409 == (await send(api, two.chat_id, ask)).status
    three = await asker.ask(prompt("And that?"))
    path = f"/api/sessions/{three.chat_id}/messages"
    away = {"meta": {"status": "dismissed"}}
    await api.call("PATCH", path, away, msgId=three.message_id)
    ask["event_id"] = three.message_id
    assert 409 == (await send(api, three.chat_id, ask)).status
    assert 409 == (await send(api, three.chat_id, {"type": "approve"})).status
    assert 1 == len(asker.typed)
    kept = stored(asker.rig.store, three.id)
    assert kept is not None
    assert PromptStatus.DISCARDED is kept.status


@pytest.mark.parametrize(
    ("error", "status"), [(PromptChanged("no"), 409), (NotAnOption("no"), 422)]
)
async def test_an_answer_the_terminal_refuses(
    api: Api, asker: Asker, error: Exception, status: int
) -> None:
    """The card stays pending."""
    one = await asker.ask()
    asker.outcomes.append(error)
    answer = await send(api, one.chat_id, {"type": "approve"})
    assert status == answer.status
    (card,) = await rows(api, one.chat_id)
    assert "pending" == card["meta"]["status"]
    assert 200 == (await send(api, one.chat_id, {"type": "approve"})).status


async def test_a_password_is_stored_nowhere(api: Api, asker: Asker) -> None:
    """Not in the response, the card, the log or the database."""
    one = await asker.ask(secret())
    asker.outcomes.append(Outcome("hunter2", False, 11))
    content = {"type": "text", "choice": {"value": "hunter2"}}
    answer = await send(api, one.chat_id, content)
    assert 200 == answer.status
    asker.show()
    await asker.settled()
    events = await api.get("/api/events", limit=1000)
    assert "prompt_bridge_resolved" in {each["type"] for each in events["events"]}
    seen = [answer.body, events, await rows(api, one.chat_id)]
    assert "hunter2" not in json.dumps(seen)
    for path in asker.rig.system.config.data_dir.iterdir():
        assert b"hunter2" not in path.read_bytes()
