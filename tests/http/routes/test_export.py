"""Digests, exports and the trail over HTTP."""

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
