"""Digests, exports and the trail over HTTP."""

from ant.export.verify import verify
from tests.http.asking import Api


async def test_a_digest_quotes_the_room(api: Api) -> None:
    """Each sentence with the message it comes from; cards do not count."""
    room = await api.room()
    here = f"/api/sessions/{room['id']}"
    ids = {}
    for text in ("We decided to ship the parser today.", "Its tests fail on Windows."):
        answer = await api.call(
            "POST", f"{here}/messages", {"content": text, "sender_id": "ada"}
        )
        ids[answer.body["id"]] = text
    await api.call(
        "POST", f"{here}/messages", {"content": "{}", "msg_type": "agent_event"}
    )
    told = await api.get(f"{here}/digest")
    assert (2, 1, 3) == (
        told["messageCount"],
        told["participantCount"],
        told["covered"],
    )
    assert "parser" in [each["term"] for each in told["keyTerms"]]
    assert ids == {each["messageId"]: each["text"] for each in told["sentences"]}


async def test_an_empty_room_has_an_empty_digest(api: Api) -> None:
    """Nothing is made up."""
    room = await api.room()
    told = await api.get(f"/api/sessions/{room['id']}/digest")
    assert (0, [], None) == (
        told["messageCount"],
        told["sentences"],
        told["firstMessage"],
    )


async def test_an_export_comes_back_or_is_refused(api: Api) -> None:
    """The forms are listed, Markdown is the default, another name is a 400."""
    room = await api.room("A room")
    here = f"/api/sessions/{room['id']}/export"
    told = await api.get(here)
    assert "markdown" in [each["id"] for each in told["targets"]]
    answer = await api.call("POST", here, {})
    assert "# A room" in answer.body["targets"]["markdown"]["document"]
    answer = await api.call("POST", here, {"targets": ["obsidian", "html"]})
    assert ["html", "markdown"] == sorted(answer.body["targets"])
    assert 400 == (await api.call("POST", here, {"target": "slides"})).status


async def test_a_bundle_has_the_names_in_its_chain(api: Api) -> None:
    """Each export as data adds an event, which sockets hear; other exports do not."""
    room = await api.room("A room")
    here = f"/api/sessions/{room['id']}"
    async with api.ear(room["id"]) as ear:
        await api.call("POST", f"{here}/export", {"target": "html"})
        await api.call("POST", f"{here}/export", {"targets": ["evidence", "json"]})
        heard = await ear.heard()
    (event,) = (each["event"] for each in heard if "event" in each)
    await api.call("PATCH", here, {"name": "Another"})
    answer = await api.call("POST", f"{here}/export", {"target": "evidence"})
    document = answer.body["targets"]["evidence"]["document"]
    told = verify(document.encode(), event["hash"])
    assert (2, ()) == (told.events, told.faults)
    first, second = (await api.get(f"{here}/run-events"))["events"]
    assert event == first
    assert event["ts"] == event["ts_ms"]
    assert ("A room", "Another") == (
        first["payload"]["name"],
        second["payload"]["name"],
    )
    assert ["evidence", "json"] == first["payload"]["targets"]
    forged = document.replace('"name":"Another","type"', '"name":"Forged","type"')
    (fault,) = verify(forged.encode()).faults
    assert "The name was changed: event 2 has another." == fault
